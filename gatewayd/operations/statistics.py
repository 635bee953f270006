"""Statistics: what became of what was sent, by period, account, channel, line and hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from gatewayd.operations.base import Json, Operation
from gatewayd.operations.ports import Backend
from gatewayd.store.insight.statistics import Group, Tallied, tallied
from gatewayd.values.actor import Actor
from gatewayd.values.errors import UsageError
from gatewayd.values.model import Channel
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

DAYS_MAX: Final = 3_700
"""Ten years; more days than a plot can show."""
HOURLY_DAYS_MAX: Final = 62

_LEFT: Final = frozenset({"submitted", "delivered", "read", "undelivered"})
_REACHED: Final = frozenset({"delivered", "read"})
_FAILED: Final = frozenset({"undelivered", "failed", "expired", "invalid"})


class ShowStatistics(Operation):
    """Sums up the messages of some days (inclusive, in the gateway's zone), in groups.

    A message belongs to the hour of its latest attempt and counts as what it is now. `delivery_rate` is the share that
    was delivered of all that was to be sent: what was refused when it was recorded or withdrawn is no part of it.
    """

    name: ClassVar[str] = "statistics.show"
    reads_store = True
    since: date
    until: date
    by: Group = "day"
    account: str | None = None
    channel: Channel | None = None
    line: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        days = (self.until - self.since).days + 1
        if days < 1:
            raise UsageError(_("until: before {since}").format(since=self.since))
        longest = HOURLY_DAYS_MAX if self.by == "hour" else DAYS_MAX
        if days > longest:
            raise UsageError(_("until: at most {days} days at once").format(days=longest))
        zone = backend.config.timezone
        question = partial(
            _asked,
            scope=by.scope,
            spans=list(_spans(self.since, self.until, zone)),
            by=self.by,
            channel=None if self.channel is None else str(self.channel),
            line=self.line,
            account=self.account,
        )
        found = await backend.read(lambda reader: reader.ask(question))
        groups: dict[str | int, list[Tallied]] = defaultdict(list)
        for one in found:
            groups[one.group].append(one)
        items = [{"group": _named(self.by, group)} | _shape(rows) for group, rows in sorted(groups.items())]
        return {"items": items, "next": None, "total": _shape(found)}


def _asked(connection: object, *, spans: list[tuple[int, int, int]], **asked: object) -> list[Tallied]:
    rows: list[Tallied] = []
    for first, end, offset in spans:
        rows += tallied(connection, first=first, end=end, offset=offset, **asked)  # type: ignore[arg-type]
    return rows


def _spans(since: date, until: date, zone: ZoneInfo) -> Iterable[tuple[int, int, int]]:
    """Yields stretches of hours since 1970 (UTC) with one offset (h) from it: clocks may be changed in between."""
    first = None
    offset = 0
    for number in range((until - since).days + 1):
        midnight = datetime.combine(since + timedelta(days=number), datetime.min.time(), zone)
        hours = round((midnight.utcoffset() or timedelta()).total_seconds() / 3600)
        start = int(midnight.astimezone(UTC).timestamp()) // 3600
        if first is None:
            first, offset = start, hours
        elif hours != offset:
            yield first, start, offset
            first, offset = start, hours
    after = datetime.combine(until + timedelta(days=1), datetime.min.time(), zone)
    if first is not None:
        yield first, int(after.astimezone(UTC).timestamp()) // 3600, offset


def _named(by: Group, group: str | int) -> str:
    """Returns a group as JSON has it: a moment in ISO 8601, a number, or a name."""
    if by == "hour" and isinstance(group, int):
        return f"{datetime.fromtimestamp(group * 3600, UTC):%Y-%m-%dT%H:00}"
    if by == "day" and isinstance(group, int):
        return (date(1970, 1, 1) + timedelta(days=group)).isoformat()
    return str(group)


def _shape(rows: Iterable[Tallied]) -> Json:
    states: dict[str, int] = defaultdict(int)
    costs: dict[str, int] = defaultdict(int)
    segments = 0
    for row in rows:
        states[row.state] += row.messages
        costs[row.currency] += row.cost
        segments += row.segments if row.state in _LEFT else 0
    received = states.pop("received", 0)
    left = sum(states[state] for state in _LEFT)
    reached = sum(states[state] for state in _REACHED)
    tried = sum(states.values()) - states["invalid"] - states["cancelled"]
    return {
        "total": sum(states.values()),
        "sent": left,
        "delivered": reached,
        "read": states["read"],
        "failed": sum(states[state] for state in _FAILED),
        "awaiting_report": states["submitted"],
        "uncertain": states["uncertain"],
        "cancelled": states["cancelled"],
        "received": received,
        "segments": segments,
        "delivery_rate": round(reached / tried, 4) if tried else None,
        "cost": {currency: format_money(cost) for currency, cost in sorted(costs.items()) if cost},
    }
