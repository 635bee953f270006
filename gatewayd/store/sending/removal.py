"""Jobs that leave the store: those that were never recorded to their end, and those whose last message has left."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select

from gatewayd.store.commands import DropJob
from gatewayd.store.sending import keys
from gatewayd.store.sending.tallies import HOUR_MS
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Statement, among, given
from gatewayd.store.tables import job, message, queue, queue_count, receipt
from gatewayd.values.errors import ConflictError
from gatewayd.values.model import State

_STATE: Final = Statement(select(job.c.state).where(job.c.id == given(job.c.id)).with_for_update(), "p_id")
_SOME_MESSAGES: Final = Statement(
    select(message.c.id, message.c.state, message.c.updated_at, message.c.segments)
    .where(message.c.job_id == given(message.c.job_id))
    .order_by(message.c.id)
    .limit(given(message.c.id, "p_limit")),
    "p_job_id p_limit",
)
_DROP_MESSAGES: Final = Statement(delete(message).where(among(message.c.id)))
_DROP_RECEIPTS: Final = Statement(delete(receipt).where(receipt.c.job_id == given(receipt.c.job_id)), "p_job_id")
_DROP_COUNTS: Final = Statement(
    delete(queue_count).where(
        queue_count.c.queue_id.in_(select(queue.c.id).where(queue.c.job_id == given(queue.c.job_id)))
    ),
    "p_job_id",
)
_DROP_QUEUES: Final = Statement(delete(queue).where(queue.c.job_id == given(queue.c.job_id)), "p_job_id")
_DROP_JOB: Final = Statement(delete(job).where(job.c.id == given(job.c.id)), "p_id")


def drop(unit: Unit, commands: list[DropJob]) -> list[bool | Exception]:
    unit.flush()
    results: list[bool | Exception] = []
    for command in commands:
        state = unit.session.one(_STATE, command.job_id)
        if state is None:
            results.append(True)
        elif state[0] != "loading":
            results.append(ConflictError(f"job {command.job_id} is recorded already"))
        else:
            results.append(_drop(unit, command))
    return results


def _drop(unit: Unit, command: DropJob) -> bool:
    session = unit.session
    rows = session.all(_SOME_MESSAGES, command.job_id, command.limit)
    info = unit.job(command.job_id)
    for _number, state, ended_at, segments in rows:
        if state == State.CANCELLED and not info.test:
            # A block or a payment ended it before anybody saw the job; read again, it is counted again.
            unit.tallies.add((ended_at // HOUR_MS, info.account_id, info.channel, "", state), -1, -segments, 0)
    session.among(_DROP_MESSAGES, [row[0] for row in rows])
    if len(rows) == command.limit:
        return False
    remove(unit, command.job_id)
    return True


def remove(unit: Unit, job_id: int) -> None:
    """A job whose messages are gone leaves the store with all that is its own."""
    keys.forget_job(unit.session, job_id)
    for statement in (_DROP_RECEIPTS, _DROP_COUNTS, _DROP_QUEUES, _DROP_JOB):
        unit.session.run(statement, job_id)
    unit.jobs.forget()
