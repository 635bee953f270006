"""The start of a node: a new epoch, and what the last one left behind."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import select

from gatewayd.model import PartState
from gatewayd.store.claiming import give_back, parts_of
from gatewayd.store.commands import OpenWork, Started, StartNode, Work
from gatewayd.store.schema import attempt, message, node, part
from gatewayd.store.session import Row, Statement, adding, among, given, setting
from gatewayd.texts import split_for

if TYPE_CHECKING:
    from drivers.base import Encoding
    from gatewayd.store.unit import Unit

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
_ADOPT: Final = setting(attempt, "epoch", "id")
_OPEN: Final = Statement(
    select(
        attempt.c.id,
        attempt.c.started_at,
        attempt.c.number,
        attempt.c.line,
        message.c.id,
        message.c.queue_id,
        message.c.job_id,
        message.c.row,
        message.c.to,
        message.c.text,
        message.c.encoding,
        message.c.concat_ref,
        message.c.tries,
        message.c.detail,
    )
    .select_from(attempt.join(message, message.c.id == attempt.c.message_id))
    .where(among(attempt.c.id))
)
_PARTS: Final = Statement(
    select(part.c.attempt_id, part.c.part, part.c.at)
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


def _open(unit: Unit, attempts: list[int]) -> tuple[OpenWork, ...]:
    session = unit.session
    opened: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for attempt_id, number, at in session.among(_PARTS, attempts):
        opened[attempt_id].append((number, at))
    rows = {row[0]: row for row in session.among(_OPEN, attempts)}
    earlier = parts_of(session, {row[4] for row in rows.values()})
    return tuple(
        OpenWork(_work(unit, row, earlier[row[4]]), row[3], tuple(opened[attempt_id]))
        for attempt_id, row in sorted(rows.items())
    )


def _work(unit: Unit, row: Row, parts: dict[int, PartState]) -> Work:
    """The work as it was claimed: cut again the same way, for what the line chose is kept with the message."""
    info = unit.job(row[6])
    encoding, cut = row[10], ()
    todo: tuple[int, ...] = (1,)
    done: tuple[tuple[int, PartState], ...] = ()
    if info.channel == "sms":
        split = split_for(row[9] or "", encoding)
        encoding, cut = split.encoding, split.parts
        settled = {PartState.TAKEN, PartState.REFUSED, PartState.DELIVERED, PartState.UNDELIVERED}
        done = tuple(sorted((number, state) for number, state in parts.items() if state in settled))
        todo = tuple(n for n in range(1, len(cut) + 1) if parts.get(n) not in settled)
    return Work(
        message_id=row[4],
        attempt_id=row[0],
        public=unit.memory.stamps.public(row[1], row[0]),
        queue_id=row[5],
        job_id=row[6],
        account_id=info.account_id,
        row=row[7],
        to=row[8] or "",
        text=row[9] or "",
        encoding=cast("Encoding", encoding),
        parts=cut,
        todo=todo,
        concat_ref=row[11] or 0,
        number=row[2],
        tries=row[12],
        unit_price=info.unit_price,
        resend=info.resend,
        not_after=info.not_after,
        detail=row[13],
        done=done,
    )
