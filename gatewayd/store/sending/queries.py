"""The reader's statements, and how their rows become what people see. Nothing here opens a connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, false, or_, select, true

from gatewayd.store import tables
from gatewayd.store.commands import AccountInfo
from gatewayd.store.sending import counts
from gatewayd.store.snapshots import AttemptView, Hold, JobSummary, MessageView, PartView, job_state
from gatewayd.store.tables.base import of
from gatewayd.store.tables.sending import WAITS
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.values.model import WAITING, State, ulid
from gatewayd.values.staff import ACCOUNT as STAFF
from gatewayd.words.translation import gettext as _

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

READY: Final = ("queued", "scheduled", "held")
"""Stored states of rows that a line may claim once they are due."""
RESTING: Final = ("queued", "scheduled")
"""Those of rows that no rule of contact keeps back."""

_JOB = tables.job.c
JOBS: Final[Select[Any]] = (
    select(
        *(_JOB.id, tables.account.c.name.label("account"), _JOB.name, _JOB.channel, _JOB.priority, _JOB.state),
        *(_JOB.not_before, _JOB.not_after, _JOB.unit_price, _JOB.currency, _JOB.created_at, _JOB.started_at),
        *(_JOB.last_at, _JOB.messages, _JOB.cost, _JOB.last_seq, _JOB.template, _JOB.template_version),
        _JOB["class"].label("klass"),
    )
    .join_from(tables.job, tables.account, tables.account.c.id == _JOB.account_id)
    .where(_JOB.state != "loading")
)

_OWNERS: Final = (
    select(_JOB.id, tables.account.c.name)
    .join_from(tables.job, tables.account, tables.account.c.id == _JOB.account_id)
    .where(_JOB.id.in_(bindparam("jobs", expanding=True)), _JOB.node == bindparam("node"))
)
_OWNERS_AT_ONCE: Final = 500

UNWRITTEN_JOBS: Final = (
    select(_JOB.id)
    .where(
        _JOB.node == bindparam("node"),
        _JOB.state != "loading",
        or_(
            _JOB.last_seq > _JOB.written_seq,
            _JOB.id.in_(select(tables.segment.c.job_id)),
        ),
    )
    .order_by(_JOB.id)
)


def owners(connection: Connection, jobs: Sequence[int], node: str) -> dict[int, str]:
    """The account of each of the jobs that are there and the node's."""
    found: dict[int, str] = {}
    for start in range(0, len(jobs), _OWNERS_AT_ONCE):
        rows = connection.execute(_OWNERS, {"jobs": jobs[start : start + _OWNERS_AT_ONCE], "node": node})
        found.update((job_id, account) for job_id, account in rows)
    return found


_COUNT = tables.queue_count.c
_COUNTS: Final = (
    select(
        *(tables.queue.c.job_id, tables.queue.c.held_reason, tables.queue.c.held_until),
        *(_COUNT.state, _COUNT.final, _COUNT.messages, _COUNT.segments),
    )
    .join_from(tables.queue, tables.queue_count, _COUNT.queue_id == tables.queue.c.id)
    .where(tables.queue.c.job_id.in_(bindparam("jobs", expanding=True)), _COUNT.messages > 0)
)

_LEFT: Final = (
    select(tables.queue.c.job_id)
    .join_from(tables.queue, tables.queue_count, _COUNT.queue_id == tables.queue.c.id)
    .where(_COUNT.state.in_([*counts.WAITING_WORDS, "sending"]), _COUNT.messages > 0)
)

DEPTH: Final = (
    select(
        *(_COUNT.queue_id, _COUNT.state, _COUNT.messages, tables.queue.c.held_reason, tables.queue.c.held_until),
        *(_JOB.state.label("job_state"), _JOB.not_before, _JOB.account_id),
    )
    .join_from(tables.queue_count, tables.queue, tables.queue.c.id == _COUNT.queue_id)
    .join(tables.job, _JOB.id == tables.queue.c.job_id)
    .where(
        _COUNT.state.in_([*counts.WAITING_WORDS, "sending", "uncertain"]), _COUNT.messages > 0, _JOB.state != "loading"
    )
)

FIRST_DUE: Final = (
    select(tables.message.c.due)
    # In so many words: a partial index is used only where the condition is seen to be its own.
    .where(tables.message.c.queue_id == tables.queue.c.id, of("message", WAITS))
    .order_by(tables.message.c.due)
    .limit(1)
    .scalar_subquery()
)
"""One step of the ready index for each queue, however long it is."""

