"""The activity log of a campaign: who did what, and what happened to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, adding, given
from gatewayd.store.snapshots import Page, iso
from gatewayd.store.webhooks import outbox
from gatewayd.values.actor import Scope

_EVENT: Final = tables.campaign_event.c
_OWNER: Final = Statement(
    select(tables.campaign.c.account_id, tables.campaign.c.name, tables.account.c.name, tables.campaign.c.state)
    .select_from(tables.campaign.join(tables.account, tables.account.c.id == tables.campaign.c.account_id))
    .where(tables.campaign.c.id == given(tables.campaign.c.id)),
    "p_id",
)
TOLD: Final = frozenset(
    {
        *("launched", "finished", "run_finished", "missed", "skipped", "not_begun", "approval_asked", "approved"),
        *("rejected", "paused", "resumed", "cancelled", "refused", "pace", "lines"),
        *("stuck", "moves"),
    }
)
"""What programs are told by webhook."""
_ADD: Final = adding(tables.campaign_event, "campaign_id run_id at kind detail actor")


@dataclass(frozen=True, slots=True)
class CampaignEvent:
    """One row of the log. `at` is Unix ms."""

    id: int
    at: int
    kind: str
    detail: Mapping[str, Any]
    actor: str
    """Empty: the gateway itself."""
    run: int | None


def note(
    session: Session,
    campaign: int,
    kind: str,
    now: int,
    *,
    run: int | None = None,
    actor: str = "",
    **detail: Any,
) -> None:
    """Writes a row of a campaign's log."""
    session.run(_ADD, campaign, run, now, kind, json.dumps(detail, ensure_ascii=False, sort_keys=True), actor)
    if kind in TOLD:
        _tell(session, campaign, kind, now, detail)


def _tell(session: Session, campaign: int, kind: str, now: int, detail: Mapping[str, Any]) -> None:
    """Logs what happened for the account's endpoints that want to know it."""
    owner = session.one(_OWNER, campaign)
    if owner is None:
        return
    data = {"campaign": campaign, "name": owner[1], "account": owner[2], "event": kind, "state": owner[3], **detail}
    body = {"subject": f"campaign {campaign}", "at": iso(now), "data": data}
    outbox.add(session, [owner[0]], "campaign", now, json.dumps(body, ensure_ascii=False))


def newest(connection: Connection, *, campaign: int, kinds: Collection[str]) -> str | None:
    """Returns which of some kinds was noted of a campaign last; None: none was."""
    statement = (
        select(_EVENT.kind)
        .where(_EVENT.campaign_id == campaign, _EVENT.kind.in_(list(kinds)))
        .order_by(_EVENT.id.desc())
        .limit(1)
    )
    found: str | None = connection.scalar(statement)
    return found


def events(
    connection: Connection, *, scope: Scope, campaign: int, before: int | None, limit: int
) -> Page[CampaignEvent]:
    """Returns a campaign's log, newest first; an empty one for a campaign outside the scope."""
    statement = (
        select(tables.campaign_event).where(_EVENT.campaign_id == campaign).order_by(_EVENT.id.desc()).limit(limit + 1)
    )
    if scope.account is not None:
        owner = select(tables.campaign.c.id).join(tables.account, tables.account.c.id == tables.campaign.c.account_id)
        statement = statement.where(
            _EVENT.campaign_id.in_(
                owner.where(tables.account.c.name == scope.account, tables.campaign.c.id == campaign)
            )
        )
    if before is not None:
        statement = statement.where(_EVENT.id < before)
    rows = connection.execute(statement).all()
    found = [CampaignEvent(row.id, row.at, row.kind, json.loads(row.detail), row.actor, row.run_id) for row in rows]
    return Page(tuple(found[:limit]), str(rows[limit - 1].id) if len(rows) > limit else None)
