"""The situation that a forecast starts from, gathered from configuration, store and the running daemon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.campaigns.forecast import DEVICE_S, Again, Batch, Hours, Line, LineState, Others, Situation, quantiles
from gatewayd.config import LineConfig
from gatewayd.contact.classes import DEFAULT, MessageClass
from gatewayd.contact.judge import window
from gatewayd.contact.rules import Rules
from gatewayd.operations.contact_rules import rules_of, settings_of, zone_of
from gatewayd.operations.ports import Backend
from gatewayd.registry import driver
from gatewayd.store.insight import traffic
from gatewayd.store.insight.traffic import Took, Used, Waiting
from gatewayd.store.snapshots import LineCount
from gatewayd.values.days import Calendar
from gatewayd.values.model import ALL_AREAS, Priority, Route
from gatewayd.values.staff import ACCOUNT as STAFF
from gatewayd.values.views import PATIENT, LineView

PAST_DAYS: Final = 7
"""Days whose traffic says what others will send."""
SOON_S: Final = 180.0
"""A line that begins or recovers is taken to be back that long after it stopped; one that needs longer is down."""
TRUSTED: Final = 8
"""Sends by which a line's own time is known."""


@dataclass(frozen=True, slots=True)
class Portion:
    """People of a load that are alike."""

    people: int
    segments: float = 1.0
    prefix: str = ""
    """Longest configured prefix of their numbers."""
    hours: int | None = None
    waits: tuple[tuple[float, int], ...] = ()
    """Those of them who may be contacted again from an instant on (Unix s)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be forecast."""

    account: str
    channel: str
    portions: tuple[Portion, ...]
    at: float
    """When it is to begin (Unix s)."""
    priority: Priority = Priority.NORMAL
    lines: tuple[str, ...] = ()
    area: str = ""
    until: float | None = None
    jobs: int = 1
    """Jobs that it is written as."""
    running: frozenset[int] = frozenset()
    """Rows of jobs that are part of it already: what waits of them is its own."""
    price: int = 0
    """Of a segment, in millionths; 0: it costs nothing."""
    hours: tuple[Hours, ...] = ()
    running_hours: tuple[tuple[int | None, float], ...] = ((None, 1.0),)
    """Which of `hours` what waits of the running jobs obeys, each for its share of it."""
    deferred: tuple[tuple[float, int], ...] = ()
    """What waits of the running jobs for a time of its own."""
    pace: int | None = None
    """Segments a minute to which it was slowed down, over all lines; None: no bound."""
    paused: bool = False
    """Whether the running jobs are paused: they are forecast as if they went on now."""


@dataclass(frozen=True, slots=True)
class OpenHours:
    """The hours of rules of contact, of one class in one zone."""

    rules: Rules
    klass: MessageClass
    zone: ZoneInfo

    def slot(self, at: float) -> tuple[float, float] | None:
        """Returns begin and end (Unix s) of the open slot that holds `at`, or of the next; None: there is none."""
        found = window(self.rules, self.klass, int(at * 1000), self.zone)
        return None if found is None else (found[0] / 1000, found[1] / 1000)


async def rules_for(
    backend: Backend, account: str, klass: MessageClass | None
) -> tuple[Rules | None, MessageClass, ZoneInfo]:
    """Returns the account's rules of contact (None: none hold), the class that is meant, and its people's zone."""
    document = dict((await settings_of(backend, account)).document)
    rules = rules_of(backend, document)
    meant = klass or (DEFAULT if rules is None else rules.default_class)
    return rules, meant, zone_of(backend, document)


def hours_for(rules: Rules | None, klass: MessageClass, *zones: ZoneInfo) -> tuple[Hours, ...]:
    """Returns the hours that hold in each zone, or none where the class may go at any time."""
    if rules is None or rules.hours.get(klass) is None:
        return ()
    return tuple(OpenHours(rules, klass, zone) for zone in zones)