MESSAGES: Final[Select[Any]] = select(
    *(column for column in tables.message.c if column is not tables.message.c.options), tables.attempt.c.number
).select_from(tables.message.outerjoin(tables.attempt, tables.attempt.c.id == tables.message.c.attempt_id))
"""What people may see of messages: never their options."""

_ACCOUNT = tables.account.c
ACCOUNTS: Final[Select[Any]] = select(
    *(_ACCOUNT.id, _ACCOUNT.name, _ACCOUNT.currency, _ACCOUNT.balance, _ACCOUNT.held, _ACCOUNT.charged),
    _ACCOUNT.granted,
)

_TRANSFER = tables.transfer.c
TRANSFERS: Final[Select[Any]] = select(
    *(_TRANSFER.id, _TRANSFER.at, _TRANSFER.kind, _TRANSFER.amount, _TRANSFER.part, _TRANSFER.note),
    *(tables.message.c.id.label("message_id"), _JOB.name.label("job"), _JOB.created_at),
).select_from(
    tables.transfer.outerjoin(tables.attempt, tables.attempt.c.id == _TRANSFER.attempt_id)
    .outerjoin(tables.message, tables.message.c.id == tables.attempt.c.message_id)
    .outerjoin(tables.job, _JOB.id == tables.message.c.job_id)
)
"""Messages that were pruned leave their transfers behind."""


def job_named(connection: Connection, name: str) -> AnyRow:
    """The job called `ACCOUNT/JOB`, or `JOB` where that is unique; NotFoundError, UsageError where it is not."""
    account, separator, job = name.rpartition("/")
    statement = JOBS.where(_JOB.name == job).limit(10)
    if separator:
        statement = statement.where(_ACCOUNT.name == account)
    rows = connection.execute(statement).all()
    if not rows:
        raise NotFoundError(_("no job {job}").format(job=name))
    if len(rows) > 1:
        known = ", ".join(f"{row.account}/{row.name}" for row in rows)
        raise UsageError(_("several jobs are called {job}: {known}").format(job=name, known=known))
    return rows[0]


def summaries(connection: Connection, jobs: Sequence[AnyRow], now: int) -> Iterator[JobSummary]:
    """The jobs with their counts, in the same order."""
    counted: dict[int, list[AnyRow]] = {job.id: [] for job in jobs}
    if jobs:
        for row in connection.execute(_COUNTS, {"jobs": list(counted)}):
            counted[row.job_id].append(row)
    for job in jobs:
        yield _summary(job, counted[job.id], now)


def going(connection: Connection, now: int, *, account: str | None, among: int) -> list[JobSummary]:
    """The jobs with something left to send among the `among` newest that people see, newest first."""
    newest = select(_JOB.id).join_from(tables.job, tables.account, tables.account.c.id == _JOB.account_id)
    newest = newest.where(_JOB.state != "loading", tables.account.c.name != STAFF)
    if account is not None:
        newest = newest.where(tables.account.c.name == account)
    some = newest.order_by(_JOB.id.desc()).limit(among).subquery("newest")
    left = _LEFT.where(tables.queue.c.job_id.in_(select(some.c.id)))
    statement = JOBS.where(_JOB.id.in_(left), _JOB.state != "cancelled").order_by(_JOB.id.desc())
    return list(summaries(connection, connection.execute(statement).all(), now))


def _summary(job: AnyRow, counted: Sequence[AnyRow], now: int) -> JobSummary:
    found: Counter[State] = Counter()
    held: Counter[str] = Counter()
    open_messages, segments = 0, 0
    until: int | None = None
    for row in counted:
        state, reason = counts.meaning(row.state)
        if state in WAITING:
            hold = Hold(job.state, row.held_reason, job.not_before, row.held_until)
            state, reason = hold.of(state, reason, None, now)
            if state is State.HELD and row.messages:
                held[reason or "cap"] += row.messages
                if reason == row.held_reason and row.held_until is not None:
                    until = min(until or row.held_until, row.held_until)
        found[state] += row.messages
        segments += row.segments
        open_messages += 0 if row.final else row.messages
    return JobSummary(
        id=job.id,
        account=job.account,
        job=job.name,
        channel=job.channel,
        priority=job.priority,
        klass=job.klass,
        state=job_state(job.state, found, open_messages),
        messages=job.messages,
        segments=segments,
        counts=dict(found),
        held=dict(held),
        held_until=until,
        cost=job.cost,
        unit_price=job.unit_price,
        currency=job.currency,
        not_before=job.not_before,
        not_after=job.not_after,
        created_at=job.created_at,
        first_at=job.started_at,
        last_at=job.last_at,
        last_seq=job.last_seq,
        template=None if job.template is None else (job.template, job.template_version),
    )


