"""Rows of invoices in the order of their customers: what one owes is then worked out once, and the pages of the store
that a portion touches lie side by side.

A sheet is in the order in which bills were made. Taken so, a thousand rows are of a thousand customers who lie all over
the store, and most come again in a later portion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gatewayd.billing.lines import BillLines, by_bill, lined, owner
from gatewayd.billing.portion import MONEY, BillPortion
from gatewayd.customers.portion import ROWS_MAX
from gatewayd.imports.engine.reading import ROWS_AT_ONCE, Batch

TEXT_TOGETHER: Final = 64_000_000
"""Characters of rows that are put in order together, for sheets whose rows are long: some 80 MB of memory."""


def by_customer(batches: Iterable[Batch], together: int, reads: Callable[[], object] = lambda: None) -> Iterator[Batch]:
    """Yields the rows of `batches` of invoices by customer, all of one in one batch where they are put in order
    together, which so many rows are. Rows that were not taken come apart and first.

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
        if rows >= together or text >= TEXT_TOGETHER:
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
    if not portions:
        return
    whole = lined(portions)
    portions.clear()
    lines = whole.lines
    start = 0
    while start < len(lines):
        end, most = min(start + ROWS_AT_ONCE, len(lines)), min(start + ROWS_MAX, len(lines))
        while end < most and owner(lines[end]) == owner(lines[end - 1]):
            end += 1
        # What is written together may come in any order: in that of the tree which has most of its pages touched.
        portion = BillLines(whole.names, whole.said, by_bill(lines[start:end]))
        yield Batch(done + end, end - start, portion, [])
        start = end
