"""Claims: messages handed to a line with their price held, and taken back untouched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import delete, select

from gatewayd.store.commands import Claim, Claimed, Unclaim, Work
from gatewayd.store.credit.ledger import Kind
from gatewayd.store.sending import holds, staleness
from gatewayd.store.sending.cuts import Cut, Cutter, parts_of
from gatewayd.store.sending.gate import Found, Sieve, with_people
from gatewayd.store.sending.rows import COLUMNS
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Row, Statement, adding, among, given
from gatewayd.store.tables import attempt, job, message, queue, transfer
from gatewayd.store.tables.base import of
from gatewayd.store.tables.sending import WAITS
from gatewayd.values.model import State, message_state

if TYPE_CHECKING:
    from drivers.base import Encoding
    from gatewayd.store.sending.rows import JobInfo, MessageRow

READY: Final = of("message", WAITS)
"""As the partial index says it, word for word."""

_QUEUE: Final = Statement(
    select(queue.c.job_id, job.c.state, queue.c.held_until)
    .select_from(queue.join(job, job.c.id == queue.c.job_id))
    .where(queue.c.id == given(queue.c.id)),
    "p_id",
)
_BESIDE: Final = (
    attempt.c.number,
    attempt.c.state,
    attempt.c.started_at,
    message.c.text,
    message.c.options,
    message.c.cause_id,
)
_OF_QUEUE: Final = (message.c.queue_id == given(message.c.queue_id), READY)
_NEXT: Final = Statement(
    select(*(message.c[name] for name in COLUMNS), *_BESIDE)
    .select_from(message.outerjoin(attempt, attempt.c.id == message.c.attempt_id))
    .where(*_OF_QUEUE)
    .order_by(message.c.due, message.c.id)
    .limit(given(message.c.id, "p_limit"))
    .with_for_update(of=message, skip_locked=True),
    "p_queue_id p_limit",
)
_NEXT_WITH_PEOPLE: Final = Statement(
    with_people(_OF_QUEUE)
    .order_by(message.c.due, message.c.id)
    .limit(given(message.c.id, "p_limit"))
    .with_for_update(of=message, skip_locked=True),
    "p_queue_id p_limit",
)
_ONE: Final = Statement(
    select(*(message.c[name] for name in COLUMNS), *_BESIDE)
    .select_from(message.outerjoin(attempt, attempt.c.id == message.c.attempt_id))
    .where(message.c.id == given(message.c.id), *_OF_QUEUE)
    .with_for_update(of=message, skip_locked=True),
    "p_id p_queue_id",
)
_ONE_WITH_PEOPLE: Final = Statement(
    with_people((message.c.id == given(message.c.id), *_OF_QUEUE)).with_for_update(of=message, skip_locked=True),
    "p_id p_queue_id",
)
_ADD: Final = adding(attempt, "id message_id number line node epoch state started_at")

_DUE: Final = COLUMNS.index("due")
_SENDING: Final = State.SENDING.value
LOOKED_AHEAD: Final = 200
"""Messages among which one is looked for that is short enough for what a line may still send."""


def claim(unit: Unit, commands: list[Claim]) -> list[Claimed | Exception]:
    """Claims on one queue share one reading of its rows, so that no row is handed out twice."""
    unit.flush_messages()
    by_queue: dict[tuple[int, int | None], list[int]] = defaultdict(list)
    results: list[Claimed | Exception] = [Claimed((), None, None)] * len(commands)
    attempts: list[Row] = []
    for index, command in enumerate(commands):
        if command.only is None:
            by_queue[command.queue_id, command.most].append(index)
        else:
            results[index] = _claim_one(unit, command, command.only, attempts)
            unit.flush_messages()
    for place, ((queue_id, _most), indexes) in enumerate(by_queue.items()):
        if place:
            unit.flush_messages()
        claims = [commands[index] for index in indexes]
        for index, claimed in zip(indexes, _claim_queue(unit, queue_id, claims, attempts), strict=True):
            results[index] = claimed
    unit.session.many(_ADD, attempts)
    return results


def _claim_queue(unit: Unit, queue_id: int, claims: list[Claim], attempts: list[Row]) -> list[Claimed]:
    found = unit.session.one(_QUEUE, queue_id)
    if found is None:
        return [Claimed((), None, None)] * len(claims)
    info = unit.job(found[0])
    now = max(command.now for command in claims)
    blocked = _blocked(info, found[1], now)
    if blocked is not None:
        next_due = info.not_before if blocked == "window" else None
        return [Claimed((), blocked, next_due)] * len(claims)
    # One more than can be claimed: it tells when to come again.
    want = sum(command.limit for command in claims) + (1 if claims[0].most is None else LOOKED_AHEAD)
    standing = unit.memory.rules.of(unit.session, info.account_id)
    course = standing.course(info.klass, info.channel)
    closed = None if course is None else standing.closed(course, now)
    if closed is not None:
        holds.until(unit, info, queue_id, known=found[2], verdict=closed, now=now)
        return [Claimed((), "window", closed.until)] * len(claims)
    if found[2] is not None:
        holds.release(unit, queue_id)
    if course is None:
        (rows, more), ends = staleness.read(unit, info, _NEXT, queue_id, want=want, now=now), _NEVER
    elif not course.capped and not standing.zones:
        rows, more = staleness.read(unit, info, _NEXT, queue_id, want=want, now=now)
        ends = _Ends(course.free(now, standing.zone).ends)
    else:
        sifted = Sieve(unit, info, course).read(_NEXT_WITH_PEOPLE, queue_id, want, now)
        rows, ends, more = sifted.rows, _Ends(None, sifted.ends), sifted.more
        if sifted.kept and not any(row[_DUE] <= now for row in rows):
            unit.journal.tell_queue(info, sifted.reason, sifted.kept, now, sifted.until)
    taker = _Taker(unit, info, rows, attempts, ends)
    taken = [taker.take(command) for command in claims]
    next_due = now if more or taker.passed_over else taker.next_due()
    return [Claimed(tuple(work), blocked, next_due) for work, blocked in taken]


def _claim_one(unit: Unit, command: Claim, message_id: int, attempts: list[Row]) -> Claimed:
    found = unit.session.one(_QUEUE, command.queue_id)
    if found is None:
        return Claimed((), None, None)
    info = unit.job(found[0])
    blocked = _blocked(info, found[1], command.now)
    rows, ends = ([], _NEVER) if blocked is not None else _one(unit, info, command, message_id)
    works, blocked = _Taker(unit, info, rows, attempts, ends).take(command) if rows else ([], blocked)
    return Claimed(tuple(works), blocked, command.now)


def _one(unit: Unit, info: JobInfo, command: Claim, message_id: int) -> tuple[list[Row], _Ends]:
    """Returns the row of the one message that is wanted, where it may go."""
    standing = unit.memory.rules.of(unit.session, info.account_id)
    course = standing.course(info.klass, info.channel)
    if course is None:
        return unit.session.all(_ONE, message_id, command.queue_id), _NEVER
    if standing.closed(course, command.now) is not None:
        return [], _NEVER  # the next claim on its queue says so
    sifted = Found([], {})
    found = unit.session.all(_ONE_WITH_PEOPLE, message_id, command.queue_id)
    rows, _ = Sieve(unit, info, course).sift(found, sifted, command.now)
    return rows, _Ends(None, sifted.ends)


def _blocked(info: JobInfo, state: str, now: int) -> str | None:
    if state != "running":
        return "paused" if state == "loading" else state
    if info.not_before is not None and now < info.not_before:
        return "window"
    if info.not_after is not None and now >= info.not_after:
        return "expired"
    return None


@dataclass(frozen=True, slots=True)
class _Ends:
    """When the hours of contact of messages end: of all, or of each."""

    all: int | None
    each: Mapping[int, int | None] | None = None

    def of(self, message_id: int) -> int | None:
        return self.all if self.each is None else self.each.get(message_id)


_NEVER: Final = _Ends(None)


class _Taker:
    """Hands the rows of one queue to the claims on it, in order."""

    def __init__(self, unit: Unit, info: JobInfo, found: list[Row], attempts: list[Row], ends: _Ends) -> None:
        self._unit = unit
        self._ends = ends
        self._info = info
        self._rows = [(unit.keep(row[:-3]), row[-3] or "", row[-2]) for row in found]
        self._position = 0
        self.passed_over = 0
        """Messages with more parts than the line may still send."""
        self._attempts = attempts
        # Only messages that were tried before can have parts that are not to be sent again.
        tried = [row.id for row, _, _ in self._rows if row.attempt_id is not None] if info.channel == "sms" else []
        self._done = parts_of(unit.session, tried) if tried else {}
        self._cutter = Cutter(info, self._done)
        self._ids = iter(range(0))

    def next_due(self) -> int | None:
        return self._rows[self._position][0].due if self._position < len(self._rows) else None

    def take(self, command: Claim) -> tuple[list[Work], str | None]:
        works: list[Work] = []
        segments = 0
        pots = self._unit.book.pots(self._info.account_id)
        while len(works) < command.limit and segments < command.segments and self._position < len(self._rows):
            row, body, options = self._rows[self._position]
            if row.due > command.now:
                break
            cut = self._cutter.cut(row, body, command.variant)
            if not cut.todo:
                # A late answer said meanwhile that everything was taken.
                self._position += 1
                self._overtaken(row, command.now)
                continue
            if command.most is not None and len(cut.todo) > command.most:
                self._position += 1
                self.passed_over += 1
                continue
            if self._info.unit_price * len(cut.todo) > pots.balance:
                return works, "credit"
            self._position += 1
            works.append(self._hold(row, body, options, cut, command))
            segments += len(cut.todo)
        return works, "room" if self.passed_over and not works else None

    def _hold(self, row: MessageRow, body: str, options: str | None, cut: Cut, command: Claim) -> Work:
        """The message becomes `sending` under a new attempt, its price held."""
        unit, info, now = self._unit, self._info, command.now
        attempt_id = self._attempt_id()
        row.attempt_id = attempt_id
        row.attempt_state = "claimed"
        row.number = number = (row.number or 0) + 1
        row.sent_at = now
        row.line = command.line
        if cut.parts:
            row.segments = len(cut.parts)
        if cut.encoding == "gsm7-es":
            # This line's choice; taken back if nothing leaves.
            row.encoding = cut.encoding
        if row.concat_ref is None and len(cut.parts) > 1:
            row.concat_ref = unit.memory.concat.next(command.line, row.to or "")
        unit.turn(row, _SENDING, now, reason=None, final=False)
        self._attempts.append((attempt_id, row.id, number, command.line, command.node, command.epoch, "claimed", now))
        ends, not_after = self._ends.of(row.id), info.not_after
        if ends is not None:
            not_after = ends if not_after is None else min(not_after, ends)
        for part_number in cut.todo:
            unit.book.hold(info.account_id, attempt=attempt_id, part=part_number, amount=info.unit_price, now=now)
        return Work(
            message_id=row.id,
            attempt_id=attempt_id,
            public=unit.memory.stamps.public(now, attempt_id),
            queue_id=row.queue_id,
            job_id=row.job_id,
            account_id=info.account_id,
            row=row.row,
            to=row.to or "",
            text=body,
            encoding=cast("Encoding", cut.encoding),
            parts=cut.parts,
            todo=cut.todo,
            concat_ref=row.concat_ref or 0,
            number=number,
            tries=row.tries,
            unit_price=info.unit_price,
            resend=info.resend,
            not_after=not_after,
            ends=ends,
            detail=row.detail,
            options=options,
            done=cut.done,
        )

    def _attempt_id(self) -> int:
        number = next(self._ids, None)
        if number is None:
            count = max(1, len(self._rows) - self._position)
            first = self._unit.memory.ids.take(self._unit.session, attempt, count)
            self._ids = iter(range(first, first + count))
            return next(self._ids)
        return number

    def _overtaken(self, row: MessageRow, now: int) -> None:
        """All its parts were settled while it waited for another try: it passes through `sending`."""
        unit = self._unit
        state = message_state(list(self._done[row.id].values()))
        unit.turn(row, _SENDING, now, reason=None, final=False)
        row.due = now + unit.memory.report_wait_ms
        unit.turn(row, state.value, now, reason=None, final=state is not State.SUBMITTED)


# ------------------------------------------------------------------------------------------------------------ returned

_LIVE: Final = Statement(
    select(attempt.c.id, attempt.c.message_id)
    .where(attempt.c.state == "claimed", among(attempt.c.id))
    .order_by(attempt.c.id)
    .with_for_update()
)
_HELD: Final = Statement(
    select(transfer.c.account_id, transfer.c.attempt_id, transfer.c.part, transfer.c.amount).where(
        transfer.c.step == "hold", among(transfer.c.attempt_id)
    )
)
_DROP: Final = Statement(delete(attempt).where(among(attempt.c.id)))
_BEFORE: Final = Statement(
    select(attempt.c.id, attempt.c.started_at)
    .where(attempt.c.message_id == given(attempt.c.message_id), attempt.c.id < given(attempt.c.id, "p_before"))
    .order_by(attempt.c.id.desc())
    .limit(1),
    "p_message_id p_before",
)


def unclaim(unit: Unit, commands: list[Unclaim]) -> list[Exception | None]:
    now = max(command.now for command in commands)
    give_back(unit, [attempt_id for command in commands for attempt_id in command.attempts], now)
    return [None] * len(commands)


def give_back(unit: Unit, attempts: Sequence[int], now: int) -> int:
    """Claims that nothing came of wait again, as if they had never been; answers how many."""
    session = unit.session
    live: dict[int, int] = dict(session.among(_LIVE, sorted(set(attempts))))
    messages = unit.load(live.values())
    for account_id, attempt_id, number, amount in set(session.among(_HELD, live)):
        unit.book.settle(account_id, Kind.RELEASE, attempt=attempt_id, part=number, amount=amount, now=now)
    for attempt_id, message_id in live.items():
        row = messages.get(message_id)
        if row is not None and row.attempt_id == attempt_id:
            before = session.one(_BEFORE, message_id, attempt_id)
            row.attempt_id = before[0] if before is not None else None
            row.number = None if row.number is None else row.number - 1
            row.attempt_state = "closed"
            row.sent_at = before[1] if before is not None else None
            if row.encoding == "gsm7-es" and row.attempt_id is None:
                row.encoding = ""
            if row.attempt_id is None:
                row.line = None
            unit.turn(row, waiting(row.due, now), now, reason=None, final=False)
    session.among(_DROP, live)
    return len(live)


def waiting(due: int, now: int) -> str:
    return (State.SCHEDULED if due > now else State.QUEUED).value
