"""Questions about messages over all jobs. Functions of a read-only connection, for `Reader.ask`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, text, true

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.credit.questions import SUMS_MOST, Sums
from gatewayd.store.sending import counts, queries
from gatewayd.store.sending.queries import AnyRow
from gatewayd.store.settings.accounts import low_bounds
from gatewayd.store.snapshots import MessageView, Page
from gatewayd.values.model import WAITING, State
from gatewayd.values.staff import ACCOUNT as STAFF

_MESSAGE = tables.message.c
_JOB = tables.job.c

READ_AT_ONCE: Final = 500
READ_MOST: Final = 20_000
"""Rows looked at for one page where the state hangs on the clock; what lies behind is behind the page's cursor."""
SORTED_MOST: Final = 20_000
"""Rows that are sorted for one page at most; where the jobs have more, the table is read from its newest end."""


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages are meant; None leaves a property open. Times are Unix ms of the latest change."""

    state: State | None = None
    account: str | None = None
    line: str | None = None
    to: str | None = None
    since: int | None = None
    until: int | None = None


def find_messages(
    connection: Connection, *, wanted: MessageFilter, salt: int, now: int, before: int | None, limit: int
) -> Page[MessageView]:
    """Returns the messages that are meant, newest first, from those with a number below `before`."""
    jobs = {row.id: row for row in connection.execute(_jobs(wanted))}
    found: list[MessageView] = []
    read, last = 0, before
    while jobs and len(found) <= limit and read < READ_MOST:
        statement = _statement(wanted, jobs, last).limit(READ_AT_ONCE)
        rows = connection.execute(statement).all()
        held = {job_id: queries.holds(connection, job_id, now) for job_id in {row.job_id for row in rows}}
        for row in rows:
            view = queries.message_view(row, jobs[row.job_id], held[row.job_id], salt=salt, now=now)
            if wanted.state is None or view.state is wanted.state:
                found.append(view)
        read += len(rows)
        if len(rows) < READ_AT_ONCE:
            last = None
            break
        last = rows[-1].id
    if len(found) > limit:
        found = found[:limit]
        last = found[-1].id
    return Page(tuple(found), None if last is None else str(last))


def _jobs(wanted: MessageFilter) -> Select[tuple[object, ...]]:
    """The jobs that can have such messages: kept counts tell, so that a rare state is found without a search."""
    statement = queries.JOBS.where(tables.account.c.name != STAFF)
    if wanted.account is not None:
        statement = statement.where(tables.account.c.name == wanted.account)
    if wanted.state is not None:
        stored = _stored(wanted.state)
        counted = (
            select(tables.queue.c.job_id)
            .join_from(tables.queue, tables.queue_count, tables.queue_count.c.queue_id == tables.queue.c.id)
            .where(tables.queue_count.c.state.in_(stored), tables.queue_count.c.messages > 0)
        )
        statement = statement.where(_JOB.id.in_(counted))
    return statement


def _stored(state: State) -> list[str]:
    """The states in which a row may be that people see in `state`: a cancelled job leaves its rows as they were."""
    if state in WAITING or state is State.CANCELLED:
        return [*counts.WAITING_WORDS, str(state)]
    return [str(state)]


def _statement(wanted: MessageFilter, jobs: Mapping[int, AnyRow], before: int | None) -> Select[tuple[object, ...]]:
    # As an expression it is no key of an index, by which all rows of large jobs would be fetched and sorted.
    large = sum(row.messages for row in jobs.values()) > SORTED_MOST
    of_job = _MESSAGE.job_id + 0 if large else _MESSAGE.job_id
    statement = queries.MESSAGES.order_by(_MESSAGE.id.desc()).where(of_job.in_(list(jobs)))
    if before is not None:
        statement = statement.where(_MESSAGE.id < before)
    if wanted.state is State.UNCERTAIN:
        # In so many words, as the partial index says it.
        statement = statement.where(text("message.state = 'uncertain'"))
    elif wanted.state is not None:
        statement = statement.where(_MESSAGE.state.in_(_stored(wanted.state)))
    if wanted.line is not None:
        statement = statement.where(_MESSAGE.line == wanted.line)
    if wanted.to is not None:
        statement = statement.where(_MESSAGE.to == wanted.to)
    if wanted.since is not None:
        statement = statement.where(_MESSAGE.updated_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(_MESSAGE.updated_at < wanted.until)
    return statement


# -------------------------------------------------------------------------------------------------- what needs a person


@dataclass(frozen=True, slots=True)
class Attention:
    """What waits for a person in the store."""

    uncertain: int
    paused: tuple[str, ...]
    """Jobs (`ACCOUNT/JOB`) that are paused and have something left, at most a hundred."""
    low: tuple[tuple[str, int, int], ...]
    """Accounts with credit below the bound or with messages that wait for it: name, balance, messages that wait."""
    reviews: int
    """Received messages that may be an opt-out and wait for a person's judgement."""


LOW_PARTS: Final = 100
"""Credit for fewer parts than these, at the dearest price the account has paid, runs low."""

_OPEN: Final = (*counts.WAITING_WORDS, "sending")


