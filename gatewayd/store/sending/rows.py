"""Rows of jobs and messages as a transaction sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from gatewayd.store.session import Session, Statement, given
from gatewayd.store.tables import job
from gatewayd.values.model import Priority
from gatewayd.values.shown import quoted


@dataclass(frozen=True, slots=True)
class JobInfo:
    """What never changes of a job."""

    id: int
    account_id: int
    name: str
    channel: str
    priority: Priority
    not_before: int | None
    not_after: int | None
    resend: bool
    unit_price: int
    created_at: int
    json_name: str
    test: bool = False
    """Brought by a test token: its messages are priced and never sent."""
    klass: str = "collections"


Counted = tuple[str, bool, int, int, str | None, int | None]
"""State, final, segments, cost, line and start of the attempt of a message, as the counts know it."""


@dataclass(slots=True)
class MessageRow:
    """A message as this transaction sees it, without its text; what follows `detail` is its attempt's."""

    id: int
    job_id: int
    queue_id: int
    row: int
    ref: str | None
    to: str | None
    encoding: str
    segments: int
    state: str
    final: bool
    reason: str | None
    due: int
    tries: int
    attempt_id: int | None
    line: str | None
    concat_ref: int | None
    cost: int
    updated_at: int
    detail: str | None
    number: int | None
    attempt_state: str | None
    sent_at: int | None
    """When its attempt began."""
    was: Counted
    """As it is counted."""
    dirty: bool = False


COLUMNS: Final = [
    "id",
    "job_id",
    "queue_id",
    "row",
    "ref",
    "to",
    "encoding",
    "segments",
    "state",
    "final",
    "reason",
    "due",
    "tries",
    "attempt_id",
    "line",
    "concat_ref",
    "cost",
    "updated_at",
    "detail",
]
_JOB: Final = Statement(
    select(
        job.c.id,
        job.c.account_id,
        job.c.channel,
        job.c.priority,
        job.c.not_before,
        job.c.not_after,
        job.c.resend,
        job.c.unit_price,
        job.c.created_at,
        job.c.name,
        job.c.test,
        job.c["class"],
    ).where(job.c.id == given(job.c.id)),
    "p_id",
)
_JOBS_KEPT: Final = 1024


class Jobs:
    """What never changes of jobs, remembered between transactions."""

    def __init__(self) -> None:
        self._known: dict[int, JobInfo] = {}

    def of(self, session: Session, job_id: int) -> JobInfo:
        info = self._known.get(job_id)
        if info is None:
            row = session.one(_JOB, job_id)
            assert row is not None, f"no job {job_id}"
            info = JobInfo(
                id=row[0],
                account_id=row[1],
                name=row[9],
                channel=row[2],
                priority=Priority(row[3]),
                not_before=row[4],
                not_after=row[5],
                resend=bool(row[6]),
                unit_price=row[7],
                created_at=row[8],
                json_name=quoted(row[9]),
                test=bool(row[10]),
                klass=row[11],
            )
            if len(self._known) >= _JOBS_KEPT:
                self._known.clear()
            self._known[job_id] = info
        return info

    def forget(self) -> None:
        """A transaction was rolled back, or jobs were removed: a number may come to mean another job."""
        self._known.clear()