async def situation_of(backend: Backend, asked: Asked) -> Situation:
    """Returns the situation of what is asked, with all that waits before it."""
    config, now = backend.config, backend.now() / 1000
    calendar = Calendar(config.timezone)
    day, month = calendar.words(now)
    counts = await backend.read(lambda reader: reader.line_counts(day))
    queues = await backend.read(lambda reader: reader.ask(traffic.waiting))
    used = await backend.read(lambda reader: reader.ask(partial(traffic.used, month=month, channel=asked.channel)))
    balances = await backend.read(lambda reader: reader.ask(traffic.balances))
    past = await backend.read(lambda reader: reader.ask(partial(_past, now=now, channel=asked.channel)))
    views = {view.name: view for view in backend.live.lines()} if backend.live is not None else {}
    lines = tuple(
        _line(line, views.get(line.name), counts.get(line.name), used, channel=asked.channel, now=now)
        for line in config.lines
        if asked.channel in driver(line.driver).channels
    )
    again = Again() if not used.attempts else Again(share=_share(used), measured=used.attempts)
    batches = [*_ahead(queues, asked, now), *_own(queues, asked, now)]
    return Situation(
        now=now,
        zone=config.timezone,
        lines=lines,
        batches=tuple(batches),
        hours=asked.hours,
        credit=_credit(balances, config.tariff.price(asked.channel), asked),
        again=again,
        others=_others(past, now, backend, asked.channel),
        urgent_share=config.delivery.urgent_share,
        pace=None if asked.pace is None else asked.pace / 60,
    )


def _share(used: Used) -> float:
    """Returns the share of attempts that come back; as if a hundred more had gone as they usually do."""
    usual = Again()
    return (used.again + usual.share * 100) / (used.attempts + 100)


def _line(
    line: LineConfig, view: LineView | None, count: LineCount | None, used: Used, *, channel: str, now: float
) -> Line:
    took = used.took.get(line.name) or _alike(used)
    mean, spread = DEVICE_S[channel] if took is None else (took.mean_s, took.spread_s)
    state, reason, back_at = _state(line, view, count, now)
    options = line.options
    at_once = view.at_once if view is not None else 1
    if at_once == 1:
        at_once = int(getattr(options, "channels", 0) or getattr(options, "capacity", 0) or 1)
    window = None if line.window is None else (int(line.window.count), line.window.seconds)
    return Line(
        name=line.name,
        channels=frozenset(driver(line.driver).channels),
        prefixes=line.prefixes,
        area=str(getattr(options, "area", ALL_AREAS)),
        interval_s=line.rate.interval_s,
        at_once=max(at_once, 1),
        device_s=mean,
        device_sd=spread,
        measured=0 if took is None else took.sends,
        times=() if took is None or took.sends < TRUSTED else quantiles(took.times),
        window=window,
        # What of the running window is used is not known in sum: no more than what it sent today.
        window_used=0 if window is None else _window_used(window, view),
        quota_day=line.quota_day,
        day_used=0 if count is None else count.segments_today,
        quota_month=line.quota_month,
        month_used=0 if count is None else count.segments_month,
        recipients_month=line.recipients_month,
        recipients_used=used.recipients.get(line.name, 0),
        state=state,
        reason=reason,
        back_at=back_at,
    )


def _alike(used: Used) -> Took | None:
    """Returns how the other lines of the channel did, for one that has not sent lately; None where none has."""
    known = [took for took in used.took.values() if took.sends >= TRUSTED]
    if not known:
        return None
    mean = sum(took.mean_s for took in known) / len(known)
    times = tuple(time for took in known for time in took.times)
    return Took(TRUSTED, mean, max(took.spread_s for took in known), times)


def _window_used(window: tuple[int, float], view: LineView | None) -> int:
    """Returns what the running window has used, as far as can be seen: all where the line waits for it."""
    if view is None:
        return 0
    if view.reason == "window":
        return window[0]
    return min(round(view.pace / 60 * min(window[1], 3600.0)), window[0])


def _state(
    line: LineConfig, view: LineView | None, count: LineCount | None, now: float
) -> tuple[LineState, str | None, float | None]:
    """Returns whether it sends, why not, and when it is taken to be back."""
    if view is None:
        enabled = line.enabled if count is None or count.enabled is None else count.enabled
        return ("ready" if enabled else "disabled"), None, None
    if not view.enabled:
        return "disabled", None, None
    if view.state in {"ready", "busy"} or (view.state == "waiting" and view.reason in PATIENT):
        return "ready", None, None
    since = now if view.since is None else view.since / 1000
    soon = view.state in {"starting", "recovering"} and now - since < SOON_S
    return "down", view.reason or view.state, since + SOON_S if soon else None


