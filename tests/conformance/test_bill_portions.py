"""The short ways of lists of bills, over both stores: they come to the same as the long ones."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gatewayd.billing.engine import desk
from gatewayd.billing.portion import BillPortion
from gatewayd.store.billing import owed
from gatewayd.store.commands import Change, CreateAccount
from tests.conformance.house import House
from tests.conformance.test_billing import T, bring, customer, paid

PEOPLE = [f"A{number}" for number in range(12)]
DAYS = [None, "2026-10-01", "2026-11-10"]
SAID = "customer, number, issued, due, currency, total, balance, state, link, pdf, policy"
COPIED = "external_id, created_at, updated_at, name, name_key, mails, no_claim"


def portion(chance: random.Random, names: list[str]) -> BillPortion:
    """Draws rows as a worker gives them: with columns that are there or not, and cells that are empty."""
    money: list[list[int | None]] = [
        [chance.choice((0, 100, 2_500, -50, *([None] if place else []))) for _name in names] for place in range(2)
    ]
    columns: dict[str, list[Any]] = {
        "customer": [chance.choice([*PEOPLE, "nobody"]) for _name in names],
        "total": [one if one is None else one * 10_000 for one in money[0]],
        "due": [chance.choice(DAYS) for _name in names],
    }
    maybe: dict[str, list[Any]] = {
        "balance": [one if one is None else one * 10_000 for one in money[1]],
        "number": [chance.choice((None, f"N-{name}")) for name in names],
        "currency": [chance.choice((None, "ARS", "ARS", "USD")) for _name in names],
        "state": [chance.choice((None, "open", "paid", "disputed")) for _name in names],
        "link": [chance.choice((None, "https://pay.example/1")) for _name in names],
        "policy": [None for _name in names],
    }
    columns |= {name: values for name, values in maybe.items() if chance.random() < 0.5}
    return BillPortion(list(range(2, len(names) + 2)), names, columns)


def record(house: House, account: int, rows: Any, as_of: int) -> desk.Recorded:
    def work(unit: Any) -> desk.Recorded:
        how = desk.load(unit, account, "invoices", source="sheet", as_of=as_of, now=house.now, importing=True)
        return desk.record(unit, how, "invoices", rows)

    done: desk.Recorded = house.do(Change(work, bulk=True))
    return done


def kept(house: House, account: int) -> list[Any]:
    return house.rows(
        f"SELECT external_id, customer_id IS NULL, as_of, open, seen, version, {SAID} FROM invoice"
        f" WHERE account_id = {account} ORDER BY external_id"
    )


def test_a_portion_by_its_columns_is_what_its_rows_are(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    for name in PEOPLE:
        customer(house, name)
    house.do(
        Change(
            lambda unit: unit.session.plain(
                f"INSERT INTO customer (id, account_id, {COPIED}) SELECT id + 100, 2, {COPIED} FROM customer"
            )
        )
    )
    chance = random.Random(4)
    as_of = T
    for _portion in range(25):
        as_of += chance.choice((-500, 0, 1_000))
        one = portion(chance, chance.sample([f"F{number}" for number in range(30)], 12))
        together, each = record(house, 1, one, as_of), record(house, 2, list(one.plainly()), as_of)
        assert together.written.counts() == each.written.counts()
        assert [one.row for one in together.written.faults] == [one.row for one in each.written.faults]
        assert {one + 100 for one in together.written.touched} == each.written.touched
        assert {(one.customer + 100, one.currency, one.before, one.after) for one in together.moved} == {
            (one.customer, one.currency, one.before, one.after) for one in each.moved
        }
    assert kept(house, 1) == kept(house, 2)
    assert len(kept(house, 1)) == 30


def test_what_most_owe_is_worked_out_as_what_any_owes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The short way and the long way in turn: neither finds another debt than the other wrote."""
    numbers = [customer(house, name) for name in PEOPLE]
    numbers.append(customer(house, "S", debt={"balance": "40", "due": "2026-11-10", "number": "S-1"}))
    chance = random.Random(7)
    short, asked = owed.usual_row, 0

    def settled() -> list[owed.Moved]:
        moved: list[owed.Moved] = house.do(
            Change(lambda unit: owed.settle(unit.session, 1, numbers, desk.today(unit, 1, house.now), house.now))
        )
        return moved

    def counted(*given: Any) -> Any:
        nonlocal asked
        found = short(*given)
        asked += found is not None and found[1] is not None
        return found

    settled()
    for at in range(12):
        record(house, 1, portion(chance, chance.sample([f"F{number}" for number in range(30)], 12)), T + at)
        if at % 4 == 3:
            said = paid(f"P{at}", "0.5", at="2027-01-01T00:00:00Z") | {"customer": chance.choice(PEOPLE)}
            bring(house, "payments", said)
        monkeypatch.setattr(owed, "usual_row", counted)
        # What was written with the rows, of which the new ones are not read back, is what all of them say.
        assert settled() == []
        monkeypatch.setattr(owed, "usual_row", lambda *_given: None)
        assert settled() == []
        house.do(Change(lambda unit: unit.session.plain("DELETE FROM owed")))
        settled()
        monkeypatch.setattr(owed, "usual_row", counted)
        assert settled() == []
    assert asked > 30
