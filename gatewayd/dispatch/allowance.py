"""Whether a line may send now, how long it has to wait if not, and what people are told of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gatewayd.dispatch.health import Health
from gatewayd.store.commands import Work
from gatewayd.values.days import Calendar
from gatewayd.values.pacing import Pace

SPENT_S: Final = 300.0
"""A line that may not send for so long is said to wait, and holds what has no other; shorter waits are its pace."""
LONGEST: Final = 255
"""Segments of the longest message there is."""
LOOK_S: Final = 60.0
"""What has only longer messages than it may send looks so often whether others have come or gone."""


class Allowance:
    """Pace, window, quotas and health of one line in one word; `changed` is called when what people see of it has."""

    def __init__(self, pace: Pace, health: Health, calendar: Calendar, changed: Callable[[], None]) -> None:
        self._pace, self._health, self._calendar, self._changed = pace, health, calendar, changed
        self._quota: str | None = None
        self._slow: str | None = None
        self._cramped: tuple[str, int] | None = None
        """What bounds the room, and how much that is, where all that waits is longer."""

    @property
    def spent(self) -> str | None:
        """Why it sends nothing for minutes at least: a quota, its window or its pace; None if it may."""
        return self._quota or self._slow or (self._cramped[0] if self._cramped else None)

    def wait_s(self, now: float) -> float:
        """Seconds until the line may send."""
        self._pace.roll(*self._calendar.words(now))
        quota = self._pace.spent()
        if self._cramped and (self._pace.room(now) or 0) > self._cramped[1]:
            self._eases()
        if quota != self._quota:
            self._quota = quota
            self._changed()
        if quota:
            return self._calendar.next_day(now) - now
        wait = self._pace.wait_s(now)
        slow = self._pace.cause(now) if wait >= SPENT_S else None
        if slow != self._slow:
            self._slow = slow
            self._changed()
        return max(wait, self._health.rest_s(now))

    def most(self, now: float) -> int | None:
        """Segments that the next message may have at most; None: as many as it likes."""
        room = self._pace.room(now)
        return None if room is None or room >= LONGEST else room

    def bears(self, work: Work, now: float) -> bool:
        """Whether what is left of quotas and window is enough for this message."""
        room = self._pace.room(now)
        return room is None or len(work.todo) <= room

    def taken(self) -> None:
        """There was room for a message."""
        if self._cramped:
            self._eases()

    def cramped(self, now: float) -> float:
        """Nothing that waits is short enough: says why, and returns the seconds until there may be more room."""
        bound, at = self._pace.tightest(now)
        wait = (self._calendar.next_day(now) if at is None else at) - now
        if not self._cramped and wait >= SPENT_S and not self._pace.under_way:
            self._cramped = bound, self._pace.room(now) or 0
            self._changed()
        return min(wait, LOOK_S)

    def _eases(self) -> None:
        self._cramped = None
        self._changed()