def _ahead(queues: Sequence[Waiting], asked: Asked, now: float) -> Iterable[Batch]:
    """Yields what others have put in, and the account's own jobs beside what is asked about."""
    sums: dict[tuple[object, ...], list[Waiting]] = {}
    for queue in queues:
        if queue.route.channel != asked.channel or queue.job_id in asked.running:
            continue
        if queue.held in {"paused", "credit"}:
            continue
        due = queue.not_before if queue.not_before is not None and queue.not_before / 1000 > now else None
        sums.setdefault((queue.account, queue.priority, queue.route, due, queue.not_after), []).append(queue)
    for members in sums.values():
        first = members[0]
        messages = sum(queue.messages for queue in members)
        if not messages:
            continue
        yield Batch(
            account=first.account,
            route=first.route,
            messages=messages,
            segments=max(sum(queue.segments for queue in members) / messages, 1.0),
            priority=first.priority,
            due=(first.not_before or 0) / 1000,
            until=None if first.not_after is None else first.not_after / 1000,
            jobs=len(members),
        )


def _own(queues: Sequence[Waiting], asked: Asked, now: float) -> Iterable[Batch]:
    """Yields what is asked about: what waits of its jobs already, and what is still to be written."""
    waiting = [queue for queue in queues if queue.job_id in asked.running and queue.messages]
    whole = max(sum(queue.messages for queue in waiting), 1)
    for queue in waiting:
        left = queue.messages
        for number, (hours, share) in enumerate(asked.running_hours, start=1):
            messages = left if number == len(asked.running_hours) else min(round(queue.messages * share), left)
            left -= messages
            if not messages:
                continue
            yield Batch(
                account=queue.account,
                route=queue.route,
                messages=messages,
                segments=max(queue.segments / queue.messages, 1.0),
                priority=queue.priority,
                due=(queue.not_before or 0) / 1000,
                until=None if queue.not_after is None else queue.not_after / 1000,
                hours=hours,
                # Who waits for a time of its own is spread over the queues as all of them are.
                waits=tuple((at, many * messages // whole) for at, many in asked.deferred),
                ours=True,
            )
    for portion in asked.portions:
        if portion.people:
            yield Batch(
                account=asked.account,
                route=Route(asked.channel, portion.prefix, asked.lines, asked.area),
                messages=portion.people,
                segments=portion.segments,
                priority=asked.priority,
                due=asked.at if asked.at > now else 0.0,
                until=asked.until,
                hours=portion.hours,
                waits=portion.waits,
                jobs=asked.jobs,
                ours=True,
            )


def _credit(balances: Mapping[str, int], price: int, asked: Asked) -> dict[str, float]:
    """Returns the segments that each account can pay for, where a segment costs anything."""
    found = {}
    for account, balance in balances.items():
        each = asked.price if account == asked.account else price
        if each > 0 and account != STAFF:
            found[account] = float(max(balance, 0) // each)
    return found


def _past(connection: object, *, now: float, channel: str) -> dict[int, int]:
    end = int(now // 3600)
    return traffic.hours(connection, first=end - (PAST_DAYS + 2) * 24, end=end + 1, channel=channel)  # type: ignore[arg-type]


def _others(past: Mapping[int, int], now: float, backend: Backend, channel: str) -> Others:
    """Returns the traffic of the last whole days by the hour of the zone."""
    if not any(past.values()):
        return Others(channel=channel)
    zone = backend.config.timezone
    today = datetime.fromtimestamp(now, zone).date()
    days, weekends = [], []
    for number in range(PAST_DAYS, 0, -1):
        day = today - timedelta(days=number)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
        first = int(midnight // 3600)
        days.append(tuple(float(past.get(first + hour, 0)) for hour in range(24)))
        weekends.append(day.weekday() >= 5)
    return Others(tuple(days), tuple(weekends), channel)
