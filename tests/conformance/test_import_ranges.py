"""Whom a sheet brought, kept as ranges, over both stores: taken back whole, but for who was changed or written to."""

from __future__ import annotations

from functools import partial
from typing import Any

from gatewayd.customers.change import changed
from gatewayd.customers.document import Customer
from gatewayd.customers.portion import TEXTS, Contacts, Portion, found_by
from gatewayd.numbers import Numbers, Policy
from gatewayd.store import tables
from gatewayd.store.commands import Change
from gatewayd.store.contacts import customers, imported, imports, undoing
from gatewayd.values.actor import Scope
from tests.conformance.house import House

NUMBERS = Numbers(Policy("AR"))


def entered(house: House) -> int:
    new = imports.NewImport(
        *("norte", None, "ana", "pop", "panel", None, "c.csv", "0" * 64, 1, {}, None, None, None, False, house.now),
        reason=None,
        now=house.now,
    )
    number: int = house.do(Change(lambda unit: imports.create(unit.session, new)))
    return number


def portion(names: list[str], first: int, said: str = "") -> Portion:
    count = len(names)
    texts: list[list[str | None]] = [[None] * count for _name in TEXTS]
    texts[3], texts[4] = [f"Ana {said}{name}" for name in names], [f"ana {said}{name}".lower() for name in names]
    phones: list[str | None] = [f"+54911500{name[1:]:>05}" for name in names]
    nothing: list[Any] = [None] * count
    return Portion(
        list(range(first, first + count)),
        names,
        [f"{said}{name}" for name in names],
        texts,
        nothing,
        nothing,
        nothing,
        [False] * count,
        [Contacts("phone", phones, ["mobile"] * count)],
        None,
        found_by(texts, nothing, nothing),
    )


def apply(house: House, number: int, one: Portion) -> imported.Outcome:
    sheet = imported.Sheet(number, 1, house.now, frozenset({"name", "phone"}), house.now)
    done: imported.Outcome = house.do(Change(lambda unit: imported.apply(unit, sheet, one), bulk=True))
    return done


def undone(house: House, number: int, limit: int = 100) -> dict[str, int]:
    undo = undoing.Undo(1, number, house.now - 1, house.now)
    total, after = {"removed": 0, "restored": 0, "kept": 0}, -(2**62)
    while back := house.do(Change(partial(undoing.take_back, undo=undo, after=after, limit=limit), bulk=True)):
        after = back.last
        total = {name: value + getattr(back, name) for name, value in total.items()}
    return total


def rename(house: House, external_id: str) -> None:
    def make(was: Customer, find: customers.UserOf) -> Customer:
        return changed(was, {"name": "Otra"}, numbers=NUMBERS, user=find, now=house.now)

    put = customers.Put(external_id, make, house.now, None)
    house.do(Change(lambda unit: customers.put(unit, Scope.of("norte"), [put])))


def left(house: House) -> list[str]:
    return [row[0] for row in house.rows("SELECT external_id FROM customer ORDER BY external_id")]


def test_an_import_is_taken_back_by_its_ranges(house: House) -> None:
    apply(house, entered(house), portion(["A0"], 2))
    number = entered(house)
    assert apply(house, number, portion(["A1", "A0", "A2"], 2, "x")).changed == 1
    apply(house, number, portion(["A3", "A4"], 5))
    assert house.rows(f"SELECT first_id, customers FROM import_range WHERE import_id = {number}") == [(2, 2), (4, 2)]
    rename(house, "A4")
    # The same import again, that says other things of whom it has brought: nothing was there before.
    assert apply(house, number, portion(["A1"], 2, "y")).changed == 1
    assert house.rows(f"SELECT customer_id FROM import_row WHERE import_id = {number}") == [(1,)]
    assert undone(house, number) == {"removed": 2, "restored": 1, "kept": 2}
    assert left(house) == ["A0", "A1", "A4"]
    assert house.rows("SELECT name FROM customer WHERE external_id = 'A0'") == [("Ana A0",)]
    assert undone(house, number) == {"removed": 0, "restored": 0, "kept": 0}
    # A number is never used again, though who bore it is gone.
    taken = house.do(Change(lambda unit: type(unit.memory.ids)().take(unit.session, tables.customer, 1)))
    assert taken > 5


def test_what_an_older_version_brought_is_taken_back(house: House) -> None:
    number = entered(house)
    apply(house, number, portion(["A1", "A2", "A3"], 2))

    def as_before(unit: Any) -> None:
        unit.session.plain("DELETE FROM import_range")
        for at in range(3):
            unit.session.plain(
                f"INSERT INTO import_row (import_id, \"row\", kind, customer_id) VALUES ({number}, {at + 2}, 'new',"
                f" {at + 1})"
            )

    house.do(Change(as_before))
    rename(house, "A2")
    assert undone(house, number, limit=2) == {"removed": 2, "restored": 0, "kept": 1}
    assert left(house) == ["A2"]
