"""The point of no return of a part, and the end of an attempt."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, or_, select

from drivers.base import Withdrawn
from gatewayd.store.commands import Amend, Finish, KeptBack, PartEnd, Pnr
from gatewayd.store.contacts.blocklist import holds
from gatewayd.store.contacts.points import refuses
from gatewayd.store.credit.ledger import Kind
from gatewayd.store.sending import blocks, causes, pressed, reports, staleness
from gatewayd.store.sending.cuts import furthest, parts_of
from gatewayd.store.sending.early import by_attempt
from gatewayd.store.sending.gate import Asked, Gate
from gatewayd.store.sending.inbox import KEYS
from gatewayd.store.sending.lines import LineCounters
from gatewayd.store.sending.parts import state_of
from gatewayd.store.session import Row, Session, Statement, adding, among, setting
from gatewayd.store.tables import attempt, customer, job, message, node, part
from gatewayd.values.model import IN_NETWORK, WAITING, Channel, PartState, State

if TYPE_CHECKING:
    from gatewayd.store.sending.rows import MessageRow
    from gatewayd.store.sending.unit import Unit

_log: Final = logging.getLogger(__name__)

_LEASE: Final = Statement(
    select(
        attempt.c.id,
        attempt.c.state,
        attempt.c.epoch,
        node.c.epoch,
        attempt.c.number,
        message.c.id,
        job.c.id,
        job.c.state,
        job.c.not_after,
        job.c.started_at,
        and_(job.c["class"] != "reply", holds(message.c.to, message.c.account_id, message.c.channel)),
        message.c.attempt_id,
        job.c.channel,
        message.c.account_id,
        message.c.to,
        message.c.person_id,
        job.c["class"],
        message.c.cause_id,
    )
    .select_from(
        attempt.join(message, message.c.id == attempt.c.message_id)
        .join(job, job.c.id == message.c.job_id)
        .join(node, node.c.name == attempt.c.node)
    )
    .where(among(attempt.c.id))
    # A takeover by another node waits for this, or has been seen by it.
    .with_for_update(of=attempt)
)
_PERSON: Final = Statement(
    select(
        attempt.c.id,
        customer.c.zone,
        and_(
            job.c["class"] == "collections",
            customer.c.no_claim,
            or_(customer.c.no_claim_until.is_(None), customer.c.no_claim_until > attempt.c.started_at),
        ),
        refuses(message.c.person_id, message.c.to, job.c["class"]),
    )
    .select_from(
        attempt.join(message, message.c.id == attempt.c.message_id)
        .join(job, job.c.id == message.c.job_id)
        .outerjoin(customer, customer.c.id == message.c.person_id)
    )
    .where(among(attempt.c.id))
)
"""What is known of the customers that messages go to; most messages of most stores go to none."""
_NOBODY: Final = (None, False, False)
_OPEN: Final = setting(attempt, "state", "id")
_PLACE: Final = setting(message, "at", "id")
_ADD_PART: Final = adding(part, "attempt_id part line to state at")
_ANSWERED: Final = setting(part, "reference", "attempt_id part")


def point_of_no_return(unit: Unit, commands: list[Pnr]) -> list[Exception | None]:
    session = unit.session
    leases = _leases(session, sorted({command.attempt_id for command in commands}))
    results: list[Exception | None] = []
    parts: list[Row] = []
    answered: list[Row] = []
    opened: set[int] = set()
    placed: list[Row] = []
    counters = LineCounters()
    door = _Door(unit, leases, commands)
    for command in commands:
        lease = leases.get(command.attempt_id)
        if lease is None or lease[1] == "closed" or not command.epoch == lease[2] == lease[3]:
            results.append(Withdrawn("lease_lost"))
            continue
        first = lease[1] == "claimed" and command.attempt_id not in opened
        withdrawn = door.withdrawn(lease, command) if first else None
        if withdrawn is not None:
            results.append(withdrawn)
            continue
        if first:
            opened.add(command.attempt_id)
            placed.append((command.now, lease[5]))
            if lease[9] is None:
                unit.journal.started(lease[6], command.now)
        parts.append((command.attempt_id, command.part, command.line, command.to, PartState.OPEN.value, command.now))
        answered += [(reference, command.attempt_id, number) for number, reference in command.taken]
        counters.count(command, message=first)
        results.append(None)
    session.many(_ADD_PART, parts)
    session.many(_ANSWERED, answered)
    session.many(_OPEN, [("open", number) for number in sorted(opened)])
    session.many(_PLACE, placed)
    counters.flush(session)
    return results


def _leases(session: Session, attempts: Sequence[int]) -> dict[int, Row]:
    """Returns, by attempt, the rows of `_LEASE` with those of `_PERSON` behind them, but for the number."""
    rows = session.among(_LEASE, attempts)
    known = {row[0]: row[1:] for row in session.among(_PERSON, [row[0] for row in rows if row[15] is not None])}
    return {row[0]: (*row, *known.get(row[0], _NOBODY)) for row in rows}


class _Door:
    """What decides whether a message of which nothing has left may go: its job, the do-not-contact list, the facts
    that it was written from, the rules of contact. One that has begun goes on: half a text is worse. Each try of a call
    begins anew."""

    def __init__(self, unit: Unit, leases: Mapping[int, Row], commands: Iterable[Pnr]) -> None:
        self._unit = unit
        self._ruled: dict[int, Asked] = {}
        """By attempt: the messages for which rules of contact hold."""
        gate = self._gate = Gate(unit)
        caused: set[int] = set()
        for command in commands:
            lease = leases.get(command.attempt_id)
            if lease is None or lease[1] != "claimed":
                continue
            if lease[17] is not None:
                caused.add(lease[17])
            if gate.standing(lease[13]).course(lease[16], lease[12]) is not None:
                self._ruled[command.attempt_id] = Asked(
                    *(lease[13], lease[6], lease[5], command.attempt_id, lease[14], lease[15], lease[18]),
                    *(lease[16], lease[12], command.now),
                )
        self._fates = causes.fates(unit.session, caused) if caused else {}
        if self._ruled:
            gate.learn(self._ruled.values(), lock=True)

    def withdrawn(self, lease: Row, command: Pnr) -> Withdrawn | None:
        """Returns why a message may not go, or notes that it goes."""
        asked = self._ruled.get(command.attempt_id)
        reason = self._fates.get(lease[17]) or _reason(lease, command.now)
        stale = lease[17] is not None and staleness.stale(self._unit, lease[13], command.now)
        if reason is None and asked is None and not stale:
            return None
        if lease[12] != Channel.CALL and lease[4] > 1:
            parts = parts_of(self._unit.session, [lease[5]])[lease[5]].values()
            if not IN_NETWORK.isdisjoint(parts):
                return None
        if reason is not None:
            return Withdrawn(reason)
        if stale or asked is None:
            return KeptBack(staleness.STALE, command.now + staleness.LOOK_MS)
        verdict = self._gate.judge(asked)
        if verdict is None:
            return None
        if not verdict.go:
            self._gate.kept_back(asked, verdict)
            until = command.now if verdict.until is None else verdict.until
            return KeptBack(verdict.reason or "cap", max(until, command.now + 1))
        if command.ends is not None and command.now >= command.ends:
            # Claimed within hours that are over by now: the network would have nothing left of its validity.
            return KeptBack("window", command.now + 1)
        self._gate.passes(asked, verdict)
        return None


def _reason(lease: Row, now: int) -> str | None:
    """Why the job, its time, a block or what the person has said keeps a message back."""
    state, not_after = lease[7], lease[8]
    if state != "running":
        return "cancelled" if state == "cancelled" else "paused"
    if lease[10]:
        return "blocked"
    if lease[19]:
        return "no_claim"
    if lease[20]:
        return "no_consent"
    return "expired" if not_after is not None and now >= not_after else None


# ------------------------------------------------------------------------------------------------------------- the end

_MAYBE_LEFT: Final = IN_NETWORK | {PartState.DOUBT}

_CLOSE: Final = setting(attempt, "state outcome reason ended_at", "id")
_END_PART: Final = setting(part, "state reference reason", "attempt_id part")


def finish(unit: Unit, commands: list[Finish]) -> list[Exception | None]:
    messages = unit.load(command.work.message_id for command in commands)
    parts: list[Row] = []
    closed: list[Row] = []
    reported: list[Finish] = []
    opted_out: list[Finish] = []
    for command in commands:
        work = command.work
        if command.opted_out:
            # Whatever else is known of the call: who hears that there will be no other must not be called again.
            opted_out.append(command)
        row = messages.get(work.message_id)
        if (
            row is None
            or row.attempt_id != work.attempt_id
            or row.state != State.SENDING.value
            or row.attempt_state == "closed"
        ):
            _log.warning("attempt %s of message %s has ended already", work.attempt_id, work.message_id)
            continue
        row.attempt_state = "closed"
        closed.append(("closed", command.outcome, command.reason, command.now, work.attempt_id))
        parts += [
            (end.state.value, end.reference, end.reason, work.attempt_id, number)
            for number, end in command.parts.items()
        ]
        _settle(unit, row, command)
        _end(unit, row, command)
        if any(_early(unit, command, number, end) for number, end in command.parts.items()):
            reported.append(command)
    unit.session.many(_END_PART, parts)
    unit.session.many(_CLOSE, closed)
    # Of calls that had ended already, too: what somebody says by a key is lost by no end that came before.
    pressed.keyed(unit, [each for each in commands if each.pressed and each.work.message_id in messages])
    for command in opted_out:
        blocks.put(unit, [command.work.to], KEYS, None, command.now, account_id=command.work.account_id)
    for command in reported:
        _report(unit, command)
    return [None] * len(commands)


def _settle(unit: Unit, row: MessageRow, command: Finish) -> None:
    """Each part of the attempt by its own fate: charged, released, or held on where it is in doubt."""
    work = command.work
    price = work.unit_price
    waits = command.state in WAITING
    for number in work.todo:
        end = command.parts.get(number)
        if command.outcome == "completed":
            charged = command.charge
        elif end is None:
            charged = False
        elif end.state in {PartState.DOUBT, PartState.OPEN}:
            if not waits:
                continue
            charged = False
        else:
            charged = end.state in IN_NETWORK
        kind = Kind.CHARGE if charged else Kind.RELEASE
        unit.book.settle(work.account_id, kind, attempt=work.attempt_id, part=number, amount=price, now=command.now)
        if charged:
            unit.charge(row, price)


def _end(unit: Unit, row: MessageRow, command: Finish) -> None:
    work = command.work
    row.due = command.due
    row.tries = command.tries
    row.line = command.line
    if command.detail is not None:
        row.detail = command.detail
    if command.options is not None:
        unit.options[row.id] = command.options
    state, final = command.state, command.final
    if state in WAITING:
        begun = bool(work.done) or any(end.state is not PartState.UNSENT for end in command.parts.values())
        # What has left in one cut goes on in that cut; what has not may be cut anew by the next line.
        row.encoding = work.encoding if begun else ("" if row.encoding == "gsm7-es" else row.encoding)
    elif work.number > 1 and work.parts and state is not State.UNCERTAIN:
        # Of earlier attempts more may be known by now than when this one began.
        parts = parts_of(unit.session, [row.id])[row.id]
        for number, end in command.parts.items():
            known = parts.get(number)
            parts[number] = end.state if known is PartState.OPEN else furthest(known, end.state)
        if not _MAYBE_LEFT.isdisjoint(parts.values()):
            state = state_of(parts, row)
            # Where no report can come of what went last, none is waited for.
            final = state is not State.SUBMITTED or (command.state is State.SUBMITTED and command.final)
    unit.turn(row, state.value, command.now, reason=command.reason, final=final)


_REFUSE: Final = setting(part, "state", "attempt_id part state")


def amend(unit: Unit, commands: list[Amend]) -> list[bool | Exception]:
    messages = unit.load(command.message_id for command in commands)
    refused: list[Row] = []
    results: list[bool | Exception] = []
    for command in commands:
        row = messages.get(command.message_id)
        waits = row is not None and row.attempt_id == command.attempt_id and State(row.state) in WAITING
        results.append(waits)
        if row is None or not waits:
            continue
        row.due, row.tries, row.detail = command.due, command.tries, command.detail
        if command.options is not None:
            unit.options[row.id] = command.options
        if command.state not in WAITING:
            # Of all that a line at work may say of a message, its attempt has said this.
            unit.turn(row, State.SENDING.value, command.now, reason=None, final=False)
        unit.turn(row, command.state.value, command.now, reason=command.reason, final=command.final)
        refused += [
            (PartState.REFUSED.value, command.attempt_id, number, PartState.UNSENT.value) for number in command.refused
        ]
    unit.session.many(_REFUSE, refused)
    return results


def _early(unit: Unit, command: Finish, number: int, end: PartEnd) -> bool:
    """Whether a report for this part may have come already."""
    early = unit.memory.early
    attempt_id = command.work.attempt_id
    if any(early.of(command.line, by_attempt(attempt_id, each)) for each in (number, None)):
        return True
    if end.state is PartState.DOUBT:
        return bool(early.ours(command.line))
    return end.reference is not None and bool(early.of(command.line, end.reference))


def _report(unit: Unit, command: Finish) -> None:
    # What bears a reference takes its report first, so that what is left may be of the part in doubt.
    for number, end in sorted(command.parts.items(), key=lambda item: item[1].reference is None):
        reports.apply_early(unit, command, number, end)
    reports.apply_early_whole(unit, command)
