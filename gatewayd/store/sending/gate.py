"""The rules of contact as sending obeys them: asked when messages are claimed, and again at their point of no return.

What is kept back waits until the instant of its verdict; either way the decision leaves its evidence, in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from gatewayd.contact.judge import Contact, Verdict, judge
from gatewayd.store.contacts import caps
from gatewayd.store.contacts.rulebook import Course, Standing, zone_of
from gatewayd.store.sending import counts, staleness
from gatewayd.store.sending.rows import COLUMNS
from gatewayd.store.session import Row, Statement, given, setting
from gatewayd.store.tables import account, attempt, customer, job, message, queue, queue_count
from gatewayd.store.tables.base import of
from gatewayd.store.tables.sending import WAITS
from gatewayd.values.model import State

if TYPE_CHECKING:
    from sqlalchemy import Select

    from gatewayd.store.sending.rows import JobInfo, MessageRow
    from gatewayd.store.sending.unit import Unit

ROUNDS: Final = 8
PORTION: Final = 128
"""Rows that one claim looks at, most: a thousand that caps keep back, without a transaction for each."""

_BESIDE: Final = (
    *(attempt.c.number, attempt.c.state, attempt.c.started_at),
    *(message.c.text, message.c.options, message.c.cause_id),
)


def with_people(conditions: Iterable[object]) -> Select[tuple[object, ...]]:
    """Returns the statement of claims with each message's person and that one's zone behind its columns."""
    return (
        select(*(message.c[name] for name in COLUMNS), *_BESIDE, message.c.person_id, customer.c.zone)
        .select_from(
            message.outerjoin(attempt, attempt.c.id == message.c.attempt_id).outerjoin(
                customer, customer.c.id == message.c.person_id
            )
        )
        .where(*conditions)  # type: ignore[arg-type]
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that asks to go."""

    account_id: int
    job_id: int
    message_id: int
    attempt_id: int
    to: str | None
    person_id: int | None
    zone: str | None
    klass: str
    channel: str
    now: int

    @property
    def person(self) -> str:
        return caps.key(self.person_id, self.to)


class Gate:
    """Of one transaction: it remembers whom it has let go, so that two messages to one person do not pass together."""

    __slots__ = ("_past", "_unit")

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._past: dict[tuple[int, str], list[Contact]] = {}

    def standing(self, account_id: int) -> Standing:
        return self._unit.memory.rules.of(self._unit.session, account_id)

    def learn(self, asked: Iterable[Asked], *, lock: bool) -> None:
        """Reads what the people have got for whom caps hold: one statement for all messages of an account."""
        wanted: dict[int, tuple[int, set[str]]] = {}
        for one in asked:
            course = self.standing(one.account_id).course(one.klass, one.channel)
            if course is None or not course.capped:
                continue
            since, people = wanted.get(one.account_id, (one.now, set()))
            people |= {one.person} if one.to is None else {one.person, one.to}
            wanted[one.account_id] = min(since, one.now - course.lookback_ms), people
        for account_id, (since, people) in wanted.items():
            if lock:
                caps.lock(self._unit.session, account_id, people)
            for person, contacts in caps.past(self._unit.session, account_id, people, since).items():
                self._past[account_id, person] = contacts

    def judge(self, asked: Asked) -> Verdict | None:
        """Returns whether a message may go; None where no rules hold for it. Its person is learned already."""
        standing = self.standing(asked.account_id)
        course = standing.course(asked.klass, asked.channel)
        if course is None:
            return None
        zone = zone_of(asked.zone, standing) if asked.zone else standing.zone
        past = self._contacts(asked) if course.capped and self._past else ()
        if not past:
            return course.free(asked.now, zone)
        return judge(course.rules, course.klass, course.channel, asked.now, zone, past)

    def _contacts(self, asked: Asked) -> list[Contact]:
        found = self._past.get((asked.account_id, asked.person), [])
        if asked.person_id is None or asked.to is None:
            return found
        # What the number got while nobody knew whose it was.
        return [*found, *self._past.get((asked.account_id, asked.to), ())]

    def passes(self, asked: Asked, verdict: Verdict) -> None:
        """A message passes its point of no return: it counts from now on."""
        self._note(asked, verdict, "go", asked.attempt_id)
        course = self.standing(asked.account_id).course(asked.klass, asked.channel)
        if course is not None and course.capped:
            contact = Contact(asked.now, asked.channel, course.klass)
            self._past.setdefault((asked.account_id, asked.person), []).append(contact)

    def kept_back(self, asked: Asked, verdict: Verdict) -> None:
        """A message must wait."""
        self._note(asked, verdict, verdict.reason or "", None)

    def _note(self, asked: Asked, verdict: Verdict, word: str, attempt_id: int | None) -> None:
        self._unit.evidence.add(
            at=asked.now,
            account_id=asked.account_id,
            person=asked.person,
            to=asked.to,
            job_id=asked.job_id,
            message_id=asked.message_id,
            attempt_id=attempt_id,
            klass=asked.klass,
            channel=asked.channel,
            rule=verdict.rule,
            version=verdict.version,
            verdict=word,
            until=verdict.until,
        )


