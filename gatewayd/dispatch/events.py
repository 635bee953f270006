"""The newest things that a person watching would like to have seen, and how fast things go. In memory, bounded."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gatewayd.values.clock import now_ms
from gatewayd.values.views import EventView, Rates

KEPT: Final = 500
SECONDS: Final = 60


class Events:
    """A ring of the newest events."""

    def __init__(self) -> None:
        self._ring: deque[EventView] = deque(maxlen=KEPT)
        self._seq = 0
        self.line_changed: Callable[[], None] = lambda: None
        """Called when a line has changed."""
        self.told: Callable[[EventView], None] | None = None
        """Is given each one as it happens."""

    def add(self, kind: str, subject: str, state: str, reason: str | None = None) -> None:
        self._seq += 1
        subject = subject.encode(errors="backslashreplace").decode()  # a file's name may be no text
        event = EventView(self._seq, now_ms(), kind, subject, state, reason)
        self._ring.append(event)
        if self.told is not None:
            self.told(event)
        if kind == "line":
            self.line_changed()

    def since(self, seq: int) -> Sequence[EventView]:
        return [event for event in self._ring if event.seq > seq]


class Counter:
    """Counts per second over the last minute, in 60 cells; adding costs a comparison."""

    def __init__(self) -> None:
        self._cells = [0] * SECONDS
        self._at = 0

    def _roll(self, second: int) -> None:
        for gone in range(self._at + 1, min(second, self._at + SECONDS) + 1):
            self._cells[gone % SECONDS] = 0
        self._at = second

    def add(self, now: float, count: int = 1) -> None:
        second = int(now)
        if second != self._at:
            self._roll(second)
        self._cells[second % SECONDS] += count

    def last(self, now: float, seconds: int) -> int:
        """The sum of the last `seconds` (at most 60), the running one included."""
        self._roll(max(int(now), self._at))
        return sum(self._cells[(self._at - back) % SECONDS] for back in range(seconds))


class Pulse:
    """Segments sent and messages ended, for the whole daemon."""

    def __init__(self) -> None:
        self.segments = Counter()
        self.ends = Counter()

    def rates(self) -> Rates:
        now = time.time()
        return Rates(
            segments_10s=self.segments.last(now, 10) / 10,
            segments_60s=self.segments.last(now, 60) / 60,
            reports_10s=self.ends.last(now, 10) / 10,
            reports_60s=self.ends.last(now, 60) / 60,
        )
