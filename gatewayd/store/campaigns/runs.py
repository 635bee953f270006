"""Runs of a campaign: whom each reaches, in which jobs, and what has become of those."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from gatewayd.store import tables
from gatewayd.store.sending.counts import meaning
from gatewayd.store.session import Session, Statement, adding, given, merging, setting
from gatewayd.store.tables.campaigns import OPEN_SLICE

_RUN: Final = tables.campaign_run.c
_PERSON: Final = tables.campaign_person.c
_SLICE: Final = tables.campaign_slice.c


@dataclass(frozen=True, slots=True)
class Run:
    """A row. Times are Unix ms."""

    id: int
    campaign: int
    number: int
    planned: str
    state: str
    """freezing, frozen, skipped."""
    content: Sequence[Mapping[str, Any]]
    """The job file's keys of each rung."""
    cursor: int
    people: int
    left_out: Mapping[str, int]
    created_at: int
    frozen_at: int | None
    ended_at: int | None


def _view(row: Any) -> Run:
    return Run(
        *(row.id, row.campaign_id, row.number, row.planned, row.state, json.loads(row.content), row.cursor),
        *(row.people, json.loads(row.left_out), row.created_at, row.frozen_at, row.ended_at),
    )


def run(connection: Connection, *, number: int) -> Run:
    """Returns one run, which there is."""
    return _view(connection.execute(select(tables.campaign_run).where(_RUN.id == number)).one())


def runs(connection: Connection, *, campaign: int, limit: int = 100) -> Sequence[Run]:
    """Returns the runs of a campaign, newest first."""
    statement = select(tables.campaign_run).where(_RUN.campaign_id == campaign).order_by(_RUN.id.desc()).limit(limit)
    return [_view(row) for row in connection.execute(statement)]


