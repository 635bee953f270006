"""How fast a line may go: pace, windows and quotas. Pure: time (s) is an argument, days are told by the caller.

The pace is the generic cell rate algorithm (ITU-T I.371 annex A) in segments: a message of n segments may begin when
the theoretical arrival time has come, and moves it n emission intervals on; so the only burst is one message. A message
that begins a little late, because a clock or the store was, does not move the later ones: else each such delay would be
lost, and a trunk of 50 calls a second would make 46.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol

LATE_S: Final = 0.05
"""Longest delay that is made up for: timers and commits are late by less, unless the machine is overloaded."""
LATE_INTERVALS: Final = 2
"""... and never more than so many emission intervals: what is made up for is a burst, however small."""


class Rate(Protocol):
    """`count` in any `seconds`."""

    @property
    def count(self) -> float: ...
    @property
    def seconds(self) -> float: ...


@dataclass(slots=True)
class Gcra:
    """Pace of `interval_s` seconds a segment; `tat` is Unix time (s) of the theoretical next arrival."""

    interval_s: float
    tat: float = 0.0

    def take(self, now: float, segments: int) -> None:
        on_time = now - self.tat <= min(LATE_S, LATE_INTERVALS * self.interval_s)
        self.tat = (self.tat if on_time else now) + segments * self.interval_s


@dataclass(frozen=True, slots=True)
class Limits:
    """What a line's configuration bears; None is no limit."""

    rate: Rate | None = None
    window: Rate | None = None
    quota_day: int | None = None
    quota_month: int | None = None
    recipients_month: int | None = None


@dataclass(slots=True)
class Pace:
    """One line's pace and counters. `day` and `month` are the calendar words the counters belong to."""

    limits: Limits
    gcra: Gcra = field(init=False)
    is_bounded: bool = field(init=False)
    """Whether there is a number of segments that may not be exceeded, however long a message is."""
    day: str = ""
    month: str = ""
    day_segments: int = 0
    month_segments: int = 0
    recipients: set[str] = field(default_factory=set)
    under_way: int = 0
    """Segments that have begun, and have not passed their point of no return."""
    _sent: deque[float] = field(default_factory=deque)
    _cost: float = 0.0

    def __post_init__(self) -> None:
        rate = self.limits.rate
        self.gcra = Gcra(rate.seconds / rate.count if rate else 0.0)
        numbers = (self.limits.quota_day, self.limits.quota_month, self.limits.window)
        self.is_bounded = any(number is not None for number in numbers)
        self._cost = 255 * self.gcra.interval_s  # the longest message there is may have been the last

    def restore(
        self, *, day: str, month: str, day_segments: int, month_segments: int, recipients: set[str], tat: float,
        recent: list[float],
    ) -> None:  # fmt: skip
        """What the store remembers from before a restart; times in s."""
        self.day, self.month = day, month
        self.day_segments, self.month_segments, self.recipients = day_segments, month_segments, recipients
        self.gcra.tat = tat
        self._sent.extend(recent)

    def roll(self, day: str, month: str) -> None:
        """A new day or month begins: its counters start at nothing."""
        if day != self.day:
            self.day, self.day_segments = day, 0
        if month != self.month:
            self.month, self.month_segments, self.recipients = month, 0, set()

    def wait_s(self, now: float) -> float:
        """Seconds until the pace and the window let the next message begin; 0 when they do."""
        # A clock set back must not silence the line for longer than its last message cost.
        self.gcra.tat = min(self.gcra.tat, now + self._cost)
        wait = self.gcra.tat - now
        window = self.limits.window
        if window is not None:
            sent = self._recent(now)
            if len(sent) >= window.count:
                wait = max(wait, sent[len(sent) - int(window.count)] + window.seconds - now)
        return max(wait, 0.0)

    def _recent(self, now: float) -> deque[float]:
        """Returns when the segments of the latest window were sent."""
        window, sent = self.limits.window, self._sent
        while window is not None and sent and sent[0] <= now - window.seconds:
            sent.popleft()
        return sent

    def cause(self, now: float) -> str | None:
        """What `wait_s` waits for: `window` or `pace`; None when it does not wait."""
        wait = self.wait_s(now)
        if not wait:
            return None
        return "pace" if wait <= self.gcra.tat - now else "window"

    def spent(self, to: str | None = None) -> str | None:
        """The quota that forbids a next segment (to this recipient), or None: `quota_day`, `quota_month`,
        `recipients_month`."""
        limits = self.limits
        if limits.quota_day is not None and self.day_segments >= limits.quota_day:
            return "quota_day"
        if limits.quota_month is not None and self.month_segments >= limits.quota_month:
            return "quota_month"
        if limits.recipients_month is not None and len(self.recipients) >= limits.recipients_month:
            return None if to is not None and to in self.recipients else "recipients_month"
        return None

    def room(self, now: float) -> int | None:
        """Segments that day, month and window still bear beside those under way; None: any number."""
        return max(self._least(now)[0] - self.under_way, 0) if self.is_bounded else None

    def tightest(self, now: float) -> tuple[str, float | None]:
        """What bounds the room, and when it lets go of the next segment: None for a quota, which does at the next day.
        Only where `is_bounded`."""
        _, bound = self._least(now)
        sent, window = self._recent(now), self.limits.window
        return bound, sent[0] + window.seconds if bound == "window" and window is not None and sent else None

    def _least(self, now: float) -> tuple[int, str]:
        limits, left = self.limits, []
        if limits.quota_day is not None:
            left.append((limits.quota_day - self.day_segments, "quota_day"))
        if limits.quota_month is not None:
            left.append((limits.quota_month - self.month_segments, "quota_month"))
        if limits.window is not None:
            left.append((int(limits.window.count) - len(self._recent(now)), "window"))
        return min(left)

    def begin(self, now: float, segments: int) -> None:
        """A message of that many segments begins: the pace moves on."""
        if self.gcra.interval_s:
            self.gcra.take(now, segments)
            self._cost = segments * self.gcra.interval_s

    def reserve(self, segments: int) -> None:
        """So many segments are under way; fewer where it is negative."""
        self.under_way = max(self.under_way + segments, 0)

    def count(self, now: float, to: str) -> None:
        """One segment passes its point of no return."""
        self.day_segments += 1
        self.month_segments += 1
        if self.limits.recipients_month is not None:
            self.recipients.add(to)
        if self.limits.window is not None:
            self._sent.append(now)
