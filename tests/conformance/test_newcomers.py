"""Debts that come with new customers, over both stores: written the short way, they are what the long way finds."""

from __future__ import annotations

from typing import Any, Final

from gatewayd.billing.engine import desk
from gatewayd.customers.document import Customer, Debt
from gatewayd.store import tables
from gatewayd.store.billing import marks, owed
from gatewayd.store.commands import Change
from gatewayd.store.contacts import persons
from tests.conformance.house import House
from tests.conformance.test_billing import T, bring, customer, paid, ruled

UNIT: Final = 1_000_000
DEBTS: Final = (
    Debt(40 * UNIT, "2026-11-10", "S-1", None, T),
    Debt(40 * UNIT, "2026-11-10", None, "USD", T),
    Debt(40 * UNIT, None, "S-3", "ARS", T),
    Debt(0, "2026-11-10", "S-4", None, T),
    Debt(-5 * UNIT, "2026-11-10", "S-5", None, T),
    Debt(None, "2026-11-10", "S-6", None, T),
    # Somebody has paid bills of these numbers before.
    Debt(40 * UNIT, "2026-11-10", "PAID", None, T),
    Debt(90 * UNIT, "2026-11-10", "HALF", None, T),
)
_SAID: Final = "balance, credit, disputed, invoices, due, undisputed_due, until, digest, currency"


def test_debts_of_new_customers_are_what_any_debt_is(house: House) -> None:
    ruled(house)
    payer = customer(house, "A1")
    bring(house, "payments", paid("P1", "40", ("PAID", "40")), paid("P2", "30", ("HALF", "30")))
    house.do(Change(lambda unit: marks.drop(unit.session, marks.marked(unit.session, 10))))

    def come(unit: Any) -> list[int]:
        first = unit.memory.ids.take(unit.session, tables.customer, len(DEBTS))
        made = list(enumerate((Customer(f"N{at}", debt=debt) for at, debt in enumerate(DEBTS)), first))
        persons.add(unit.session, 1, made, house.now)
        rows = [
            (number, debt.balance, debt.due, debt.number, debt.currency, debt.as_of)
            for number, debt in enumerate(DEBTS, first)
        ]
        assert desk.came(unit, 1, rows, house.now).withdrawal.causes == ()
        return [number for number, _customer in made]

    numbers: list[int] = house.do(Change(come, bulk=True))

    def settled() -> list[owed.Moved]:
        moved: list[owed.Moved] = house.do(
            Change(lambda unit: owed.settle(unit.session, 1, numbers, desk.today(unit, 1, house.now), house.now))
        )
        return moved

    question = f"SELECT customer_id, {_SAID} FROM owed WHERE customer_id <> {payer} ORDER BY customer_id, currency"
    written = house.rows(question)
    assert {one.customer for one in marks.marked(house.transactions.session, 100)} == set(numbers)
    assert settled() == []
    house.do(Change(lambda unit: unit.session.plain("DELETE FROM owed")))
    settled()
    assert house.rows(question) == written
    balances = {row[0] - numbers[0]: row[1] for row in written}
    assert (balances[0], balances[1], balances[2], balances[7]) == (40 * UNIT, 40 * UNIT, 40 * UNIT, 60 * UNIT)
    assert 6 not in balances or balances[6] == 0
