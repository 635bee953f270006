"""Claims: messages handed to a line with their price held, and taken back untouched."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import delete, func, select, text

from gatewayd.model import PartState, State, message_state
from gatewayd.store.commands import Claim, Claimed, Unclaim, Work
from gatewayd.store.ledger import Kind
from gatewayd.store.schema import attempt, job, message, part, queue, transfer
from gatewayd.store.session import Row, Session, Statement, adding, among, given
from gatewayd.store.unit import COLUMNS, JobInfo, Unit
from gatewayd.texts import split_for

if TYPE_CHECKING:
    from drivers.base import Encoding

READY: Final = text("message.state IN ('queued', 'scheduled')")
"""As the partial index says it, word for word."""

_QUEUE: Final = Statement(
    select(queue.c.job_id, job.c.state)
    .select_from(queue.join(job, job.c.id == queue.c.job_id))
    .where(queue.c.id == given(queue.c.id)),
    "p_id",
)
_NEXT: Final = Statement(
    select(*(message.c[name] for name in COLUMNS), attempt.c.number, attempt.c.state, message.c.text)
    .select_from(message.outerjoin(attempt, attempt.c.id == message.c.attempt_id))
    .where(message.c.queue_id == given(message.c.queue_id), READY)
    .order_by(message.c.due, message.c.id)
    .limit(given(message.c.id, "p_limit"))
    .with_for_update(of=message, skip_locked=True),
    "p_queue_id p_limit",
)
_DONE: Final = Statement(
    select(attempt.c.message_id, part.c.part, part.c.state)
    .select_from(attempt.join(part, part.c.attempt_id == attempt.c.id))
    .where(among(attempt.c.message_id))
    .order_by(attempt.c.id)
)
_ADD: Final = adding(attempt, "id message_id number line node epoch state started_at")

_SETTLED: Final = frozenset(
    state.value for state in (PartState.TAKEN, PartState.REFUSED, PartState.DELIVERED, PartState.UNDELIVERED)
)
"""Parts in these states are not sent again."""


def parts_of(session: Session, messages: Iterable[int]) -> dict[int, dict[int, PartState]]:
    """For each message, the state of its parts that passed a point of no return: of each part its latest attempt's."""
    found: dict[int, dict[int, PartState]] = defaultdict(dict)
    for message_id, number, state in session.among(_DONE, sorted(set(messages))):
        found[message_id][number] = PartState(state)
    return found


def claim(unit: Unit, commands: list[Claim]) -> list[Claimed | Exception]:
    """Claims on one queue share one reading of its rows, so that no row is handed out twice."""
    unit.flush_messages()
    by_queue: dict[int, list[int]] = defaultdict(list)
    for index, command in enumerate(commands):
        by_queue[command.queue_id].append(index)
    results: list[Claimed | Exception] = [Claimed((), None, None)] * len(commands)
    attempts: list[Row] = []
    for queue_id, indexes in by_queue.items():
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
    rows = unit.session.all(_NEXT, queue_id, sum(command.limit for command in claims) + 1)
    taker = _Taker(unit, info, rows, attempts)
    taken = [taker.take(command) for command in claims]
    next_due = taker.next_due()
    return [Claimed(tuple(work), blocked, next_due) for work, blocked in taken]


def _blocked(info: JobInfo, state: str, now: int) -> str | None:
    if state != "running":
        return "paused" if state == "loading" else state
    if info.not_before is not None and now < info.not_before:
        return "window"
    if info.not_after is not None and now >= info.not_after:
        return "expired"
    return None


