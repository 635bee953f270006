"""What moves in a simulation: messages that wait, and lines with what they may still send. Times in Unix s."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Self

from gatewayd.campaigns.forecast.line import Line
from gatewayd.campaigns.forecast.situation import Batch, Hours
from gatewayd.values.model import Priority, Route

LITTLE: Final = 1e-6
OTHERS: Final = "\0others"
"""Stands for the account of what others will send; no account has such a name."""


class LineFlow:
    """A line within one run."""

    __slots__ = (
        *("closed_until", "day_left", "factor", "line", "month_left", "people_left", "segments"),
        *("people", "share", "_segments", "window_left", "window_until"),
    )

    def __init__(self, line: Line, factor: float, segments: float = 1.0) -> None:
        """`segments` are a message's: what is left of a day's quota and is less than a message stays unused."""
        self.line, self.factor = line, factor
        self._segments = segments
        self.day_left = self._today(line.day_used)
        self.month_left = _left(line.quota_month, line.month_used)
        self.people_left = _left(line.recipients_month, line.recipients_used)
        self.window_left = math.inf if line.window is None else max(self._window() - line.window_used, 0.0)
        self.window_until: float | None = None
        """When the running window is over; None: none runs."""
        self.closed_until = -math.inf
        if line.state != "ready":
            self.closed_until = math.inf if line.back_at is None or line.state == "disabled" else line.back_at
        self.segments = self.people = 0.0
        """A second, of all that flows over it now."""

    def new_day(self, *, month: bool) -> None:
        """A day begins, and perhaps a month."""
        self.day_left = self._today(0)
        if month:
            self.month_left = _left(self.line.quota_month, 0)
            self.people_left = _left(self.line.recipients_month, 0)

    def _today(self, used: int) -> float:
        left = _left(self.line.quota_day, used)
        if math.isinf(left) or self._segments <= 1:
            return left
        each = left / self.line.many
        waste = each % self._segments if self._segments == int(self._segments) else (self._segments - 1) / 2
        return max(left - waste * self.line.many, 0.0)

    def _window(self) -> float:
        """Returns the segments of a window: a message that begins within it goes whole, and may pass its end."""
        if self.line.window is None:
            return math.inf
        each = self.line.window[0] / self.line.many
        if self._segments == int(self._segments):
            return math.ceil(each / self._segments) * self._segments * self.line.many
        return (each + (self._segments - 1) / 2) * self.line.many

    def open(self, now: float) -> None:
        """Forgets what flowed; a window that is over begins anew."""
        self.segments = self.people = 0.0
        if self.window_until is not None and now >= self.window_until - 1e-6:
            self.window_until = None
            self.window_left = self._window()

    def may_send(self, now: float) -> bool:
        return (
            now >= self.closed_until - 1e-6
            and self.day_left > LITTLE
            and self.month_left > LITTLE
            and self.people_left > LITTLE
            and self.window_left > LITTLE
        )

    def next_change(self, now: float) -> float:
        """Returns how long it goes on as it does (s)."""
        found = math.inf
        if self.closed_until > now and not math.isinf(self.closed_until):
            found = self.closed_until - now
        if self.segments > 0:
            found = min(found, min(self.day_left, self.month_left, self.window_left) / self.segments)
            if self.people > 0:
                found = min(found, self.people_left / self.people)
        if self.window_until is not None:
            found = min(found, self.window_until - now)
        return max(found, 0.0)

    def used(self, step: float, now: float) -> None:
        """So long it has sent as it did."""
        segments = self.segments * step
        if segments <= 0:
            return
        self.day_left -= segments
        self.month_left -= segments
        self.people_left -= self.people * step
        if self.line.window is not None:
            if self.window_until is None:
                self.window_until = now + self.line.window[1]
            self.window_left -= segments


def _left(quota: int | None, used: int) -> float:
    return math.inf if quota is None else float(max(quota - used, 0))


class Doors:
    """The hours of the situation, each looked up once a slot."""

    def __init__(self, hours: Sequence[Hours]) -> None:
        self._hours = hours
        self._slots: list[tuple[float, float] | None] = [(-math.inf, -math.inf)] * len(hours)

    def slot(self, number: int | None, now: float) -> tuple[float, float]:
        """Returns the open slot that holds `now`, or the next; an infinite one where there are no hours, and one that
        begins never where none is open again."""
        if number is None:
            return -math.inf, math.inf
        known = self._slots[number]
        if known is not None and now >= known[1] - 1e-6:
            known = self._slots[number] = self._hours[number].slot(now + 1e-3)
        return (math.inf, math.inf) if known is None else known


class Flow:
    """A batch within one run."""

    __slots__ = (
        *("_attempts", "_closes", "_opens", "_pulls", "_waits", "able", "batch", "charge", "flow", "later", "lines"),
        "rate",
        *("ready", "segments", "shut", "weight"),
    )

    def __init__(
        self, batch: Batch, lines: Sequence[LineFlow], areas: frozenset[str], *, attempts: float, lost: float
    ) -> None:
        self.batch = batch
        by_segment = batch.route.channel == "sms"
        self.lines = [
            (line, line.line.send_s(batch.segments, line.factor, by_segment=by_segment) * attempts)
            for line in lines
            if line.line.fits(batch.route, areas)
        ]
        """Each with the time (s) that a message takes of it, all its tries together."""
        kept = 1.0 - lost
        self._attempts = attempts
        self.segments = batch.segments * attempts
        self._waits = sorted(((at, many * kept) for at, many in batch.waits), reverse=True)
        self.later = sum(many for _, many in self._waits)
        self.ready = max(batch.messages * kept - self.later, 0.0)
        self.rate = 0.0
        """Of others: what comes in a second."""
        self.weight = batch.jobs
        self.able = self.shut = False
        self.flow = self.charge = 0.0
        """Messages and paid segments a second."""
        self._pulls: list[tuple[LineFlow, float]] = []
        """Lines that it flows over now, and messages a second over each."""
        self._opens = self._closes = math.inf

    @classmethod
    def of_others(cls, channel: str, lines: Sequence[LineFlow], areas: frozenset[str]) -> Self:
        """What others send, as it comes in."""
        return cls(Batch(OTHERS, Route(channel), 0), lines, areas, attempts=1.0, lost=0.0)

    @property
    def left(self) -> float:
        """What has not gone."""
        return self.ready + self.later

    @property
    def priority(self) -> Priority:
        return self.batch.priority

    def admit(self, now: float, doors: Doors) -> None:
        """Lets in whom the rules let in by now, and sees whether any of it may go now."""
        while self._waits and self._waits[-1][0] <= now + 1e-6:
            many = self._waits.pop()[1]
            self.later -= many
            self.ready += many
        self._opens, self._closes = doors.slot(self.batch.hours, now)
        self.shut = math.isinf(self._opens) and self._opens > 0
        opened = self._opens <= now + 1e-6 and self.batch.due <= now + 1e-6
        self.able = opened and (self.ready > LITTLE or self.rate > 0)
        self.flow = self.charge = 0.0
        self._pulls.clear()

    def expire(self, now: float) -> float:
        """Returns what its end takes away."""
        if self.batch.until is None or now < self.batch.until - 1e-6:
            return 0.0
        gone, self.ready, self.later = self.left, 0.0, 0.0
        self._waits.clear()
        self.able = False
        return gone

    def next_change(self, now: float) -> float:
        """Returns how long it may go, or may not go, as now (s)."""
        found = math.inf
        for at in (self.batch.due, self._opens, self._closes, self.batch.until or math.inf):
            if now + 1e-6 < at < found:
                found = at
        if self._waits:
            found = min(found, self._waits[-1][0])
        return max(found - now, 0.0)

    def pull(self, line: LineFlow, send_s: float, share: float) -> None:
        """A line gives it a share of its time."""
        rate = share / send_s
        self.flow += rate
        self.charge += rate * self.batch.segments
        line.segments += rate * self.segments
        line.people += rate
        self._pulls.append((line, rate))

    def slow(self, share: float) -> None:
        """It flows at that share of its rates."""
        self.flow *= share
        self.charge *= share
        for line, rate in self._pulls:
            line.segments -= rate * (1 - share) * self.segments
            line.people -= rate * (1 - share)

    def take(self, step: float) -> float:
        """Returns what has gone in so long."""
        gone = self.flow * step
        if self.rate <= 0:
            gone = min(gone, self.ready)
            self.ready = self.ready - gone if self.ready - gone > LITTLE else 0.0
        else:
            self.ready = max(self.ready + (self.rate - self.flow) * step, 0.0)
        return gone
