"""Receipts as one transaction writes them: their text and their numbers.

A receipt's text is built in the transaction that makes it true, so that a segment written again after a crash is byte
for byte the same.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, update

from gatewayd.store.public_ids import Stamps
from gatewayd.store.sending.rows import JobInfo, MessageRow
from gatewayd.store.session import Session, Statement, adding, given
from gatewayd.store.tables import job, receipt
from gatewayd.values.model import State
from gatewayd.values.shown import shown
from gatewayd.values.storable import one_line

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
_NOBODY: Final = dict.fromkeys(("message", "ref", "row", "to", "line", "attempt", "segments"))
"""What a receipt of a whole queue does not say."""
_ADD: Final = adding(receipt, "job_id seq body")


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
        body = shown(
            at=self._stamps.at(now),
            job=job.json_name,
            message=self._stamps.public(job.created_at, row.id),
            ref=row.ref,
            row=row.row,
            to=row.to,
            channel=job.channel,
            state=row.state,
            final=row.final,
            reason=row.reason,
            line=row.line,
            attempt=row.number,
            segments=row.segments,
            cost=row.cost,
            detail=row.detail,
            klass=job.klass,
        )
        self._say(row.job_id, body, now)

    def tell_queue(self, job: JobInfo, reason: str, count: int, now: int, until: int | None = None) -> None:
        """The queue receipt `held`: a whole queue begins to wait, until then where that is known."""
        body = shown(
            at=self._stamps.at(now),
            job=job.json_name,
            channel=job.channel,
            state=State.HELD.value,
            final=False,
            reason=reason,
            cost=0,
            detail=f'{{"count":{count}}}'
            if until is None
            else f'{{"count":{count},"until":"{self._stamps.at(until)}"}}',
            klass=job.klass,
            **_NOBODY,
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
