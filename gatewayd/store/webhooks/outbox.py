"""What there is to post: a log of what happened in accounts that have an endpoint for it, in order.

It is written beside what happened, in the same transaction, and never by the way of a message: receipts enter it once
their segment is in the spool, as one row a segment. Their own rows, which would be removed then, stay until every
endpoint has posted them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, func, literal_column, select, text, true, update

from gatewayd.store.session import Row, Session, Statement, adding, given, merging, setting
from gatewayd.store.tables import account, receipt, webhook, webhook_failure, webhook_log
from gatewayd.store.tables import setting as table_setting

RECEIPT: Final = "receipt"
INBOUND: Final = "inbound"

KEPT_MS: Final = 30 * 86_400_000
"""How long the log and what failed for good are kept, for a replay."""
LAPSES_MS: Final = 7 * 86_400_000
"""A disabled endpoint has things kept for it this long; then the store must not grow for it any more."""
DROPPED_AT_ONCE: Final = 2_000
"""Rows removed in one transaction, so that nothing else waits for long."""


def wants(kind: str) -> str:
    """Returns the pattern of `webhook.events` with that name."""
    return f"% {kind} %"


# Held to the end of the transaction: what two nodes log for one account gets its numbers in the order of the commits,
# and no endpoint's place goes past a row that it has not seen.
_LISTENERS: Final = Statement(
    select(webhook.c.account_id)
    .where(webhook.c.gathers, webhook.c.events.like(given(webhook.c.events)))
    .order_by(webhook.c.id)
    .with_for_update(),
    "p_events",
)
_ADD: Final = adding(webhook_log, "account_id type at job_id first_seq last_seq held inbound_id body")


def listeners(session: Session, kind: str) -> frozenset[int]:
    """Returns the accounts with an endpoint for events of a kind."""
    return frozenset(row[0] for row in session.all(_LISTENERS, wants(kind)))


def add_segments(session: Session, segments: Iterable[tuple[int, int, int, int, int]], *, held: bool = True) -> None:
    """Logs segments of receipts: (account, at, job, first and last seq). Their rows are to stay; where they are not
    `held`, the spool alone has them."""
    rows: list[Row] = [
        (owner, RECEIPT, at, job, first, last, held, None, None) for owner, at, job, first, last in segments
    ]
    session.many(_ADD, rows)


def add_inbound(session: Session, messages: Iterable[tuple[int, int, int]]) -> None:
    """Logs messages received: (account, at, number)."""
    session.many(_ADD, [(owner, INBOUND, at, None, None, None, False, number, None) for owner, at, number in messages])


def add(session: Session, accounts: Iterable[int], kind: str, at: int, body: str) -> int:
    """Logs something else for these accounts, as far as they have an endpoint for it; returns how many had."""
    heard = listeners(session, kind)
    rows: list[Row] = [(owner, kind, at, None, None, None, False, None, body) for owner in accounts if owner in heard]
    session.many(_ADD, rows)
    return len(rows)


# ---------------------------------------------------------------------------------------------- what nobody records

_SAID: Final = "webhooks_said:"
_REMEMBER: Final = merging(table_setting, "key value", "key", replace="value")


def listening(connection: Connection) -> dict[str, dict[int, str]]:
    """Returns by kind of event the accounts (number and name) with an endpoint for it, for `Reader.ask`."""
    found: dict[str, dict[int, str]] = {}
    rows = connection.execute(
        select(webhook.c.events, account.c.id, account.c.name)
        .join_from(webhook, account, account.c.id == webhook.c.account_id)
        .where(webhook.c.gathers)
    )
    for events, number, name in rows:
        for kind in events.split():
            found.setdefault(kind, {})[number] = name
    return found


def said(connection: Connection) -> dict[str, Any]:
    """Returns by kind what `remember` kept, for `Reader.ask`."""
    rows = connection.execute(
        select(table_setting.c.key, table_setting.c.value).where(
            table_setting.c.key.startswith(_SAID, autoescape=False)
        )
    )
    return {key.removeprefix(_SAID): json.loads(value) for key, value in rows}


def remember(session: Session, kind: str, known: object) -> None:
    """Keeps what was said last of a kind, so that it is said once."""
    session.run(_REMEMBER, _SAID + kind, json.dumps(known, ensure_ascii=False))


# ------------------------------------------------------------------------------------------------------- what is over

# In the index's own words, so that it is used.
_IS_HELD: Final = text("webhook_log.held")
_FLOORS: Final = Statement(
    select(
        account.c.id,
        select(func.min(webhook.c.log_id))
        .where(
            webhook.c.account_id == account.c.id,
            webhook.c.gathers,
            webhook.c.events.like(given(webhook.c.events)),
        )
        .scalar_subquery(),
    )
    .where(exists().where(webhook_log.c.account_id == account.c.id, _IS_HELD))
    .order_by(account.c.id),
    "p_events",
)
_HELD: Final = (
    select(webhook_log.c.id, webhook_log.c.job_id, webhook_log.c.first_seq, webhook_log.c.last_seq)
    .where(webhook_log.c.account_id == given(webhook_log.c.account_id), _IS_HELD)
    .order_by(webhook_log.c.id)
    .limit(literal_column("16"))
)
_HELD_BELOW: Final = Statement(
    _HELD.where(webhook_log.c.id < given(webhook_log.c.id, "p_floor")), "p_account_id p_floor"
)
_HELD_ALL: Final = Statement(_HELD, "p_account_id")
_DROP_RECEIPTS: Final = Statement(
    delete(receipt).where(
        receipt.c.job_id == given(receipt.c.job_id),
        receipt.c.seq >= given(receipt.c.seq, "p_first"),
        receipt.c.seq <= given(receipt.c.seq, "p_last"),
    ),
    "p_job_id p_first p_last",
)
_LET_GO: Final = setting(webhook_log, "held", "id")
_OLD: Final = Statement(
    select(webhook_log.c.id)
    .where(webhook_log.c.at < given(webhook_log.c.at), ~webhook_log.c.held)
    .order_by(webhook_log.c.id)
    .limit(given(webhook_log.c.id, "p_limit")),
    "p_at p_limit",
)
_DROP_LOG: Final = Statement(delete(webhook_log).where(webhook_log.c.id == given(webhook_log.c.id)), "p_id")
_DROP_FAILURES: Final = Statement(
    delete(webhook_failure).where(
        ~webhook_failure.c.waiting, webhook_failure.c.last_at < given(webhook_failure.c.last_at)
    ),
    "p_last_at",
)
_LAPSE: Final = Statement(
    update(webhook)
    .where(webhook.c.enabled.is_not(true()), webhook.c.gathers, webhook.c.since < given(webhook.c.since))
    .values(gathers=literal_column("false")),
    "p_since",
)


def let_go(session: Session) -> bool:
    """Removes receipts that every endpoint has posted, a bounded number; returns whether there may be more."""
    left = DROPPED_AT_ONCE
    for owner, floor in session.all(_FLOORS, wants(RECEIPT)):
        if left <= 0:
            return True
        found = session.all(_HELD_ALL, owner) if floor is None else session.all(_HELD_BELOW, owner, floor)
        for number, job_id, first, last in found:
            if left <= 0:
                return True
            left -= session.run(_DROP_RECEIPTS, job_id, first, last)
            session.run(_LET_GO, False, number)
        if len(found) == 16:
            return True
    return False


def forget(session: Session, now: int) -> bool:
    """Removes what is too old to be replayed, and ends what is kept for endpoints that are disabled for long; returns
    whether there may be more."""
    session.run(_LAPSE, now - LAPSES_MS)
    session.run(_DROP_FAILURES, now - KEPT_MS)
    old: Sequence[Row] = session.all(_OLD, now - KEPT_MS, DROPPED_AT_ONCE)
    session.many(_DROP_LOG, old)
    return len(old) == DROPPED_AT_ONCE
