"""What no line can take is told once, with why, and taken back when a line can."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from gatewayd.dispatch import unserved as module
from gatewayd.dispatch.scheduler import Scheduler
from gatewayd.dispatch.unserved import Unserved
from gatewayd.store.commands import HoldQueue, QueueInfo
from gatewayd.values.model import Priority, Route


@dataclass
class Line:
    enabled: bool = True
    usable: bool = True
    spent: bool = False
    channel: str = "sms"

    def fits(self, route: Route) -> bool:
        return route.channel == self.channel


def queue(number: int = 1, held: str | None = None) -> QueueInfo:
    return QueueInfo(
        id=number, job_id=10 + number, job="j", account_id=1, account="a", priority=Priority.NORMAL, route=Route("sms"),
        unit_price=1, not_before=None, not_after=None, created_at=0, paused=False, waiting=1, held_reason=held,
    )  # fmt: skip


@dataclass
class Place:
    lines: dict[str, Line]
    scheduler: Scheduler = field(default_factory=Scheduler)
    told: list[tuple[int, str | None]] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def post(self, command: HoldQueue) -> None:
        self.told.append((command.queue_id, command.reason))
        self.heard.set()

    def unserved(self) -> Unserved:
        writer: Any = self
        return Unserved(self.scheduler, self.lines, writer, self.jobs.extend)


async def test_what_no_enabled_line_takes_is_told_at_once_and_once() -> None:
    place = Place({"off": Line(enabled=False, usable=False), "mail": Line(channel="email")})
    unserved = place.unserved()
    added = place.scheduler.add(queue(), 0)
    unserved.appeared(added)
    unserved.appeared(added)
    assert (place.told, place.jobs) == ([(1, "no_line")], [11])


async def test_a_line_that_is_away_for_a_moment_is_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NO_LINE_GRACE_S", 0.02)
    line = Line(usable=False)
    place = Place({"l": line})
    unserved = place.unserved()
    unserved.appeared(place.scheduler.add(queue(), 0))
    assert not place.told
    unserved.lines_changed()
    async with asyncio.timeout(10):
        await place.heard.wait()
    assert place.told == [(1, "no_line")]
    line.usable = True
    unserved.lines_changed()
    assert place.told[-1] == (1, None)
    unserved.close()


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ({"a": Line(spent=True), "b": Line(spent=True)}, "window"),
        ({"a": Line(spent=True), "b": Line(usable=False)}, "window"),
        ({}, "no_line"),
    ],
)
async def test_why(monkeypatch: pytest.MonkeyPatch, after: dict[str, Line], reason: str) -> None:
    monkeypatch.setattr(module, "NO_LINE_GRACE_S", 0.0)
    place = Place({"a": Line(), "b": Line()})
    unserved = place.unserved()
    unserved.appeared(place.scheduler.add(queue(), 0))
    place.lines.clear()
    place.lines.update(after)
    unserved.lines_changed()
    async with asyncio.timeout(10):
        await place.heard.wait()
    assert place.told == [(1, reason)]
    unserved.close()


async def test_what_an_earlier_life_told_is_taken_back() -> None:
    place = Place({"l": Line()})
    unserved = place.unserved()
    info = queue(held="no_line")
    unserved.learn(info)
    place.scheduler.add(info, 0)
    unserved.lines_changed()
    assert place.told == [(1, None)]
    unserved.close()


async def test_a_queue_that_may_not_go_anyway_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NO_LINE_GRACE_S", 0.0)
    place = Place({})
    unserved = place.unserved()
    place.scheduler.add(queue(1), 0)
    place.scheduler.hold(1, "credit")
    place.scheduler.add(queue(2), 0)
    unserved.look_soon()
    async with asyncio.timeout(10):
        await place.heard.wait()
    assert place.told == [(2, "no_line")]
