"""Columns of a list of recipients: how headers become the names of variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spool.names import column_name

REF: Final = ("ref", "id", "codigo", "código", "cliente")
"""Headers of the sender's own reference, the likeliest first."""


def names(header: Sequence[str]) -> tuple[str, ...]:
    """Returns names for a whole header: one without a name is `col3` by its place, a repeated one gets `_2`, `_3` …"""
    taken: set[str] = set()
    result = []
    for place, cell in enumerate(header, 1):
        wanted = column_name(cell) or f"col{place}"
        name, count = wanted, 1
        while name in taken:
            count += 1
            name = f"{wanted}_{count}"
        taken.add(name)
        result.append(name)
    return tuple(result)


def doubled(header: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Returns the places of columns that are called alike, by groups."""
    places: dict[str, list[int]] = {}
    for place, cell in enumerate(header):
        if name := column_name(cell):
            places.setdefault(name, []).append(place)
    return tuple(tuple(group) for group in places.values() if len(group) > 1)


def told_apart(header: Sequence[str]) -> tuple[str, ...]:
    """Returns names as `names` does, but of columns that are called alike the first is `…_1`, and none has the name."""
    found = list(names(header))
    for first, *_others in doubled(header):
        if (name := f"{found[first]}_1") not in found:
            found[first] = name
    return tuple(found)


def ref_column(columns: Sequence[str]) -> int | None:
    return next((columns.index(name) for name in REF if name in columns), None)