Held: TypeAlias = Mapping[int, tuple[str, int | None]]
"""Queues that rest: why, and until when where that is known."""


def holds(connection: Connection, job_id: int, now: int) -> Held:
    """Held queues of a job."""
    table = tables.queue.c
    statement = select(table.id, table.held_reason, table.held_until).where(
        table.job_id == job_id,
        table.held_reason.is_not(None),
        or_(table.held_until.is_(None), table.held_until > now),
    )
    return {row.id: (row.held_reason, row.held_until) for row in connection.execute(statement)}


def in_state(state: State, job: AnyRow, held: Held, now: int) -> ColumnElement[bool]:
    """The rows of `job` that `Hold` and their own state put in `state`, as a condition."""
    table = tables.message.c
    own = table.state == str(state)
    if job.state == "cancelled":
        if state is State.CANCELLED:
            return or_(own, table.state.in_(WAITING))
        return own if state not in WAITING else false()
    if state not in WAITING:
        return own
    if job.not_before is not None and job.not_before > now:
        return table.state.in_(WAITING) if state is State.SCHEDULED else false()
    if state is State.SCHEDULED:
        return and_(table.state.in_(RESTING), table.due > now)
    due = and_(table.state.in_(READY), table.due <= now)
    in_held_queue = true() if job.state == "paused" else table.queue_id.in_(list(held))
    if state is State.HELD:
        return or_(and_(own, table.due > now), and_(due, in_held_queue))
    return and_(due, ~in_held_queue)


def message_view(
    row: AnyRow, job: AnyRow, held: Held, *, salt: int, now: int, attempts: tuple[AttemptView, ...] = ()
) -> MessageView:
    state, reason, due = State(row.state), row.reason, row.due
    if state in WAITING:
        rests, until = held.get(row.queue_id, (None, None))
        state, reason = Hold(job.state, rests, job.not_before, until).of(state, reason, due, now)
        if state is State.HELD and until is not None and rests == reason:
            due = max(due, until)
    return MessageView(
        id=row.id,
        public=ulid(job.created_at, salt, row.id),
        account=job.account,
        job=job.name,
        row=row.row,
        ref=row.ref,
        to=row.to,
        channel=job.channel,
        klass=job.klass,
        text=row.text,
        encoding=row.encoding,
        segments=row.segments if job.channel == "sms" else None,
        state=state,
        final=row.final or state is State.CANCELLED,
        reason=reason,
        due=due if state in WAITING or (state is State.SUBMITTED and not row.final) else None,
        not_after=job.not_after,
        line=row.line,
        attempt=row.number,
        cost=row.cost,
        updated_at=row.updated_at,
        detail=row.detail,
        attempts=attempts,
        template=None if job.template is None else (job.template, job.template_version),
    )


def attempts(connection: Connection, message_id: int, salt: int) -> tuple[AttemptView, ...]:
    """Attempts of a message, oldest first, with the parts that passed their point of no return."""
    table = tables.attempt
    rows = connection.execute(select(table).where(table.c.message_id == message_id).order_by(table.c.id)).all()
    parts: dict[int, list[PartView]] = {row.id: [] for row in rows}
    if rows:
        statement = select(tables.part).where(tables.part.c.attempt_id.in_(list(parts)))
        for row in connection.execute(statement.order_by(tables.part.c.attempt_id, tables.part.c.part)):
            part = PartView(row.part, row.state, row.reference, row.reason, row.at, row.reported_at)
            parts[row.attempt_id].append(part)
    return tuple(
        AttemptView(
            id=row.id,
            public=ulid(row.started_at, salt, row.id),
            number=row.number,
            line=row.line,
            node=row.node,
            state=row.state,
            outcome=row.outcome,
            reason=row.reason,
            started_at=row.started_at,
            ended_at=row.ended_at,
            parts=tuple(parts[row.id]),
        )
        for row in rows
    )


def account_info(row: AnyRow) -> AccountInfo:
    return AccountInfo(row.id, row.name, row.currency, row.balance, row.held, row.charged, row.granted)
