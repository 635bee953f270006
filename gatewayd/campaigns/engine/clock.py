"""Begins the runs whose time has come, and says of those that were missed what their campaign wants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import structlog

from gatewayd.campaigns import schedule, states
from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.schedule import Plan, Verdict
from gatewayd.process.failpoints import hit
from gatewayd.store.campaigns import approvals, audience, campaigns, events, launches, runs
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.commands import Change
from gatewayd.store.people.masssend import mass_rule
from gatewayd.store.settings.accounts import zone_of
from gatewayd.values.errors import GatewayError

log = structlog.get_logger()

OPEN: Final = (states.SCHEDULED, states.RUNNING)


class Clock:
    """Keeps the times of all campaigns. `source` gives the question for a campaign's people."""

    def __init__(
        self,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
        source: Callable[[Campaign, CampaignDocument], Callable[[Any], audience.Source]],
        zone: Callable[[], str],
        tell: Callable[..., object],
    ) -> None:
        self._ask = ask
        self._execute = execute
        self._now = now
        self._source = source
        self._zone = zone
        self._tell = tell

    async def strike(self) -> int | None:
        """Begins what is due; returns when the next one is (Unix ms), None: nobody waits for a time."""
        following = None
        waiting: Sequence[Campaign] = await self._ask(campaigns.due_campaigns)
        for campaign in waiting:
            assert campaign.due is not None
            if campaign.due > self._now():
                following = campaign.due if following is None else min(following, campaign.due)
                continue
            try:
                await self._one(campaign)
            except GatewayError as error:
                await self._put_off(campaign, error)
        return following

    async def _one(self, campaign: Campaign) -> None:
        document = CampaignDocument.model_validate_json(campaign.document)
        zone: str = await self._ask(partial(zone_of, account=campaign.account, default=self._zone()))
        plan, now = document.schedule.plan(zone), self._now()
        assert campaign.planned is not None
        verdict = schedule.judge(plan, campaign.planned, now, document.schedule.missed)
        people = 0
        if verdict.run is not None:
            question = self._source(campaign, document)
            people = await self._ask(lambda connection: audience.size(connection, source=question(connection)))
        work = partial(
            _strike, campaign=campaign, document=document, plan=plan, verdict=verdict, people=people, now=now
        )
        told = await self._execute(Change(work, "campaigns"))
        hit("campaign.scheduled")
        if told is not None:
            log.info("a campaign's time has come", campaign=campaign.id, account=campaign.account, state=told)
            self._tell(campaign, told)

    async def _put_off(self, campaign: Campaign, error: GatewayError) -> None:
        """A run that cannot begin, since its template or list is gone, asks a person."""
        log.error("a campaign cannot begin", campaign=campaign.id, error=str(error))
        now = self._now()

        def work(unit: Any) -> None:
            campaigns.put(unit.session, campaign.id, due=None, missed=campaign.planned, updated_at=now)
            events.note(unit.session, campaign.id, "not_begun", now, planned=campaign.planned, sentence=str(error))

        await self._execute(Change(work, "campaigns"))
        self._tell(campaign, "missed", str(error))


def _strike(
    unit: Any, *, campaign: Campaign, document: CampaignDocument, plan: Plan, verdict: Verdict, people: int, now: int
) -> str | None:
    """Writes down what becomes of a campaign whose time has come; returns what is told of it."""
    session = unit.session
    state = campaigns.state(session, campaign.id)
    fresh = campaigns.planned(session, campaign.id)
    if state not in OPEN or fresh != campaign.planned:
        return None  # a person was quicker
    due = None if verdict.next is None else schedule.instant(verdict.next, plan.zone)
    campaigns.put(session, campaign.id, due=due, planned=verdict.next, updated_at=now)
    for planned in verdict.skipped:
        runs.begin(session, campaign.id, planned, [], now=now, state="skipped")
        events.note(session, campaign.id, "skipped", now, planned=planned)
    if verdict.ask is not None:
        campaigns.put(session, campaign.id, missed=verdict.ask)
        events.note(session, campaign.id, "missed", now, planned=verdict.ask)
        return "missed"
    if verdict.run is None:
        if due is None and state == states.SCHEDULED:
            campaigns.put(session, campaign.id, state=states.FINISHED, ended_at=now)
        return "skipped"
    above = mass_rule(session.connection, account=campaign.account).approve_above
    if above is not None and people > above and not states.still_approved(campaign.approved_people, people):
        campaigns.put(session, campaign.id, state=states.AWAITING_APPROVAL, due=None, missed=verdict.run)
        approvals.ask(session, campaign.id, campaign.version, people, by=campaign.launched_by or "", now=now)
        events.note(session, campaign.id, "approval_asked", now, people=people, planned=verdict.run)
        return states.AWAITING_APPROVAL
    launches.begin(unit, campaign, document.job_keys(), verdict.run, now=now, actor="")
    return "launched"
