"""Rows that go to the store many at once, over both stores: all of them, or where one is refused, none."""

from __future__ import annotations

from typing import Any, Final

import pytest

from gatewayd.store import tables
from gatewayd.store.commands import Change
from gatewayd.store.session import TOGETHER, adding
from gatewayd.values.errors import StoreError
from tests.conformance.house import House

ADD: Final = adding(tables.setting, "key value")
COUNT: Final = 2 * max(TOGETHER) + min(TOGETHER) + 3


def kept(house: House) -> list[str]:
    return [row[0] for row in house.rows("SELECT key FROM setting WHERE key LIKE 'row %' ORDER BY key")]


@pytest.mark.parametrize("bulk", [True, False])
def test_one_that_is_refused_takes_all_of_its_transaction_with_it(house: House, bulk: bool) -> None:
    names = [f"row {number:04d}" for number in range(COUNT)]

    def write(unit: Any, *again: str) -> None:
        unit.session.many(ADD, [(name, "first") for name in names[:10]])
        unit.session.many(ADD, [(name, "") for name in (*names[10:40], *again, *names[40:])])

    with pytest.raises(StoreError):
        house.do(Change(lambda unit: write(unit, names[3]), bulk=bulk))
    assert kept(house) == []
    house.do(Change(write, bulk=bulk))
    assert kept(house) == names


def test_sqlite_copies_no_page_for_rows_that_go_with_their_transaction(house: House) -> None:
    """It does for every page of a statement of which one row may be refused by itself."""
    if house.store.path is None:
        pytest.skip("SQLite's own")
    said: list[str] = []

    def write(unit: Any) -> None:
        raw = unit.session.connection.connection.driver_connection
        raw.set_trace_callback(said.append)
        unit.session.many(ADD, [(f"row {number:04d}", "") for number in range(COUNT)])
        raw.set_trace_callback(None)

    house.do(Change(write, bulk=True))
    assert [text.count("row ") for text in said if text.startswith("INSERT OR FAIL INTO setting")] == [64, 64, 8]
