"""What the network may still tell of: attempts whose report is to come, and those in doubt. For lines that must ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select, text

from gatewayd.store.commands import Awaited, AwaitedOf
from gatewayd.store.session import Row, Statement, among, given
from gatewayd.store.tables import attempt, message, part
from gatewayd.values.model import PartState

if TYPE_CHECKING:
    from gatewayd.store.sending.unit import Unit

_SUBMITTED: Final = Statement(
    select(message.c.due, message.c.id, attempt.c.id, attempt.c.started_at)
    .select_from(message.join(attempt, attempt.c.id == message.c.attempt_id))
    .where(
        text("message.state = 'submitted' AND NOT message.final"),
        message.c.due <= given(message.c.due),
        or_(message.c.due < given(message.c.due), message.c.id < given(message.c.id)),
        message.c.line == given(message.c.line),
        attempt.c.started_at >= given(attempt.c.started_at),
    )
    .order_by(message.c.due.desc(), message.c.id.desc())
    .limit(given(message.c.id, "p_limit")),
    "p_due p_id p_line p_started_at p_limit",
)
_DOUBTED: Final = Statement(
    select(attempt.c.id, attempt.c.started_at)
    .select_from(part.join(attempt, attempt.c.id == part.c.attempt_id))
    .where(
        part.c.line == given(part.c.line),
        text("part.state IN ('open', 'doubt')"),
        part.c.state == PartState.DOUBT.value,
        attempt.c.started_at >= given(attempt.c.started_at),
        attempt.c.id < given(attempt.c.id),
    )
    .distinct()
    .order_by(attempt.c.id.desc())
    .limit(given(attempt.c.id, "p_limit")),
    "p_line p_started_at p_id p_limit",
)
_PARTS: Final = Statement(
    select(part.c.attempt_id, part.c.part, part.c.state, part.c.reference, part.c.to, part.c.at)
    .where(among(part.c.attempt_id))
    .order_by(part.c.attempt_id, part.c.part)
)
_END: Final = (1 << 62, 1 << 62)


def awaited(unit: Unit, commands: list[AwaitedOf]) -> list[tuple[Awaited, ...] | Exception]:
    unit.flush_messages()
    return [_doubted(unit, command) if command.doubt else _submitted(unit, command) for command in commands]


def _submitted(unit: Unit, command: AwaitedOf) -> tuple[Awaited, ...]:
    due, last = command.before or _END
    rows = unit.session.all(_SUBMITTED, due, last, command.line, command.since, command.limit)
    return _told(unit, [(row[2], row[3], (row[0], row[1])) for row in rows])


def _doubted(unit: Unit, command: AwaitedOf) -> tuple[Awaited, ...]:
    _, last = command.before or _END
    rows = unit.session.all(_DOUBTED, command.line, command.since, last, command.limit)
    return _told(unit, [(row[0], row[1], (0, row[0])) for row in rows])


def _told(unit: Unit, found: Sequence[tuple[int, int, tuple[int, int]]]) -> tuple[Awaited, ...]:
    """Attempts (number, begin, place) with what is known of their parts."""
    parts: dict[int, list[Row]] = defaultdict(list)
    for row in unit.session.among(_PARTS, sorted(number for number, _, _ in found)):
        parts[row[0]].append(row)
    return tuple(
        Awaited(
            public=unit.memory.stamps.public(began, number),
            to=parts[number][0][4],
            references=tuple((row[1], row[3]) for row in parts[number] if row[2] == PartState.TAKEN and row[3]),
            doubt=tuple(row[1] for row in parts[number] if row[2] == PartState.DOUBT),
            at=max(row[5] for row in parts[number]),
            place=place,
        )
        for number, began, place in found
        if number in parts
    )
