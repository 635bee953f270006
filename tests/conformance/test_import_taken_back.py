"""An import that is taken back: what people owe is what it was, what was written from its debts goes no more, and whom
somebody has dealt with since stays."""

from __future__ import annotations

import json
from typing import Any

from gatewayd.billing.engine import desk as billing_desk
from gatewayd.imports.engine.steps import taken_back
from gatewayd.store.billing import marks
from gatewayd.store.commands import Change
from gatewayd.store.contacts import persons, undoing
from gatewayd.store.contacts.imported import CHANGED, NEW, frozen
from gatewayd.store.sending import causes
from tests.conformance.house import House
from tests.conformance.test_billing import ACCOUNT, customer
from tests.conformance.test_store_claims import decide, moment, quiet, reasons, rule

DUE = "2026-11-12"


def owing(house: House, external_id: str, balance: str, phone: int) -> int:
    points = [{"channel": "phone", "address": f"+54911500000{phone:02}", "state": "confirmed"}]
    debt = {"balance": balance, "due": DUE, "currency": "ARS"}
    number = customer(house, external_id, name=f"Ana {external_id}", contacts=points, debt=debt)
    house.do(Change(lambda unit: billing_desk.changed(unit, ACCOUNT, [number], house.now)))
    return number


def brought(house: House, *rows: tuple[str, int, str | None]) -> int:
    """Writes down what an import brought: kind, customer, and what was there before; returns its number."""
    house.rows(
        "INSERT INTO import (account_id, actor, node, origin, file, sha256, octets, kind, state, complete, as_of,"
        f" applied, created_at, updated_at, version) VALUES ({ACCOUNT}, 'ana', 'pop', 'panel', 'a.csv', '', 1,"
        f" 'customers', 'undoing', false, {house.now}, 0, {house.now}, {house.now}, 1)"
    )
    ((number,),) = house.rows("SELECT max(id) FROM import")
    for place, (kind, who, detail) in enumerate(rows, 2):
        said = "NULL" if detail is None else "'" + detail.replace("'", "''") + "'"
        house.rows(
            f"INSERT INTO import_row (import_id, row, kind, customer_id, detail)"
            f" VALUES ({number}, {place}, '{kind}', {who}, {said})"
        )
    return int(number)


def take_back(house: House, number: int) -> Any:
    undo = undoing.Undo(ACCOUNT, number, house.now - 1_000, house.now)
    return house.do(Change(lambda unit: taken_back(unit, undo, 0)))


def balances(house: House) -> dict[int, int]:
    return dict(house.rows("SELECT customer_id, balance FROM owed"))


def before(house: House, number: int) -> str:
    found = persons.stored(house.transactions.session, ACCOUNT, [number])
    return frozen(found[number])


def test_what_was_owed_before_is_owed_again_and_texts_of_the_sheets_debt_are_withdrawn(house: House) -> None:
    rule(house)
    known = owing(house, "A1", "100.00", 1)
    was = before(house, known)
    owing(house, "A1", "900.00", 1)
    fresh = owing(house, "B2", "50.00", 2)
    assert json.loads(was)["version"] == 1
    assert {number: amount // 1_000_000 for number, amount in balances(house).items()} == {known: 900, fresh: 50}
    cause = house.do(Change(lambda unit: causes.mint(unit.session, ACCOUNT, known, "ARS", house.now)))
    other = house.do(Change(lambda unit: causes.mint(unit.session, ACCOUNT, fresh, "ARS", house.now)))
    quiet(house)
    back, withdrawal = take_back(house, brought(house, (CHANGED, known, was), (NEW, fresh, None)))
    assert (back.removed, back.restored, back.kept) == (1, 1, 0)
    assert {number: amount // 1_000_000 for number, amount in balances(house).items()} == {known: 100}
    assert set(withdrawal.causes) == {cause, other}
    assert [one.customer for one in marks.marked(house.transactions.session, 5)] == [known]


def test_who_was_decided_about_goes_and_who_was_claimed_stays(house: House) -> None:
    rule(house)
    waits, claimed = owing(house, "B2", "50.00", 2), owing(house, "C3", "50.00", 3)
    rule(house, minimums={"ARS": "60.00"})
    assert decide(house, waits) == 0
    rule(house)
    assert decide(house, claimed) == 1
    assert reasons(house) == ["minimum", "due"]
    back, _withdrawal = take_back(house, brought(house, (NEW, waits, None), (NEW, claimed, None)))
    assert (back.removed, back.kept) == (1, 1)
    assert house.rows("SELECT id FROM customer") == [(claimed,)]
    assert house.rows("SELECT DISTINCT customer_id FROM decision") == [(claimed,)]
    assert moment(house).rules.account == "norte"
