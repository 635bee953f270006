"""The header of a sheet of people: who they are matters, not only where they are reached. Judged by the first rows.

Which column is what is said by a person or remembered, so nothing here is refused because two columns could be meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spool.columns import names
from spool.errors import JobFileError
from spool.lists.cells import digits, is_address_like, is_date
from spool.lists.choice import Choice
from spool.lists.header import SEARCHED, Header
from spool.lists.instructions import Instructions
from spool.lists.rows import Row
from spool.lists.words import sense

PEOPLE: Final = "people"
"""In place of a channel: the list is of people."""
_IN_NAMES: Final = 6
"""Digits that a header may have: `Saldo 11/2026`."""
_SHARE: Final = 0.6
"""Of a table's columns that its header names at least; a title stands in fewer cells."""


def find_people(rows: Sequence[Row], file: str, said: Instructions) -> Header:
    """Returns the header of a sheet of people; names by their place where no row is one. JobFileError where the row
    that is said to be it is not there."""
    if said.header_row == 0:
        return _nameless(rows)
    if said.header_row is not None:
        for place, row in enumerate(rows):
            if row.line == said.header_row:
                return _header(row, place)
        raise JobFileError("value_invalid", "header_row_missing", file=file, field="header_row", row=said.header_row)
    width = max(sum(map(bool, row.cells)) for row in rows)
    for place, row in enumerate(rows[:SEARCHED]):
        if sum(map(bool, row.cells)) >= max(1, width * _SHARE) and all(map(_is_name, row.cells)):
            return _header(row, place)
    return _nameless(rows)


def _is_name(cell: str) -> bool:
    """Returns whether a cell may be a header: neither an address, nor a date, nor a number."""
    if not cell:
        return True
    if is_address_like(cell) or is_date(cell) or len(cell) > 200:
        return False
    count = digits(cell)
    return count <= _IN_NAMES and any(map(str.isalpha, cell))


def _header(row: Row, place: int) -> Header:
    return Header(row.line, tuple(row.cells), place + 1, _telephones(row.cells))


def _nameless(rows: Sequence[Row]) -> Header:
    width = max(len(row.cells) for row in rows)
    return Header(None, names([""] * width), 0, Choice(()))


def _telephones(cells: Sequence[str]) -> Choice:
    kinds = {"to", "mobile", "whatsapp", "phone", "landline", "bare"}
    return Choice(tuple(place for place, cell in enumerate(cells) if sense(cell).kind in kinds))
