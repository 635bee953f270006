"""What a forecast starts from: the lines, what is to go, what goes before it and beside it. Pure; times in Unix s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from gatewayd.campaigns.forecast.line import Line
from gatewayd.values.model import Priority, Route


class Hours(Protocol):
    """When messages of one class may go to people of one zone."""

    def slot(self, at: float) -> tuple[float, float] | None:
        """Returns begin and end (Unix s) of the open slot that holds `at`, or of the next; None: there is none."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that are alike for a forecast."""

    account: str
    route: Route
    messages: float
    segments: float = 1.0
    """Of a message, mean."""
    priority: Priority = Priority.NORMAL
    due: float = 0.0
    """Not before this."""
    until: float | None = None
    """What has not gone by then expires."""
    hours: int | None = None
    """Index into the situation's `hours`; None: at any time."""
    waits: tuple[tuple[float, float], ...] = ()
    """Of the messages, those to people who may be contacted again from an instant on."""
    jobs: int = 1
    """Queues they lie in: each has turns of its own within the account."""
    ours: bool = False
    """Whether they are what is asked about."""


@dataclass(frozen=True, slots=True)
class Again:
    """Attempts that are made once more."""

    share: float = 0.01
    """Of all attempts, those that reached nobody and come back."""
    pauses: tuple[float, ...] = (10.0, 40.0, 160.0)
    """Before each further try, in s; after the last one it has failed."""
    measured: int = 0
    """Attempts that the share was measured on."""


@dataclass(frozen=True, slots=True)
class Others:
    """What others are likely to send meanwhile, judged by the days before: segments of each hour of each day."""

    days: tuple[tuple[float, ...], ...] = ()
    weekends: tuple[bool, ...] = ()
    """Which of those days were a Saturday or a Sunday; empty: none."""
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class Situation:
    """All of it. The same situation gives the same forecast."""

    now: float
    zone: ZoneInfo
    """Where days and months of quotas begin."""
    lines: tuple[Line, ...]
    batches: tuple[Batch, ...]
    hours: Sequence[Hours] = ()
    credit: Mapping[str, float] = field(default_factory=dict)
    """Segments that an account can pay for; who is missing can pay for all."""
    again: Again = Again()
    others: Others = Others()
    urgent_share: float = 0.2
    pace: float | None = None
    """Segments a second that ours may take together, over all lines; None: no bound of its own."""
    lost: float = 0.0
    """Share of people who drop out before their turn (blocked, unsubscribed)."""

    @property
    def areas(self) -> frozenset[str]:
        return frozenset(line.area for line in self.lines if line.state != "disabled")


NOWHERE: Final = 366 * 86_400.0
"""What takes longer than a year (s) does not end."""
