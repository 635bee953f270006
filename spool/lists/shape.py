"""How wide the rows of a list are: what is one cell too many, and what a program's habit. Pure.

A delimiter within a value moves all cells behind it, and the person gets another's words. So a row that is wider than
the header is nobody's, even where what it has too much is empty; unless all rows are written that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spool.errors import JobFileError
from spool.lists.cells import digits, folded, is_date, is_number_like
from spool.lists.header import Header
from spool.lists.rows import Row
from spool.lists.text import Format

_ENOUGH = 10
"""Full rows that show that a column is never left empty."""
_WITH_AREA = 9
"""Digits of a number with its area, in the countries that have the fewest; one alone with fewer may be cut."""
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
    filled: frozenset[int] = frozenset()
    """Columns that no full row leaves empty, where there are rows enough to say so."""
    numbers: frozenset[int] = frozenset()
    """Columns that hold nothing but what looks like numbers."""
    words: frozenset[int] = frozenset()
    """Columns that never hold what looks like a number."""
    padded: bool = False
    """Full rows end in empty cells: the writer leaves none out, so that a short row has lost one."""
    cut: tuple[str, ...] = ()
    """The last row, where it has no end and no other row is as short."""

    def has_lost(self, row: Sequence[str]) -> bool:
        """Returns whether a row that is too short has lost a cell before its end, so that those behind it have moved.

        Writers leave out empty cells at the end; that is no loss.
        """
        if self.padded or any(place >= len(row) for place in self.filled) or (self.cut and tuple(row) == self.cut):
            return True
        for place, cell in enumerate(row):
            if cell and place in (self.words if is_number_like(cell) else self.numbers):
                return True
        return False


def shape_of_sheet(header: Header, rows: Sequence[Row]) -> Shape:
    """Returns the shape of a sheet's rows below a header; their cells do not move."""
    width = len(header.cells)
    return Shape(width, guarded=_guarded(rows[header.first :], width))


def shape_of_text(header: Header, rows: Sequence[Row], file: str, form: Format) -> Shape:
    """Returns the shape of the rows of a text below a header.

    JobFileError `recipients_ambiguous` where all may have moved, `recipients_unreadable` where the last number is cut.
    """
    width = len(header.cells)
    below = rows[header.first :]
    guarded = _guarded(below, width)
    _refuse_cut_number(header, below, file, form.last)
    if header.line is None:
        _refuse_uneven(below, file, form.last)
    kinds = (*_kinds(below, width), _is_padded(below, width), _cut(below, width, form.last))
    sealed = tuple(place for place in _nameless(header) if len(below) < 2 or not all(_fills(r, place) for r in below))
    more = {len(row.cells) - width for row in below}
    excess = min(more, default=0)
    if len(below) > 1 and len(more) == 1 and excess > 0 and not any(any(row.cells[width:]) for row in below):
        if not form.blanks and not _moved(header, below):
            return Shape(width, excess, sealed, guarded, *kinds)
        raise JobFileError(
            "recipients_ambiguous",
            "cells_too_many",
            file=file,
            line=below[0].line,
            width=width,
            found=width + excess,
        )
    return Shape(width, 0, sealed, guarded, *kinds)


def _kinds(rows: Sequence[Row], width: int) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """Columns that are always filled, always numbers, never numbers, by the rows that are as wide as the header."""
    full = [row.cells for row in rows if len(row.cells) == width]
    filled, numbers, words = set(), set(), set()
    for place in range(width):
        cells = [cells[place] for cells in full if cells[place]]
        like = [is_number_like(cell) for cell in cells]
        if len(full) >= _ENOUGH and len(cells) == len(full):
            filled.add(place)
        if len(cells) > 1 and all(like):
            numbers.add(place)
        if len(cells) > 1 and not any(like):
            words.add(place)
    return frozenset(filled), frozenset(numbers), frozenset(words)


def _nameless(header: Header) -> list[int]:
    if header.line is None:
        return []
    places = []
    for place in range(len(header.cells) - 1, -1, -1):
        if header.cells[place]:
            break
        places.append(place)
    return places[::-1]


