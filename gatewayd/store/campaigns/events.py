"""The activity log of a campaign: who did what, and what happened to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.actor import Scope
from gatewayd.store import tables
from gatewayd.store.session import Session, adding
from gatewayd.store.snapshots import Page

_EVENT: Final = tables.campaign_event.c
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
