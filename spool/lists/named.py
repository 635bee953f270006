"""Columns by the names that a job gives them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spool.columns import names, told_apart
from spool.errors import JobFileError
from spool.lists.cells import folded, shown
from spool.names import column_name

_SHOWN: Final = 12
"""Headers that a refusal names."""


def places_of(cells: Sequence[str], name: str) -> list[int]:
    """Returns the columns of that name: as it is written, else without accents and signs."""
    for form in (column_name, lambda text: "".join(filter(str.isalnum, folded(text)))):
        wanted = form(name)
        if wanted and (places := [place for place, cell in enumerate(cells) if form(cell) == wanted]):
            return places
    known = next((known for known in (told_apart(cells), names(cells)) if column_name(name) in known), ())
    return [known.index(column_name(name))] if known else []


def column_of(cells: Sequence[str], name: str, file: str, field: str) -> int:
    """Returns the column of that name. JobFileError: there is none, or more than one."""
    places = places_of(cells, name)
    if not places:
        raise JobFileError("value_invalid", "column_missing", file=file, field=field, name=name, columns=listed(cells))
    if len(places) > 1:
        apart = told_apart(cells)
        columns = ", ".join(apart[place] for place in places)
        raise JobFileError(
            "recipients_ambiguous", "column_doubled", file=file, field=field, name=cells[places[0]], columns=columns
        )
    return places[0]


def listed(cells: Sequence[str]) -> str:
    """Returns headers for a sentence."""
    named = [shown(cell) for cell in cells[:_SHOWN] if cell]
    return ", ".join(named) + (", …" if len(cells) > _SHOWN else "")
