"""Old answers and notices go with the other records; what may still come to something stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from gatewayd.store import tables
from gatewayd.store.commands import Change
from gatewayd.store.tickets import pruning
from tests.conformance.house import House

DAY = 86_400_000


def put(house: House, table: Any, **values: Any) -> None:
    house.do(Change(lambda unit: unit.session.connection.execute(insert(table).values(**values))))


def pruned(house: House, days: int) -> bool:
    found: bool = house.do(Change(lambda unit: pruning.prune(unit.session, house.now, days * DAY)))
    return found


def test_what_is_old_and_over_goes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "PORTION", 2)
    for number, (age, final) in enumerate([(99, True), (98, True), (97, True), (96, False), (40, True)], 1):
        put(
            house, tables.answer, account_id=1, inbound_id=number, kind="debt", address="+54", at=house.now - age * DAY,
            state="told", final=final, expires_at=house.now,
        )  # fmt: skip
    notices = [("payment", "told", 99), ("payment", "asked", 98), ("mail.payment", "left", 97), ("payment", "told", 40)]
    for number, (kind, state, age) in enumerate(notices, 1):
        at = house.now - age * DAY
        put(house, tables.payment_notice, kind=kind, subject_id=number, account_id=1, at=at, state=state)
    assert pruned(house, 90)
    while pruned(house, 90):
        pass
    assert house.rows("SELECT inbound_id FROM answer ORDER BY id") == [(4,), (5,)]
    assert house.rows("SELECT subject_id FROM payment_notice ORDER BY subject_id") == [(2,), (4,)]
    # However short records are kept: by these it is known that a payment was thanked for.
    while pruned(house, 1):
        pass
    assert house.rows("SELECT inbound_id FROM answer ORDER BY id") == [(4,)]
    house.now -= 20 * DAY
    assert house.rows("SELECT count(*) FROM payment_notice") == [(1,)]
