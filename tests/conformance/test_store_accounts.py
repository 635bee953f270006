"""Accounts: exact, never below zero, every movement written down."""

from __future__ import annotations

import pytest

from gatewayd.store.commands import CreateAccount, Credit
from gatewayd.store.transactions import Transactions
from gatewayd.values.errors import ConflictError, InsufficientCreditError, NotFoundError


def test_credit_grants_and_withdraws(transactions: Transactions) -> None:
    created = transactions.do(CreateAccount("norte", "ARS", 1))
    assert (created.name, created.currency, created.balance, created.granted) == ("norte", "ARS", 0, 0)
    assert transactions.do(Credit("norte", 1_500_000, 2, "cash")).balance == 1_500_000
    after = transactions.do(Credit("norte", -500_000, 3))
    assert (after.balance, after.granted) == (1_000_000, 1_000_000)


def test_a_withdrawal_never_exceeds_the_balance(transactions: Transactions) -> None:
    transactions.do(CreateAccount("norte", "ARS", 1))
    with pytest.raises(InsufficientCreditError):
        transactions.do(Credit("norte", -1, 2))


def test_a_name_is_given_once(transactions: Transactions) -> None:
    transactions.do(CreateAccount("norte", "ARS", 1))
    with pytest.raises(ConflictError):
        transactions.do(CreateAccount("norte", "ARS", 1))


def test_an_unknown_account_is_told(transactions: Transactions) -> None:
    with pytest.raises(NotFoundError):
        transactions.do(Credit("sur", 1, 2))


def test_one_bad_command_takes_nothing_else_down(transactions: Transactions) -> None:
    made, refused, granted = transactions.apply(
        [CreateAccount("norte", "ARS", 1), Credit("sur", 1, 1), Credit("norte", 5, 1)]
    )
    assert made.name == "norte"
    assert isinstance(refused, NotFoundError)
    assert granted.balance == 5