def _is_padded(rows: Sequence[Row], width: int) -> bool:
    return any(len(row.cells) == width and not row.cells[-1] for row in rows)


def _cut(rows: Sequence[Row], width: int, last: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the last row, if it was cut: too short, while of the others none is."""
    if not 0 < len(last) < width:
        return ()
    short = [row for row in rows if len(row.cells) < width and tuple(row.cells) != last]
    return () if short or all(len(row.cells) < width for row in rows) else last


def _refuse_cut_number(header: Header, rows: Sequence[Row], file: str, last: tuple[str, ...]) -> None:
    """Refuses a list whose last number has no end and fewer digits than any other, or than a number with its area where
    there is no other: it may be another person's."""
    place = len(last) - 1
    if place not in header.choice.places or not digits(last[place]):
        return
    others = [digits(row.cells[place]) for row in rows if _fills(row, place) and tuple(row.cells) != last]
    if digits(last[place]) < (min(others) if others else _WITH_AREA):
        raise JobFileError("recipients_unreadable", "recipients_cut", file=file)


def _refuse_uneven(rows: Sequence[Row], file: str, last: tuple[str, ...]) -> None:
    """Refuses a list without a header some of whose rows are wider, and hold other things in the columns that all have:
    a value has fallen apart. What is but added at the end, such as a remark, moves nothing."""
    whole = [row for row in rows if tuple(row.cells) != last]
    least = min((len(row.cells) for row in whole), default=0)
    narrow = [row for row in whole if not any(row.cells[least:])]
    known = [{_sort(row.cells[place]) for row in narrow} | {""} for place in range(least)]
    for row in whole:
        if not any(row.cells[least:]):
            continue
        moved = any(_sort(cell) not in sorts for cell, sorts in zip(row.cells, known, strict=False))
        if moved or any(_split_amount(a, b) for a, b in zip(row.cells, row.cells[1:], strict=False)):
            raise JobFileError(
                "recipients_ambiguous", "cells_uneven", file=file, line=row.line, width=least, found=len(row.cells)
            )


def _sort(cell: str) -> str:
    """Returns what a cell holds, so far as one that has moved can be told from those that have not."""
    if not cell:
        return ""
    if is_date(cell):
        return "date"
    return "word" if any(map(str.isalpha, cell)) else "number"


def _guarded(rows: Sequence[Row], width: int) -> tuple[int, ...]:
    return tuple(place for place in range(width) if _is_guarded(rows, place))


def _is_guarded(rows: Sequence[Row], place: int) -> bool:
    filled = [row.cells[place] for row in rows if _fills(row, place)]
    return bool(filled) and all(cell[0] == "'" and len(cell) > 1 for cell in filled)


def _fills(row: Row, place: int) -> bool:
    return place < len(row.cells) and row.cells[place] != ""


def _moved(header: Header, rows: Sequence[Row]) -> bool:
    """Returns whether the cells below a header do not fit it: amounts without digits, false numbers, split amounts."""
    for place, name in enumerate(header.cells):
        filled = [row.cells[place] for row in rows if _fills(row, place)]
        if any(word in folded(name) for word in _MONEY) and any(not digits(cell) for cell in filled):
            return True
        if place in header.choice.places and any(not is_number_like(cell) and "@" not in cell for cell in filled):
            return True
    return any(_split_amount(a, b) for row in rows for a, b in zip(row.cells, row.cells[1:], strict=False))


def _split_amount(a: str, b: str) -> bool:
    """Returns whether two cells may be one amount, cut at its comma: `1` `500.50`, `1.500` `50`."""
    whole, rest = a.lstrip("$ "), b.split(".")
    thousands = whole.isdigit() and len(whole) <= 3 and len(rest[0]) == 3 and rest[0].isdigit() and len(rest) <= 2
    cents = digits(whole) >= 1 and set(whole) <= set("0123456789.") and len(b) == 2 and b.isdigit()
    return thousands or cents
