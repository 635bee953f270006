"""Questions about webhooks. Functions of a read-only connection, for `Reader.ask`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, text

from gatewayd.store.tables import account, job, receipt, webhook, webhook_failure, webhook_log
from gatewayd.store.webhooks.outbox import RECEIPT
from gatewayd.store.webhooks.progress import Place
from gatewayd.values.errors import NotFoundError
from gatewayd.words.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as the store has it. Times are ms of Unix time."""

    id: int
    account_id: int
    account: str
    origin: str
    url: str
    events: tuple[str, ...]
    allow_private: bool
    """The file's word."""
    secrets: str | None
    """Sealed; None where the file has them."""
    enabled: bool
    reason: str | None
    since: int
    place: Place
    replay: Place | None
    replay_end: int | None
    """The row of the log behind the last of a replay."""
    created_at: int
    resting_until: int | None
    acknowledged: int
    acknowledged_at: int | None
    failed_at: int | None
    fault: str | None
    owner: str | None
    owned_until: int | None
    failing_since: int | None
    """When the oldest event that waits was tried first."""

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return (self.failed_at or 0) > (self.acknowledged_at or 0)


_FAILING_SINCE: Final = (
    select(func.min(webhook_failure.c.first_at))
    .where(webhook_failure.c.webhook_id == webhook.c.id, text("webhook_failure.waiting"), webhook_failure.c.tries > 0)
    .scalar_subquery()
)
_ENDPOINTS: Final = (
    select(webhook, account.c.name.label("account"), _FAILING_SINCE.label("failing_since"))
    .select_from(webhook.join(account, account.c.id == webhook.c.account_id))
    .order_by(webhook.c.id)
)


def endpoints(connection: Connection) -> list[Endpoint]:
    """Returns every endpoint; there are few."""
    return [_endpoint(row) for row in connection.execute(_ENDPOINTS)]


def endpoint(connection: Connection, number: int) -> Endpoint:
    """Returns one endpoint; NotFoundError."""
    row = connection.execute(_ENDPOINTS.where(webhook.c.id == number)).one_or_none()
    if row is None:
        raise NotFoundError(_("no webhook {webhook}").format(webhook=number))
    return _endpoint(row)


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(
        id=row.id,
        account_id=row.account_id,
        account=row.account,
        origin=row.origin,
        url=row.url,
        events=tuple(row.events.split()),
        allow_private=bool(row.allow_private),
        secrets=row.secrets,
        enabled=bool(row.enabled),
        reason=row.reason,
        since=row.since,
        place=Place(row.log_id, row.log_seq),
        replay=None if row.replay_id is None else Place(row.replay_id, row.replay_seq or 0),
        replay_end=row.replay_end,
        created_at=row.created_at,
        resting_until=row.resting_until,
        acknowledged=row.acknowledged,
        acknowledged_at=row.acknowledged_at,
        failed_at=row.failed_at,
        fault=row.fault,
        owner=row.owner,
        owned_until=row.owned_until,
        failing_since=row.failing_since,
    )


# ------------------------------------------------------------------------------------------------------------- the log


@dataclass(frozen=True, slots=True)
class Logged:
    """One row of the log that an endpoint wants, or what is left of it."""

    id: int
    type: str
    at: int
    job: str | None
    job_id: int | None
    first_seq: int
    """Of what is left."""
    last_seq: int
    whole_from: int
    """The seq with which the segment began, after which its file is named."""
    inbound_id: int | None
    body: str | None
    receipts: tuple[tuple[int, str], ...]
    """(seq, line) of receipts that the store still has, from the first one that is left on."""


_LOG: Final = select(webhook_log, job.c.name.label("job")).select_from(
    webhook_log.outerjoin(job, job.c.id == webhook_log.c.job_id)
)


