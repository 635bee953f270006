"""One transaction of the writer: the rows it works on, and all that it will write when it is flushed.

Commands of one batch that touch the same message, account, job or queue share one row here, so that each is written
once however many commands had a say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from gatewayd.store.contacts.evidence import Evidence
from gatewayd.store.contacts.rulebook import Rulebook
from gatewayd.store.credit.book import Book
from gatewayd.store.ids import ConcatReferences, Ids
from gatewayd.store.public_ids import Stamps
from gatewayd.store.sending.counts import HELD, Counts, word
from gatewayd.store.sending.early import EarlyReports
from gatewayd.store.sending.journal import RECEIPTED, Journal
from gatewayd.store.sending.rows import COLUMNS, JobInfo, Jobs, MessageRow
from gatewayd.store.sending.tallies import HOUR_MS, Tallies
from gatewayd.store.session import Row, Session, Statement, among, setting
from gatewayd.store.tables import attempt, message

_LOAD: Final = Statement(
    select(*(message.c[name] for name in COLUMNS), attempt.c.number, attempt.c.state, attempt.c.started_at)
    .select_from(message.outerjoin(attempt, attempt.c.id == message.c.attempt_id))
    .where(among(message.c.id))
    .with_for_update(of=message)
)
_SAVE: Final = setting(
    message,
    "encoding segments state final reason due tries attempt_id line concat_ref cost updated_at detail",
    "id",
)
_KEEP: Final = setting(message, "options", "id")


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered between transactions; the store alone decides."""

    stamps: Stamps
    jobs: Jobs
    early: EarlyReports
    ids: Ids
    concat: ConcatReferences
    report_wait_ms: int
    rules: Rulebook


class Unit:
    """The unit of work of one transaction."""

    __slots__ = (
        "after_commit",
        "book",
        "consumed",
        "counts",
        "evidence",
        "jobs",
        "journal",
        "memory",
        "messages",
        "options",
        "session",
        "tallies",
    )

    def __init__(self, session: Session, memory: Memory) -> None:
        self.session = session
        self.memory = memory
        self.jobs = memory.jobs
        self.messages: dict[int, MessageRow] = {}
        self.options: dict[int, str | None] = {}
        """What messages keep for their next try, where that changes. It can be long, so it is no part of their rows."""
        self.book = Book(session)
        self.counts = Counts()
        self.evidence = Evidence()
        self.tallies = Tallies()
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
        """Takes a row of `COLUMNS`, attempt's number, state and start, as it was read in this transaction."""
        final = bool(row[9])
        was = (row[8] if row[8] != HELD else word(HELD, row[10]), final, row[7], row[16], row[14], row[21])
        found = MessageRow(*(*row[:9], final, *row[10:], was))
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
            counted = row.state if row.state != HELD else word(HELD, row.reason)
            if row.was != (counted, row.final, row.segments, row.cost, row.line, row.sent_at):
                self._count(row, counted)
        self.session.many(_SAVE, rows)
        self.messages.clear()
        if self.options:
            self.session.many(_KEEP, [(options, number) for number, options in sorted(self.options.items())])
            self.options.clear()

    def _count(self, row: MessageRow, counted: str) -> None:
        """Moves a message from where it was counted to where it counts now."""
        state, final, segments, cost, line, sent_at = row.was
        if (counted, row.final, row.segments) != (state, final, segments):
            self.counts.add(row.queue_id, state, final, -1, -segments)
            self.counts.add(row.queue_id, counted, row.final, 1, row.segments)
        was_told, is_told = state in RECEIPTED, row.state in RECEIPTED
        if not was_told and not is_told:
            return
        info = self.job(row.job_id)
        if was_told:
            # One that ended before any attempt is moved no more: its hour is that of its end.
            hour = (row.updated_at if sent_at is None else sent_at) // HOUR_MS
            was = (hour, info.account_id, info.channel, line or "" if sent_at else "", state)
            self.tallies.add(was, -1, -segments, -cost)
        if is_told:
            hour = (row.updated_at if row.sent_at is None else row.sent_at) // HOUR_MS
            now = (hour, info.account_id, info.channel, row.line or "" if row.sent_at else "", row.state)
            self.tallies.add(now, 1, row.segments, row.cost)

    def reset(self) -> None:
        """Forgets what was read and not written: the database has undone what it stood on."""
        self.messages.clear()
        self.options.clear()
        self.book = Book(self.session)
        self.counts = Counts()
        self.evidence = Evidence()
        self.tallies = Tallies()
        self.journal = Journal(self.memory.stamps)
        self.jobs.forget()
        self.memory.rules.forget()

    def flush(self) -> None:
        """Writes everything down; the transaction may go on."""
        self.flush_messages()
        self.book.flush()
        self.counts.flush(self.session)
        self.evidence.flush(self.session)
        self.tallies.flush(self.session)
        self.journal.flush(self.session)
