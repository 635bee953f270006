"""Rows of invoices in the order of their customers: what one owes is then worked out once, and the pages of the store
that a portion touches lie side by side.

A sheet is in the order in which bills were made. Taken so, a thousand rows are of a thousand customers who lie all over
the store, and most come again in a later portion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Final

from gatewayd.billing.portion import MONEY, BillPortion
from gatewayd.customers.portion import ROWS_MAX
from gatewayd.imports.engine.reading import ROWS_AT_ONCE, Batch

ROWS_TOGETHER: Final = 100_000
"""Rows that are put in order together, while those before them are written: some 80 MB of a reader's memory."""
TEXT_TOGETHER: Final = 64_000_000
"""Characters of the same, for sheets whose rows are long."""
_WIDTH_MOST: Final = 24


def by_customer(batches: Iterable[Batch], reads: Callable[[], object] = lambda: None) -> Iterator[Batch]:
    """Yields the rows of `batches` of invoices by customer, all of one in one batch where they are put in order
    together. Rows that were not taken come apart and first.

    `reads` is called while rows are gathered, and nothing is yielded. `last` counts rows and names none. The same sheet
    is always given in the same order."""
    done = 0
    gathered: list[BillPortion] = []
    rows = text = 0
    for batch in batches:
        portion = batch.portion
        if not isinstance(portion, BillPortion):
            portion = None
        taken = 0 if portion is None else len(portion.ids)
        if batch.count > taken:
            done += batch.count - taken
            yield Batch(done, batch.count - taken, None, batch.issues)
        if portion is not None:
            gathered.append(portion)
            rows += taken
            text += _length(portion)
            reads()
        if rows >= ROWS_TOGETHER or text >= TEXT_TOGETHER:
            yield from _in_order(gathered, done)
            done += rows
            gathered = []
            rows = text = 0
    yield from _in_order(gathered, done)


def _length(portion: BillPortion) -> int:
    texts = (column for name, column in portion.columns.items() if name not in MONEY)
    return sum(sum(map(len, filter(None, column))) for column in texts)


def _in_order(portions: list[BillPortion], done: int) -> Iterator[Batch]:
    """Yields rows by customer; `done` have been given before. Lets go of `portions`."""
    names = {name: None for portion in portions for name in portion.columns}
    whole = BillPortion(
        _joined(portions, attrgetter("rows")),
        _joined(portions, attrgetter("ids")),
        # A sheet's portions have the same columns; one that lacks one says nothing in it.
        {
            name: _joined(portions, lambda one, name=name: one.columns.get(name) or [None] * len(one.ids))
            for name in names
        },
    )
    portions.clear()
    whose = whole.columns.get("customer", whole.ids)
    # Shorter ids first: numbers come in their own order then, which is mostly that in which customers were brought.
    width = min(_WIDTH_MOST, max(map(len, filter(None, whose)), default=0))
    keys = [(name or "").rjust(width) for name in whose]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    start = 0
    while start < len(order):
        end, most = min(start + ROWS_AT_ONCE, len(order)), min(start + ROWS_MAX, len(order))
        while end < most and keys[order[end]] == keys[order[end - 1]]:
            end += 1
        yield Batch(done + end, end - start, whole.only(order[start:end]), [])
        start = end


def _joined(portions: Iterable[BillPortion], part: Any) -> list[Any]:
    return [one for portion in portions for one in part(portion)]
