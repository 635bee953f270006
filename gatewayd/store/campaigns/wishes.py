"""What people wish of a campaign that was launched: how fast it goes, and over which lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from gatewayd.store import tables
from gatewayd.store.campaigns import campaigns
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.commands import JobChange, JobPace
from gatewayd.store.sending import paces
from gatewayd.store.session import Session


def pace_of(campaign: int, pace: int | None) -> JobPace | None:
    """Returns the pace of a campaign as its jobs bear it."""
    return None if pace is None else JobPace(f"c-{campaign}", pace)


def lines_of(wished: str | None, content: Mapping[str, Any]) -> Sequence[str]:
    """Returns the lines of a rung's job: those that were wished for its channel (`wished` is JSON), else its own."""
    own: Sequence[str] = content.get("lines") or ()
    if wished is None:
        return own
    found: Sequence[str] = json.loads(wished).get(content["channel"], own)
    return found


def wish(session: Session, campaign: Campaign, *, pace: int | None, lines: str | None, now: int) -> list[JobChange]:
    """Writes both down, and gives them to every job of the campaign that can still send; returns what changed."""
    campaigns.put(session, campaign.id, pace=pace, lines=lines, updated_at=now)
    slice_, run = tables.campaign_slice.c, tables.campaign_run.c
    rows = session.connection.execute(
        select(slice_.job_id, slice_.rung, run.content)
        .select_from(tables.campaign_slice.join(tables.campaign_run, run.id == slice_.run_id))
        .where(run.campaign_id == campaign.id, run.ended_at.is_(None), slice_.job_id.is_not(None))
        .order_by(slice_.job_id)
    ).all()
    wanted = pace_of(campaign.id, pace)
    changes = [
        paces.change(session, job_id, wanted, lines_of(lines, json.loads(content)[rung]))
        for job_id, rung, content in rows
    ]
    return [one for one in changes if one is not None]
