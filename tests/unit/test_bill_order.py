"""Rows of invoices by customer: each once, all of one together, in the same order each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from gatewayd.billing.portion import BillPortion, judged, plain
from gatewayd.imports.engine import ordering
from gatewayd.imports.engine.ordering import by_customer
from gatewayd.imports.engine.reading import Batch
from gatewayd.imports.rows import Issue


def sheet(count: int, customers: int, *, refused: int = 0) -> Iterator[Batch]:
    """Yields a sheet's rows as they are read; every `refused`-th is not taken."""
    chance = random.Random(3)
    line = 1
    while line <= count:
        lines = list(range(line + 1, min(line + 1_000, count + 1) + 1))
        bad = [one for one in lines if refused and one % refused == 0]
        good = [one for one in lines if one not in bad]
        columns: dict[str, list[Any]] = {
            "customer": [f"C{chance.randrange(customers)}" for _ in good],
            "balance": [one * 10 for one in good],
        }
        issues = [Issue(one, "refused", "balance", "amount_invalid", "x") for one in bad]
        yield Batch(
            lines[-1], len(lines), BillPortion(good, [f"F{one}" for one in good], columns) if good else None, issues
        )
        line += 1_000


def told(batches: list[Batch]) -> list[Any]:
    return [
        (one.last, one.count, None if one.portion is None else plain(one.portion), one.issues)  # type: ignore[arg-type]
        for one in batches
    ]


@pytest.mark.parametrize(("customers", "refused", "together"), [(900, 0, 10_000), (7, 13, 10_000), (900, 13, 2_500)])
def test_rows_come_by_customer_each_once_and_are_counted(
    monkeypatch: pytest.MonkeyPatch, customers: int, refused: int, together: int
) -> None:
    monkeypatch.setattr(ordering, "ROWS_TOGETHER", together)
    found = list(by_customer(sheet(5_300, customers, refused=refused)))
    assert told(list(by_customer(sheet(5_300, customers, refused=refused)))) == told(found)
    bad = [line for line in range(2, 5_302) if refused and line % refused == 0]
    assert [issue.row for one in found for issue in one.issues] == bad
    portions = [one.portion for one in found if isinstance(one.portion, BillPortion)]
    rows = {
        (row, name, who, much)
        for one in portions
        for row, name, who, much in zip(one.rows, one.ids, one.columns["customer"], one.columns["balance"], strict=True)
    }
    before = [one.portion for one in sheet(5_300, customers, refused=refused) if one.portion is not None]
    assert len(rows) == sum(len(one.ids) for one in portions) == 5_300 - len(bad)
    assert {(row, f"F{row}", row * 10) for row, _name, _who, _much in rows} == {
        (row, name, much) for row, name, _who, much in rows
    }
    assert len(before) == 6
    assert [one.last for one in found] == [
        sum(each.count for each in found[: place + 1]) for place in range(len(found))
    ]
    assert found[-1].last == 5_300
    for one in portions:
        assert judged(plain(one), 0, "invoices") == one
        names = [(len(name), name) for name in one.columns["customer"]]
        assert names == sorted(names)
    if together == 10_000 and customers == 900:
        owners = [set(one.columns["customer"]) for one in portions]
        assert sum(map(len, owners)) == len(set.union(*owners))


def test_a_sheet_without_a_row_that_is_taken_is_told_all_the_same() -> None:
    found = list(by_customer(sheet(40, 3, refused=1)))
    assert [(one.last, one.count, one.portion, len(one.issues)) for one in found] == [(40, 40, None, 40)]
    assert list(by_customer([])) == []
