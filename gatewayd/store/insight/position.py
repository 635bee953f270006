"""A place in the log of interactions, newest first: what a page ends with and the next one begins behind. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _

ELSEWHERE: Final = 2
MESSAGES: Final = 1
RECEIVED: Final = 0
"""Of one instant, contacts made elsewhere stand before messages, and these before what came in."""
_NUMBER_MAX: Final = 1 << 62


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Time (Unix ms), kind of row and its number: unique, and newest is greatest."""

    at: int
    rank: int
    number: int

    @property
    def cursor(self) -> str:
        return f"{self.at}-{self.rank}-{self.number}"

    @classmethod
    def read(cls, cursor: str) -> Self:
        """Returns the place that a cursor names; UsageError where it is none of this list."""
        parts = cursor.split("-")
        if len(parts) == 3 and all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
            at, rank, number = map(int, parts)
            if rank in {ELSEWHERE, MESSAGES, RECEIVED}:
                return cls(at, rank, number)
        raise UsageError(_("not a cursor of this list: {cursor}").format(cursor=cursor[:40]))

    def before(self, rank: int) -> tuple[int, int]:
        """Returns the (time, number) below which the rows of that kind stand behind this place."""
        if rank == self.rank:
            return self.at, self.number
        # Of this very instant, kinds of a lower rank are still to come, others have been.
        return (self.at, _NUMBER_MAX) if rank < self.rank else (self.at, -1)


NEWEST: Final = Position(_NUMBER_MAX, ELSEWHERE, _NUMBER_MAX)