# --------------------------------------------------------------------------------------------------------------- claims


@dataclass(slots=True)
class Found:
    """The rows of a queue that claims may have, in their order; the last may not be due yet."""

    rows: list[Row]
    ends: dict[int, int | None]
    """When the hours of each end."""
    kept: int = 0
    """Rows that rules keep back since just now."""
    until: int | None = None
    """When the first of those may go."""
    reason: str = "cap"
    more: bool = False
    """There may be more that are due."""


class Sieve:
    """Reads a queue for claims where rules hold by message: caps, or people with zones of their own."""

    def __init__(self, unit: Unit, info: JobInfo, course: Course) -> None:
        self._unit = unit
        self._info = info
        self._course = course
        self._gate = Gate(unit)

    def read(self, statement: Statement, queue_id: int, want: int, now: int) -> Found:
        """Returns up to `want` rows that may go, and one more that tells when to come again."""
        found = Found([], {})
        limit = want
        for _ in range(ROUNDS):
            found.rows, kept = self.sift(self._unit.session.all(statement, queue_id, limit), found, now)
            found.more = bool(kept)
            if not kept:
                break
            limit = max(want, PORTION)
        return found

    def sift(self, rows: list[Row], found: Found, now: int) -> tuple[list[Row], int]:
        """Keeps back what may not go; returns the others without their people, and how many were kept."""
        rows, old = staleness.sift(self._unit, self._info.account_id, rows, -3, now)
        if old:
            found.kept += old
            found.reason = staleness.STALE
        asked = [self._asked(row, now) for row in rows if row[_DUE] <= now]
        self._gate.learn(asked, lock=False)
        good: list[Row] = []
        kept = old
        for row, one in zip(rows, asked, strict=False):
            verdict = self._gate.judge(one)
            if verdict is None or verdict.go:
                good.append(row[:-2])
                found.ends[one.message_id] = None if verdict is None else verdict.ends
                continue
            kept += 1
            self._keep(row, one, verdict, found)
        if kept:
            self._unit.flush_messages()
        return [*good, *(row[:-2] for row in rows[len(asked) :])], kept

    def _asked(self, row: Row, now: int) -> Asked:
        info = self._info
        return Asked(*(info.account_id, info.id, row[0], 0, row[_TO], row[-2], row[-1], info.klass, info.channel, now))

    def _keep(self, row: Row, asked: Asked, verdict: Verdict, found: Found) -> None:
        kept = self._unit.keep(row[:-5])
        until = asked.now + 1 if verdict.until is None else max(verdict.until, asked.now + 1)
        if (kept.state, kept.reason) != (State.HELD.value, verdict.reason):
            self._gate.kept_back(asked, verdict)
        keep_back(self._unit, kept, replace(verdict, until=until), asked.now)
        found.kept += 1
        found.reason = verdict.reason or found.reason
        found.until = until if found.until is None else min(found.until, until)


def keep_back(unit: Unit, row: MessageRow, verdict: Verdict, now: int) -> None:
    """A message waits until the instant of its verdict."""
    row.due = now if verdict.until is None else verdict.until
    unit.turn(row, State.HELD.value, now, reason=verdict.reason, final=False)


_DUE: Final = COLUMNS.index("due")
_TO: Final = COLUMNS.index("to")


# --------------------------------------------------------------------------------------------------------- looked again

LOOKED_AGAIN: Final = 2_000
"""Rows of one transaction."""
_KEPT: Final = Statement(
    select(queue.c.id)
    .select_from(
        queue_count.join(queue, queue.c.id == queue_count.c.queue_id)
        .join(job, job.c.id == queue.c.job_id)
        .join(account, account.c.id == job.c.account_id)
    )
    .where(
        counts.WAITS,
        queue_count.c.state.in_([counts.HELD, counts.HELD_WINDOW, counts.HELD_STALE]),
        or_(given(account.c.name) == "", account.c.name == given(account.c.name)),
    )
    .distinct()
    .order_by(queue.c.id),
    "p_name",
)
_ROWS: Final = Statement(
    select(message.c.id)
    .where(
        message.c.queue_id == given(message.c.queue_id),
        of("message", WAITS),
        message.c.state == "held",
        message.c.due > given(message.c.due),
    )
    .limit(given(message.c.id, "p_limit")),
    "p_queue_id p_due p_limit",
)
_DUE_NOW: Final = setting(message, "due", "id")


def look_again(unit: Unit, account_name: str | None, now: int) -> bool:
    """Rules have changed: what they keep back is due at once, and judged anew when it is claimed. Of one account, or of
    all; a portion. Returns whether there may be more."""
    unit.flush()
    unit.memory.rules.forget()
    left = LOOKED_AGAIN
    for (queue_id,) in unit.session.all(_KEPT, account_name or ""):
        rows = unit.session.all(_ROWS, queue_id, now, left)
        unit.session.many(_DUE_NOW, [(now, row[0]) for row in rows])
        left -= len(rows)
        if left <= 0:
            return True
    return False
