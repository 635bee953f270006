"""Begins a run: what each rung says is frozen, and the run written down under its planned time, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from gatewayd.campaigns.document import CampaignDocument, Rung
from gatewayd.campaigns.states import RUNNING
from gatewayd.store.campaigns import campaigns, events, runs
from gatewayd.store.campaigns.campaigns import Campaign


def begin(
    unit: Any, campaign: Campaign, document: CampaignDocument, planned: str, *, now: int, actor: str
) -> int | None:
    """Begins the run of that planned time, and lets the campaign run; None where there has been one."""
    content = contents(unit.session.connection, campaign, document)
    number = runs.begin(unit.session, campaign.id, planned, content, now=now)
    if number is None:
        return None
    values: dict[str, Any] = {"state": RUNNING, "updated_at": now, "ended_at": None}
    if campaign.launched_at is None:
        values["launched_at"] = now
    campaigns.put(unit.session, campaign.id, **values)
    events.note(unit.session, campaign.id, "launched", now, run=number, actor=actor, planned=planned)
    return number


def contents(connection: Connection, campaign: Campaign, document: CampaignDocument) -> Sequence[Mapping[str, Any]]:
    """Returns the job file's keys of each rung, as they are now."""
    return [content(connection, campaign.account, document, rung) for rung in document.ladder]


def content(connection: Connection, account: str, document: CampaignDocument, rung: Rung) -> Mapping[str, Any]:
    """Returns what the jobs of a rung say. NotFoundError without its template."""
    del connection, account
    options = document.options
    found: dict[str, Any] = {**(rung.content or {}), "channel": rung.channel, "priority": options.priority}
    if options.lines:
        found["lines"] = list(options.lines)
    if options.not_after is not None:
        found["not_after"] = options.not_after.isoformat()
    if options.encoding is not None and rung.channel == "sms":
        found["encoding"] = options.encoding
    return found
