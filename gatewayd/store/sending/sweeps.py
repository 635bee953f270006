"""What time alone brings: messages whose time is over, queues that begin to wait, old messages that leave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Integer, delete, func, literal_column, select, text, update

from gatewayd.store.commands import Prune, Sweep, Swept
from gatewayd.store.sending import counts, early, removal
from gatewayd.store.sending.cuts import parts_of
from gatewayd.store.sending.parts import state_of
from gatewayd.store.sending.rows import MessageRow
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Row, Statement, among, given
from gatewayd.store.tables import attempt, inbound_part, job, message, part, queue, queue_count, segment
from gatewayd.store.tables.base import of
from gatewayd.store.tables.sending import WAITS
from gatewayd.values.model import IN_NETWORK, Channel, PartState, State

EARLY_KEPT_MS: Final = 15 * 60_000
"""A report precedes the answer it belongs to by seconds; a line that recovers may take minutes over it."""

PARTS_KEPT_MS: Final = 7 * 86_400_000
"""How long the parts of a received text that is over are remembered, to know repeats."""

_WAITING: Final = Statement(
    select(queue.c.id, job.c.id, job.c.state, job.c.not_after)
    .select_from(queue_count.join(queue, queue.c.id == queue_count.c.queue_id).join(job, job.c.id == queue.c.job_id))
    .where(counts.WAITS, job.c.state != "loading", (job.c.state == "cancelled") | job.c.not_after.is_not(None))
    .distinct()
    .order_by(queue.c.id)
)
_ROWS: Final = Statement(
    select(message.c.id)
    .where(message.c.queue_id == given(message.c.queue_id), of("message", WAITS))
    .order_by(message.c.due, message.c.id)
    .limit(given(message.c.id, "p_limit")),
    "p_queue_id p_limit",
)
_UNREPORTED: Final = Statement(
    select(message.c.id)
    .where(text("message.state = 'submitted' AND NOT message.final"), message.c.due <= given(message.c.due))
    .order_by(message.c.due)
    .limit(given(message.c.id, "p_limit")),
    "p_due p_limit",
)
_NEXT_REPORT: Final = Statement(
    select(func.min(message.c.due)).where(text("message.state = 'submitted' AND NOT message.final"))
)
_DROP_PARTS: Final = Statement(
    delete(inbound_part).where(
        # One that waits for others is no text yet, and may be an opt-out.
        inbound_part.c.total < literal_column("0", Integer),
        inbound_part.c.received_at < given(inbound_part.c.received_at),
    ),
    "p_received_at",
)
_OLDEST_PART: Final = Statement(
    select(func.min(inbound_part.c.received_at)).where(inbound_part.c.total < literal_column("0", Integer))
)


def withdraw(unit: Unit, rows: Sequence[MessageRow], state: State, reason: str | None, now: int) -> None:
    """Ends waiting messages. One of which parts have left, or may have, ends as what became of those. A call that was
    tried and reached nobody has left nothing behind: its last disposition stays in its detail."""
    tried = parts_of(unit.session, [row.id for row in rows if row.attempt_id is not None])
    for row in rows:
        parts = {number: known for number, known in tried.get(row.id, {}).items() if known is not PartState.UNSENT}
        if unit.job(row.job_id).channel == Channel.CALL:
            # Between two tries: what was tried and reached nobody leaves nothing behind.
            parts = {number: known for number, known in parts.items() if known is PartState.DOUBT}
        if IN_NETWORK.isdisjoint(parts.values()) and PartState.DOUBT not in parts.values():
            unit.turn(row, state.value, now, reason=reason, final=True)
            continue
        after = state_of(parts, row)
        if after is State.SUBMITTED:
            row.due = now + unit.memory.report_wait_ms
        told = "incomplete" if after is State.UNDELIVERED else None
        unit.turn(row, after.value, now, reason=told, final=after is not State.SUBMITTED)


def sweep(unit: Unit, commands: list[Sweep]) -> list[Swept | Exception]:
    return [_sweep(unit, command) for command in commands]


def _sweep(unit: Unit, command: Sweep) -> Swept:
    unit.flush()
    session, now, left = unit.session, command.now, command.limit
    touched: set[int] = set()
    next_at: list[int] = []
    for queue_id, job_id, state, not_after in session.all(_WAITING):
        cancelled = state == "cancelled"
        if not cancelled and now < not_after:
            next_at.append(not_after)
            continue
        if left <= 0:
            break
        rows = unit.load(row[0] for row in session.all(_ROWS, queue_id, left))
        end = State.CANCELLED if cancelled else State.EXPIRED
        withdraw(unit, [rows[number] for number in sorted(rows)], end, None, now)
        left -= len(rows)
        touched.add(job_id)
    if left > 0:
        rows = unit.load(row[0] for row in session.all(_UNREPORTED, now, left))
        for row in sorted(rows.values(), key=lambda row: (row.due, row.id)):
            unit.turn(row, State.SUBMITTED.value, now, reason="no_report", final=True)
            touched.add(row.job_id)
        left -= len(rows)
    unit.flush()
    _forget(unit, now)
    found = (session.one(_NEXT_REPORT), session.one(_OLDEST_PART))
    next_at += [
        row[0] + kept for row, kept in zip(found, (0, PARTS_KEPT_MS), strict=True) if row and row[0] is not None
    ]
    oldest = unit.memory.early.oldest
    if oldest is not None:
        next_at.append(max(oldest + EARLY_KEPT_MS, now))
    more = left <= 0
    return Swept(command.limit - left, more, tuple(sorted(touched)), min(next_at, default=None))


def _forget(unit: Unit, now: int) -> None:
    over = unit.memory.early.before(now - EARLY_KEPT_MS)
    if over:
        unit.session.among(early.DROP, [report.id for report in over])
        unit.after_commit.append(partial(unit.memory.early.remove, over))
    unit.session.run(_DROP_PARTS, now - PARTS_KEPT_MS)


# ----------------------------------------------------------------------------------------------------------- retention

_OLD_JOBS: Final = Statement(
    select(job.c.id)
    .where(
        job.c.created_at < given(job.c.created_at),
        job.c.state != "loading",
        job.c.last_seq == job.c.written_seq,
        ~select(segment.c.job_id).where(segment.c.job_id == job.c.id).exists(),
    )
    .order_by(job.c.id),
    "p_created_at",
)
_OLD: Final = Statement(
    select(message.c.id, message.c.queue_id, message.c.state, message.c.segments)
    .where(
        message.c.job_id == given(message.c.job_id),
        message.c.updated_at < given(message.c.updated_at),
        text("message.final"),
        # What it may cost is still held: only a person settles it now.
        message.c.state != "uncertain",
    )
    .order_by(message.c.id)
    .limit(given(message.c.id, "p_limit")),
    "p_job_id p_updated_at p_limit",
)
_ANY: Final = Statement(select(message.c.id).where(message.c.job_id == given(message.c.job_id)).limit(1), "p_job_id")
_ATTEMPTS: Final = Statement(select(attempt.c.id).where(among(attempt.c.message_id)))
_DROP_ATTEMPT_PARTS: Final = Statement(delete(part).where(among(part.c.attempt_id)))
_DROP_ATTEMPTS: Final = Statement(delete(attempt).where(among(attempt.c.id)))
_DROP_MESSAGES: Final = Statement(delete(message).where(among(message.c.id)))
_SHRINK: Final = Statement(
    update(job).where(job.c.id == given(job.c.id, "k_id")).values(messages=job.c.messages - given(job.c.messages)),
    "p_messages k_id",
)


def prune(unit: Unit, commands: list[Prune]) -> list[int | Exception]:
    unit.flush()
    return [_prune(unit, command) for command in commands]


def _prune(unit: Unit, command: Prune) -> int:
    session, left = unit.session, command.limit
    for (job_id,) in session.all(_OLD_JOBS, command.messages_before):
        if left <= 0:
            break
        rows = session.all(_OLD, job_id, command.messages_before, left)
        _remove(unit, job_id, rows)
        left -= len(rows)
        if left > 0 and session.one(_ANY, job_id) is None:
            unit.flush()
            removal.remove(unit, job_id)
    return command.limit - left


def _remove(unit: Unit, job_id: int, rows: list[Row]) -> None:
    if not rows:
        return
    session, ids = unit.session, [row[0] for row in rows]
    attempts = [row[0] for row in session.among(_ATTEMPTS, ids)]
    session.among(_DROP_ATTEMPT_PARTS, attempts)
    session.among(_DROP_ATTEMPTS, attempts)
    session.among(_DROP_MESSAGES, ids)
    session.run(_SHRINK, len(rows), job_id)
    for _, queue_id, state, segments in rows:
        unit.counts.add(queue_id, state, True, -1, -segments)
