"""What the rules of contact keep back now: how many messages, of which class, why, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, or_, select

from gatewayd.store import tables
from gatewayd.store.sending.counts import HELD, HELD_STALE, HELD_WINDOW, WAITS, meaning
from gatewayd.values.actor import Scope

_JOB: Final = tables.job.c
_QUEUE: Final = tables.queue.c
_COUNT: Final = tables.queue_count.c
_MESSAGE: Final = tables.message.c
_CLASS: Final = _JOB["class"]
WINDOW: Final = "window"
CAP: Final = "cap"


@dataclass(frozen=True, slots=True)
class KeptBack:
    klass: str
    channel: str
    reason: str
    """window, cap, stale."""
    messages: int
    until: int | None
    """When the first of them may go (Unix ms); None: not known."""


def kept_back(connection: Connection, *, scope: Scope, account: str | None, now: int) -> Sequence[KeptBack]:
    """Returns what waits for hours, caps and newer billing, of an account or of all, the most first."""
    first = (
        select(func.min(_MESSAGE.due))
        .where(_MESSAGE.queue_id == _QUEUE.id, _MESSAGE.state == HELD, _MESSAGE.due > now)
        .scalar_subquery()
    )
    statement = (
        select(
            *(_CLASS.label("klass"), _JOB.channel, _QUEUE.held_reason, _QUEUE.held_until),
            *(_COUNT.state, _COUNT.messages, first.label("first")),
        )
        .join_from(tables.queue_count, tables.queue, _QUEUE.id == _COUNT.queue_id)
        .join(tables.job, _JOB.id == _QUEUE.job_id)
        .where(
            WAITS,
            _JOB.state.not_in(("paused", "cancelled", "loading")),
            or_(_COUNT.state.in_((HELD, HELD_WINDOW, HELD_STALE)), _QUEUE.held_reason == WINDOW),
        )
    )
    for name in {scope.account, account} - {None}:
        owner = select(tables.account.c.id).where(tables.account.c.name == name).scalar_subquery()
        statement = statement.where(_JOB.account_id == owner)
    sums: dict[tuple[str, str, str], tuple[int, int | None]] = {}
    for row in connection.execute(statement):
        if row.held_reason == WINDOW:
            reason, until = WINDOW, row.held_until
        elif row.first is None:
            continue  # they are due, and wait for nothing but their turn
        else:
            reason, until = meaning(row.state)[1] or CAP, row.first
        key = (row.klass, row.channel, reason)
        messages, before = sums.get(key, (0, None))
        known = [one for one in (before, until) if one is not None]
        sums[key] = (messages + row.messages, min(known, default=None))
    found = [KeptBack(*key, messages, until) for key, (messages, until) in sums.items()]
    return sorted(found, key=lambda one: (-one.messages, one.klass, one.channel))
