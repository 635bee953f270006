"""Reading the store: read-only connections of its own, short snapshots, plain synchronous functions.

Call it from a thread of its own (or two), never from the event loop. A `Reader` may be shared between threads; each
call takes a connection, reads one consistent snapshot and gives it back, so that nothing keeps the writer's log from
being checkpointed. No page, summary or metric here counts messages: they add up `queue_count`.

Times are ms of Unix time, money millionths of the currency, as stored. `now` is an argument, for a waiting message's
state depends on it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Final, TypeVar

from sqlalchemy import Connection, func, make_url, select
from sqlalchemy.exc import DBAPIError

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.beside import SNAPSHOT_S, Beside
from gatewayd.store.commands import AccountInfo
from gatewayd.store.contacts import blocklist
from gatewayd.store.faults import interrupted, translated
from gatewayd.store.reading_engine import BUSY_S, CACHE_KIB, reading_engine
from gatewayd.store.sending import queries
from gatewayd.store.sending.counts import meaning
from gatewayd.store.sending.queries import AnyRow
from gatewayd.store.snapshots import (
    BlockedNumber,
    DoubtfulOptOut,
    Hold,
    JobSummary,
    LineCount,
    MessageView,
    Page,
    QueueDepth,
    TransferView,
)
from gatewayd.values.errors import NotFoundError, StoreError, UnavailableError, UsageError
from gatewayd.values.model import WAITING, State, ulid, ulid_number
from gatewayd.values.staff import ACCOUNT as STAFF
from gatewayd.words.translation import gettext as _

PAGE: Final = 100
PAGE_MAX: Final = 1000


R = TypeVar("R")


class Reader:
    """All questions that commands, the API and metrics ask of the store. Raises NotFoundError for what is not there."""

    def __init__(
        self, url: str, *, password: str | None = None, pool: int = 2, beside: bool = False, apart: bool = False
    ) -> None:
        """`beside`: the web process reads, whether the daemon runs or not, and no snapshot may last long. `apart`: as a
        user of its own, whose role in PostgreSQL must not be able to change the store."""
        self._beside: Beside | None = None
        parsed = make_url(url)
        if beside and parsed.get_backend_name() == "sqlite":
            self._beside = Beside(parsed, pool=pool, busy_s=BUSY_S, cache_kib=CACHE_KIB)
            self._engine = self._beside.engine
        else:
            limit_s = SNAPSHOT_S if beside else None
            self._engine = reading_engine(url, password=password, pool=pool, limit_s=limit_s, apart=apart)
        self._url = url
        self._salt: int | None = None
        self.patience: Callable[[], float] = lambda: 1.0
        """Which share of the time that a search may take it should take now: less than 1 where many wait."""

    def close(self) -> None:
        self._engine.dispose()
        if self._beside is not None:
            self._beside.close()

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                bounded = nullcontext() if self._beside is None else self._beside.over(connection)
                with bounded, connection.begin():
                    yield connection
        except (DBAPIError, sqlite3.Error) as error:
            if interrupted(error):
                sentence = _("this takes too long to read; choose a shorter period or a narrower filter")
                raise UnavailableError(sentence) from error
            # Beside the daemon a store that is just being opened, or not there yet, is no defect.
            kind = StoreError if self._beside is None else UnavailableError
            raise translated(error, self._url, kind, _("the store cannot be read: {error}")) from error

    def salt(self) -> int:
        """Returns the store's 16-bit number, part of every public id."""
        if self._salt is None:
            with self._snapshot() as connection:
                value = connection.scalar(select(tables.setting.c.value).where(tables.setting.c.key == "salt"))
            if value is None:
                raise StoreError(_("the store was never set up"))
            self._salt = int(value)
        return self._salt

    def ask(self, question: Callable[[Connection], R]) -> R:
        """Answers a wing's own question, in one snapshot of the store."""
        with self._snapshot() as connection:
            return question(connection)

    # ------------------------------------------------------------------------------------------------------------- jobs

    def jobs(
        self, now: int, *, account: str | None = None, cursor: str | None = None, limit: int = PAGE
    ) -> Page[JobSummary]:
        """Returns the visible jobs, newest first."""
        limit = _limit(limit)
        shown = tables.account.c.name != STAFF
        statement = queries.JOBS.where(shown).order_by(tables.job.c.id.desc()).limit(limit + 1)
        if account is not None:
            statement = statement.where(tables.account.c.name == account)
        if cursor is not None:
            statement = statement.where(tables.job.c.id < _number(cursor))
        with self._snapshot() as connection:
            page, following = _cut(connection.execute(statement).all(), limit, "id")
            return Page(tuple(queries.summaries(connection, page, now)), following)

    def job(self, name: str, now: int) -> JobSummary:
        """Returns the job called `ACCOUNT/JOB`, or `JOB` where that is unique (UsageError where it is not)."""
        with self._snapshot() as connection:
            return next(queries.summaries(connection, [queries.job_named(connection, name)], now))

    def job_by_number(self, job_id: int, now: int) -> JobSummary:
        with self._snapshot() as connection:
            row = connection.execute(queries.JOBS.where(tables.job.c.id == job_id)).one_or_none()
            if row is None:
                raise NotFoundError(_("no job {job}").format(job=job_id))
            return next(queries.summaries(connection, [row], now))

    def owners(self, jobs: Sequence[int], node: str) -> dict[int, str]:
        """Returns the account of each of these jobs; those that are gone, or another node's, are left out."""
        with self._snapshot() as connection:
            return queries.owners(connection, jobs, node)

    def unwritten_jobs(self, node: str) -> list[int]:
        """Returns the jobs of a node with receipts that no file holds yet."""
        with self._snapshot() as connection:
            return list(connection.scalars(queries.UNWRITTEN_JOBS, {"node": node}))

    # --------------------------------------------------------------------------------------------------------- messages

    def messages(
        self, job: str, now: int, *, state: State | None = None, cursor: str | None = None, limit: int = PAGE
    ) -> Page[MessageView]:
        """Messages of a job in the order they were recorded: all, or those in one state as people see it."""
        table, salt, limit = tables.message.c, self.salt(), _limit(limit)
        with self._snapshot() as connection:
            found = queries.job_named(connection, job)
            held = queries.holds(connection, found.id, now)
            statement = queries.MESSAGES.where(table.job_id == found.id).order_by(table.id).limit(limit + 1)
            if cursor is not None:
                statement = statement.where(table.id > _number(cursor))
            if state is not None:
                summary = next(queries.summaries(connection, [found], now))
                # What is not there would be looked for through the whole job. Sums do not know the own time of a
                # waiting row, so that waiting states are looked for as soon as anything (that may be held) waits.
                resting = state is not State.HELD or held or found.state == "paused"
                wanted = WAITING if state in WAITING and resting else {state}
                if not any(summary.counts.get(one, 0) for one in wanted):
                    return Page((), None)
                statement = statement.where(queries.in_state(state, found, held, now))
            page, following = _cut(connection.execute(statement).all(), limit, "id")
            views = [queries.message_view(row, found, held, salt=salt, now=now) for row in page]
            return Page(tuple(views), following)

    def message(self, public: str, now: int) -> MessageView:
        """Returns one message by its public id, with attempts and parts."""
        try:
            number = ulid_number(public)
        except ValueError:
            raise UsageError(_("not the id of a message: {message}").format(message=public)) from None
        found = self.message_by_number(number, now) if number < 2**63 else None
        if found is None or found.public != public.upper():
            raise NotFoundError(_("no message {message}").format(message=public))
        return found

    def message_by_number(self, number: int, now: int) -> MessageView:
        """Returns one message by its row number in the store, with attempts and parts."""
        salt = self.salt()
        with self._snapshot() as connection:
            row = connection.execute(queries.MESSAGES.where(tables.message.c.id == number)).one_or_none()
            job = None
            if row is not None:
                job = connection.execute(queries.JOBS.where(tables.job.c.id == row.job_id)).one_or_none()
            if row is None or job is None:  # no job: it is being recorded, or was refused
                raise NotFoundError(_("no such message"))
            return queries.message_view(
                row,
                job,
                queries.holds(connection, job.id, now),
                salt=salt,
                now=now,
                attempts=queries.attempts(connection, number, salt),
            )

    def recent(self, now: int, *, limit: int = 20) -> Sequence[MessageView]:
        """Returns the messages that were tried last, newest first."""
        salt, tried = self.salt(), tables.attempt.c
        latest = select(tried.message_id).order_by(tried.id.desc()).limit(_limit(limit)).subquery("latest")
        statement = queries.MESSAGES.where(tables.message.c.id.in_(select(latest.c.message_id)))
        with self._snapshot() as connection:
            rows = connection.execute(statement.order_by(tables.message.c.attempt_id.desc())).all()
            ids = {row.job_id for row in rows}
            jobs = {job.id: job for job in connection.execute(queries.JOBS.where(tables.job.c.id.in_(ids)))}
            held = {job_id: queries.holds(connection, job_id, now) for job_id in jobs}
            return [
                queries.message_view(row, jobs[row.job_id], held[row.job_id], salt=salt, now=now)
                for row in rows
                if row.job_id in jobs
            ]

    # --------------------------------------------------------------------------------------------------------- accounts

    def accounts(self) -> Sequence[AccountInfo]:
        """Returns all accounts, by name."""
        with self._snapshot() as connection:
            rows = connection.execute(queries.ACCOUNTS.order_by(tables.account.c.name))
            return [queries.account_info(row) for row in rows]

    def account(self, name: str) -> AccountInfo:
        with self._snapshot() as connection:
            row = connection.execute(queries.ACCOUNTS.where(tables.account.c.name == name)).one_or_none()
        if row is None:
            raise NotFoundError(_("no account {account}").format(account=name))
        return queries.account_info(row)

    def statement(self, name: str, *, cursor: str | None = None, limit: int = PAGE) -> Page[TransferView]:
        """Returns the transfers of an account, newest first."""
        account, limit, salt = self.account(name), _limit(limit), self.salt()
        table = tables.transfer.c
        statement = queries.TRANSFERS.where(table.account_id == account.id).order_by(table.id.desc()).limit(limit + 1)
        if cursor is not None:
            statement = statement.where(table.id < _number(cursor))
        with self._snapshot() as connection:
            page, following = _cut(connection.execute(statement).all(), limit, "id")
        views = [
            TransferView(
                id=row.id,
                at=row.at,
                kind=row.kind,
                amount=row.amount,
                job=row.job,
                message=None if row.job is None else ulid(row.created_at, salt, row.message_id),
                part=row.part,
                note=row.note or None,
            )
            for row in page
        ]
        return Page(tuple(views), following)

    # ------------------------------------------------------------------------------------------------------------ lines

    def line_counts(self, day: str) -> Mapping[str, LineCount]:
        """Counters and a person's word of every line that has any: of `day` (YYYY-MM-DD) and of its month."""
        table = tables.line_count.c
        statement = select(
            table.line,
            func.sum(table.segments).filter(table.day == day).label("day_segments"),
            func.sum(table.messages).filter(table.day == day).label("day_messages"),
            func.sum(table.segments).label("month_segments"),
        ).where(table.day.between(f"{day[:7]}-01", f"{day[:7]}-31"))
        with self._snapshot() as connection:
            words = {row.name: row.enabled for row in connection.execute(select(tables.line))}
            counts = {row.line: row for row in connection.execute(statement.group_by(table.line))}
        found = {}
        for name in sorted(words.keys() | counts.keys()):
            row = counts.get(name)
            found[name] = LineCount(
                line=name,
                enabled=words.get(name),
                segments_today=int(row.day_segments or 0) if row else 0,
                messages_today=int(row.day_messages or 0) if row else 0,
                segments_month=int(row.month_segments or 0) if row else 0,
            )
        return found

    # -------------------------------------------------------------------------------------------------------- blocklist

    def blocklist(
        self, *, account: str | None = None, own: bool = False, cursor: str | None = None, limit: int = PAGE
    ) -> Page[BlockedNumber]:
        """Returns what is on the lists: of all accounts, or what one of them obeys (its own and everybody's; `own`: its
        own alone)."""
        limit = _limit(limit)
        with self._snapshot() as connection:
            number = None if account is None else account_number(connection, account)
            found = blocklist.page(connection, account_id=number, own=own, after=cursor, limit=limit + 1)
            page = found[:limit]
            return Page(tuple(page), blocklist.place(page[-1]) if len(found) > limit else None)

    def doubtful(
        self, since: int, *, account: str | None = None, cursor: str | None = None, limit: int = PAGE
    ) -> Page[DoubtfulOptOut]:
        """Returns received texts that may be opt-outs, of all accounts or one, newest first, but for those whose
        senders are on the list already."""
        table, salt, limit = tables.inbound, self.salt(), _limit(limit)
        listed = blocklist.holds(table.c.sender, func.coalesce(table.c.account_id, 0))
        statement = (
            select(table)
            .where(table.c.review == "opt_out", table.c.received_at >= since, ~listed)
            .order_by(table.c.id.desc())
            .limit(limit + 1)
        )
        if cursor is not None:
            statement = statement.where(table.c.id < _number(cursor))
        with self._snapshot() as connection:
            if account is not None:
                statement = statement.where(table.c.account_id == account_number(connection, account))
            page, following = _cut(connection.execute(statement).all(), limit, "id")
        found = [
            DoubtfulOptOut(ulid(row.received_at, salt, row.id), row.at, row.line, row.sender, row.text) for row in page
        ]
        return Page(tuple(found), following)

    # ------------------------------------------------------------------------------------------------------------ queue

    def depth(self, now: int, account: str | None = None) -> QueueDepth:
        """Returns what waits, is in work and is in doubt, over all jobs or an account's; and how long the oldest due
        message has waited."""
        counts: Counter[State] = Counter()
        held: Counter[str] = Counter()
        going: set[int] = set()
        with self._snapshot() as connection:
            statement = queries.DEPTH
            if account is not None:
                statement = statement.where(tables.job.c.account_id == account_number(connection, account))
            for row in connection.execute(statement):
                state, reason = meaning(row.state)
                if state in WAITING:
                    hold = Hold(row.job_state, row.held_reason, row.not_before, row.held_until)
                    state, reason = hold.of(state, reason, None, now)
                counts[state] += row.messages
                if state is State.HELD:
                    held[reason or "cap"] += row.messages
                elif state in WAITING:
                    going.add(row.queue_id)
            oldest = None
            if going:
                oldest = connection.scalar(select(func.min(queries.FIRST_DUE)).where(tables.queue.c.id.in_(going)))
        age_s = 0.0 if oldest is None or oldest > now else (now - oldest) / 1000
        return QueueDepth(dict(counts), dict(held), age_s)


def _limit(limit: int) -> int:
    return max(1, min(limit, PAGE_MAX))


_OUTSIDE: Final = 1 << 63
"""The first number that no column holds."""


def _number(cursor: str) -> int:
    try:
        number = int(cursor)
    except ValueError:
        number = _OUTSIDE
    if not -_OUTSIDE < number < _OUTSIDE:
        raise UsageError(_("not a cursor of this list: {cursor}").format(cursor=cursor[:40]))
    return number


def _cut(rows: Sequence[AnyRow], limit: int, key: str) -> tuple[Sequence[AnyRow], str | None]:
    """Returns the page and the cursor of what follows; `rows` holds one more than the page where something follows."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], str(getattr(rows[limit - 1], key))
