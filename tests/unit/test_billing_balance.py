"""What is owed follows from the facts alone: whatever their order, exactly, never below zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.billing.balance import Balance, balances, disputed, share
from gatewayd.billing.facts import Allocation, Invoice, Payment

DAY = date(2026, 11, 10)


def bill(name: str = "F1", balance: int | None = 100, as_of: int = 10, **more: Any) -> Invoice:
    return replace(Invoice(name, name, "ARS", DAY, balance=balance, as_of=as_of), **more)


def paid(amount: int, at: int, *parts: tuple[str, int], name: str = "P1", **more: object) -> Payment:
    said = {"invoices": tuple(Allocation(*part) for part in parts)} if parts else {}
    return Payment(**{"external_id": name, "currency": "ARS", "amount": amount, "posted_at": at, **said, **more})  # type: ignore[arg-type]


def ars(invoices: Sequence[Invoice], *payments: Payment) -> Balance:
    return balances(invoices, payments)["ARS"]


def figures(found: Balance) -> tuple[dict[str, int], int]:
    return {one.invoice.external_id: one.net for one in found.owing}, found.credit


@pytest.mark.parametrize(
    ("payments", "owed", "credit"),
    [
        pytest.param((), 100, 0, id="nothing paid"),
        pytest.param((paid(30, 11, ("F1", 30)),), 70, 0, id="a part"),
        pytest.param((paid(30, 10, ("F1", 30)),), 100, 0, id="the balance knows of it"),
        pytest.param((paid(100, 11, ("F1", 100)),), 0, 0, id="all"),
        pytest.param((paid(130, 11, ("F1", 130)),), 0, 30, id="more than all"),
        pytest.param((paid(130, 11, ("F1", 100)),), 0, 30, id="what it says leaves over"),
        pytest.param((paid(130, 9, ("F1", 100)),), 70, 0, id="over long ago, free still"),
        pytest.param((paid(40, 9),), 100, 40, id="older than the balance, for nobody knows what"),
        pytest.param((paid(40, 11),), 60, 0, id="newer, for nobody knows what"),
        pytest.param((paid(40, 9, invoices=()),), 60, 0, id="says that it is for nothing"),
        pytest.param((paid(30, 11, ("F1", 30), cancelled=True),), 100, 0, id="cancelled"),
        pytest.param((paid(30, 11, ("F1", 30), kind="credit_note"),), 70, 0, id="a credit note"),
        pytest.param((paid(30, 11, ("F1", 30), currency="USD"),), 100, 0, id="another currency"),
        pytest.param((paid(30, 11, ("F9", 30)),), 100, 0, id="for an invoice that has not come"),
        pytest.param((paid(30, 11, ("F1", 30)), paid(30, 12, name="R", reversal_of="P1")), 100, 0, id="taken back"),
        pytest.param(
            (paid(30, 9, ("F1", 30)), paid(30, 12, name="R", reversal_of="P1")), 130, 0, id="the balance did not know"
        ),
        pytest.param(
            (paid(30, 8, ("F1", 30)), paid(30, 9, name="R", reversal_of="P1")), 100, 0, id="the balance knew both"
        ),
        pytest.param(
            (
                paid(30, 9, ("F1", 30)),
                paid(30, 12, name="R", reversal_of="P1"),
                paid(30, 13, name="S", reversal_of="P1"),
            ),
            130,
            0,
            id="taken back twice",
        ),
        pytest.param(
            (
                paid(30, 11, ("F1", 30)),
                paid(30, 12, name="R", reversal_of="P1"),
                paid(30, 13, name="S", reversal_of="R"),
            ),
            70,
            0,
            id="what took back was taken back",
        ),
        pytest.param((paid(50, 11), paid(50, 12, name="R", reversal_of="P1")), 100, 0, id="free credit taken back"),
        pytest.param(
            (paid(30, 11, ("F1", 30), reversal_of="P2"), paid(10, 12, ("F1", 10), name="P2", reversal_of="P1")),
            100,
            0,
            id="two that take each other back",
        ),
    ],
)
def test_one_invoice(payments: tuple[Payment, ...], owed: int, credit: int) -> None:
    found = ars([bill()], *payments)
    assert (found.balance, found.credit) == (owed, credit)


@pytest.mark.parametrize("state", ["paid", "cancelled", "closed"])
def test_what_is_over_owes_nothing(state: str) -> None:
    found = ars([bill(state=state), bill("F2", 50)])
    assert figures(found) == ({"F2": 50}, 0)


def test_billing_that_tells_totals_alone_counts_every_payment() -> None:
    one = bill(balance=None, total=100, as_of=50)
    assert ars([one], paid(30, 1, ("F1", 30))).balance == 70
    assert ars([one], paid(30, 1)).balance == 70


def test_a_balance_below_zero_is_the_persons_money() -> None:
    found = ars([bill(balance=-40), bill("F2", 100, due=DAY + timedelta(days=5))])
    assert figures(found) == ({"F2": 60}, 0)


def test_free_credit_pays_the_oldest_first_and_what_is_never_due_last() -> None:
    invoices = [bill("F3", 50, due=None), bill("F2", 50, due=DAY + timedelta(days=30)), bill("F1", 50)]
    found = ars(invoices, paid(70, 11, invoices=()))
    assert [(one.invoice.external_id, one.net) for one in found.invoices] == [("F1", 0), ("F2", 30), ("F3", 50)]


def test_credit_that_few_balances_are_older_than_is_used_first() -> None:
    invoices = [bill("F1", 50, as_of=10), bill("F2", 50, as_of=20, due=DAY + timedelta(days=1))]
    found = ars(invoices, paid(50, 15), paid(50, 9, invoices=(), name="P2"))
    assert figures(found) == ({}, 0)


def test_what_others_pay_counts_and_what_they_leave_over_is_theirs() -> None:
    other = share(paid(80, 11, ("F1", 30), ("F7", 20)), {"F1"})
    found = ars([bill()], other)
    assert (found.balance, found.credit) == (70, 0)


def test_currencies_are_apart() -> None:
    found = balances([bill(), bill("F2", 20, currency="USD")], [paid(10, 11, currency="USD"), paid(5, 11, name="P2")])
    assert {name: one.balance for name, one in found.items()} == {"ARS": 95, "USD": 10}


def test_a_dispute_ends_after_its_last_day() -> None:
    one = bill(state="disputed", disputed_until=DAY)
    assert [disputed(one, DAY + timedelta(days=more)) for more in (0, 1)] == [True, False]
    found = ars([one, bill("F2", 5, due=DAY + timedelta(days=3))])
    assert found.cycle(DAY) == DAY + timedelta(days=3)
    assert found.cycle(DAY + timedelta(days=1)) == DAY
    assert (found.due(), found.disputed(DAY)) == (DAY, 100)


IDS = st.sampled_from(["F1", "F2", "F3"])
NAMES = st.sampled_from(["P1", "P2", "P3", "P4", "P5"])
MONEY = st.integers(1, 10**18)
TIMES = st.integers(0, 30)
CURRENCIES = st.sampled_from(["ARS", "USD"])
INVOICES = st.lists(
    st.builds(
        Invoice,
        external_id=IDS,
        number=IDS,
        currency=CURRENCIES,
        due=st.none() | st.dates(DAY, DAY + timedelta(days=3)),
        total=MONEY,
        balance=st.none() | MONEY | st.just(0),
        as_of=TIMES,
        state=st.sampled_from(["open", "open", "open", "disputed", "paid", "cancelled", "closed"]),
    ),
    unique_by=lambda one: one.external_id,
    max_size=3,
)
PAYMENTS = st.lists(
    st.builds(
        Payment,
        external_id=NAMES,
        currency=CURRENCIES,
        amount=MONEY,
        posted_at=TIMES,
        kind=st.sampled_from(["payment", "credit_note"]),
        invoices=st.none() | st.lists(st.builds(Allocation, invoice=IDS, amount=MONEY), max_size=2).map(tuple),
        reversal_of=st.none() | st.none() | NAMES,
        cancelled=st.sampled_from([False, False, False, True]),
    ),
    unique_by=lambda one: one.external_id,
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(INVOICES, PAYMENTS, st.randoms(use_true_random=False))
def test_the_order_of_facts_never_matters(invoices: list[Invoice], payments: list[Payment], random: object) -> None:
    before = balances(invoices, payments)
    shuffled, paid_ = list(invoices), list(payments)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(paid_)  # type: ignore[attr-defined]
    assert balances(shuffled, paid_) == before


@settings(max_examples=300, deadline=None)
@given(INVOICES, PAYMENTS)
def test_nothing_is_below_zero_and_no_money_appears(invoices: list[Invoice], payments: list[Payment]) -> None:
    found = balances(invoices, payments)
    assert set(found) == {one.currency for one in invoices} | {one.currency for one in payments if not one.cancelled}
    for currency, one in found.items():
        assert all(type(row.net) is int and 0 <= row.net <= row.gross and row.gross > 0 for row in one.invoices)
        assert one.credit >= 0
        given_ = sum(p.amount for p in payments if p.currency == currency and not p.cancelled)
        over = sum(
            part.amount for p in payments if p.currency == currency and not p.cancelled for part in p.invoices or ()
        )
        assert sum(row.gross - row.net for row in one.invoices) + one.credit <= given_ + over


@settings(max_examples=200, deadline=None)
@given(INVOICES, PAYMENTS, st.integers(0, 4))
def test_what_is_taken_back_a_second_time_changes_nothing(
    invoices: list[Invoice], payments: list[Payment], later: int
) -> None:
    payments = [one for one in payments if one.reversal_of is None]
    first = [
        Payment(f"R{one.external_id}", one.currency, one.amount, 31, reversal_of=one.external_id) for one in payments
    ]
    again = [replace(one, external_id=f"{one.external_id}+", posted_at=31 + later) for one in first]
    found = balances(invoices, [*payments, *first])
    assert balances(invoices, [*payments, *first, *again]) == found
    # Nothing was ever paid that the balances did not know of.
    without = [one for one in invoices if one.balance is None]
    assert all(
        row.gross == row.invoice.total
        for one in balances(without, [*payments, *first]).values()
        for row in one.invoices
    )
