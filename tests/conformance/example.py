"""A driver as a third party would write it, with its device and its adapter: a letter box that takes lines of text.

It is the example of docs/drivers.md, and, committing a `Sin` on purpose, the proof that the suite sees one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, SecretStr

from drivers.base import (
    Accepted,
    EventSink,
    Finding,
    InboundMessage,
    Line,
    LineError,
    LineSetup,
    LineStatus,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Refused,
    Uncertain,
    Withdrawn,
)
from drivers.conformance import Device, Fault, Hook, Traits, sms

ANSWER_S = 0.5


class Sin(StrEnum):
    """What a driver must not do."""

    EARLY = "sends before its point of no return"
    DEAF = "does not hear that it is withdrawn"
    TWICE = "sends again what is in doubt"
    LIAR = "calls unsent what may have left"
    BOASTER = "calls sent what it does not know of"
    HASTY = "acknowledges before it is durable"
    FORGETFUL = "gives a message another key when it comes again"
    TALKATIVE = "logs numbers"
    QUITTER = "ends when its device is gone"


# ----------------------------------------------------------------------------------------------------------- the device


class Box:
    """Takes texts, and keeps letters until they are fetched."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.letters: dict[int, tuple[str, str]] = {}
        self.fault: Fault | None = None
        self.up = True
        self.moved = asyncio.Event()
        self._count = 0

    async def take(self, to: str) -> str:
        """`ok`, `no`, `later`, or something that is no answer; ConnectionError; may never come back."""
        fault, self.fault = self.fault, None
        if not self.up:
            raise ConnectionError
        if fault in (None, Fault.SLOW, Fault.SILENT_TAKEN, Fault.DROPPED_TAKEN, Fault.GARBAGE_TAKEN):
            self.taken.append(to)
            self.moved.set()
        match fault:
            case Fault.SLOW:
                await asyncio.sleep(0.1)
            case Fault.SILENT | Fault.SILENT_TAKEN:
                await asyncio.Event().wait()
            case Fault.DROPPED | Fault.DROPPED_TAKEN:
                raise ConnectionError
            case Fault.GARBAGE | Fault.GARBAGE_TAKEN:
                return "\x00"
        return {Fault.REFUSED: "no", Fault.LATER: "later"}.get(fault, "ok") if fault else "ok"

    def put(self, sender: str, text: str) -> None:
        self._count += 1
        self.letters[self._count] = (sender, text)
        self.moved.set()


# ----------------------------------------------------------------------------------------------------------- the driver


class BoxOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: SecretStr


class BoxLine:
    """Implements `drivers.base.Line`."""

    def __init__(self, box: Box, sin: Sin | None = None) -> None:
        self._box, self._sin, self._ready = box, sin, False
        self._log = structlog.get_logger("box")

    @property
    def capacity(self) -> int:
        return 1

    async def run(self, events: EventSink) -> None:
        while True:
            while not self._box.up:
                self._ready = False
                await events.put(LineStatus("recovering", "gone"))
                if self._sin is Sin.QUITTER:
                    return
                await asyncio.sleep(0.01)
            if not self._ready:
                self._ready = True
                await events.put(LineStatus("ready"))
            for number, (sender, text) in list(self._box.letters.items()):
                if self._sin is Sin.HASTY:
                    del self._box.letters[number]
                key = f"{number}-{id(self)}" if self._sin is Sin.FORGETFUL else str(number)
                await events.put(InboundMessage(key, sender, None, text, 0.0))
                self._box.letters.pop(number, None)
            await asyncio.sleep(0.01)

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if not self._ready:
            return NotSent("not_ready", counts=False)
        if len(message.todo) < len(message.parts):
            return Refused("parts_elsewhere")
        if self._sin is Sin.TALKATIVE:
            self._log.info("sends", to=message.to)
        if self._sin is Sin.EARLY:
            await self._box.take(message.to)
        try:
            for part in message.todo:
                await point_of_no_return(part)
        except Withdrawn as withdrawn:
            if self._sin is Sin.DEAF:
                await self._box.take(message.to)
            return NotSent(withdrawn.reason, counts=False)
        outcome = await self._put(message)
        if isinstance(outcome, Uncertain):
            if self._sin is Sin.TWICE:
                return await self._put(message)
            if self._sin is Sin.LIAR:
                return NotSent("no_answer")
        return outcome

    async def _put(self, message: OutboundMessage) -> Outcome:
        if not self._box.up:
            return NotSent("gone", counts=False)
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self._box.take(message.to)
        except (TimeoutError, ConnectionError):
            return Uncertain("no_answer")
        match answer:
            case "ok":
                return Accepted({part: f"{message.attempt}.{part}" for part in message.todo}, reported=False)
            case "no":
                return Refused("refused")
            case "later":
                return NotSent("later")
        return Uncertain("answer_unknown")

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:
        if self._sin is Sin.BOASTER:
            return {each.attempt: Accepted(dict.fromkeys(each.parts, "x")) for each in attempts}
        return {}

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:
        raise LineError(f"a letter box knows no command {name!r}")


class BoxDriver:
    """Implements `drivers.base.Driver`."""

    name = "box"
    channels = frozenset({"sms"})
    options = BoxOptions

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:
        return ""

    def make(self, setup: LineSetup) -> Line:
        return BoxLine(Box())

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        return []


# ---------------------------------------------------------------------------------------------------------- the adapter


class BoxDevice:
    secrets = ("llave",)

    def __init__(self, sin: Sin | None) -> None:
        self._box, self._sin = Box(), sin

    def setup(self) -> LineSetup:
        return LineSetup("box", BoxOptions(key=SecretStr("llave")))

    def line(self) -> Line:
        return BoxLine(self._box, self._sin)

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        return sms(number, text, parts)

    def left(self) -> Sequence[str]:
        return self._box.taken

    async def until_left(self, count: int) -> None:
        while len(self._box.taken) < count:
            self._box.moved.clear()
            await self._box.moved.wait()

    async def strike(self, fault: Fault) -> None:
        self._box.fault = fault

    async def mend(self) -> None:
        self._box.fault = None

    async def unplug(self) -> None:
        self._box.up = False

    async def replug(self) -> None:
        self._box.up = True

    async def report(self, message: OutboundMessage, status: str) -> None:
        raise NotImplementedError("a letter box never reports")

    async def receive(self, sender: str, text: str) -> None:
        self._box.put(sender, text)

    def held(self) -> int:
        return len(self._box.letters)

    def connect(self, hook: Hook) -> None:
        """It calls nobody."""


class BoxAdapter:
    driver = BoxDriver()
    traits = Traits(frozenset(Fault), receives=True, keeps=True)

    def __init__(self, sin: Sin | None = None) -> None:
        self.name = "box" if sin is None else sin.name.lower()
        self._sin = sin

    def missing(self) -> str | None:
        return None

    @asynccontextmanager
    async def device(self, folder: Path) -> AsyncIterator[Device]:
        yield BoxDevice(self._sin)


adapter = BoxAdapter()
sinners = tuple(BoxAdapter(sin) for sin in Sin)
