"""What settles a part in doubt by itself: the answer that comes late, and a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewayd.store.commands import LateAnswer, Reported, Settle, Settled
from gatewayd.store.credit.ledger import Kind
from gatewayd.store.sending.cuts import parts_of
from gatewayd.store.sending.parts import (
    ANSWERED,
    DOUBTS_OF,
    NAMED,
    SAVE,
    SETTLED,
    part_of,
    settle_hold,
    settle_rest,
    state_of,
)
from gatewayd.store.sending.reports import since, use
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.values.model import IN_NETWORK, WAITING, PartState, State

if TYPE_CHECKING:
    from gatewayd.store.sending.unit import Unit

# --------------------------------------------------------------------------------------------------------- late answers


def late_answer(unit: Unit, commands: list[LateAnswer]) -> list[Reported | Exception]:
    return [_late_answer(unit, command) for command in commands]


def _late_answer(unit: Unit, command: LateAnswer) -> Reported:
    rows = unit.session.all(NAMED, command.attempt_id, command.part)
    if not rows:
        return Reported(None, None)
    found = part_of(rows[0])
    row = unit.load([found.message_id])[found.message_id]
    # A part that was given up and is to go again must not: Claim will see that it was taken.
    recalled = found.state is PartState.UNSENT and State(row.state) in WAITING
    if found.state is not PartState.DOUBT and not recalled:
        return Reported(None, None)
    unit.charge(row, settle_hold(unit, Kind.CHARGE, found, command.now))
    unit.session.run(ANSWERED, PartState.TAKEN.value, command.reference, None, command.attempt_id, command.part)
    if row.state == State.UNCERTAIN.value:
        state = state_of(parts_of(unit.session, [row.id])[row.id], row)
        if state is not State.UNCERTAIN:
            row.due = command.report_due
            settle_rest(unit, row, command.now)
            unit.turn(row, state.value, command.now, reason=None, final=state is not State.SUBMITTED)
    found.state = PartState.TAKEN
    line = rows[0][6]
    use(unit, found, since(unit.memory.early.of(line, command.reference), found), command.now)
    return Reported(row.job_id, State(row.state))


# ------------------------------------------------------------------------------------------------------ a person's word


def settle(unit: Unit, commands: list[Settle]) -> list[Settled | Exception]:
    results: list[Settled | Exception] = []
    for command in commands:
        try:
            results.append(_settle(unit, command))
        except (NotFoundError, ConflictError) as error:
            results.append(error)
    return results


def _settle(unit: Unit, command: Settle) -> Settled:
    row = unit.load([command.message_id]).get(command.message_id)
    if row is None:
        raise NotFoundError("no such message")
    if row.state != State.UNCERTAIN.value:
        raise ConflictError(f"the message is {row.state}, not uncertain")
    doubts = [part_of(found) for found in unit.session.all(DOUBTS_OF, row.id)]
    sent = command.verdict == "sent"
    for found in doubts:
        if sent:
            unit.charge(row, settle_hold(unit, Kind.CHARGE, found, command.now))
        else:
            settle_hold(unit, Kind.RELEASE, found, command.now)
    state = (PartState.TAKEN if sent else PartState.UNSENT).value
    unit.session.many(SAVE, [(state, SETTLED, command.now, found.attempt_id, found.part) for found in doubts])
    parts = parts_of(unit.session, [row.id])[row.id]
    match command.verdict:
        case "resend":
            row.due = command.now
            row.tries = 0
            unit.turn(row, State.QUEUED.value, command.now, reason=SETTLED, final=False)
        case "sent":
            # No report can be told to be of a part without a reference: nothing more is waited for.
            unit.turn(row, state_of(parts, row).value, command.now, reason=SETTLED, final=True)
        case "not-sent":
            left = any(known in IN_NETWORK for known in parts.values())
            after = State.UNDELIVERED if left else State.FAILED
            unit.turn(row, after.value, command.now, reason=SETTLED, final=True)
    return Settled(row.job_id, row.queue_id, State(row.state))
