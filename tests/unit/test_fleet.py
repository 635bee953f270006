"""Lines made from their configuration, changed by a new one, and what they remember across both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.base import OutboundMessage, Outcome
from gatewayd import fleet as fleet_module
from gatewayd import registry
from gatewayd.fleet import Fleet
from gatewayd.numbers import Policy
from gatewayd.store.commands import LoadLine, SetLineEnabled
from gatewayd.values.errors import UnavailableError
from tests.rig.floor import Answer, Floor, ScriptedLine, floor, taken


class Garage:
    """A fleet over scripted devices; its configuration by names and what is particular of each."""

    def __init__(self, house: Floor) -> None:
        self.house = house
        self.made: dict[str, list[ScriptedLine]] = {}
        self.answers: dict[str, Answer] = {}
        driver: Any = SimpleNamespace(
            channels={"sms"}, encoding_variant=lambda _options: "", make=lambda setup: self._make(setup.name)
        )
        self.driver = driver
        rules: Any = SimpleNamespace(take_over=lambda _config: None, account=lambda _line: None, judge=None)
        inbox: Any = SimpleNamespace(due=lambda: None)
        self.fleet: Fleet
        self._rules, self._inbox = rules, inbox

    def _make(self, name: str) -> ScriptedLine:
        line = ScriptedLine(self.answers.get(name, taken), 1)
        self.made.setdefault(name, []).append(line)
        return line

    def config(self, **lines: dict[str, Any]) -> Any:
        common = {
            "driver": "scripted", "enabled": True, "rate": None, "window": None, "quota_day": None, "quota_month": None,
            "recipients_month": None, "prefixes": (), "number_format": "e164", "options": SimpleNamespace(),
        }  # fmt: skip
        return SimpleNamespace(
            lines=[SimpleNamespace(**(common | {"name": name} | own)) for name, own in lines.items()],
            delivery=SimpleNamespace(urgent_share=0.2, drain=0.2),
        )

    async def launch(self, **lines: dict[str, Any]) -> None:
        self.fleet = Fleet(
            self.config(**lines), self.house.dispatcher, self._inbox, Policy("AR", None, True), self._start,
            rules=self._rules,
        )  # fmt: skip
        await self.fleet.launch()

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self.house.tasks.append(task)
        return task


@pytest.fixture
async def garage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Garage]:
    async with floor(tmp_path) as house:
        made = Garage(house)
        monkeypatch.setattr(registry, "driver", lambda _name: made.driver)
        yield made


async def test_every_line_is_launched_and_sends(garage: Garage) -> None:
    await garage.launch(one={}, two={})
    await garage.house.job(range(20))
    await garage.house.until(lambda counts: counts["submitted"] == 20)
    assert set(garage.house.dispatcher.runners) == {"one", "two"}


async def test_a_persons_word_is_remembered(garage: Garage) -> None:
    await garage.house.writer.do(SetLineEnabled("one", False))
    await garage.launch(one={}, two={})
    assert [runner.enabled for runner in garage.house.dispatcher.runners.values()] == [False, True]


async def test_quotas_are_remembered(garage: Garage) -> None:
    await garage.launch(one={"quota_day": 3})
    await garage.house.job(range(5))
    await garage.house.until(lambda counts: counts["submitted"] == 3)
    await garage.fleet.take_over(garage.config(one={"quota_day": 4}))
    await garage.house.until(lambda counts: counts["submitted"] == 4)
    assert garage.house.runner("one").pace.day_segments == 4


async def test_a_new_configuration_changes_what_it_names_and_nothing_else(garage: Garage) -> None:
    await garage.launch(one={}, two={}, three={})
    kept = garage.house.runner("one")
    changed = await garage.fleet.take_over(garage.config(one={}, two={"prefixes": ("+54",)}, four={}))
    assert set(changed) == {"two", "three", "four"}
    assert set(garage.house.dispatcher.runners) == {"one", "two", "four"}
    assert garage.house.runner("two").config.prefixes == ("+54",)
    assert garage.house.runner("one") is kept
    await garage.house.job(range(9))
    await garage.house.until(lambda counts: counts["submitted"] == 9)


async def test_a_line_that_goes_in_the_middle_of_a_message_leaves_it_in_doubt(garage: Garage) -> None:
    begun = asyncio.Event()

    async def silent(_: OutboundMessage) -> Outcome:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    garage.answers["one"] = silent
    await garage.launch(one={})
    await garage.house.job([1])
    async with asyncio.timeout(20):
        await begun.wait()
    assert await garage.fleet.take_over(garage.config(two={})) == ["one", "two"]
    await garage.house.until(lambda counts: counts["uncertain"] == 1)


async def test_a_store_that_refuses_for_a_moment_costs_no_line(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(fleet_module, "TROUBLE_S", 0.01)
    await garage.launch(one={})
    writer, refused = garage.house.writer, 0
    do = writer.do

    def refusing(command: Any, **options: Any) -> Any:
        nonlocal refused
        if isinstance(command, LoadLine) and refused < 2:
            refused += 1
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            future.set_exception(UnavailableError("disk full"))
            return future
        return do(command, **options)

    monkeypatch.setattr(writer, "do", refusing)
    await garage.fleet.take_over(garage.config(one={}, two={}))
    assert refused == 2
    assert "two" in garage.house.dispatcher.runners
