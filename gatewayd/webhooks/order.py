"""What of a page of events may be posted beside what, and how far an endpoint has come after it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto


class End(Enum):
    """What became of one event of a page."""

    UNTRIED = auto()
    """Nothing: the receiver proved to be down before its turn, and it is read again."""
    ACKNOWLEDGED = auto()
    FAILED = auto()
    BEHIND = auto()
    """An earlier event of its key has failed: it waits for that."""


def lanes(keys: Sequence[str]) -> list[list[int]]:
    """Returns the places of a page by key, each lane in order: lanes may go beside each other."""
    found: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return list(found.values())


def reached(ends: Sequence[End]) -> int:
    """Returns how many events of a page are settled without a gap: acknowledged, or kept to be tried again."""
    for place, end in enumerate(ends):
        if end is End.UNTRIED:
            return place
    return len(ends)
