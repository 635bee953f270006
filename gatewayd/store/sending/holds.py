"""Queues that wait as a whole: told once, shown until they go on, and no row of theirs is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from gatewayd.store.commands import HoldQueue
from gatewayd.store.sending import counts
from gatewayd.store.session import Statement, given, setting
from gatewayd.store.tables import queue, queue_count

if TYPE_CHECKING:
    from gatewayd.contact.judge import Verdict
    from gatewayd.store.sending.rows import JobInfo
    from gatewayd.store.sending.unit import Unit

WINDOW: Final = "window"

_QUEUE: Final = Statement(
    select(queue.c.job_id, queue.c.held_reason, func.coalesce(func.sum(queue_count.c.messages), 0))
    .select_from(queue.outerjoin(queue_count, (queue_count.c.queue_id == queue.c.id) & counts.WAITS))
    .where(queue.c.id == given(queue.c.id))
    .group_by(queue.c.job_id, queue.c.held_reason),
    "p_id",
)
_HOLD: Final = setting(queue, "held_reason held_at held_until", "id")


def hold(unit: Unit, commands: list[HoldQueue]) -> list[Exception | None]:
    unit.flush()
    for command in commands:
        found = unit.session.one(_QUEUE, command.queue_id)
        if found is None or found[1] == command.reason:
            continue
        job_id, _, count = found
        at = None if command.reason is None else command.now
        unit.session.run(_HOLD, command.reason, at, None, command.queue_id)
        if command.reason is not None and count:
            unit.journal.tell_queue(unit.job(job_id), command.reason, int(count), command.now)
    return [None] * len(commands)


def until(unit: Unit, info: JobInfo, queue_id: int, *, known: int | None, verdict: Verdict, now: int) -> None:
    """The hours of contact are over for everybody in a queue: it waits until the instant of the verdict. `known` is the
    instant until which it waits already."""
    opens = verdict.until
    if opens == known:
        return
    unit.session.run(_HOLD, WINDOW, now, opens, queue_id)
    if known is not None and known > now:
        return  # it has been told; only the instant is another
    unit.flush()
    found = unit.session.one(_QUEUE, queue_id)
    count = 0 if found is None else int(found[2])
    if not count:
        return
    unit.journal.tell_queue(info, WINDOW, count, now, opens)
    unit.evidence.add(
        at=now,
        account_id=info.account_id,
        person="",
        to=None,
        job_id=info.id,
        message_id=None,
        attempt_id=None,
        klass=info.klass,
        channel=info.channel,
        rule=verdict.rule,
        version=verdict.version,
        verdict=WINDOW,
        until=opens,
    )


def release(unit: Unit, queue_id: int) -> None:
    """A queue that waited for its hours goes on."""
    unit.session.run(_HOLD, None, None, None, queue_id)
