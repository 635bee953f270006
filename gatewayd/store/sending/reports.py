"""Delivery reports: of which part each is, what it makes of it, and those that came before their answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, func, literal_column, select, text

from gatewayd.store.commands import Finish, PartEnd, Report, Reported
from gatewayd.store.credit.ledger import Kind
from gatewayd.store.sending import early
from gatewayd.store.sending.cuts import parts_of
from gatewayd.store.sending.early import EarlyReport, Status, by_attempt, same_recipient
from gatewayd.store.sending.parts import (
    COLUMNS,
    NAMED,
    OF_ATTEMPT,
    SAVE,
    SETTLED,
    STATES,
    Part,
    part_of,
    settle_hold,
    settle_rest,
    state_of,
)
from gatewayd.store.sending.references import respelled
from gatewayd.store.session import Row, Statement, given, setting
from gatewayd.store.tables import attempt, early_report, message, part
from gatewayd.values.model import WAITING, PartState, State, may_become, message_state

if TYPE_CHECKING:
    from gatewayd.store.sending.rows import MessageRow
    from gatewayd.store.sending.unit import Unit

_WHOLE: Final = Statement(
    select(*COLUMNS).select_from(OF_ATTEMPT).where(part.c.attempt_id == given(part.c.attempt_id)).order_by(part.c.part),
    "p_attempt_id",
)
_ZERO: Final[ColumnElement[str]] = literal_column("'0'")
_AWAITING: Final = Statement(
    select(*COLUMNS)
    .select_from(OF_ATTEMPT)
    .where(
        part.c.line == given(part.c.line),
        # As the index has it.
        func.ltrim(func.lower(part.c.reference), _ZERO) == func.ltrim(func.lower(given(part.c.reference)), _ZERO),
        text("part.state IN ('taken', 'undelivered') AND part.reference IS NOT NULL"),
    )
    .order_by(part.c.at.desc(), part.c.attempt_id.desc()),
    "p_line p_reference",
)
_IN_DOUBT: Final = Statement(
    select(*COLUMNS)
    .select_from(OF_ATTEMPT)
    .where(part.c.line == given(part.c.line), text("part.state IN ('open', 'doubt')")),
    "p_line",
)
_READABLE: Final = Statement(
    select(*COLUMNS)
    .select_from(
        message.join(attempt, attempt.c.message_id == message.c.id).join(part, part.c.attempt_id == attempt.c.id)
    )
    .where(
        message.c.to == given(message.c.to),
        part.c.line == given(part.c.line),
        part.c.reference == given(part.c.reference),
        part.c.state == "delivered",
    )
    .order_by(part.c.at.desc())
    .limit(1),
    "p_to p_line p_reference",
)
_REPORTED: Final = Statement(
    select(part.c.attempt_id)
    .select_from(
        message.join(attempt, attempt.c.message_id == message.c.id).join(part, part.c.attempt_id == attempt.c.id)
    )
    .where(
        message.c.to == given(message.c.to),
        part.c.line == given(part.c.line),
        part.c.reference == given(part.c.reference),
        part.c.state == "delivered",
        part.c.reported_at >= given(part.c.reported_at),
    )
    .limit(1),
    "p_to p_line p_reference p_reported_at",
)
_SETTLED: Final = Statement(
    select(*COLUMNS)
    .select_from(
        message.join(attempt, attempt.c.message_id == message.c.id).join(part, part.c.attempt_id == attempt.c.id)
    )
    .where(
        message.c.to == given(message.c.to),
        part.c.line == given(part.c.line),
        part.c.reason == SETTLED,
        part.c.reference.is_(None),
        part.c.at >= given(part.c.at),
    ),
    "p_to p_line p_at",
)
_BORE: Final = setting(part, "reference", "attempt_id part")

_DAY_MS: Final = 86_400_000
DOUBT_WINDOW_MS: Final = 3 * _DAY_MS
"""How long after its point of no return a part in doubt may be settled by a report that bears no known reference: the
usual longest validity of an SMS that asks for none in particular."""

CLOCK_MS: Final = 300_000
"""How far the network's clock may be behind ours."""

_REPORTABLE: Final = frozenset(
    state.value for state in (State.SUBMITTED, State.UNCERTAIN, State.UNDELIVERED, State.DELIVERED)
)


