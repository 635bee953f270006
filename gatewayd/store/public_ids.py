"""Times and ids as receipts bear them."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from gatewayd.values.model import ulid

_KEPT: Final = 64

_LETTERS: Final = [ulid(0, 0, value)[-1] for value in range(32)]
_PAIRS: Final = [one + two for one in _LETTERS for two in _LETTERS]
_SHIFTS: Final = range(70, 19, -10)


class Stamps:
    """Writes times (ms of Unix time) in one time zone, and public ids of one store.

    ISO 8601 with milliseconds and offset, `Z` for UTC. The seconds that batches share are worked out once.
    """

    def __init__(self, zone: tzinfo, salt: int) -> None:
        self._zone = zone
        self._seconds: dict[int, tuple[str, str]] = {}
        self._heads: dict[int, str] = {}
        self._middles: dict[int, str] = {}
        """By the row number without its last 20 bits: a million rows share the twelve letters before the last four."""
        self._salted = salt << 64
        self.salt = salt

    def at(self, ms: int) -> str:
        second, rest = divmod(ms, 1000)
        pieces = self._seconds.get(second)
        if pieces is None:
            if len(self._seconds) >= _KEPT:
                self._seconds.clear()
            text = datetime.fromtimestamp(second, self._zone).isoformat()
            offset = text[19:]
            pieces = self._seconds[second] = (text[:19], "Z" if offset == "+00:00" else offset)
        return f"{pieces[0]}.{rest:03d}{pieces[1]}"

    def public(self, ms: int, number: int) -> str:
        """Returns the public id of row `number`, made at `ms`: `gatewayd.values.model.ulid`, two letters at a step.

        A job's messages share the ten letters that tell its time, and rows near each other the twelve behind them.
        """
        head = self._heads.get(ms)
        if head is None:
            if len(self._heads) >= _KEPT:
                self._heads.clear()
            head = self._heads[ms] = ulid(ms, self.salt, 0)[:10]
        middle = self._middles.get(number >> 20)
        if middle is None:
            if len(self._middles) >= _KEPT:
                self._middles.clear()
            tail = self._salted | number
            middle = self._middles[number >> 20] = "".join([_PAIRS[(tail >> shift) & 1023] for shift in _SHIFTS])
        return head + middle + _PAIRS[number >> 10 & 1023] + _PAIRS[number & 1023]