def first_frozen(connection: Connection, *, campaign: int) -> Run | None:
    """Returns the first run of a campaign that wrote everybody down; None: there was none yet."""
    statement = (
        select(tables.campaign_run)
        .where(_RUN.campaign_id == campaign, _RUN.state == "frozen")
        .order_by(_RUN.id)
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _view(row)


def people(connection: Connection, *, run: int, after: int, limit: int) -> Sequence[tuple[int, Person]]:
    """Returns whom a run reaches behind the row `after`, each with its row."""
    statement = (
        select(_PERSON.row, _PERSON.customer_id, _PERSON.external_id, _PERSON.address, _PERSON.cells)
        .where(_PERSON.run_id == run, _PERSON.row > after)
        .order_by(_PERSON.row)
        .limit(limit)
    )
    return [(row[0], Person(*row[1:])) for row in connection.execute(statement)]


_ADD: Final = merging(tables.campaign_run, "campaign_id number planned state content created_at", "campaign_id planned")
_NUMBER: Final = Statement(
    select(func.coalesce(func.max(_RUN.number), 0)).where(_RUN.campaign_id == given(_RUN.campaign_id)), "p_campaign_id"
)
_OF_KEY: Final = Statement(
    select(_RUN.id).where(_RUN.campaign_id == given(_RUN.campaign_id), _RUN.planned == given(_RUN.planned)),
    "p_campaign_id p_planned",
)


def begin(
    session: Session,
    campaign: int,
    planned: str,
    content: Sequence[Mapping[str, Any]],
    *,
    now: int,
    state: str = "freezing",
) -> int | None:
    """Begins the run of that planned time; returns its number, None where there has been one."""
    last = session.one(_NUMBER, campaign)
    number = 1 + (int(last[0]) if last is not None else 0)
    if not session.run(_ADD, campaign, number, planned, state, json.dumps(content, ensure_ascii=False), now):
        return None
    made = session.one(_OF_KEY, campaign, planned)
    assert made is not None
    return int(made[0])


# ---------------------------------------------------------------------------------------------------------- its people


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a run reaches. `cells` is JSON: an object of texts."""

    customer: int | None
    external_id: str | None
    address: str
    cells: str
    cause: int | None = None
    """The facts that its texts are written from, where they say what somebody owes."""


_ADD_PERSON: Final = adding(tables.campaign_person, "run_id row customer_id external_id address cells cause_id")
_ADVANCE: Final = setting(tables.campaign_run, "cursor people left_out", "id cursor")
_ENDED: Final = setting(tables.campaign_run, "ended_at", "id")
_FROZEN: Final = setting(tables.campaign_run, "state frozen_at", "id")
_ADD_SLICE: Final = merging(tables.campaign_slice, "run_id rung number first_row people job", "run_id rung number")


def freeze(
    session: Session,
    run: Run,
    people: Sequence[Person],
    *,
    cursor: int,
    left_out: Mapping[str, int],
) -> Run:
    """Writes down further people, those of the audience up to `cursor`; returns the run as it is then.

    Nothing is written, and the run returned as it was, where another life has gone further.
    """
    together = Counter(run.left_out)
    together.update(left_out)
    written = json.dumps(together, sort_keys=True)
    if not session.run(_ADVANCE, cursor, run.people + len(people), written, run.id, run.cursor):
        return run
    rows = [
        (run.id, row, each.customer, each.external_id, each.address, each.cells, each.cause)
        for row, each in enumerate(people, run.people + 1)
    ]
    session.many(_ADD_PERSON, rows)
    return replace(run, people=run.people + len(people), cursor=cursor, left_out=together)


def end_freezing(session: Session, run: int, now: int) -> None:
    """Says that all people of a run are written down."""
    session.run(_FROZEN, "frozen", now, run)


def end(session: Session, run: int, now: int) -> None:
    """Says that nobody of a run is open any more."""
    session.run(_ENDED, now, run)


def add_slice(session: Session, new: Slice) -> None:
    """Says which people go into a job; the same again changes nothing."""
    session.run(_ADD_SLICE, new.run, new.rung, new.number, new.first_row, new.people, new.job)


def known_addresses(connection: Connection, *, run: int, addresses: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Returns those of `addresses` that the run has already, each with the cells of the people there."""
    found: dict[str, list[str]] = {}
    each = list(addresses)
    for start in range(0, len(each), 500):
        statement = select(_PERSON.address, _PERSON.cells).where(
            _PERSON.run_id == run, _PERSON.address.in_(each[start : start + 500])
        )
        for address, cells in connection.execute(statement):
            found.setdefault(address, []).append(cells)
    return found


# ------------------------------------------------------------------------------------------------------------ its jobs


@dataclass(frozen=True, slots=True)
class Slice:
    """A job of a run."""

    run: int
    rung: int
    number: int
    first_row: int
    people: int
    job: str
    job_id: int | None
    reason: str | None


def _slice(row: Any) -> Slice:
    return Slice(row.run_id, row.rung, row.number, row.first_row, row.people, row.job, row.job_id, row.reason)


def slices(connection: Connection, *, run: int, rung: int | None = None) -> Sequence[Slice]:
    """Returns the slices of a run, in their order."""
    statement = select(tables.campaign_slice).where(_SLICE.run_id == run).order_by(_SLICE.rung, _SLICE.number)
    if rung is not None:
        statement = statement.where(_SLICE.rung == rung)
    return [_slice(row) for row in connection.execute(statement)]


def open_slices(connection: Connection, *, run: int) -> Sequence[Slice]:
    """Returns the slices that are not recorded yet."""
    statement = select(tables.campaign_slice).where(_SLICE.run_id == run, text(OPEN_SLICE))
    return [_slice(row) for row in connection.execute(statement.order_by(_SLICE.rung, _SLICE.number))]


def slice_people(connection: Connection, *, slice_: Slice) -> Sequence[Person]:
    """Returns the people of a slice, in the order of its job's rows."""
    step = tables.campaign_step.c
    if slice_.rung == 0:
        statement = (
            select(_PERSON.customer_id, _PERSON.external_id, _PERSON.address, _PERSON.cells, _PERSON.cause_id)
            .where(
                _PERSON.run_id == slice_.run,
                _PERSON.row >= slice_.first_row,
                _PERSON.row < slice_.first_row + slice_.people,
            )
            .order_by(_PERSON.row)
        )
    else:
        statement = (
            select(_PERSON.customer_id, _PERSON.external_id, step.address, _PERSON.cells, _PERSON.cause_id)
            .select_from(
                tables.campaign_step.join(
                    tables.campaign_person, (_PERSON.run_id == step.run_id) & (_PERSON.row == step.row)
                )
            )
            .where(step.run_id == slice_.run, step.rung == slice_.rung, step.slice == slice_.number)
            .order_by(step.place)
        )
    return [Person(*row) for row in connection.execute(statement)]


_RECORDED: Final = setting(tables.campaign_slice, "job_id", "run_id rung number")
_REFUSED: Final = setting(tables.campaign_slice, "reason", "run_id rung number")


def recorded(session: Session, slice_: Slice, job_id: int) -> None:
    """Says which job a slice has become."""
    session.run(_RECORDED, job_id, slice_.run, slice_.rung, slice_.number)


def refused(session: Session, slice_: Slice, reason: str) -> None:
    """Says why a slice has become no job."""
    session.run(_REFUSED, reason, slice_.run, slice_.rung, slice_.number)


def job_of(connection: Connection, *, account: str, name: str, origin: str) -> int | None:
    """Returns the number of a recorded job of that origin; None: there is none."""
    job = tables.job.c
    found = connection.scalar(
        select(job.id)
        .select_from(tables.job.join(tables.account, tables.account.c.id == job.account_id))
        .where(tables.account.c.name == account, job.name == name, job.origin == origin, job.state != "loading")
    )
    return None if found is None else int(found)


def jobs(connection: Connection, *, campaign: int) -> Sequence[tuple[int, str]]:
    """Returns number and name of every job of a campaign that is recorded."""
    statement = (
        select(_SLICE.job_id, _SLICE.job)
        .select_from(tables.campaign_slice.join(tables.campaign_run, _RUN.id == _SLICE.run_id))
        .where(_RUN.campaign_id == campaign, _SLICE.job_id.is_not(None))
        .order_by(_SLICE.run_id, _SLICE.rung, _SLICE.number)
    )
    return [(row[0], row[1]) for row in connection.execute(statement)]


def job_numbers(connection: Connection, *, run: int) -> Sequence[int]:
    """Returns the numbers of the jobs that a run has become."""
    statement = select(_SLICE.job_id).where(_SLICE.run_id == run, _SLICE.job_id.is_not(None))
    return list(connection.scalars(statement))


def has_open(connection: Connection, *, campaign: int) -> bool:
    """Returns whether a campaign has a run that is not over."""
    open_ones = select(_RUN.id).where(_RUN.campaign_id == campaign, _RUN.ended_at.is_(None), _RUN.state != "skipped")
    return connection.scalar(open_ones.limit(1)) is not None


def sent_since(connection: Connection, account: str, jobs: Sequence[tuple[int, str]], since: int) -> int:
    """Returns how many messages of some jobs have left since then (Unix ms): the newest of them, by an index."""
    if not jobs:
        return 0
    message = tables.message.c
    owner = select(tables.account.c.id).where(tables.account.c.name == account).scalar_subquery()
    statement = select(func.count()).where(
        message.account_id == owner,
        message.channel.in_(("sms", "call", "email", "push", "whatsapp")),
        message.at >= since,
        message.job_id.in_([number for number, _name in jobs]),
        message.attempt_id.is_not(None),
    )
    return int(connection.scalar(statement) or 0)


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of the messages of some jobs."""

    states: Mapping[str, int]
    held: Mapping[str, int]
    """Those that wait in queues that rest, by reason."""
    segments: int
    cost: int
    """Millionths, charged and held so far."""


WAITING: Final = ("queued", "scheduled", "held")
OPEN_STATES: Final = (*WAITING, "sending")


def counts(connection: Connection, *, runs: Iterable[int]) -> Counts:
    """Returns the counts of some runs' jobs. Nothing is counted row by row."""
    queue, count, job = tables.queue.c, tables.queue_count.c, tables.job.c
    mine = select(_SLICE.job_id).where(_SLICE.run_id.in_(list(runs)), _SLICE.job_id.is_not(None))
    statement = (
        select(count.state, queue.held_reason, func.sum(count.messages), func.sum(count.segments))
        .select_from(tables.queue_count.join(tables.queue, queue.id == count.queue_id))
        .where(queue.job_id.in_(mine))
        .group_by(count.state, queue.held_reason)
    )
    states: Counter[str] = Counter()
    held: Counter[str] = Counter()
    segments = 0
    for word, reason, messages, parts in connection.execute(statement):
        if messages:
            state, rule = meaning(word)
            states[str(state)] += int(messages)
            segments += int(parts or 0)
            if (why := rule or reason) is not None and state in WAITING:
                held[why] += int(messages)
    cost = connection.scalar(select(func.coalesce(func.sum(job.cost), 0)).where(job.id.in_(mine)))
    return Counts(states, held, segments, int(cost or 0))