_LEFT: Final = frozenset({PartState.TAKEN, PartState.DOUBT, PartState.DELIVERED, PartState.UNDELIVERED})

_UNENDED: Final = frozenset(state.value for state in WAITING | {State.SENDING})


# -------------------------------------------------------------------------------------------------------------- reports


class ForeignError(Exception):
    """The report names an attempt of ours and another recipient: it changes nothing."""


class _Reports:
    """Applies reports of one batch; parts are written down at its end, or when a message of several needs them all."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._seen: dict[tuple[int, int], PartState] = {}
        self._rows: list[Row] = []
        self._awaited: dict[tuple[str, str], list[Row]] = {}
        """By line and reference, what awaited its report before this batch."""

    def expect(self, commands: Sequence[Report]) -> None:
        """Reads what these may be of, and the messages of all of it at once."""
        wanted: set[int] = set()
        for command in commands if len(commands) > 1 else ():
            key = command.line, command.reference
            if command.attempt_id is None and key not in self._awaited:
                self._awaited[key] = self._unit.session.all(_AWAITING, *key)
            # Of those who once had the same reference, one is meant: its message alone is read.
            wanted.update(row[5] for row in self._awaited.get(key, ()) if same_recipient(row[3], command.to))
        self._unit.load(wanted)

    def flush(self) -> None:
        self._unit.session.many(SAVE, self._rows)
        self._rows.clear()

    def parts(self, rows: Sequence[Row]) -> list[Part]:
        """As they were read, with what this batch made of them since."""
        parts = [part_of(row) for row in rows]
        for found in parts:
            found.state = self._seen.get((found.attempt_id, found.part), found.state)
        return parts

    def named(self, command: Report, attempt_id: int) -> Part | None:
        """The part that the report names; None where there is none. ForeignError where it is of somebody else."""
        found = self.parts(self._unit.session.all(NAMED, attempt_id, command.part or 1))
        if found and not same_recipient(found[0].to, command.to):
            raise ForeignError
        return found[0] if found and found[0].state is not PartState.OPEN else None

    def find(self, command: Report) -> Part | None:
        """The part that the report is of; None while it is not known. ForeignError where it cannot be of ours."""
        if command.attempt_id is not None:
            return self.named(command, command.attempt_id)
        awaiting = self.awaiting(command)
        if awaiting:
            # Newest first as they come. One that was sent after the network's time of the report is another's, unless
            # clocks are wrong; one that was given up is meant only where nothing else awaits.
            return min(
                awaiting, key=lambda found: (found.at > command.at + CLOCK_MS, found.state is PartState.UNDELIVERED)
            )
        if command.status == "read" and command.to is not None:
            # What was delivered awaits no report any more, and may yet be read.
            self.flush()
            readable = self.parts(self._unit.session.all(_READABLE, command.to, command.line, command.reference))
            if readable:
                return readable[0]
        if not command.exclusive or command.to is None:
            # Others may send over the same account: whatever this is about, no doubt of ours is settled by it.
            return None
        doubtful = self.in_doubt(command.line, command.to, command.now)
        if doubtful is not None and not self.repeats(command, doubtful.to):
            return doubtful
        return None

    def awaiting(self, command: Report) -> list[Part]:
        """The parts that await a report of this reference; of one that is spelt another way, if there is but one."""
        alike = self._awaiting(command, command.reference)
        exact = [found for found in alike if found.reference == command.reference]
        if exact or command.exclusive:
            return exact
        for other in () if alike else respelled(command.reference):
            alike += self._awaiting(command, other)
        return alike if len({(found.attempt_id, found.part) for found in alike}) == 1 else []

    def _awaiting(self, command: Report, reference: str) -> list[Part]:
        rows = self._awaited.get((command.line, reference))
        if rows is None or any((row[0], row[1]) in self._seen for row in rows):
            rows = self._unit.session.all(_AWAITING, command.line, reference)
        return [found for found in self.parts(rows) if same_recipient(found.to, command.to)]

    def in_doubt(self, line: str, to: str | None, received_at: int) -> Part | None:
        """The one part that a report without a known reference can be of; none where several could be meant, those
        included of which a person has said what became of them, and those of which the line still has to say it."""
        meant = [
            found
            for found in self.parts(self._unit.session.all(_IN_DOUBT, line))
            if found.state in {PartState.OPEN, PartState.DOUBT}
            and same_recipient(found.to, to)
            and found.at <= received_at <= found.at + DOUBT_WINDOW_MS
        ]
        if len(meant) != 1 or meant[0].state is not PartState.DOUBT:
            return None
        settled = self._unit.session.all(_SETTLED, meant[0].to, line, received_at - DOUBT_WINDOW_MS)
        return None if any(found.at <= received_at for found in map(part_of, settled)) else meant[0]

    def others(self, found: Part) -> list[Part]:
        """The further parts of its attempt that have left."""
        rows = self._unit.session.all(_WHOLE, found.attempt_id)
        return [each for each in self.parts(rows) if each.part != found.part and each.state in _LEFT]

    def repeats(self, command: Report, to: str | None) -> bool:
        """Whether the network brings again what it has reported of another part: for want of an acknowledgement."""
        if to is None or command.attempt_id is not None:
            return False
        self.flush()
        since = command.now - DOUBT_WINDOW_MS
        return self._unit.session.one(_REPORTED, to, command.line, command.reference, since) is not None

    def apply(
        self, found: Part, status: Status, reason: str | None, now: int, reference: str | None = None
    ) -> Reported:
        """`reference` is that of the report, where it bears one."""
        unit = self._unit
        row = unit.load([found.message_id])[found.message_id]
        before = found.state
        if row.state not in _REPORTABLE and row.state not in _UNENDED:
            # It has ended for good; a person said so, or nothing was known to have left.
            return Reported(row.job_id, STATES[row.state])
        if before is PartState.DOUBT:
            # Only the network reports: whatever it says, it has taken the part.
            unit.charge(row, settle_hold(unit, Kind.CHARGE, found, now))
            found.state = PartState.TAKEN
            if reference is not None:
                # Should the report come again, it is known.
                unit.session.run(_BORE, reference, found.attempt_id, found.part)
        if status in {"delivered", "read"}:
            found.state = PartState.DELIVERED
        elif status == "undelivered" and found.state is PartState.TAKEN:
            found.state = PartState.UNDELIVERED
        if found.state is not before:
            self._seen[found.attempt_id, found.part] = found.state
            self._rows.append((found.state.value, reason, now, found.attempt_id, found.part))
        elif status != "read":
            if status == "pending" and row.state == State.SUBMITTED.value and not row.final:
                # The network still tries: it will say more.
                row.due = max(row.due, now + unit.memory.report_wait_ms)
                row.dirty = True
            return Reported(row.job_id, STATES[row.state], found.at)
        if row.state in _REPORTABLE:
            self._turn(row, found, status, reason, now)
        return Reported(row.job_id, STATES[row.state], found.at)

    def _turn(self, row: MessageRow, found: Part, status: Status, reason: str | None, now: int) -> None:
        unit = self._unit
        if row.segments <= 1:
            if found.state is not PartState.DELIVERED and found.attempt_id != row.attempt_id:
                return
            state = message_state([found.state])
        else:
            self.flush()
            state = state_of(parts_of(unit.session, [row.id])[row.id], row)
        if status == "read" and state is State.DELIVERED:
            if row.state == State.UNDELIVERED.value:
                # Given up, and read after all: it was delivered in between, whoever said so.
                unit.turn(row, State.DELIVERED.value, now, reason=None, final=True)
            state = State.READ
        if state.value == row.state or not may_become(STATES[row.state], state):
            return
        if state is State.SUBMITTED:
            row.due = now + unit.memory.report_wait_ms
        told = reason if state in {State.UNDELIVERED, State.UNCERTAIN} else None
        if state is State.UNDELIVERED and status in {"delivered", "read"}:
            told = "incomplete"  # other parts never left
        settle_rest(unit, row, now)
        unit.turn(row, state.value, now, reason=told, final=state is not State.SUBMITTED)


def report(unit: Unit, commands: list[Report]) -> list[Reported | Exception]:
    reports = _Reports(unit)
    reports.expect(commands)
    results: list[Reported | Exception] = []
    unknown: list[Report] = []
    for command in commands:
        try:
            found = reports.find(command)
        except ForeignError:
            results.append(Reported(None, None))
            continue
        if found is None:
            if not reports.repeats(command, command.to):
                unknown.append(command)
            results.append(Reported(None, None))
        else:
            reference = command.reference if command.attempt_id is None else None
            reported = reports.apply(found, command.status, command.reason, command.now, reference)
            if command.whole:
                for other in reports.others(found):
                    reported = reports.apply(other, command.status, command.reason, command.now)
            results.append(reported)
    reports.flush()
    # A line that knows whose report it is knows the reference: should it crash now, the part is not in doubt.
    named = [(command.reference, command.attempt_id, command.part or 1) for command in unknown if command.attempt_id]
    unit.session.many(_BORE, named)
    _keep(unit, [command for command in unknown if command.status != "pending"])
    return results


# -------------------------------------------------------------------------------------------------------- early reports


def _keep(unit: Unit, commands: list[Report]) -> None:
    """Reports of nothing known wait for a while: they may precede the answer that names their reference."""
    if not commands:
        return
    first = unit.memory.ids.take(unit.session, early_report, len(commands))
    kept = [
        EarlyReport(
            id=number,
            line=command.line,
            reference=command.reference
            if command.attempt_id is None
            else by_attempt(command.attempt_id, None if command.whole else command.part or 1),
            to=command.to,
            status=command.status,
            reason=command.reason,
            at=command.at,
            received_at=command.now,
            exclusive=command.exclusive,
        )
        for number, command in enumerate(commands, first)
    ]
    unit.session.many(
        early.ADD,
        [(e.id, e.line, e.reference, e.to, e.status, e.reason, e.at, e.received_at, e.exclusive) for e in kept],
    )
    unit.after_commit.append(partial(unit.memory.early.add, kept))


def apply_early(unit: Unit, command: Finish, number: int, end: PartEnd) -> None:
    """Applies what was reported of a part between its point of no return and its outcome."""
    rows = unit.session.all(NAMED, command.work.attempt_id, number)
    if not rows:
        return
    found = part_of(rows[0])
    waiting = unit.memory.early
    named = waiting.of(command.line, by_attempt(found.attempt_id, number))
    matches = [one for one in named if same_recipient(found.to, one.to)]
    if end.reference is not None:
        matches += since(waiting.of(command.line, end.reference), found)
    elif end.state is PartState.DOUBT and not matches:
        matches = [one for one in since(waiting.ours(command.line), found) if one.id not in unit.consumed]
        # One that the network brought again, for want of an acknowledgement, is still one.
        if len({one.reference for one in matches}) > 1 or not _meant(unit, found, matches):
            return
    use(unit, found, matches, command.now)


def _meant(unit: Unit, found: Part, matches: Sequence[EarlyReport]) -> bool:
    """Whether these can be of no other part in doubt."""
    reports = _Reports(unit)
    doubtful = (reports.in_doubt(one.line, one.to, one.received_at) for one in matches)
    return all(one is not None and (one.attempt_id, one.part) == (found.attempt_id, found.part) for one in doubtful)


def apply_early_whole(unit: Unit, command: Finish) -> None:
    """The same for a report of the whole attempt."""
    named = unit.memory.early.of(command.line, by_attempt(command.work.attempt_id, None))
    matches = [one for one in named if same_recipient(command.work.to, one.to)]
    rows = unit.session.all(_WHOLE, command.work.attempt_id) if matches else []
    _use_all(unit, [each for each in map(part_of, rows) if each.state in _LEFT], matches, command.now)


def use(unit: Unit, found: Part, matches: Sequence[EarlyReport], now: int) -> None:
    _use_all(unit, [found], matches, now)


def _use_all(unit: Unit, parts: Sequence[Part], matches: Sequence[EarlyReport], now: int) -> None:
    matches = [one for one in matches if one.id not in unit.consumed]
    if not matches:
        return
    reports = _Reports(unit)
    for one in matches:
        reference = None if one.reference.startswith("#") else one.reference
        for found in parts:
            reports.apply(found, one.status, one.reason, now, reference)
    reports.flush()
    unit.consumed.update(one.id for one in matches)
    unit.session.among(early.DROP, [one.id for one in matches])
    unit.after_commit.append(partial(unit.memory.early.remove, matches))


def since(reports: Sequence[EarlyReport], found: Part) -> list[EarlyReport]:
    """Those that can be of this part: of its recipient, and not older than its sending. An older one is the repeat of a
    report that was applied, or of a reference that has come round."""
    return [
        one
        for one in reports
        if one.received_at >= found.at and not one.reference.startswith("#") and same_recipient(found.to, one.to)
    ]
