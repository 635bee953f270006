"""Times and ids as receipts bear them."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from gatewayd.model import ulid

_KEPT: Final = 64


class Stamps:
    """Writes times (ms of Unix time) in one time zone, and public ids of one store.

    ISO 8601 with milliseconds and offset, `Z` for UTC. The seconds that batches share are worked out once.
    """

    def __init__(self, zone: tzinfo, salt: int) -> None:
        self._zone = zone
        self._seconds: dict[int, tuple[str, str]] = {}
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
        """The public id of the row `number` that was made at `ms`."""
        return ulid(ms, self.salt, number)
