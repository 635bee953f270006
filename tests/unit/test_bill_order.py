"""Rows of invoices by customer: each once, all of one together, in the same order each time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from gatewayd.billing.lines import BillLines, lined, owner, plain, unfolded
from gatewayd.billing.portion import BillPortion, judged
from gatewayd.customers.portion import AstrayError
from gatewayd.imports.bills import BY_CUSTOMER, rows_together
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
def test_rows_come_by_customer_each_once_and_are_counted(customers: int, refused: int, together: int) -> None:
    found = list(by_customer(sheet(5_300, customers, refused=refused), together))
    assert told(list(by_customer(sheet(5_300, customers, refused=refused), together))) == told(found)
    bad = [line for line in range(2, 5_302) if refused and line % refused == 0]
    assert [issue.row for one in found for issue in one.issues] == bad
    lines = [one.portion for one in found if isinstance(one.portion, BillLines)]
    portions = [judged(unfolded(json.loads(json.dumps(plain(one)))), 0, "invoices") for one in lines]
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
    ends: list[tuple[int, str]] = []
    for one in portions:
        names = sorted((len(name), name) for name in one.columns["customer"])
        assert together < 5_300 or names[0] >= max(ends, default=(0, ""))
        ends.append(names[-1])
        assert one.ids == sorted(one.ids)
    if together == 10_000 and customers == 900:
        owners = [set(one.columns["customer"]) for one in portions]
        assert sum(map(len, owners)) == len(set.union(*owners))


def test_a_sheet_without_a_row_that_is_taken_is_told_all_the_same() -> None:
    found = list(by_customer(sheet(40, 3, refused=1), 100))
    assert [(one.last, one.count, one.portion, len(one.issues)) for one in found] == [(40, 40, None, 40)]
    assert list(by_customer([], 100)) == []


def test_what_a_row_says_or_leaves_out_comes_through_lines_as_it_was() -> None:
    columns: dict[str, list[Any]] = {
        "customer": ["B", "A" * 30, "é"],
        "number": [None, "N 2", "N-3"],
        "total": [-2_500_000, None, 0],
        "balance": [None, None, None],
        "currency": ["ARS", "ARS", "ARS"],
        "link": ['https://pay.example/?a="1"', None, None],
    }
    ((_last, count, content, _issues),) = told(
        list(by_customer([Batch(9, 3, BillPortion([3, 5, 9], ["Z", "Y", "X"], columns), [])], 100))
    )
    assert count == 3
    assert content[1] == {"balance": None, "currency": "ARS"}
    found = judged(unfolded(json.loads(json.dumps(content))), 0, "invoices")
    assert (found.rows, found.ids) == ([9, 5, 3], ["X", "Y", "Z"])
    assert found.columns == {name: column[::-1] for name, column in columns.items()}


@pytest.mark.parametrize(
    "content",
    [
        [["due"], {}, "!A\x7f1\x7f2"],
        [["due"], {}, "!A\x7f1\x7ftwo\x7f2026-01-01"],
        [["due", "due"], {}, "!A\x7f1\x7f2\x7f\x7f"],
        [["due"], {"due": "2026-01-01"}, "!A\x7f1\x7f2\x7f"],
        [["customer"], {}, "!A\x7f1\x7f2\x7fB"],
        [["total"], {}, "!A\x7f1\x7f2\x7fmuch"],
        [["total", 3], {}, "!A\x7f1\x7f2\x7f3\x7f"],
        [["paid_by"], {}, "!A\x7f1\x7f2\x7f"],
        [[], {"total": "1"}, "!A\x7f1\x7f2"],
        [[], {}, "!\x7f1\x7f2\x7f!\x7f1\x7f3"],
        [None, {}, "!A\x7f1\x7f2"],
    ],
)
def test_lines_that_are_none_are_no_portion(content: Any) -> None:
    with pytest.raises(AstrayError):
        judged(unfolded(content), 0, "invoices")


def test_ids_that_begin_with_others_stand_behind_them() -> None:
    long = "ZONA NORTE / " + "7" * 20
    names = ["B", f"{long}1", long, "A", "AA", f"{long} 1", f"{long}12", "A" * 23]
    rows = BillPortion(list(range(2, 10)), [str(at) for at in range(8)], {"customer": names})
    found = lined([rows])
    assert [line.split("\x7f")[0][1:] for line in found.lines] == [
        *("A", "B", "AA", "A" * 23, long, f"{long} 1", f"{long}1", f"{long}12")
    ]
    # As rows were ordered that an earlier release has written.
    width = 24
    assert [owner(line)[1:] for line in found.lines] == sorted(names, key=lambda name: name.rjust(width))


def test_a_list_that_an_earlier_release_began_is_given_in_its_order() -> None:
    assert [rows_together(one) for one in (None, "", "customer", BY_CUSTOMER)] == [0, 0, 100_000, 50_000]