def logged(
    connection: Connection,
    *,
    account_id: int,
    events: Sequence[str],
    place: Place,
    end: int | None,
    limit: int,
) -> list[Logged]:
    """Returns what comes next for an endpoint from `place` on, below row `end`: at most `limit` rows and receipts."""
    columns = webhook_log.c
    statement = (
        _LOG.where(columns.account_id == account_id, columns.id >= place.row, columns.type.in_(list(events)))
        .order_by(columns.id)
        .limit(limit)
    )
    if end is not None:
        statement = statement.where(columns.id < end)
    found: list[Logged] = []
    room = limit
    for row in connection.execute(statement).all():
        if room <= 0:
            break
        done = place.seq if row.id == place.row else 0
        segment = row.type == RECEIPT
        if done >= (row.last_seq if segment else 1):
            continue  # posted already
        first = max(row.first_seq, done + 1) if segment else 1
        lines = _receipts(connection, row.job_id, first, row.last_seq, room) if segment and row.held else ()
        room -= max(len(lines), 1)
        found.append(
            Logged(
                id=row.id,
                type=row.type,
                at=row.at,
                job=row.job,
                job_id=row.job_id,
                first_seq=first,
                last_seq=row.last_seq if segment else 1,
                whole_from=row.first_seq if segment else 1,
                inbound_id=row.inbound_id,
                body=row.body,
                receipts=lines,
            )
        )
    return found


def _receipts(connection: Connection, job_id: int, first: int, last: int, limit: int) -> tuple[tuple[int, str], ...]:
    rows = connection.execute(
        select(receipt.c.seq, receipt.c.body)
        .where(receipt.c.job_id == job_id, receipt.c.seq >= first, receipt.c.seq <= last)
        .order_by(receipt.c.seq)
        .limit(limit)
    )
    return tuple((row.seq, row.body) for row in rows)


# ------------------------------------------------------------------------------------------------------------ failures


@dataclass(frozen=True, slots=True)
class Waiting:
    """A kept event without its body."""

    id: int
    key: str
    tries: int
    due: int
    first_at: int


def waiting(connection: Connection, number: int, limit: int) -> list[Waiting]:
    """Returns the events that wait for an endpoint, in the order in which they came."""
    columns = webhook_failure.c
    rows = connection.execute(
        select(columns.id, columns.key, columns.tries, columns.due, columns.first_at)
        .where(columns.webhook_id == number, text("webhook_failure.waiting"))
        .order_by(columns.id)
        .limit(limit)
    )
    return [Waiting(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept event as it is posted and shown."""

    id: int
    event: str
    type: str
    key: str
    body: str
    waiting: bool
    tries: int
    due: int
    first_at: int
    last_at: int
    fault: str | None
    status: int | None


def kept(connection: Connection, numbers: Sequence[int]) -> dict[int, Kept]:
    """Returns kept events by their numbers; those that are gone are left out."""
    rows = connection.execute(select(webhook_failure).where(webhook_failure.c.id.in_(list(numbers))))
    return {row.id: _kept(row) for row in rows}


def failures(connection: Connection, number: int, *, before: int | None, limit: int) -> list[Kept]:
    """Returns what an endpoint has not acknowledged, the newest first: at most `limit` below the number `before`.
    NotFoundError."""
    endpoint(connection, number)
    statement = (
        select(webhook_failure)
        .where(webhook_failure.c.webhook_id == number)
        .order_by(webhook_failure.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(webhook_failure.c.id < before)
    return [_kept(row) for row in connection.execute(statement)]


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        id=row.id,
        event=row.event,
        type=row.type,
        key=row.key,
        body=row.body,
        waiting=bool(row.waiting),
        tries=row.tries,
        due=row.due,
        first_at=row.first_at,
        last_at=row.last_at,
        fault=row.fault,
        status=row.status,
    )


@dataclass(frozen=True, slots=True)
class Backlog:
    """What an endpoint has not got yet: kept events that wait, those that failed for good, and since when (ms) the
    oldest row of the log waits that it has not come to."""

    waiting: int
    failed: int
    oldest_at: int | None


_COUNTED_MOST: Final = 10_000


def backlog(connection: Connection, found: Endpoint) -> Backlog:
    """Returns how far an endpoint is behind."""
    columns = webhook_failure.c
    counts = []
    for word in ("webhook_failure.waiting", "NOT webhook_failure.waiting"):
        some = select(columns.id).where(columns.webhook_id == found.id, text(word)).limit(_COUNTED_MOST)
        counts.append(len(connection.execute(some).all()))
    oldest = logged(connection, account_id=found.account_id, events=found.events, place=found.place, end=None, limit=1)
    return Backlog(counts[0], counts[1], oldest[0].at if oldest else None)
