"""Whether a line may send now, how long it has to wait if not, and what people are told of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gatewayd.days import Calendar
from gatewayd.dispatch.health import Health
from gatewayd.pacing import Pace
from gatewayd.store.commands import Work

SPENT_S: Final = 300.0
"""A line that may not send for so long is said to wait, and holds what has no other; shorter waits are its pace."""


class Allowance:
    """Pace, window, quotas and health of one line in one word; `changed` is called when what people see of it has."""

    def __init__(self, pace: Pace, health: Health, calendar: Calendar, changed: Callable[[], None]) -> None:
        self._pace, self._health, self._calendar, self._changed = pace, health, calendar, changed
        self._quota: str | None = None
        self._quota_day = ""
        self._slow: str | None = None

    @property
    def spent(self) -> str | None:
        """Why it sends nothing for minutes at least: a quota, its window or its pace; None if it may."""
        return self._quota or self._slow

    def wait_s(self, now: float) -> float:
        """Seconds until the line may send."""
        self._pace.roll(*self._calendar.words(now))
        quota = self._pace.spent()
        if self._quota and not quota and self._pace.room() != 0 and self._quota_day == self._pace.day:
            quota = self._quota  # room is left, but the next message is longer than it
        if quota != self._quota:
            self._quota = quota
            self._changed()
        self._quota_day = self._pace.day
        if quota:
            return self._calendar.next_day(now) - now
        wait = self._pace.wait_s(now)
        slow = self._pace.cause(now) if wait >= SPENT_S else None
        if slow != self._slow:
            self._slow = slow
            self._changed()
        return max(wait, self._health.rest_s(now))

    def bears(self, work: Work) -> bool:
        """Whether what is left of the quotas is enough for this message; if not, the line waits for the next day."""
        room = self._pace.room()
        if room is None or len(work.todo) <= room:
            return True
        self._quota = self._pace.spent() or "quota_day"
        return False
