"""A recurring campaign through a year of Chile's clock, with restarts and clocks that are set back: each run once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from gatewayd.campaigns import schedule, states
from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.engine.clock import Clock
from gatewayd.store.campaigns import audience, campaigns, runs
from gatewayd.store.campaigns.campaigns import Campaign, NewCampaign
from gatewayd.store.commands import Change
from gatewayd.store.contacts.audience import Occasion
from gatewayd.values.actor import Scope
from tests.conformance.house import House

CHILE: Final = ZoneInfo("America/Santiago")
NORTE: Final = Scope.of("norte")
BEGIN: Final = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp() * 1000)
END: Final = int(datetime(2027, 1, 1, 12, tzinfo=UTC).timestamp() * 1000)
MINUTE: Final = 60_000


class Year:
    """One campaign and the engine that keeps its times."""

    def __init__(self, house: House, hour: str, missed: str = "late") -> None:
        self.house, self.now = house, BEGIN
        said = {
            "channel": "sms",
            "content": {"text": "Hola"},
            "audience": {"filter": {}},
            "schedule": {
                "kind": "every",
                "days": ["mon", "wed", "sat", "sun"],
                "hour": hour,
                "zone": str(CHILE),
                "missed": missed,
            },
        }
        document = CampaignDocument.model_validate(said)
        new = NewCampaign("norte", "Cuotas", document.kept(), "ana", self.now)
        self.campaign = int(house.do(Change(lambda unit: campaigns.add(unit.session, new))))
        self.plan = document.schedule.plan("UTC")
        planned = schedule.first(self.plan, self.now)
        assert planned is not None
        due = schedule.instant(planned, CHILE)
        house.do(
            Change(
                lambda unit: campaigns.put(
                    unit.session, self.campaign, state=states.SCHEDULED, due=due, planned=planned, launched_by="ana"
                )
            )
        )
        self.clock = self.engine()

    @property
    def connection(self) -> Any:
        return self.house.transactions.session.connection

    def engine(self) -> Clock:
        """Returns an engine that remembers nothing."""

        async def ask(question: Callable[[Any], Any]) -> Any:
            return question(self.connection)

        async def execute(change: Change[Any]) -> Any:
            return self.house.do(change)

        def source(campaign: Campaign, document: CampaignDocument) -> Callable[[Any], audience.Source]:
            occasion = Occasion(self.now, date(2026, 1, 1))
            meant = document.meant
            return lambda connection: audience.source(
                connection, campaign=campaign, meant=meant, channel="sms", occasion=occasion
            )

        return Clock(
            ask=ask,
            execute=execute,
            now=lambda: self.now,
            source=source,
            zone=lambda: "UTC",
            tell=lambda *_said: None,
        )

    def strike(self) -> int | None:
        return asyncio.run(self.clock.strike())

    def planned(self) -> list[str]:
        """Returns every local time for which there is to be a run."""
        found, day = [], datetime.fromtimestamp(BEGIN / 1000, CHILE).date()
        while day < datetime.fromtimestamp(END / 1000, CHILE).date():
            local = schedule.key(datetime.combine(day, self.plan.hour))
            if day.weekday() in self.plan.days and BEGIN < schedule.instant(local, CHILE) <= END:
                found.append(local)
            day += timedelta(days=1)
        return found

    def begun(self) -> dict[str, runs.Run]:
        each = runs.runs(self.connection, campaign=self.campaign, limit=1_000)
        assert len({one.planned for one in each}) == len(each)
        return {one.planned: one for one in each}


@pytest.mark.parametrize("hour", ["00:30", "23:30"])
def test_a_year_of_runs_each_once_at_its_local_hour(house: House, hour: str) -> None:
    """00:30 is skipped on the day when Chile's summer begins, and 23:30 comes twice when it ends."""
    year, chance = Year(house, hour), random.Random(hour)
    while year.now < END:
        following = year.strike()
        if chance.random() < 0.2:
            year.clock = year.engine()
        if chance.random() < 0.1:
            # A clock that is set back: what has run does not run again.
            year.now -= chance.randrange(180) * MINUTE
            year.strike()
        if following is None:
            year.now += MINUTE  # it has begun one, and looks again
        else:
            year.now = max(year.now, following) + chance.randrange(5) * MINUTE
    year.now = END
    year.strike()
    begun = year.begun()
    assert sorted(begun) == year.planned()
    for planned, run in begun.items():
        assert 0 <= run.created_at - schedule.instant(planned, CHILE) <= schedule.LATE_MS


@pytest.mark.parametrize(("missed", "ran"), [("late", 1), ("skip", 0), ("ask", 0)])
def test_of_a_week_that_was_slept_through_the_last_run_obeys_its_policy(house: House, missed: str, ran: int) -> None:
    year = Year(house, "10:00", missed)
    year.now += 7 * 86_400_000 + 3 * 3_600_000
    year.strike()
    following = year.strike()
    assert following is not None
    assert following > year.now
    begun = year.begun()
    assert sum(one.state != "skipped" for one in begun.values()) == ran
    found = campaigns.campaign(year.connection, scope=NORTE, number=year.campaign)
    assert (found.missed is not None) == (missed == "ask")
    assert len(begun) == 4 - (missed == "ask")
    assert year.strike() == following
    assert year.begun().keys() == begun.keys()
