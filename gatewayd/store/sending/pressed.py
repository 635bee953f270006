"""Keys pressed in calls: each answers the call it was pressed in, once, however late it becomes known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from gatewayd.store.commands import Finish, KeyPressed, Received
from gatewayd.store.sending import blocks
from gatewayd.store.sending.early import same_recipient
from gatewayd.store.sending.inbox import ADD, ANSWER_MS, ANSWERED, KEYS, STORED
from gatewayd.store.sending.tallies import HOUR_MS, RECEIVED
from gatewayd.store.session import Row, Statement, given
from gatewayd.store.tables import attempt, job, message

if TYPE_CHECKING:
    from gatewayd.store.sending.unit import Unit

_CALLED: Final = Statement(
    select(message.c.id, job.c.account_id, message.c.to)
    .select_from(attempt.join(message, message.c.id == attempt.c.message_id).join(job, job.c.id == message.c.job_id))
    .where(attempt.c.id == given(attempt.c.id)),
    "p_id",
)


def keyed(unit: Unit, commands: Sequence[Finish]) -> None:
    """Keeps the keys that came with the ends of their calls."""
    for command in commands:
        work = command.work
        if unit.session.one(STORED, command.line, _name(work.attempt_id)) is None:
            _add(unit, (work.attempt_id, work.message_id, work.account_id, work.to), command)


def late(unit: Unit, commands: Sequence[KeyPressed]) -> list[Received | Exception]:
    """Keeps keys that became known later."""
    unit.flush_messages()
    return [_late(unit, command) for command in commands]


def _late(unit: Unit, command: KeyPressed) -> Received:
    if unit.session.one(STORED, command.line, _name(command.attempt_id)) is not None:
        return Received(stored=False, complete=True, opt_out=command.opted_out)
    called = _called(unit, command)
    if called is None:
        return Received(stored=False, complete=False, opt_out=False)
    message_id, account_id, to = called
    _add(unit, (command.attempt_id, message_id, account_id, to), command)
    row = unit.load([message_id])[message_id]
    if row.attempt_id == command.attempt_id:
        row.detail = json.dumps(
            json.loads(row.detail or "{}") | json.loads(command.detail), ensure_ascii=False, separators=(",", ":")
        )
        row.dirty = True
    jobs: tuple[int, ...] = ()
    if command.opted_out:
        jobs = blocks.put(unit, [to], KEYS, None, command.now, account_id=account_id).jobs
    return Received(stored=True, complete=True, opt_out=command.opted_out, jobs=jobs)


def _called(unit: Unit, command: KeyPressed) -> Row | None:
    """Returns message, account and number of a call; None: it was nobody's of ours."""
    found = unit.session.one(_CALLED, command.attempt_id)
    if found is not None:
        return found if same_recipient(found[2], command.to) else None
    latest = None if command.to is None else unit.session.one(ANSWERED, command.to, command.now - ANSWER_MS)
    return None if latest is None else (*latest, command.to)


def _name(attempt_id: int) -> str:
    """Returns by what a key is known to be stored already."""
    return f"#{attempt_id}"


def _add(unit: Unit, call: tuple[int, int, int, str], command: Finish | KeyPressed) -> None:
    """`call`: attempt, message, account and number."""
    attempt_id, message_id, account_id, to = call
    now = command.now
    pressed = command.key if isinstance(command, KeyPressed) else command.pressed
    unit.tallies.add((now // HOUR_MS, account_id, KEYS, command.line, RECEIVED), 1, 0, 0)
    unit.session.run(
        ADD,
        *(now, now, account_id, KEYS, command.line, to, None, pressed, _name(attempt_id), message_id),
        *(command.opted_out, False, None, command.action),
    )
