"""A line over a real Asterisk, and what it says: for tests of the driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from dialplan.context import render
from dialplan.install import install_script
from drivers.asterisk.engaged import Engaged
from drivers.asterisk.line import AsteriskLine
from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.timing import Timing
from drivers.base import CallContent, DeliveryReport, Event, LineStatus, OutboundMessage
from tests.peers.asterisk import SECRET, USER, Asterisk, UnavailableError, installation
from tests.peers.asterisk_callees import DIAL, callees
from tests.peers.asterisk_speech import CONVERT, SPEAK

SOON_S = 20.0
"""Any one thing a test waits for; far more than it takes."""


@contextmanager
def running(base: Path, **how: Any) -> Iterator[Asterisk]:
    """A booted Asterisk with our context and the callees; skips, with the reason, where none can be had."""
    try:
        installation()
    except UnavailableError as error:
        pytest.skip(str(error))
    (base / "sounds").mkdir(parents=True)
    made = Asterisk(base, render() + callees(base / "sounds"), **how)
    install_script(base / "agi")
    with made as pbx:
        yield pbx


class Ear:
    """The sink of a line: remembers, and lets tests wait for what they expect."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Condition()

    async def put(self, event: Event) -> None:
        async with self._news:
            self.events.append(event)
            self._news.notify_all()

    async def until(self, wanted: Callable[[Event], bool], since: int = 0) -> Event:
        async with asyncio.timeout(SOON_S), self._news:
            while True:
                for event in self.events[since:]:
                    if wanted(event):
                        return event
                await self._news.wait()

    async def state(self, state: str, since: int = 0) -> LineStatus:
        event = await self.until(lambda each: isinstance(each, LineStatus) and each.state == state, since)
        assert isinstance(event, LineStatus)
        return event

    @property
    def reports(self) -> list[DeliveryReport]:
        return [each for each in self.events if isinstance(each, DeliveryReport)]


def options(pbx: Asterisk, **more: Any) -> AsteriskOptions:
    keys: dict[str, Any] = {
        "port": pbx.port,
        "user": USER,
        "secret": SECRET,
        "dial": DIAL,
        "channels": 10,
        "prompts": pbx.base / "prompts",
        "speech": SPEAK,
        "convert": CONVERT,
    }
    return AsteriskOptions(**{**keys, **more})


@asynccontextmanager
async def working(
    pbx: Asterisk, timing: Timing | None = None, name: str = "troncal", engaged: Engaged | None = None, **more: Any
) -> AsyncIterator[tuple[AsteriskLine, Ear]]:
    """A line at work, and its ear; not waited for until it is ready."""
    line, ear = AsteriskLine(name, options(pbx, **more), timing, engaged=engaged), Ear()
    task = asyncio.create_task(line.run(ear))
    try:
        yield line, ear
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def message(number: str, serial: int, call: dict[str, Any] | None = None, text: str = "hola") -> OutboundMessage:
    return OutboundMessage(
        attempt=f"01JD{serial:022d}",
        to=f"+{number}",
        address=number,
        text=text,
        content=CallContent(**call) if call else None,
    )


async def passed(part: int, taken: Mapping[int, str] | None = None) -> None:
    """A point of no return that lets everything pass."""
