"""What a forecast asks of the store: what waits, what lines have used, how they did lately. Functions for `Reader.ask`.

Nothing here reads more rows than its bounds say, however much the store holds.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import Connection, func, select

from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import Contact
from gatewayd.store import tables
from gatewayd.store.sending.counts import WAITING_WORDS
from gatewayd.values.model import Priority, Route
from gatewayd.values.staff import ACCOUNT as STAFF

T = TypeVar("T")

WAITING: Final = ("queued", "scheduled", "held")
LATELY: Final = 4_000
"""Attempts that are looked at for how long lines take."""
LEFT: Final = ("submitted", "delivered", "read", "undelivered", "uncertain")
ENDED: Final = (*LEFT, "failed", "expired")
"""States that a message of a channel has come to, of which a share reached nobody."""
AT_ONCE: Final = 500

_JOB, _QUEUE, _COUNT = tables.job.c, tables.queue.c, tables.queue_count.c
_ATTEMPT, _PART, _TALLY = tables.attempt.c, tables.part.c, tables.tally.c


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queue that waits."""

    account: str
    job: str
    job_id: int
    priority: Priority
    route: Route
    messages: int
    segments: int
    not_before: int | None
    not_after: int | None
    held: str | None
    """Why the whole queue rests: credit, window, no_line, paused."""


@dataclass(frozen=True, slots=True)
class Took:
    """How a line did lately."""

    sends: int
    mean_s: float
    spread_s: float
    """Of a segment of an SMS, else of a send."""
    times: tuple[float, ...] = ()
    """A few hundred of them, in s."""


@dataclass(frozen=True, slots=True)
class Used:
    """What lines have used of their month's people, and how they did."""

    recipients: Mapping[str, int]
    took: Mapping[str, Took]
    attempts: int
    """Attempts looked at over the channel's lines."""
    again: int
    """Of them, those that left nothing and were, or will be, made once more."""


def waiting(connection: Connection) -> list[Waiting]:
    """Returns the queues that have something waiting, of running and paused jobs."""
    rows = connection.execute(
        select(
            *(tables.account.c.name, _JOB.name, _JOB.id, _JOB.priority, _JOB.channel, _QUEUE.prefix, _JOB.content),
            *(_QUEUE.without, _JOB.not_before, _JOB.not_after, _QUEUE.held_reason, _JOB.state),
            func.sum(_COUNT.messages),
            func.sum(_COUNT.segments),
        )
        .select_from(
            tables.queue_count.join(tables.queue, _QUEUE.id == _COUNT.queue_id)
            .join(tables.job, _JOB.id == _QUEUE.job_id)
            .join(tables.account, tables.account.c.id == _JOB.account_id)
        )
        .where(_COUNT.state.in_(WAITING_WORDS), _COUNT.messages > 0, _JOB.state.in_(["running", "paused"]))
        .group_by(
            *(_QUEUE.id, tables.account.c.name, _JOB.name, _JOB.id, _JOB.priority, _JOB.channel, _QUEUE.prefix),
            *(_JOB.content, _QUEUE.without, _JOB.not_before, _JOB.not_after, _QUEUE.held_reason, _JOB.state),
        )
        .order_by(_QUEUE.id)
    )
    found = []
    for row in rows:
        content = json.loads(row[6])
        route = Route(
            *(row[4], row[5], tuple(content.get("lines") or ())),
            *((content.get("email") or {}).get("area", ""), tuple(row[7].split())),
        )
        held = "paused" if row[11] == "paused" else row[10]
        found.append(
            Waiting(row[0], row[1], row[2], Priority(row[3]), route, int(row[12]), int(row[13]), row[8], row[9], held)
        )
    return found


def used(connection: Connection, *, month: str, channel: str) -> Used:
    """Returns what lines have used in `month` (YYYY-MM), and how long the last few thousand sends have taken."""
    recipient = tables.line_recipient.c
    people = connection.execute(
        select(recipient.line, func.count()).where(recipient.month == month).group_by(recipient.line)
    )
    last = connection.scalar(select(func.max(_ATTEMPT.id))) or 0
    began = func.coalesce(func.min(_PART.at), _ATTEMPT.started_at)
    rows = connection.execute(
        select(_ATTEMPT.line, _ATTEMPT.outcome, _ATTEMPT.ended_at - began, func.count(_PART.part))
        .select_from(
            tables.attempt.join(tables.message, tables.message.c.id == _ATTEMPT.message_id).outerjoin(
                tables.part, _PART.attempt_id == _ATTEMPT.id
            )
        )
        .where(
            *(_ATTEMPT.id > last - LATELY, _ATTEMPT.state == "closed", tables.message.c.channel == channel),
            _ATTEMPT.ended_at.is_not(None),
        )
        .group_by(_ATTEMPT.id, _ATTEMPT.line, _ATTEMPT.outcome, _ATTEMPT.ended_at, _ATTEMPT.started_at)
    )
    times: dict[str, list[float]] = {}
    attempts = again = 0
    for line, outcome, took, parts in rows:
        if outcome == "not_sent":
            again += 1
        attempts += 1
        if outcome in {"accepted", "completed"} and took is not None:
            each = max(float(took), 0.0) / 1000 / (max(int(parts), 1) if channel == "sms" else 1)
            times.setdefault(line, []).append(each)
    took_by = {line: _took(sample) for line, sample in times.items()}
    return Used({row[0]: int(row[1]) for row in people}, took_by, attempts, again)


def _took(sample: list[float]) -> Took:
    mean = sum(sample) / len(sample)
    spread = (sum((each - mean) ** 2 for each in sample) / len(sample)) ** 0.5
    return Took(len(sample), mean, spread, tuple(sample[-400:]))


