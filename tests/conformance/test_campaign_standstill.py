"""When a campaign is said to stand still: once, only where something could leave, and said again when it moves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from gatewayd.campaigns.engine.standstill import STUCK_MS, Standstill
from gatewayd.store.campaigns import campaigns, events, launches, runs
from gatewayd.store.campaigns.campaigns import Campaign, NewCampaign
from gatewayd.store.campaigns.runs import Counts, Run
from gatewayd.store.commands import Change
from gatewayd.values.actor import Scope
from tests.conformance.house import House

NORTE = Scope.of("norte")
FREE, HOURS = Counts({"queued": 5}, {}, 5, 0), Counts({"queued": 5}, {"window": 5}, 5, 0)


class Floor:
    """A campaign that was launched, and whoever is told of it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.now = house.now
        self.told: list[str] = []

    @property
    def connection(self) -> Any:
        return self.house.transactions.session.connection

    async def ask(self, question: Any) -> Any:
        return question(self.connection)

    async def execute(self, change: Change[Any]) -> Any:
        return self.house.do(change)

    def engine(self) -> Standstill:
        return Standstill(
            ask=self.ask,
            execute=self.execute,
            now=lambda: self.now,
            tell=lambda _campaign, kind: self.told.append(kind),
        )

    def launched(self) -> tuple[Campaign, Run]:
        new = NewCampaign("norte", "Agosto", json.dumps({}), "ana", self.now)
        number = self.house.do(Change(lambda unit: campaigns.add(unit.session, new)))
        found = campaigns.campaign(self.connection, scope=NORTE, number=number)
        words = [{"channel": "sms", "text": "Hola", "priority": "bulk"}]
        run = self.house.do(
            Change(lambda unit: launches.begin(unit, found, words, "2026-09-07T10:00", now=self.now, actor="ana"))
        )
        assert run is not None
        self.house.do(Change(lambda unit: runs.end_freezing(unit.session, run, self.now)))
        return campaigns.campaign(self.connection, scope=NORTE, number=number), runs.run(self.connection, number=run)


def test_a_campaign_that_stands_still_is_told_once_and_so_is_its_going_on(house: House) -> None:
    floor = Floor(house)
    campaign, run = floor.launched()

    def look(engine: Standstill, counts: Counts, after_ms: int) -> list[str]:
        floor.now += after_ms
        asyncio.run(engine.look(campaign, run, counts))
        return floor.told

    engine = floor.engine()
    assert look(engine, FREE, STUCK_MS - 1) == []
    assert look(engine, HOURS, STUCK_MS) == []
    assert look(engine, FREE, STUCK_MS) == ["stuck"]
    assert [one.id for one in campaigns.stuck_campaigns(floor.connection, scope=NORTE)] == [campaign.id]
    again = floor.engine()  # a restart says nothing twice
    assert look(again, FREE, STUCK_MS) == ["stuck"]
    assert look(again, HOURS, STUCK_MS) == ["stuck", "moves"]
    assert campaigns.stuck_campaigns(floor.connection, scope=NORTE) == []
    assert events.newest(floor.connection, campaign=campaign.id, kinds=("stuck", "moves")) == "moves"
