"""Segments of receipts: how receipts leave the store, portion by portion.

Those of an account whose endpoints want them stay until they are posted as well.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select, update

from gatewayd.store.commands import CutSegments, Segment, SegmentsWritten
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Session, Statement, adding, among, given
from gatewayd.store.tables import account, job, receipt, segment
from gatewayd.store.webhooks import outbox

_CUT_BEFORE: Final = select(
    segment.c.job_id, segment.c.first_seq, segment.c.last_seq, account.c.name, job.c.name
).where(job.c.id == segment.c.job_id, account.c.id == job.c.account_id)
_CUT_OF_NODE: Final = Statement(
    _CUT_BEFORE.where(job.c.node == given(job.c.node)).order_by(segment.c.job_id, segment.c.first_seq), "p_node"
)
_CUT_OF_JOBS: Final = Statement(
    _CUT_BEFORE.where(among(segment.c.job_id)).order_by(segment.c.job_id, segment.c.first_seq)
)
# What is cut and not yet written is told by the caller.
_GROWN: Final = select(job.c.id, job.c.written_seq, job.c.last_seq, account.c.name, job.c.name).where(
    account.c.id == job.c.account_id, job.c.state != "loading", job.c.last_seq > job.c.written_seq
)
_GROWN_OF_NODE: Final = Statement(_GROWN.where(job.c.node == given(job.c.node)).order_by(job.c.id), "p_node")
_GROWN_JOBS: Final = Statement(_GROWN.where(among(job.c.id)).order_by(job.c.id))
_BODIES: Final = Statement(
    select(receipt.c.body)
    .where(
        receipt.c.job_id == given(receipt.c.job_id),
        receipt.c.seq >= given(receipt.c.seq, "p_first"),
        receipt.c.seq <= given(receipt.c.seq, "p_last"),
    )
    .order_by(receipt.c.seq),
    "p_job_id p_first p_last",
)
_ADD_SEGMENT: Final = adding(segment, "job_id first_seq last_seq cut_at")
_DROP_RECEIPTS: Final = Statement(
    delete(receipt).where(
        receipt.c.job_id == given(receipt.c.job_id),
        receipt.c.seq >= given(receipt.c.seq, "p_first"),
        receipt.c.seq <= given(receipt.c.seq, "p_last"),
    ),
    "p_job_id p_first p_last",
)
_CUT_AT: Final = Statement(
    select(job.c.account_id, segment.c.cut_at).where(
        job.c.id == segment.c.job_id,
        segment.c.job_id == given(segment.c.job_id),
        segment.c.first_seq == given(segment.c.first_seq),
    ),
    "p_job_id p_first_seq",
)
_DROP_SEGMENT: Final = Statement(
    delete(segment).where(
        segment.c.job_id == given(segment.c.job_id), segment.c.first_seq == given(segment.c.first_seq)
    ),
    "p_job_id p_first_seq",
)
# What an earlier segment still lacks is told by its own row in `segment`.
_WRITTEN: Final = Statement(
    update(job)
    .where(job.c.id == given(job.c.id, "k_id"), job.c.written_seq < given(job.c.last_seq, "p_last"))
    .values(written_seq=given(job.c.last_seq, "p_to")),
    "k_id p_last p_to",
)


def cut(unit: Unit, commands: list[CutSegments]) -> list[tuple[Segment, ...] | Exception]:
    unit.flush()
    return [_cut(unit.session, command) for command in commands]


def _cut(session: Session, command: CutSegments) -> tuple[Segment, ...]:
    if command.jobs is None:
        before, grown = session.all(_CUT_OF_NODE, command.node), session.all(_GROWN_OF_NODE, command.node)
    else:
        jobs = sorted(set(command.jobs))
        before, grown = session.among(_CUT_OF_JOBS, jobs), session.among(_GROWN_JOBS, jobs)
    segments: list[Segment] = []
    room = command.most

    def read(job_id: int, first: int, last: int, account: str, job: str) -> None:
        nonlocal room
        bodies = tuple(row[0] for row in session.all(_BODIES, job_id, first, last))
        room -= len(bodies)
        segments.append(Segment(account, job, job_id, first, last, bodies))

    reached: dict[int, int] = {}
    for job_id, first, last, account_name, job_name in before:
        reached[job_id] = last
        if len(segments) < command.segments and room > 0:
            read(job_id, first, last, account_name, job_name)
    fresh = []
    for job_id, written, last, account_name, job_name in grown:
        first = max(written, reached.get(job_id, 0)) + 1
        while first <= last and len(segments) < command.segments and room > 0:
            until = min(first + command.lines - 1, last)
            fresh.append((job_id, first, until, command.now))
            read(job_id, first, until, account_name, job_name)
            first = until + 1
    session.many(_ADD_SEGMENT, fresh)
    return tuple(segments)


def written(unit: Unit, commands: list[SegmentsWritten]) -> list[Exception | None]:
    unit.flush()
    session = unit.session
    segments = sorted({segment for command in commands for segment in command.segments})
    session.many(_DROP_RECEIPTS, _not_to_be_posted(unit, segments))
    session.many(_DROP_SEGMENT, [(job_id, first) for job_id, first, _ in segments])
    session.many(_WRITTEN, [(job_id, last, last) for job_id, _, last in segments])
    return [None] * len(commands)


def _not_to_be_posted(unit: Unit, segments: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Logs the segments that endpoints want; returns the others, whose receipts nobody needs any more."""
    wanting = outbox.listeners(unit.session, outbox.RECEIPT)
    if not wanting:
        return segments
    logged: list[tuple[int, int, int, int, int]] = []
    over: list[tuple[int, int, int]] = []
    for job_id, first, last in segments:
        known = unit.session.one(_CUT_AT, job_id, first)
        if known is None:
            continue  # said twice: it is dealt with, and its row in `segment` is gone
        owner, cut_at = known
        if owner in wanting:
            logged.append((owner, cut_at, job_id, first, last))
        else:
            over.append((job_id, first, last))
    outbox.add_segments(unit.session, logged)
    return over
