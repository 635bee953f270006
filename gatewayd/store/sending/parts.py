"""A part past its point of no return: how it is found, and how what is held for it is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from gatewayd.store.credit.ledger import Kind, Step
from gatewayd.store.session import Row, Statement, given, setting
from gatewayd.store.tables import attempt, part, transfer
from gatewayd.values.model import PartState, State, message_state

if TYPE_CHECKING:
    from gatewayd.store.sending.rows import MessageRow
    from gatewayd.store.sending.unit import Unit

SETTLED: Final = "settled"
"""Reason of a part in doubt of which a person has said what became of it."""

COLUMNS: Final = (
    part.c.attempt_id,
    part.c.part,
    part.c.state,
    part.c.to,
    part.c.at,
    attempt.c.message_id,
    part.c.line,
    part.c.reference,
)
OF_ATTEMPT: Final = part.join(attempt, attempt.c.id == part.c.attempt_id)
NAMED: Final = Statement(
    select(*COLUMNS)
    .select_from(OF_ATTEMPT)
    .where(part.c.attempt_id == given(part.c.attempt_id), part.c.part == given(part.c.part)),
    "p_attempt_id p_part",
)
DOUBTS_OF: Final = Statement(
    select(*COLUMNS)
    .select_from(OF_ATTEMPT)
    .where(part.c.state == "doubt", attempt.c.message_id == given(attempt.c.message_id)),
    "p_message_id",
)
_STEPS: Final = Statement(
    select(transfer.c.step, transfer.c.account_id, transfer.c.amount).where(
        transfer.c.attempt_id == given(transfer.c.attempt_id), transfer.c.part == given(transfer.c.part)
    ),
    "p_attempt_id p_part",
)
SAVE: Final = setting(part, "state reason reported_at", "attempt_id part")
ANSWERED: Final = setting(part, "state reference reason", "attempt_id part")


@dataclass(slots=True)
class Part:
    attempt_id: int
    part: int
    state: PartState
    to: str
    at: int
    message_id: int
    reference: str | None


# Looked up: an enumeration costs two calls each time.
STATES: Final = {state.value: state for state in State}
_PART_STATES: Final = {state.value: state for state in PartState}


def part_of(row: Row) -> Part:
    return Part(row[0], row[1], _PART_STATES[row[2]], row[3], row[4], row[5], row[7])


def state_of(parts: Mapping[int, PartState], row: MessageRow) -> State:
    """What a message with nothing left to send is; a part that never passed its point of no return did not leave."""
    numbers = range(1, max(row.segments, 1) + 1)
    return message_state([parts.get(number, PartState.UNSENT) for number in numbers])


def settle_hold(unit: Unit, kind: Kind, found: Part, now: int) -> int:
    """Charges or releases what is held for a part in doubt, unless that was settled before; answers how much."""
    # What this transaction has moved so far must be seen.
    unit.book.flush()
    steps = {row[0]: row for row in unit.session.all(_STEPS, found.attempt_id, found.part)}
    if Step.HOLD not in steps or Step.SETTLE in steps:
        return 0
    _, account_id, amount = steps[Step.HOLD]
    unit.book.settle(account_id, kind, attempt=found.attempt_id, part=found.part, amount=amount, now=now)
    return int(amount)


def settle_rest(unit: Unit, row: MessageRow, now: int) -> None:
    """A message that went more than once stops being uncertain by one of its attempts: nobody will ask for what is held
    for another that is still in doubt."""
    if row.state == State.UNCERTAIN.value and (row.number or 1) > 1:
        for found in map(part_of, unit.session.all(DOUBTS_OF, row.id)):
            settle_hold(unit, Kind.RELEASE, found, now)
