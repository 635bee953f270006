"""What sets a campaign going and stops it: each one transaction over the campaign and all its jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gatewayd.store.campaigns import campaigns, events, runs, templates
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.commands import JobChange, SetJobState
from gatewayd.store.sending import jobs
from gatewayd.store.sending.unit import Unit


def instant_key(now: int) -> str:
    """Returns the planned time of a run that a person begins: the instant itself."""
    return f"{datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{now % 1000:03d}"


def begin(
    unit: Unit, campaign: Campaign, rungs: Sequence[Mapping[str, Any]], planned: str, *, now: int, actor: str
) -> int | None:
    """Begins the run of that planned time; None where there has been one. `rungs` are the job file's keys of each
    rung; versions of templates are frozen here. NotFoundError without a template."""
    content = [_frozen(unit, campaign.account, rung, now) for rung in rungs]
    number = runs.begin(unit.session, campaign.id, planned, content, now=now)
    if number is None:
        return None
    values: dict[str, Any] = {"state": "running", "updated_at": now, "ended_at": None}
    if campaign.launched_at is None:
        values["launched_at"] = now
    campaigns.put(unit.session, campaign.id, **values)
    events.note(unit.session, campaign.id, "launched", now, run=number, actor=actor, planned=planned)
    return number


def _frozen(unit: Unit, account: str, rung: Mapping[str, Any], now: int) -> Mapping[str, Any]:
    if "template" not in rung:
        return rung
    found = templates.version_of(
        unit.session.connection, account, rung["template"], rung.get("template_version"), channel=rung["channel"]
    )
    if templates.needs_mark(found, now):
        templates.mark_used(unit.session, found, now)
    return {**rung, "template_version": found.version}


def turn(
    unit: Unit, campaign: Campaign, before: Collection[str], after: str, now: int
) -> tuple[str, str, list[JobChange]]:
    """Brings a campaign and all its jobs into a state; returns which it was, which it is, and what changed of jobs.

    `after` is paused, cancelled, or running: what is resumed without a run waits for its time again.
    """
    session = unit.session
    if after == "running":
        waits = not runs.has_open(session.connection, campaign=campaign.id)
        after = "scheduled" if waits and campaign.due is not None else "running"
    was = campaigns.turn(session, campaign.id, before, after, now)
    if after == "cancelled":
        campaigns.put(session, campaign.id, due=None, ended_at=now)
    job_state: Any = "running" if after == "scheduled" else after
    changes = [
        change
        for _number, name in runs.jobs(session.connection, campaign=campaign.id)
        for change in jobs.set_state(unit, [SetJobState(campaign.account, name, job_state, now)])
        if isinstance(change, JobChange)
    ]
    return was, after, changes
