"""One transaction of the writer: the rows it works on, and all that it will write when it is flushed.

Commands of one batch that touch the same message, account, job or queue share one row here, so that each is written
once however many commands had a say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from gatewayd.model import Priority
from gatewayd.store.accounts import Book
from gatewayd.store.counts import Counts
from gatewayd.store.early import EarlyReports
from gatewayd.store.ids import ConcatReferences, Ids
from gatewayd.store.receipts import RECEIPTED, Journal, text
from gatewayd.store.schema import attempt, job, message
from gatewayd.store.session import Row, Session, Statement, among, given, setting
from gatewayd.store.stamp import Stamps


@dataclass(frozen=True, slots=True)
class JobInfo:
    """What never changes of a job."""

    id: int
    account_id: int
    name: str
    channel: str
    priority: Priority
    not_before: int | None
    not_after: int | None
    resend: bool
    unit_price: int
    created_at: int
    json_name: str


@dataclass(slots=True)
class MessageRow:
    """A message as this transaction sees it, without its text; `number` and `attempt_state` are its attempt's."""

    id: int
    job_id: int
    queue_id: int
    row: int
    ref: str | None
    to: str | None
    encoding: str
    segments: int
    state: str
    final: bool
    reason: str | None
    due: int
    tries: int
    attempt_id: int | None
    line: str | None
    concat_ref: int | None
    cost: int
    updated_at: int
    detail: str | None
    number: int | None
    attempt_state: str | None
    was: tuple[str, bool, int]
    """State, final and segments as they are counted."""
    dirty: bool = False


COLUMNS: Final = [
    "id",
    "job_id",
    "queue_id",
    "row",
    "ref",
    "to",
    "encoding",
    "segments",
    "state",
    "final",
    "reason",
    "due",
    "tries",
    "attempt_id",
    "line",
    "concat_ref",
    "cost",
    "updated_at",
    "detail",
]
_LOAD: Final = Statement(
    select(*(message.c[name] for name in COLUMNS), attempt.c.number, attempt.c.state)
    .select_from(message.outerjoin(attempt, attempt.c.id == message.c.attempt_id))
    .where(among(message.c.id))
    .with_for_update(of=message)
)
_SAVE: Final = setting(
    message,
    "encoding segments state final reason due tries attempt_id line concat_ref cost updated_at detail",
    "id",
)
_JOB: Final = Statement(
    select(
        job.c.id,
        job.c.account_id,
        job.c.channel,
        job.c.priority,
        job.c.not_before,
        job.c.not_after,
        job.c.resend,
        job.c.unit_price,
        job.c.created_at,
        job.c.name,
    ).where(job.c.id == given(job.c.id)),
    "p_id",
)
_JOBS_KEPT: Final = 1024


class Jobs:
    """What never changes of jobs, remembered between transactions."""

    def __init__(self) -> None:
        self._known: dict[int, JobInfo] = {}

    def of(self, session: Session, job_id: int) -> JobInfo:
        info = self._known.get(job_id)
        if info is None:
            row = session.one(_JOB, job_id)
            assert row is not None, f"no job {job_id}"
            info = JobInfo(
                id=row[0],
                account_id=row[1],
                name=row[9],
                channel=row[2],
                priority=Priority(row[3]),
                not_before=row[4],
                not_after=row[5],
                resend=bool(row[6]),
                unit_price=row[7],
                created_at=row[8],
                json_name=text(row[9]),
            )
            if len(self._known) >= _JOBS_KEPT:
                self._known.clear()
            self._known[job_id] = info
        return info

    def forget(self) -> None:
        """A transaction was rolled back, or jobs were removed: a number may come to mean another job."""
        self._known.clear()


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered between transactions; the store alone decides."""

    stamps: Stamps
    jobs: Jobs
    early: EarlyReports
    ids: Ids
    concat: ConcatReferences
    report_wait_ms: int


class Unit:
    """The unit of work of one transaction."""

    __slots__ = ("after_commit", "book", "consumed", "counts", "jobs", "journal", "memory", "messages", "session")

    def __init__(self, session: Session, memory: Memory) -> None:
        self.session = session
        self.memory = memory
        self.jobs = memory.jobs
        self.messages: dict[int, MessageRow] = {}
        self.book = Book(session)
        self.counts = Counts()
        self.journal = Journal(memory.stamps)
        self.consumed: set[int] = set()
        """Early reports that this transaction has applied."""
        self.after_commit: list[Callable[[], None]] = []
        """What is remembered outside the store, changed only once this is durable."""

    def job(self, job_id: int) -> JobInfo:
        return self.jobs.of(self.session, job_id)

    def load(self, ids: Iterable[int]) -> dict[int, MessageRow]:
        """The messages of these numbers, held for this transaction; those that do not exist are left out."""
        wanted = set(ids)
        missing = wanted - self.messages.keys()
        if missing:
            for row in self.session.among(_LOAD, sorted(missing)):
                self.keep(row)
        known = self.messages
        return {number: known[number] for number in wanted if number in known}

    def keep(self, row: Row) -> MessageRow:
        """Takes a row of `COLUMNS`, attempt's number and state, as it was read in this transaction."""
        state, final, segments = row[8], bool(row[9]), row[7]
        found = MessageRow(*(*row[:9], final, *row[10:], (state, final, segments)))
        self.messages[found.id] = found
        return found

    def turn(self, row: MessageRow, state: str, now: int, *, reason: str | None, final: bool) -> None:
        """The message becomes `state`; a receipt where the state is one that is told."""
        row.state = state
        row.final = final
        row.reason = reason
        row.updated_at = now
        row.dirty = True
        if state in RECEIPTED:
            self.journal.tell(self.job(row.job_id), row, now)

    def charge(self, row: MessageRow, amount: int) -> None:
        """Adds to what the message has cost; the ledger is told apart."""
        if amount:
            row.cost += amount
            row.dirty = True
            self.journal.cost(row.job_id, amount)

    def flush_messages(self) -> None:
        """Writes the changed messages, so that statements see them, and forgets all of them."""
        rows = []
        for number in sorted(self.messages):
            row = self.messages[number]
            if not row.dirty:
                continue
            rows.append(
                (
                    row.encoding,
                    row.segments,
                    row.state,
                    row.final,
                    row.reason,
                    row.due,
                    row.tries,
                    row.attempt_id,
                    row.line,
                    row.concat_ref,
                    row.cost,
                    row.updated_at,
                    row.detail,
                    row.id,
                )
            )
            state, final, segments = row.was
            if row.state != state or row.final != final or row.segments != segments:
                self.counts.add(row.queue_id, state, final, -1, -segments)
                self.counts.add(row.queue_id, row.state, row.final, 1, row.segments)
        self.session.many(_SAVE, rows)
        self.messages.clear()

    def flush(self) -> None:
        """Writes everything down; the transaction may go on."""
        self.flush_messages()
        self.book.flush()
        self.counts.flush(self.session)
        self.journal.flush(self.session)
