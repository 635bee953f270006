"""The start of a node: a new epoch, and what the last one left behind."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import select

from gatewayd.store.commands import OpenWork, Recovered, RecoverOwnerless, Started, StartNode, Work
from gatewayd.store.sending import jobs
from gatewayd.store.sending.claims import give_back
from gatewayd.store.sending.cuts import Cutter, parts_of
from gatewayd.store.session import Row, Statement, adding, among, given, setting
from gatewayd.store.tables import attempt, message, node, part, transfer
from gatewayd.values.model import PartState

if TYPE_CHECKING:
    from drivers.base import Encoding
    from gatewayd.store.sending.rows import MessageRow
    from gatewayd.store.sending.unit import Unit

_EPOCH: Final = Statement(
    select(node.c.epoch).where(node.c.name == given(node.c.name)).with_for_update(),
    "p_name",
)
_ADD: Final = adding(node, "name epoch heartbeat")
_SET: Final = setting(node, "epoch heartbeat", "name")
_LIVE: Final = Statement(
    select(attempt.c.id, attempt.c.state)
    .where(attempt.c.node == given(attempt.c.node), attempt.c.state != "closed")
    .order_by(attempt.c.id),
    "p_node",
)
_PRESENT: Final = Statement(
    select(attempt.c.id, attempt.c.state, attempt.c.message_id, attempt.c.epoch, attempt.c.started_at)
    .where(attempt.c.node == given(attempt.c.node), attempt.c.state != "closed")
    .order_by(attempt.c.id),
    "p_node",
)
_ADOPT: Final = setting(attempt, "epoch", "id")
_BESIDE: Final = (message.c.text, message.c.options)
_OPEN: Final = Statement(
    select(attempt.c.id, attempt.c.started_at, attempt.c.number, attempt.c.line, attempt.c.message_id, *_BESIDE)
    .select_from(attempt.join(message, message.c.id == attempt.c.message_id))
    .where(among(attempt.c.id))
    .order_by(attempt.c.id)
)
_HELD: Final = Statement(
    select(transfer.c.attempt_id, transfer.c.part).where(transfer.c.step == "hold", among(transfer.c.attempt_id))
)
_PARTS: Final = Statement(
    select(part.c.attempt_id, part.c.part, part.c.at, part.c.reference)
    .where(part.c.state == "open", among(part.c.attempt_id))
    .order_by(part.c.attempt_id, part.c.part)
)


def start(unit: Unit, commands: list[StartNode]) -> list[Started | Exception]:
    return [_start(unit, command) for command in commands]


def _start(unit: Unit, command: StartNode) -> Started:
    session = unit.session
    known = session.one(_EPOCH, command.node)
    epoch = 1 if known is None else known[0] + 1
    if known is None:
        session.run(_ADD, command.node, epoch, command.now)
    else:
        session.run(_SET, epoch, command.now, command.node)
    live = session.all(_LIVE, command.node)
    returned = give_back(unit, [number for number, state in live if state == "claimed"], command.now)
    left = [number for number, state in live if state == "open"]
    session.many(_ADOPT, [(epoch, number) for number in left])
    return Started(epoch, unit.memory.stamps.salt, _open(unit, left), returned)


def recover(unit: Unit, commands: list[RecoverOwnerless]) -> list[Recovered | Exception]:
    return [_recover(unit, command) for command in commands]


def _recover(unit: Unit, command: RecoverOwnerless) -> Recovered:
    session = unit.session
    live = [
        (number, state, message_id)
        for number, state, message_id, epoch, at in session.all(_PRESENT, command.node)
        if epoch == command.epoch and at <= command.before and number not in command.held
    ]
    rows = unit.load(message_id for _, state, message_id in live if state == "claimed")
    found = {row.job_id for row in rows.values()}
    returned = give_back(unit, [number for number, state, _ in live if state == "claimed"], command.now)
    left = _open(unit, [number for number, state, _ in live if state == "open"])
    if found:
        unit.flush()
    queues = tuple(info for job_id in sorted(found) for info in jobs.infos(session, job_id) if info.waiting)
    return Recovered(returned, queues, left)


def _open(unit: Unit, attempts: list[int]) -> tuple[OpenWork, ...]:
    session = unit.session
    opened: dict[int, dict[int, int]] = defaultdict(dict)
    references: dict[int, dict[int, str]] = defaultdict(dict)
    for attempt_id, number, at, reference in session.among(_PARTS, attempts):
        opened[attempt_id][number] = at
        if reference is not None:
            references[attempt_id][number] = reference
    rows = {row[0]: row for row in session.among(_OPEN, attempts)}
    held: dict[int, set[int]] = defaultdict(set)
    for attempt_id, number in session.among(_HELD, attempts):
        held[attempt_id].add(number)
    messages = unit.load(row[4] for row in rows.values())
    parts = parts_of(session, messages)
    return tuple(
        OpenWork(
            _work(unit, row, messages[row[4]], parts[row[4]], held[attempt_id]),
            row[3],
            tuple(sorted(opened[attempt_id].items())),
            tuple(sorted(references[attempt_id].items())),
        )
        for attempt_id, row in rows.items()
        if row[4] in messages
    )


def _work(unit: Unit, found: Row, row: MessageRow, parts: dict[int, PartState], held: set[int]) -> Work:
    """The work as it was claimed: cut the same way again, for what the line chose is kept with the message. What it had
    to send is what is held for it, whatever became known of earlier attempts since; what is free is worked out."""
    attempt_id, started_at, number, _, _, body, options = found
    info = unit.job(row.job_id)
    cut = Cutter(info, {row.id: parts}).cut(row, body or "", "")
    return Work(
        message_id=row.id,
        attempt_id=attempt_id,
        public=unit.memory.stamps.public(started_at, attempt_id),
        queue_id=row.queue_id,
        job_id=row.job_id,
        account_id=info.account_id,
        row=row.row,
        to=row.to or "",
        text=body or "",
        encoding=cast("Encoding", cut.encoding),
        parts=cut.parts,
        todo=tuple(sorted(held)) or cut.todo,
        concat_ref=row.concat_ref or 0,
        number=number,
        tries=row.tries,
        unit_price=info.unit_price,
        resend=info.resend,
        not_after=info.not_after,
        detail=row.detail,
        options=options,
        done=cut.done,
    )