def deferred(connection: Connection, *, jobs: Collection[int], now: int) -> list[tuple[int, int]]:
    """Returns what waits of jobs for a time of its own: from when on (ms, to five minutes), and how many."""
    message, step = tables.message.c, 300_000
    begin = (message.due // step) * step
    rows = connection.execute(
        select(begin, func.count())
        .select_from(tables.message.join(tables.queue, _QUEUE.id == message.queue_id))
        .where(_QUEUE.job_id.in_(jobs), message.state.in_(WAITING), message.due > now + step)
        .group_by(begin)
        .order_by(begin)
    )
    return [(int(row[0]), int(row[1])) for row in rows]


def zones_of(connection: Connection, *, account: int, customers: Collection[int]) -> dict[int, str]:
    """Returns the zones of those customers who have one of their own."""
    customer = tables.customer.c
    own = select(customer.id).where(customer.account_id == account, customer.zone > "").limit(1)
    if not customers or connection.scalar(own) is None:
        return {}
    found: dict[int, str] = {}
    for some in batched(customers, AT_ONCE):
        rows = connection.execute(select(customer.id, customer.zone).where(customer.id.in_(some), customer.zone > ""))
        found.update((int(row[0]), str(row[1])) for row in rows)
    return found


def zones_waiting(connection: Connection, *, account: int, jobs: Collection[int]) -> dict[str, int]:
    """Returns how much waits of jobs for people of each zone; "" for those who have none of their own. Empty where
    nobody of the account has one."""
    customer, message = tables.customer.c, tables.message.c
    own = select(customer.id).where(customer.account_id == account, customer.zone > "").limit(1)
    if not jobs or connection.scalar(own) is None:
        return {}
    zone = func.coalesce(customer.zone, "")
    rows = connection.execute(
        select(zone, func.count())
        .select_from(
            tables.message.join(tables.queue, _QUEUE.id == message.queue_id).outerjoin(
                tables.customer, customer.id == message.person_id
            )
        )
        .where(_QUEUE.job_id.in_(jobs), message.state.in_(WAITING))
        .group_by(zone)
    )
    return {str(row[0]): int(row[1]) for row in rows}


def contacts(connection: Connection, *, account: int, people: Collection[str], since: int) -> dict[str, list[Contact]]:
    """Returns the contacts of some people that count for caps, from `since` (ms) on; people as evidence names them."""
    evidence = tables.evidence.c
    found: dict[str, list[Contact]] = {}
    for some in batched(people, AT_ONCE):
        rows = connection.execute(
            select(evidence.person, evidence.at, evidence.channel, evidence["class"], evidence.direct).where(
                evidence.account_id == account,
                evidence.person.in_(some),
                evidence.at >= since,
                evidence.verdict == "go",
            )
        )
        for person, at, channel, klass, direct in rows:
            known = found.setdefault(person, [])
            known.append(Contact(int(at), channel, MessageClass(klass), bool(direct)))
    return found


def batched(people: Collection[T], size: int) -> Iterator[list[T]]:
    """Yields them in portions."""
    rest = iter(people)
    while portion := list(islice(rest, size)):
        yield portion


def hours(connection: Connection, *, first: int, end: int, channel: str) -> dict[int, int]:
    """Returns the segments that left over a channel by the hour since 1970 (UTC), from `first` to before `end`."""
    rows = connection.execute(
        select(_TALLY.hour, func.sum(_TALLY.segments))
        .where(_TALLY.hour >= first, _TALLY.hour < end, _TALLY.channel == channel, _TALLY.state.in_(LEFT))
        .group_by(_TALLY.hour)
    )
    return {int(row[0]): int(row[1]) for row in rows}


def balances(connection: Connection) -> dict[str, int]:
    """Returns each account's balance in millionths."""
    rows = connection.execute(
        select(tables.account.c.name, tables.account.c.balance).where(tables.account.c.name != STAFF)
    )
    return {row[0]: int(row[1]) for row in rows}


def ends_by_day(
    connection: Connection, *, channel: str, first: int, end: int, missed: Collection[str], account: str | None = None
) -> list[tuple[int, int]]:
    """Returns for each day between two hours (since 1970) how many messages of a channel reached nobody, and how many
    were sent; of one account, or of all."""
    statement = (
        select(_TALLY.hour, _TALLY.state, func.sum(_TALLY.messages))
        .where(_TALLY.channel == channel, _TALLY.hour >= first, _TALLY.hour < end, _TALLY.state.in_(ENDED))
        .group_by(_TALLY.hour, _TALLY.state)
    )
    if account is not None:
        number = select(tables.account.c.id).where(tables.account.c.name == account).scalar_subquery()
        statement = statement.where(_TALLY.account_id == number)
    days: dict[int, list[int]] = {}
    for hour, state, messages in connection.execute(statement):
        day = days.setdefault((hour - first) // 24, [0, 0])
        day[0] += int(messages) if state in missed else 0
        day[1] += int(messages)
    return [(missed_, sent) for missed_, sent in days.values()]


def missed_lately(
    connection: Connection, *, jobs: Collection[int], missed: Collection[str], since: int
) -> list[tuple[int, int]]:
    """Returns when (Unix ms, by the minute) messages of some jobs were sent that reached nobody, and how many."""
    message = tables.message.c
    minute = message.at / 60_000
    found: dict[int, int] = {}
    for some in batched(jobs, AT_ONCE):
        statement = select(func.floor(minute), func.count()).where(
            message.job_id.in_(some), message.state.in_(missed), message.at > since
        )
        for at, many in connection.execute(statement.group_by(func.floor(minute))):
            found[int(at)] = found.get(int(at), 0) + int(many)
    return [(at * 60_000, many) for at, many in sorted(found.items())]
