"""Receipts: their text, their numbers, and how they leave the store in segments.

A receipt's text is built in the transaction that makes it true, so that a segment written again after a crash is byte
for byte the same.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, func, select, update

from gatewayd.model import State
from gatewayd.money import format_money
from gatewayd.store.commands import CutSegments, Segment, SegmentsWritten
from gatewayd.store.schema import account, job, receipt, segment
from gatewayd.store.session import Session, Statement, adding, among, given
from gatewayd.store.stamp import Stamps
from spool.receipts import one_line

if TYPE_CHECKING:
    from gatewayd.store.unit import JobInfo, MessageRow, Unit

RECEIPTED: Final = frozenset(
    state.value
    for state in (
        State.SUBMITTED,
        State.DELIVERED,
        State.READ,
        State.UNDELIVERED,
        State.FAILED,
        State.EXPIRED,
        State.UNCERTAIN,
        State.CANCELLED,
        State.INVALID,
    )
)
"""Entering one of these is told; the ways between are not."""

_COUNT_UP: Final = Statement(
    update(job)
    .where(job.c.id == given(job.c.id, "k_id"))
    .values(
        last_seq=job.c.last_seq + bindparam("p_receipts", type_=job.c.last_seq.type),
        cost=job.c.cost + bindparam("p_cost", type_=job.c.cost.type),
        started_at=func.coalesce(job.c.started_at, bindparam("p_started", type_=job.c.started_at.type)),
        last_at=func.coalesce(bindparam("p_last", type_=job.c.last_at.type), job.c.last_at),
    )
    .returning(job.c.last_seq),
    "p_receipts p_cost p_started p_last k_id",
)
_ADD: Final = adding(receipt, "job_id seq body")


def text(value: str | None) -> str:
    """A JSON string, or `null`."""
    return "null" if value is None else encode_basestring(value)


def _shown(detail: str | None) -> str:
    """A message's detail as receipts have it: what the channel was told (`options`) is the gateway's own affair."""
    if detail is None:
        return "{}"
    if '"options"' not in detail:
        return detail
    kept = {key: value for key, value in json.loads(detail).items() if key != "options"}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


class Journal:
    """What one transaction says of jobs: receipts, cost, times. The numbers are given out when it is written down."""

    __slots__ = ("_cost", "_last", "_receipts", "_stamps", "_started")

    def __init__(self, stamps: Stamps) -> None:
        self._stamps = stamps
        self._receipts: dict[int, list[str]] = {}
        self._cost: dict[int, int] = {}
        self._started: dict[int, int] = {}
        self._last: dict[int, int] = {}

    def tell(self, job: JobInfo, row: MessageRow, now: int) -> None:
        """One receipt of the message as it is now."""
        attempt = "null" if row.number is None else row.number
        body = (
            f',"at":"{self._stamps.at(now)}","job":{job.json_name},'
            f'"message":"{self._stamps.public(job.created_at, row.id)}","ref":{text(row.ref)},"row":{row.row},'
            f'"to":{text(row.to)},"channel":"{job.channel}","state":"{row.state}",'
            f'"final":{"true" if row.final else "false"},"reason":{text(row.reason)},"line":{text(row.line)},'
            f'"attempt":{attempt},"segments":{row.segments if job.channel == "sms" else "null"},'
            f'"cost":"{format_money(row.cost)}","detail":{_shown(row.detail)}}}'
        )
        self._say(row.job_id, body, now)

    def tell_queue(self, job: JobInfo, reason: str, count: int, now: int) -> None:
        """The queue receipt `held`: a whole queue begins to wait."""
        body = (
            f',"at":"{self._stamps.at(now)}","job":{job.json_name},"message":null,"ref":null,"row":null,"to":null,'
            f'"channel":"{job.channel}","state":"held","final":false,"reason":{text(reason)},"line":null,"attempt":null,'
            f'"segments":null,"cost":"{format_money(0)}","detail":{{"count":{count}}}}}'
        )
        self._say(job.id, body, now)

    def _say(self, job_id: int, body: str, now: int) -> None:
        self._receipts.setdefault(job_id, []).append(one_line(body))
        self._last[job_id] = now

    def cost(self, job_id: int, amount: int) -> None:
        self._cost[job_id] = self._cost.get(job_id, 0) + amount

    def started(self, job_id: int, now: int) -> None:
        self._started.setdefault(job_id, now)

    @property
    def jobs(self) -> tuple[int, ...]:
        """Jobs that got receipts and were not written down yet."""
        return tuple(self._receipts)

    def flush(self, session: Session) -> None:
        rows = []
        for job_id in sorted(self._receipts.keys() | self._cost.keys() | self._started.keys()):
            bodies = self._receipts.get(job_id, [])
            found = session.one(
                _COUNT_UP,
                len(bodies),
                self._cost.get(job_id, 0),
                self._started.get(job_id),
                self._last.get(job_id),
                job_id,
            )
            assert found is not None, f"no job {job_id}"
            first = found[0] - len(bodies) + 1
            rows += [(job_id, seq, f'{{"v":1,"seq":{seq}{body}') for seq, body in enumerate(bodies, first)]
        session.many(_ADD, rows)
        self._receipts.clear()
        self._cost.clear()
        self._started.clear()
        self._last.clear()


# ------------------------------------------------------------------------------------------------------------ segments

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

    def read(job_id: int, first: int, last: int, account: str, job: str) -> None:
        bodies = tuple(row[0] for row in session.all(_BODIES, job_id, first, last))
        segments.append(Segment(account, job, job_id, first, last, bodies))

    reached: dict[int, int] = {}
    for job_id, first, last, account_name, job_name in before:
        reached[job_id] = last
        if len(segments) < command.segments:
            read(job_id, first, last, account_name, job_name)
    fresh = []
    for job_id, written, last, account_name, job_name in grown:
        first = max(written, reached.get(job_id, 0)) + 1
        while first <= last and len(segments) < command.segments:
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
    session.many(_DROP_RECEIPTS, segments)
    session.many(_DROP_SEGMENT, [(job_id, first) for job_id, first, _ in segments])
    session.many(_WRITTEN, [(job_id, last, last) for job_id, _, last in segments])
    return [None] * len(commands)
