"""What a running daemon shows of itself: lines, rates, events, the store's writer. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

PATIENT: Final = frozenset({"quota_day", "quota_month", "recipients_month", "window", "pace", None})
"""What a line waits for that comes by itself, as configured."""
_BROKEN: Final = frozenset({"recovering", "quarantined"})


def in_trouble(state: str, reason: str | None) -> bool:
    """Returns whether a line in that state needs a person."""
    return state in _BROKEN or (state == "waiting" and reason not in PATIENT)


@dataclass(frozen=True, slots=True)
class LineView:
    """One line as it is now. `state` is a word of the contract: starting, ready, busy, waiting, recovering,
    quarantined, disabled; `busy` is a ready line with messages in work."""

    name: str
    driver: str
    channel: str
    """The line's channel; several are joined by commas."""
    enabled: bool
    state: str
    reason: str | None = None
    rate: str | None = None
    """Pace as configured ("10/min"); None: no limit."""
    signal: int | None = None
    """Per cent."""
    operator: str | None = None
    sent_today: int = 0
    """Segments past their point of no return today, in the configured time zone."""
    pace: float = 0.0
    """Segments in the last 60 s."""
    at_once: int = 1
    """Messages that it can work on at the same time."""
    in_work: int = 0
    """Messages the driver works on."""
    since: int | None = None
    """When the state began, ms of Unix time."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What else the driver tells (model, IMEI, IMSI, registration …)."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    unknown_reports: int = 0
    """Reports that were of nothing known when they came."""
    """Attempts by outcome (accepted, not_sent, refused, partial, uncertain, completed) since the daemon started."""


@dataclass(frozen=True, slots=True)
class EventView:
    """Something that a person watching would like to have seen. `seq` grows by one from the daemon's start."""

    seq: int
    at: int
    """ms of Unix time."""
    kind: str
    """line: a line changed its state; job: a job was recorded, refused, paused, finished …; message: an attempt or a
    report ended badly or in doubt; inbound: something came in; daemon: started, draining, store slow …"""
    subject: str
    """Which line, account/job or sender."""
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Segments past their point of no return and messages that came to an end, per second over the last 10 and 60 s."""

    segments_10s: float = 0.0
    segments_60s: float = 0.0
    reports_10s: float = 0.0
    reports_60s: float = 0.0


@dataclass(frozen=True, slots=True)
class WriterView:
    """The store's writer since the daemon started."""

    commits: int = 0
    commands: int = 0
    seconds: float = 0.0
    """Sum of the time from the first command of a batch taken to its commit."""
    buckets: Sequence[tuple[float, int]] = ()
    """Cumulative: (upper bound in s, batches not slower), in growing order, without the infinite one."""
    waiting: int = 0
    """Commands that wait now."""
    healthy: bool = True
    """False once commits fail (disk full, I/O error) until one works again."""


@dataclass(frozen=True, slots=True)
class StallView:
    """An account that a service cannot serve; it is tried again, and keeps no other waiting."""

    service: str
    """receipts: its receipts cannot be written; inbox: what came in for it; intake: its job files cannot be read;
    upkeep: what is old cannot be removed."""
    account: str
    reason: str
    since: int
    """ms of Unix time."""
