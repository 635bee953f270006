"""A campaign of every week that is over by now: kept, launched, run and ended by the store's own commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gatewayd.campaigns import slices
from gatewayd.campaigns.document import CampaignDocument
from gatewayd.demo.campaign import ACCOUNT
from gatewayd.demo.crowd import Person
from gatewayd.store.campaigns import campaigns, events, launches, runs
from gatewayd.store.campaigns.campaigns import NewCampaign
from gatewayd.store.campaigns.runs import Slice
from gatewayd.store.commands import Change, Command
from gatewayd.values.actor import Scope

NAME: Final = "Recordatorio de los martes"
TEMPLATE: Final = "Recordatorio de vencimiento"
BY: Final = "marta"
WEEKDAY: Final = 1
TEXT: Final = "{name}: su factura de $ 18.450,00 vence el {due}. Si ya fue pagada, desestime el mensaje. Norte Wifi"

Apply = Callable[[Sequence[Command[Any]]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """One of its runs, whose people are written down."""

    number: int
    slice_: Slice
    people: Sequence[Person]
    due: str
    template: tuple[str, int]
    klass: str | None

    @property
    def job(self) -> str:
        return self.slice_.job

    def text_of(self, one: Person) -> str:
        """Returns what somebody was told."""
        return TEXT.format(name=one.name, due=self.due)


class Weekly:
    """The campaign, from its first run to its last."""

    def __init__(self, apply: Apply, zone: ZoneInfo) -> None:
        self._apply = apply
        self._zone = zone
        self._number = 0

    def _change(self, work: Callable[[Any], Any]) -> Any:
        return self._apply([Change(work, BY)])[0]

    def begin(self, people: Sequence[Person], morning: datetime) -> Run:
        """Launches the run of that morning for these people."""
        now = int(morning.timestamp() * 1000)
        if not self._number:
            self._number = self._change(lambda unit: self._keep(unit, now))
        planned = f"{morning:%Y-%m-%dT%H:%M}"
        due = f"{morning:%d/%m}"
        run: Run = self._change(lambda unit: self._launch(unit, people, planned, due, now))
        return run

    def _keep(self, unit: Any, now: int) -> int:
        document = CampaignDocument.model_validate(
            {
                "ladder": [{"channel": "sms", "template": TEMPLATE}],
                "audience": {"filter": {"owing": True}},
                "schedule": {"kind": "every", "days": ["tue"], "hour": "10:00"},
            }
        )
        number = campaigns.add(unit.session, NewCampaign(ACCOUNT, NAME, document.kept(), BY, now))
        campaigns.put(unit.session, number, launched_by=BY, launched_at=now)
        events.note(unit.session, number, "saved", now, actor=BY)
        return number

    def _launch(self, unit: Any, people: Sequence[Person], planned: str, due: str, now: int) -> Run:
        campaign = campaigns.campaign(unit.session.connection, scope=Scope.of(ACCOUNT), number=self._number)
        document = CampaignDocument.model_validate_json(campaign.document)
        begun = launches.begin(unit, campaign, document.job_keys(), planned, now=now, actor=BY)
        assert begun is not None
        run = runs.run(unit.session.connection, number=begun)
        known = [
            runs.Person(None, one.ref, one.number, json.dumps({"nombre": one.name}, ensure_ascii=False))
            for one in people
        ]
        run = runs.freeze(unit.session, run, known, cursor=len(known), left_out={"no_address": 4})
        runs.end_freezing(unit.session, begun, now)
        job = slices.job_name(slices.run_key(self._number, planned), 0, 0)
        new = Slice(begun, 0, 0, 1, len(known), job, None, None)
        runs.add_slice(unit.session, new)
        content = run.content[0]
        return Run(begun, new, people, due, (TEMPLATE, int(content["template_version"])), content.get("class"))

    def end(self, run: Run, job_id: int, now: int, *, last: bool) -> None:
        """Says that nobody of a run is open any more; after the `last` the campaign is over."""

        def work(unit: Any) -> None:
            runs.recorded(unit.session, run.slice_, job_id)
            runs.end(unit.session, run.number, now)
            events.note(unit.session, self._number, "finished" if last else "run_finished", now)
            state: dict[str, Any] = {"state": "finished", "ended_at": now} if last else {"state": "scheduled"}
            campaigns.put(unit.session, self._number, updated_at=now, **state)

        self._change(work)