def attention(connection: Connection, *, low: int | None, since: int, account: str | None = None) -> Attention:
    """Returns what waits for a person, in one account or in all; `low` is the balance (millionths) below which credit
    runs low, None for 100 times what the account's jobs have cost a part; an account's own bound goes before. Replies
    are looked at from `since` (Unix ms) on."""
    count = tables.queue_count.c
    number = None if account is None else account_number(connection, account)
    doubt = select(func.coalesce(func.sum(count.messages), 0)).where(count.state == "uncertain")
    if number is not None:
        doubt = (
            doubt.select_from(tables.queue_count)
            .join(tables.queue, tables.queue.c.id == count.queue_id)
            .join(tables.job, _JOB.id == tables.queue.c.job_id)
            .where(_JOB.account_id == number)
        )
    uncertain = connection.scalar(doubt)
    left = (
        select(tables.queue.c.job_id)
        .join_from(tables.queue, tables.queue_count, count.queue_id == tables.queue.c.id)
        .where(count.state.in_(_OPEN), count.messages > 0)
    )
    paused = connection.execute(
        select(tables.account.c.name, _JOB.name)
        .join_from(tables.job, tables.account, tables.account.c.id == _JOB.account_id)
        .where(_JOB.state == "paused", _JOB.id.in_(left), _of(_JOB.account_id, number))
        .order_by(_JOB.id)
        .limit(100)
    )
    credit = low_credit(connection, low=low, number=number)
    reviews = connection.scalar(
        select(func.count())
        .select_from(tables.inbound)
        .where(
            *(text("inbound.review = 'opt_out'"), tables.inbound.c.received_at >= since),
            _of(tables.inbound.c.account_id, number),
        )
    )
    return Attention(
        int(uncertain or 0),
        tuple(f"{row[0]}/{row[1]}" for row in paused),
        tuple((each.account, each.balance, each.waiting) for each in credit),
        int(reviews or 0),
    )


@dataclass(frozen=True, slots=True)
class LowCredit:
    """An account whose credit runs low, or no longer pays for what waits."""

    account: str
    balance: int
    waiting: int
    """Messages that wait for credit."""


def low_credit(connection: Connection, *, low: int | None, number: int | None = None) -> tuple[LowCredit, ...]:
    """Returns the accounts whose credit runs low: of one, or of all. `low` as `attention` has it."""
    count = tables.queue_count.c
    waiting = {
        row.account_id: int(row.messages)
        for row in connection.execute(
            select(_JOB.account_id, func.sum(count.messages).label("messages"))
            .join_from(tables.job, tables.queue, tables.queue.c.job_id == _JOB.id)
            .join(tables.queue_count, count.queue_id == tables.queue.c.id)
            .where(tables.queue.c.held_reason == "credit", count.state.in_(["queued", "scheduled"]))
            .group_by(_JOB.account_id)
        )
    }
    dearest = (
        select(_JOB.account_id, func.max(_JOB.unit_price).label("price"))
        .where(_JOB.unit_price > 0)
        .group_by(_JOB.account_id)
        .subquery()
    )
    accounts = connection.execute(
        select(tables.account.c.id, tables.account.c.name, tables.account.c.balance, dearest.c.price)
        .join(dearest, dearest.c.account_id == tables.account.c.id)
        .where(_of(tables.account.c.id, number))
        .order_by(tables.account.c.name)
    )
    bounds = low_bounds(connection)
    return tuple(
        LowCredit(row.name, row.balance, waiting.get(row.id, 0))
        for row in accounts
        if _is_low(row, waiting, bounds, low)
    )


def _of(column: ColumnElement[int] | ColumnElement[int | None], number: int | None) -> ColumnElement[bool]:
    """Returns the condition that a row is that account's; one that always holds for None."""
    return true() if number is None else column == number


def _is_low(row: AnyRow, waiting: Mapping[int, int], bounds: Mapping[str, int], low: int | None) -> bool:
    bound = bounds.get(row.name, row.price * LOW_PARTS if low is None else low)
    return bool(row.balance < bound or waiting.get(row.id))


# ------------------------------------------------------------------------------------------------------------- by cause

_BAD: Final = ("failed", "undelivered", "invalid", "uncertain", "expired", "cancelled")


def reasons_of(connection: Connection, *, job_id: int) -> dict[str, dict[str, int]]:
    """Returns how many messages of a job ended badly, by state and reason. Reads the job's rows: for a look."""
    rows = connection.execute(
        select(_MESSAGE.state, _MESSAGE.reason, func.count())
        .where(_MESSAGE.job_id == job_id, _MESSAGE.state.in_(_BAD))
        .group_by(_MESSAGE.state, _MESSAGE.reason)
        .order_by(func.count().desc())
    )
    found: dict[str, dict[str, int]] = {}
    for state, reason, count in rows:
        found.setdefault(state, {})[reason or ""] = int(count)
    return found


def sums_by_job(connection: Connection, *, name: str) -> list[Sums]:
    """Returns what each job of an account has moved, the latest first; what belongs to none is under None."""
    number = account_number(connection, name)
    table = tables.transfer.c

    def total(*kinds: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((table.kind.in_(kinds), table.amount), else_=0)), 0)

    rows = connection.execute(
        select(
            _JOB.name,
            total("grant").label("granted"),
            total("charge").label("charged"),
            (total("hold") - total("charge", "release")).label("held"),
            func.max(table.at).label("last_at"),
        )
        .select_from(
            tables.transfer.outerjoin(tables.attempt, tables.attempt.c.id == table.attempt_id)
            .outerjoin(tables.message, _MESSAGE.id == tables.attempt.c.message_id)
            .outerjoin(tables.job, _JOB.id == _MESSAGE.job_id)
        )
        .where(table.account_id == number)
        .group_by(_JOB.name)
        .order_by(func.max(table.at).desc())
        .limit(SUMS_MOST)
    )
    return [Sums(row[0], int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in rows]
