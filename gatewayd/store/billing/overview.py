"""What a customer's account shows, and how an account's billing is as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, case, func, select

from gatewayd.billing.balance import Balance, balances
from gatewayd.billing.document import KeptInvoice, KeptPayment
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.billing import facts, freshness, joining, listing
from gatewayd.store.billing.freshness import Billing
from gatewayd.store.contacts import billing_age, directory
from gatewayd.store.contacts.billing_age import Age
from gatewayd.store.session import Session
from gatewayd.values.actor import Scope

SHOWN: Final = 100
"""Invoices, and payments, of a customer's account that are shown at once; lists have all."""
_OWED: Final = tables.owed.c


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """What a customer owes and has paid, the newest first."""

    customer: str
    balances: Mapping[str, Balance]
    invoices: Sequence[KeptInvoice]
    payments: Sequence[KeptPayment]
    billing: Billing | None
    age: Age


def customer_account(
    connection: Connection, *, scope: Scope, external_id: str, today: date, now: int, most_ms: int
) -> CustomerAccount:
    """Returns a customer's account; billing may be `most_ms` old where its account says nothing. NotFoundError."""
    kept = directory.customer(connection, scope=scope, external_id=external_id)
    session = Session(connection)
    number = account_number(connection, kept.account)
    its = facts.facts(session, number, [kept.id])[kept.id]
    wanted = listing.Wanted(customer=kept.id, limit=SHOWN)
    return CustomerAccount(
        kept.customer.external_id,
        balances(its.invoices, its.payments),
        listing.invoices(connection, scope=scope, wanted=wanted, today=today).items,
        listing.payments(connection, scope=scope, wanted=wanted).items,
        freshness.billing(session, number),
        billing_age.age(session, number, most_ms, now),
    )


@dataclass(frozen=True, slots=True)
class Total:
    """What is owed to an account in a currency."""

    customers: int
    balance: int
    overdue: int
    """How many of them owe something that was due before today."""


@dataclass(frozen=True, slots=True)
class Status:
    """An account's billing as a whole."""

    billing: Billing | None
    age: Age
    owed: Mapping[str, Total]
    unknown: Mapping[str, int]
    """Invoices and payments of customers whom nobody has brought."""


def status(connection: Connection, *, account: str, today: date, now: int, most_ms: int) -> Status:
    """Returns how an account's billing is; it may be `most_ms` old where the account says nothing. NotFoundError."""
    session = Session(connection)
    number = account_number(connection, account)
    late = case((_OWED.due < today.isoformat(), 1), else_=0)
    statement = (
        select(_OWED.currency, func.count(), func.sum(_OWED.balance), func.sum(late))
        .where(_OWED.account_id == number, _OWED.balance > 0)
        .group_by(_OWED.currency)
    )
    owed = {row[0]: Total(int(row[1]), int(row[2]), int(row[3])) for row in connection.execute(statement)}
    billing, age = freshness.billing(session, number), billing_age.age(session, number, most_ms, now)
    return Status(billing, age, owed, joining.unknown(connection, number))