class _Taker:
    """Hands the rows of one queue to the claims on it, in order."""

    def __init__(self, unit: Unit, info: JobInfo, rows: list[Row], attempts: list[Row]) -> None:
        self._unit = unit
        self._info = info
        self._rows = rows
        self._position = 0
        self._attempts = attempts
        self._sms = info.channel == "sms"
        # Only messages that were tried before can have parts that are not to be sent again.
        tried = [row[0] for row in rows if row[13] is not None] if self._sms else []
        self._done = parts_of(unit.session, tried) if tried else {}
        self._ids = itertools.count(0)
        self._left = 0

    def next_due(self) -> int | None:
        return self._rows[self._position][11] if self._position < len(self._rows) else None

    def take(self, command: Claim) -> tuple[list[Work], str | None]:
        works: list[Work] = []
        segments = 0
        balance = self._unit.book.pots(self._info.account_id)
        while len(works) < command.limit and segments < command.segments and self._position < len(self._rows):
            row = self._rows[self._position]
            if row[11] > command.now:
                break
            done = self._done.get(row[0], {})
            work = self._work(row, command, done)
            if not work.todo:
                # A late answer said meanwhile that everything was taken.
                self._position += 1
                self._overtaken(row, done, command.now)
                continue
            price = self._info.unit_price * (len(work.todo) if self._sms else 1)
            if price > balance.balance:
                return works, "credit"
            self._position += 1
            works.append(self._hold(row, work, command))
            segments += len(work.todo)
        return works, None

    def _work(self, row: Row, command: Claim, done: dict[int, PartState]) -> Work:
        encoding, parts = row[6], ()
        todo: tuple[int, ...] = (1,)
        settled: tuple[tuple[int, PartState], ...] = ()
        if self._sms:
            cut = split_for(row[21] or "", encoding, command.variant)
            encoding, parts = cut.encoding, cut.parts
            if done:
                settled = tuple(sorted((n, state) for n, state in done.items() if state in _SETTLED))
                kept = {number for number, _ in settled}
                todo = tuple(number for number in range(1, len(parts) + 1) if number not in kept)
            elif len(parts) > 1:
                todo = tuple(range(1, len(parts) + 1))
        return Work(
            message_id=row[0],
            attempt_id=0,
            public="",
            queue_id=row[2],
            job_id=row[1],
            account_id=self._info.account_id,
            row=row[3],
            to=row[5] or "",
            text=row[21] or "",
            encoding=cast("Encoding", encoding),
            parts=parts,
            todo=todo,
            concat_ref=row[15] or 0,
            number=(row[19] or 0) + 1,
            tries=row[12],
            unit_price=self._info.unit_price,
            resend=self._info.resend,
            not_after=self._info.not_after,
            detail=row[18],
            done=settled,
        )

    def _hold(self, row: Row, work: Work, command: Claim) -> Work:
        """The message becomes `sending` under a new attempt, its price held."""
        unit = self._unit
        attempt_id = self._attempt_id()
        reference = row[15]
        if reference is None and len(work.parts) > 1:
            reference = unit.memory.concat.next(command.line, work.to)
        known = unit.keep(row[:21])
        known.attempt_id = attempt_id
        known.number = work.number
        known.attempt_state = "claimed"
        known.line = command.line
        known.concat_ref = reference
        if self._sms:
            known.segments = len(work.parts)
            if work.encoding == "gsm7-es":
                # This line's choice; another takes it back unless a part has left.
                known.encoding = work.encoding
        unit.turn(known, State.SENDING.value, command.now, reason=None, final=False)
        self._attempts.append(
            (
                attempt_id,
                work.message_id,
                work.number,
                command.line,
                command.node,
                command.epoch,
                "claimed",
                command.now,
            )
        )
        for number in work.todo:
            unit.book.hold(work.account_id, attempt_id, number, work.unit_price, command.now)
        return _numbered(work, attempt_id, unit.memory.stamps.public(command.now, attempt_id), reference or 0)

    def _attempt_id(self) -> int:
        if not self._left:
            self._left = max(1, len(self._rows) - self._position)
            self._ids = itertools.count(self._unit.memory.ids.take(self._unit.session, attempt, self._left))
        self._left -= 1
        return next(self._ids)

    def _overtaken(self, row: Row, done: dict[int, PartState], now: int) -> None:
        known = self._unit.keep(row[:21])
        state = message_state(list(done.values()))
        known.due = now + self._unit.memory.report_wait_ms
        self._unit.turn(known, state.value, now, reason=None, final=state is not State.SUBMITTED)


def _numbered(work: Work, attempt_id: int, public: str, reference: int) -> Work:
    fields: dict[str, Any] = {name: getattr(work, name) for name in Work.__slots__}
    fields |= {"attempt_id": attempt_id, "public": public, "concat_ref": reference}
    return Work(**fields)


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
    select(func.max(attempt.c.id)).where(
        attempt.c.message_id == given(attempt.c.message_id), attempt.c.id < given(attempt.c.id, "p_before")
    ),
    "p_message_id p_before",
)


def unclaim(unit: Unit, commands: list[Unclaim]) -> list[Exception | None]:
    now = max(command.now for command in commands)
    give_back(unit, [attempt_id for command in commands for attempt_id in command.attempts], now)
    return [None] * len(commands)


def give_back(unit: Unit, attempts: Sequence[int], now: int) -> int:
    """Claims that nothing came of wait again, as if they had never been; answers how many."""
    session = unit.session
    live = session.among(_LIVE, sorted(set(attempts)))
    live = [(attempt_id, message_id) for attempt_id, message_id in dict(live).items()]
    messages = unit.load(message_id for _, message_id in live)
    for account_id, attempt_id, number, amount in session.among(_HELD, [attempt_id for attempt_id, _ in live]):
        unit.book.settle(account_id, Kind.RELEASE, attempt_id, number, amount, now)
    for attempt_id, message_id in live:
        row = messages.get(message_id)
        if row is not None and row.attempt_id == attempt_id:
            before = session.one(_BEFORE, message_id, attempt_id)
            row.attempt_id = before[0] if before is not None else None
            row.number = None if row.number is None else row.number - 1
            row.attempt_state = "closed"
            if row.encoding == "gsm7-es" and row.attempt_id is None:
                row.encoding = ""
            if row.attempt_id is None:
                row.line = None
            unit.turn(row, waiting(row.due, now), now, reason=None, final=False)
    session.among(_DROP, [attempt_id for attempt_id, _ in live])
    return len(live)


def waiting(due: int, now: int) -> str:
    return (State.SCHEDULED if due > now else State.QUEUED).value
