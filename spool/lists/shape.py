"""How wide the rows of a list are: what is one cell too many, and what a program's habit. Pure.

A delimiter within a value moves all cells behind it, and the person gets another's words. So a row that is wider than
the header is nobody's, even where what it has too much is empty; unless all rows are written that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spool.errors import JobFileError
from spool.lists.cells import digits, folded, is_number_like
from spool.lists.header import Header
from spool.lists.rows import Row

_MONEY = ("deuda", "saldo", "importe", "monto", "total", "debe", "amount", "balance", "debt", "price", "precio")
"""Headers of amounts; a column of one that has no digits has another's cells."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The width of a list's rows."""

    width: int
    """Columns with a name or a use: what a recipient's row has."""
    excess: int = 0
    """Empty cells behind them that every row has, and the header has not."""
    sealed: tuple[int, ...] = ()
    """Columns at the end without a name, which are empty; a row that fills one has moved."""
    guarded: tuple[int, ...] = ()
    """Columns in which every cell begins with an apostrophe, which a sheet puts before what is text."""


def shape_of(header: Header, rows: Sequence[Row], file: str, *, is_text: bool, blanks: bool) -> Shape:
    """Returns the shape of the rows below a header. JobFileError `recipients_ambiguous` where all may have moved.

    Cells of a sheet do not move. `blanks`: in this text, blanks follow delimiters.
    """
    width = len(header.cells)
    below = rows[header.first :]
    guarded = tuple(place for place in range(width) if _is_guarded(below, place))
    if not is_text:
        return Shape(width, guarded=guarded)
    sealed = tuple(place for place in _nameless(header) if len(below) < 2 or not all(_fills(r, place) for r in below))
    more = {len(row.cells) - width for row in below}
    excess = min(more, default=0)
    if len(below) > 1 and len(more) == 1 and excess > 0 and not any(any(row.cells[width:]) for row in below):
        if not blanks and not _moved(header, below):
            return Shape(width, excess, sealed, guarded)
        raise JobFileError(
            "recipients_ambiguous",
            "cells_too_many",
            file=file,
            line=below[0].line,
            width=width,
            found=width + excess,
        )
    return Shape(width, 0, sealed, guarded)


def _nameless(header: Header) -> list[int]:
    if header.line is None:
        return []
    places = []
    for place in range(len(header.cells) - 1, -1, -1):
        if header.cells[place]:
            break
        places.append(place)
    return places[::-1]


def _is_guarded(rows: Sequence[Row], place: int) -> bool:
    filled = [row.cells[place] for row in rows if _fills(row, place)]
    return bool(filled) and all(cell[0] == "'" and len(cell) > 1 for cell in filled)


def _fills(row: Row, place: int) -> bool:
    return place < len(row.cells) and row.cells[place] != ""


def _moved(header: Header, rows: Sequence[Row]) -> bool:
    """Whether the cells below a header do not fit it: amounts without digits, numbers that are none, split amounts."""
    for place, name in enumerate(header.cells):
        filled = [row.cells[place] for row in rows if _fills(row, place)]
        if any(word in folded(name) for word in _MONEY) and any(not digits(cell) for cell in filled):
            return True
        if place in header.choice.places and any(not is_number_like(cell) and "@" not in cell for cell in filled):
            return True
    return any(_split_amount(a, b) for row in rows for a, b in zip(row.cells, row.cells[1:], strict=False))


def _split_amount(a: str, b: str) -> bool:
    """Whether two cells may be one amount, cut at its comma: `1` `500.50`, `1.500` `50`."""
    whole, rest = a.lstrip("$ "), b.split(".")
    thousands = whole.isdigit() and len(whole) <= 3 and len(rest[0]) == 3 and rest[0].isdigit() and len(rest) <= 2
    cents = digits(whole) >= 1 and set(whole) <= set("0123456789.") and len(b) == 2 and b.isdigit()
    return thousands or cents
