"""Columns of a list of recipients: how headers become the names of variables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from spool.lists.cells import without_invisible

REF: Final = ("ref", "id", "codigo", "código", "cliente")
"""Headers of the sender's own reference, the likeliest first."""

_AROUND: Final = " \t\r\n\u00a0:*"
"""What forms put behind a header, and is none of its name."""
_SPACES: Final = re.compile(r"\s+")


def column_name(header: str) -> str:
    """Returns a header as a variable's name: lower case, spaces to `_`."""
    return _SPACES.sub("_", unicodedata.normalize("NFC", without_invisible(header)).strip(_AROUND).lower())


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


def ref_column(columns: Sequence[str]) -> int | None:
    return next((columns.index(name) for name in REF if name in columns), None)
