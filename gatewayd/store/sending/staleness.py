"""Billing that is too old to be believed: what was written from it waits until there is newer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select

from gatewayd.store import tables
from gatewayd.store.contacts.billing_age import is_old
from gatewayd.store.sending import counts
from gatewayd.store.sending.rows import COLUMNS
from gatewayd.store.session import Row, Statement
from gatewayd.store.tables import billing_state, feed, job, queue, queue_count
from gatewayd.values.model import State

if TYPE_CHECKING:
    from gatewayd.store.sending.rows import JobInfo
    from gatewayd.store.sending.unit import Unit

STALE: Final = "stale"
LOOK_MS: Final = 30 * 60_000
"""What waits for billing is looked at this often, though fresh billing releases it at once."""
ROUNDS: Final = 8
PORTION: Final = 128
"""Rows that one claim looks at, most."""

_KEPT: Final = len(COLUMNS) + 3
"""Columns of a claim's row that are the message's and its attempt's."""
_DUE: Final = COLUMNS.index("due")


def stale(unit: Unit, account_id: int, now: int) -> bool:
    """Returns whether an account's billing is older than it may be. What has never come is not old."""
    bound = unit.memory.rules.of(unit.session, account_id).billing_age_ms
    return bound is not None and is_old(unit.session, account_id, bound, now)


def sift(unit: Unit, account_id: int, rows: Sequence[Row], place: int, now: int) -> tuple[list[Row], int]:
    """Keeps back the rows of a claim that are due and bear a cause, at `place`, where billing is too old; returns the
    others, and how many were kept."""
    due = [row for row in rows if row[place] is not None and row[_DUE] <= now]
    if not due or not stale(unit, account_id, now):
        return list(rows), 0
    for row in due:
        kept = unit.keep(row[:_KEPT])
        kept.due = now + LOOK_MS
        unit.turn(kept, State.HELD.value, now, reason=STALE, final=False)
    unit.flush_messages()
    return [row for row in rows if row[place] is None or row[_DUE] > now], len(due)


def read(
    unit: Unit, info: JobInfo, statement: Statement, queue_id: int, *, want: int, now: int
) -> tuple[list[Row], bool]:
    """Returns up to `want` rows of a queue that may go as far as billing is concerned, and one more that tells when to
    come again; and whether there may be more that are due."""
    rows = unit.session.all(statement, queue_id, want)
    total = 0
    for _ in range(ROUNDS):
        rows, kept = sift(unit, info.account_id, rows, -1, now)
        if not kept:
            break
        total += kept
        rows = unit.session.all(statement, queue_id, max(want, PORTION))
    else:
        rows, kept = sift(unit, info.account_id, rows, -1, now)
        total += kept
        if not rows:
            return rows, True
    if total and not any(row[_DUE] <= now for row in rows):
        unit.journal.tell_queue(info, STALE, total, now)
    return rows, False


def waiting(connection: Connection) -> dict[str, int]:
    """Returns the accounts whose messages wait for newer billing, each with a number that grows with whatever newer
    there is."""
    fed = select(func.coalesce(func.sum(feed.c.as_of), 0)).where(feed.c.account_id == tables.account.c.id)
    statement = (
        select(tables.account.c.name, func.coalesce(billing_state.c.as_of, 0) + fed.scalar_subquery())
        .select_from(
            queue_count.join(queue, queue.c.id == queue_count.c.queue_id)
            .join(job, job.c.id == queue.c.job_id)
            .join(tables.account, tables.account.c.id == job.c.account_id)
            .outerjoin(billing_state, billing_state.c.account_id == tables.account.c.id)
        )
        .where(counts.WAITS, queue_count.c.state == counts.HELD_STALE)
        .distinct()
        .order_by(tables.account.c.name)
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}
