"""Messages that a line cannot carry: each is kept in a queue that those lines do not serve."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from gatewayd.store.commands import QueueInfo, Reroute
from gatewayd.store.sending import jobs
from gatewayd.store.sending.counts import word
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Statement, adding, given, setting
from gatewayd.store.tables import message, queue
from gatewayd.values.model import WAITING, State

_OF: Final = Statement(
    select(queue.c.job_id, queue.c.prefix, queue.c.without).where(queue.c.id == given(queue.c.id)), "p_id"
)
_FIND: Final = Statement(
    select(queue.c.id).where(
        queue.c.job_id == given(queue.c.job_id),
        queue.c.prefix == given(queue.c.prefix),
        queue.c.without == given(queue.c.without),
    ),
    "p_job_id p_prefix p_without",
)
_ADD: Final = adding(queue, "job_id prefix without")
_MOVE: Final = setting(message, "queue_id state due updated_at", "id")


def reroute(unit: Unit, commands: list[Reroute]) -> list[QueueInfo | Exception | None]:
    moved = [_move(unit, command) for command in commands]
    unit.flush()
    known = {info.id: info for job_id, _ in filter(None, moved) for info in jobs.infos(unit.session, job_id)}
    return [None if each is None else known[each[1]] for each in moved]


def _move(unit: Unit, command: Reroute) -> tuple[int, int] | None:
    """Answers the message's job and its queue from now on."""
    row = unit.load([command.message_id]).get(command.message_id)
    if row is None or row.attempt_id != command.attempt_id or State(row.state) not in WAITING:
        return None
    # Written down as it is, so that what is counted below is all that changes.
    unit.flush_messages()
    found = unit.session.one(_OF, row.queue_id)
    assert found is not None, f"no queue {row.queue_id}"
    job_id, prefix, without = found
    wanted = " ".join(sorted({*without.split(), command.line}))
    home = unit.session.one(_FIND, job_id, prefix, wanted)
    if home is None:
        unit.session.run(_ADD, job_id, prefix, wanted)
        home = unit.session.one(_FIND, job_id, prefix, wanted)
        assert home is not None
    queued = State.QUEUED.value
    unit.session.run(_MOVE, home[0], queued, command.now, command.now, row.id)
    unit.counts.add(row.queue_id, word(row.state, row.reason), row.final, -1, -row.segments)
    unit.counts.add(home[0], queued, False, 1, row.segments)
    return job_id, home[0]
