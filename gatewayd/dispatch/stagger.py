"""Sends of a line that works on many at once begin apart from each other.

What begins together ends together: a hundred answers then come at one instant, and the hundredth of the next sends
begins only when all have been dealt with. Spread over the time that a send takes, each is dealt with as it comes.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

MANY: Final = 16
"""A line that works on fewer at once has no crowd to spread."""

LEAST_S: Final = 0.0005
"""Below this a timer is coarser than what it should keep apart."""

MOST_S: Final = 0.002
"""More than any answer takes to deal with: calls of half a minute need no more room than that either."""


class Spread:
    """One line's."""

    def __init__(self) -> None:
        self._next = 0.0

    async def turn(self, send_s: float, at_once: int) -> float:
        """Waits for the turn of one send; answers when it begins (Unix s). At half the distance at which sends of
        `send_s` each follow one another when all are busy, so that nobody who could send waits for long."""
        apart_s = min(send_s / max(at_once, 1) / 2, MOST_S)
        if at_once >= MANY and apart_s >= LEAST_S:
            now = time.monotonic()
            wait_s = min(self._next - now, send_s / 2)
            self._next = max(now, now + wait_s) + apart_s
            if wait_s > 0:
                await asyncio.sleep(wait_s)
        return time.time()
