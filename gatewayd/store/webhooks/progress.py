"""How far an endpoint has come: what was acknowledged, what failed and waits, written as one change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, null, select, update

from gatewayd.store.session import Session, Statement, among, given, merging, setting
from gatewayd.store.tables import webhook, webhook_failure, webhook_log
from gatewayd.store.webhooks.outbox import KEPT_MS
from gatewayd.values.errors import NotFoundError
from gatewayd.words.translation import gettext as _

FAILED_MOST: Final = 10_000
"""Events that have failed for good, kept for one endpoint; the oldest make room."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that was not acknowledged (`tries` above 0), or waits behind one of its key (0)."""

    event: str
    type: str
    key: str
    body: str
    tries: int
    due: int
    at: int
    fault: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """A try of a kept event that failed once more; `due` None: its tries are used up."""

    number: int
    tries: int
    due: int | None
    fault: str | None
    status: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an endpoint is in the log: the row that comes next, and the last seq of it that is over already."""

    row: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """What one round with an endpoint came to."""

    webhook: int
    at: int
    place: Place | None = None
    """None: as it was."""
    replay: Place | None = None
    """Likewise, of a replay; behind its end it is over."""
    acknowledged: int = 0
    events: tuple[str, ...] = ()
    """Acknowledged by a replay: what had failed of them is over."""
    over: tuple[int, ...] = ()
    """Kept events that are acknowledged now."""
    again: tuple[Again, ...] = ()
    failures: tuple[Failure, ...] = ()
    fault: str | None = None
    """Of the last try that failed."""
    resting_until: int | None = None
    sooner_since: int | None = None
    """The receiver is back: what failed first since then is due now."""
    disabled: str | None = None
    """Why the endpoint is disabled from now on."""


_PLACE: Final = setting(webhook, "log_id log_seq", "id")
_REPLAY: Final = Statement(
    update(webhook)
    .where(webhook.c.id == given(webhook.c.id, "k_id"), webhook.c.replay_end > given(webhook.c.replay_id, "k_row"))
    .values(replay_id=given(webhook.c.replay_id), replay_seq=given(webhook.c.replay_seq)),
    "p_replay_id p_replay_seq k_id k_row",
)
_REPLAYED: Final = Statement(
    update(webhook)
    .where(webhook.c.id == given(webhook.c.id, "k_id"), webhook.c.replay_end <= given(webhook.c.replay_id, "k_row"))
    .values(replay_id=null(), replay_seq=null(), replay_end=null()),
    "k_id k_row",
)
_ACKNOWLEDGED: Final = Statement(
    update(webhook)
    .where(webhook.c.id == given(webhook.c.id, "k_id"))
    .values(
        acknowledged=webhook.c.acknowledged + given(webhook.c.acknowledged),
        acknowledged_at=given(webhook.c.acknowledged_at),
    ),
    "p_acknowledged p_acknowledged_at k_id",
)
_FAULT: Final = setting(webhook, "failed_at fault resting_until", "id")
_DISABLE: Final = setting(webhook, "enabled reason since", "id")
_OVER: Final = Statement(delete(webhook_failure).where(webhook_failure.c.id == given(webhook_failure.c.id)), "p_id")
_OVER_EVENTS: Final = Statement(
    delete(webhook_failure).where(
        webhook_failure.c.webhook_id == given(webhook_failure.c.webhook_id), among(webhook_failure.c.event)
    ),
    "p_webhook_id",
)
_AGAIN: Final = setting(webhook_failure, "waiting tries due last_at fault status", "id")
_KEEP: Final = merging(
    webhook_failure,
    "webhook_id event type key body waiting tries due first_at last_at fault status",
    "webhook_id event",
)
_SOONER: Final = Statement(
    update(webhook_failure)
    .where(
        webhook_failure.c.webhook_id == given(webhook_failure.c.webhook_id),
        webhook_failure.c.waiting,
        webhook_failure.c.first_at >= given(webhook_failure.c.first_at, "p_since"),
    )
    .values(due=given(webhook_failure.c.due)),
    "p_due p_webhook_id p_since",
)
_FAILED: Final = Statement(
    select(func.count(webhook_failure.c.id), func.min(webhook_failure.c.id)).where(
        webhook_failure.c.webhook_id == given(webhook_failure.c.webhook_id), ~webhook_failure.c.waiting
    ),
    "p_webhook_id",
)


def record(session: Session, progress: Progress) -> None:
    """Writes what a round came to. What had been kept already is not kept twice."""
    number, at = progress.webhook, progress.at
    if progress.place is not None:
        session.run(_PLACE, progress.place.row, progress.place.seq, number)
    if progress.replay is not None:
        row, seq = progress.replay.row, progress.replay.seq
        session.run(_REPLAY, row, seq, number, row)
        session.run(_REPLAYED, number, row)
    if progress.acknowledged:
        session.run(_ACKNOWLEDGED, progress.acknowledged, at, number)
    session.many(_OVER, [(each,) for each in progress.over])
    if progress.events:
        session.among(_OVER_EVENTS, progress.events, number)
    session.many(
        _AGAIN,
        [
            (
                each.due is not None,
                each.tries,
                at if each.due is None else each.due,
                at,
                each.fault,
                each.status,
                each.number,
            )
            for each in progress.again
        ],
    )
    for each in progress.again:
        if each.due is None:
            _make_room(session, number)
    session.many(_KEEP, [(number, *_row(each)) for each in progress.failures])
    if progress.fault is not None:
        session.run(_FAULT, at, progress.fault, progress.resting_until, number)
    if progress.sooner_since is not None:
        session.run(_SOONER, at, number, progress.sooner_since)
    if progress.disabled is not None:
        session.run(_DISABLE, False, progress.disabled, at, number)


def _make_room(session: Session, number: int) -> None:
    found = session.one(_FAILED, number)
    if found is not None and found[0] > FAILED_MOST:
        session.run(_OVER, found[1])


def _row(failure: Failure) -> tuple[object, ...]:
    each = failure
    return (
        each.event,
        each.type,
        each.key,
        each.body,
        True,
        each.tries,
        each.due,
        each.at,
        each.at,
        each.fault,
        each.status,
    )


# -------------------------------------------------------------------------------------------------------------- replay

_FAILED_AGAIN: Final = Statement(
    update(webhook_failure)
    .where(
        webhook_failure.c.webhook_id == given(webhook_failure.c.webhook_id),
        ~webhook_failure.c.waiting,
        webhook_failure.c.first_at >= given(webhook_failure.c.first_at, "p_since"),
        webhook_failure.c.first_at < given(webhook_failure.c.first_at, "p_until"),
    )
    .values(
        waiting=given(webhook_failure.c.waiting), tries=given(webhook_failure.c.tries), due=given(webhook_failure.c.due)
    ),
    "p_waiting p_tries p_due p_webhook_id p_since p_until",
)
_OWNER: Final = Statement(
    select(webhook.c.account_id, webhook.c.log_id).where(webhook.c.id == given(webhook.c.id)), "p_id"
)
_RANGE: Final = Statement(
    select(func.min(webhook_log.c.id), func.max(webhook_log.c.id), func.count(webhook_log.c.id)).where(
        webhook_log.c.account_id == given(webhook_log.c.account_id),
        webhook_log.c.at >= given(webhook_log.c.at, "p_since"),
        webhook_log.c.at < given(webhook_log.c.at, "p_until"),
        webhook_log.c.id < given(webhook_log.c.id, "p_below"),
    ),
    "p_account_id p_since p_until p_below",
)
_BEGIN: Final = setting(webhook, "replay_id replay_seq replay_end", "id")


def replay_failures(session: Session, number: int, since: int, until: int, now: int) -> int:
    """Makes what has failed for good wait again, with all its tries; returns how many events. NotFoundError."""
    _owner(session, number)
    return session.run(_FAILED_AGAIN, True, 0, now, number, since, until)


def replay_all(session: Session, number: int, since: int, until: int, now: int) -> int:
    """Posts again all that happened in a range of time and was posted; returns how many rows of the log that is.

    A replay that is under way is replaced. NotFoundError.
    """
    owner, place = _owner(session, number)
    found = session.one(_RANGE, owner, max(since, now - KEPT_MS), until, place)
    if found is None or found[0] is None:
        return 0
    session.run(_BEGIN, found[0], 0, found[1] + 1, number)
    return int(found[2])


def _owner(session: Session, number: int) -> tuple[int, int]:
    row = session.one(_OWNER, number)
    if row is None:
        raise NotFoundError(_("no webhook {webhook}").format(webhook=number))
    return row[0], row[1]
