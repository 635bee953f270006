"""A line under trial: a device, a line to it, what the line tells, and what it writes into the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog

from drivers.base import (
    Accepted,
    Completed,
    Event,
    HookRefusedError,
    InboundMessage,
    Line,
    LineStatus,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    Partial,
    PointOfNoReturn,
    Refused,
    TakesHooks,
    Withdrawn,
)
from drivers.conformance import Adapter, Device

PATIENCE_S = 30.0
"""No wait of the suite is this long unless something is broken or the machine is starved."""
AGAIN_S = 0.05
"""Before what was not sent is sent again."""
TEXT = "Su saldo vence pasado"
"""In every text, and in no log."""

E = TypeVar("E", bound=Event)


class Sink:
    """Events are durable while `gate` is open; all are kept, and can be waited for."""

    def __init__(self) -> None:
        self.offered: list[Event] = []
        self.events: list[Event] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._moved = asyncio.Event()

    async def put(self, event: Event) -> None:
        self.offered.append(event)
        self._moved.set()
        if not isinstance(event, LineStatus):
            await self.gate.wait()
        self.events.append(event)
        self._moved.set()

    def of(self, kind: type[E]) -> list[E]:
        return [each for each in self.events if isinstance(each, kind)]

    @property
    def state(self) -> str:
        statuses = self.of(LineStatus)
        return statuses[-1].state if statuses else "starting"

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not reached():
                self._moved.clear()
                await self._moved.wait()

    async def received(self, count: int) -> list[InboundMessage]:
        """Waits for so many different ones; in the order in which they came first."""

        def different() -> dict[str, InboundMessage]:
            return {each.key: each for each in reversed(self.of(InboundMessage))}

        await self.until(lambda: len(different()) >= count)
        return list(reversed(different().values()))


class Crossing:
    """A point of no return that remembers who came, and what had left by then; may hold, or withdraw."""

    def __init__(self, device: Device, withdraw: str | None = None, *, hold: bool = False) -> None:
        self._device, self._withdraw = device, withdraw
        self.parts: list[int] = []
        self.left: list[int] = []
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        if not hold:
            self.open.set()

    async def __call__(self, part: int, taken: Mapping[int, str] | None = None) -> None:
        self.parts.append(part)
        self.left.append(len(self._device.left()))
        self.reached.set()
        await self.open.wait()
        self.left[-1] = max(self.left[-1], len(self._device.left()))
        if self._withdraw is not None:
            raise Withdrawn(self._withdraw)


class Trial:
    """One device, and one line after another to it."""

    def __init__(self, adapter: Adapter, device: Device) -> None:
        self.adapter, self.traits, self.device = adapter, adapter.traits, device
        self.line: Line
        self.sink: Sink
        self.outcomes: list[Outcome] = []
        self._run: asyncio.Task[None] | None = None
        self._sends: list[asyncio.Task[Outcome]] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._number = 0
        device.connect(self._called)

    # ---------------------------------------------------------------------------------------------------- its life

    async def start(self, *, ready: bool = True) -> None:
        """A new line, as after a restart of the gateway."""
        self.line, self.sink = self.device.line(), Sink()
        self._run = asyncio.create_task(self.line.run(self.sink))
        if ready:
            await self.ready()

    async def ready(self) -> None:
        assert self._run is not None
        waiting = asyncio.create_task(self.sink.until(lambda: self.sink.state == "ready"))
        await asyncio.wait({waiting, self._run}, return_when=asyncio.FIRST_COMPLETED)
        assert not self._run.done(), f"run has ended: {self._run}"
        await waiting

    async def kill(self) -> None:
        """Everything of the line is cancelled at once, wherever it is, as the gateway does it."""
        tasks = [task for task in (*self._sends, *self._calls, self._run) if task is not None]
        self._sends, self._run = [], None
        for task in tasks:
            task.cancel()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _called(self, headers: Mapping[str, str], body: bytes) -> int:
        """A call of the device, as the gateway answers it."""
        if self._run is None:
            return 503
        if not isinstance(self.line, TakesHooks):
            return 404
        try:
            events = self.line.on_hook(headers, body)
        except HookRefusedError as error:
            return error.status
        call = asyncio.ensure_future(self._put(events))
        self._calls.add(call)
        try:
            await asyncio.wait({call})
        finally:
            self._calls.discard(call)
        return 503 if call.cancelled() or call.exception() is not None else 200

    async def _put(self, events: Sequence[Event]) -> None:
        for event in events:
            await self.sink.put(event)

    # ------------------------------------------------------------------------------------------------------ sending

    def message(self, parts: int = 1) -> OutboundMessage:
        """The next one."""
        self._number += 1
        return self.device.message(self._number, f"{TEXT} {self._number}", parts)

    def begin(self, message: OutboundMessage, crossing: PointOfNoReturn | None = None) -> asyncio.Task[Outcome]:
        """Hands the message to the line; it may be in work when the line is killed."""
        task = asyncio.create_task(self.line.send(message, crossing or Crossing(self.device)))
        self._sends.append(task)
        return task

    async def send(self, message: OutboundMessage | None = None, crossing: PointOfNoReturn | None = None) -> Outcome:
        async with asyncio.timeout(PATIENCE_S):
            outcome = await self.begin(message or self.message(), crossing)
        self.outcomes.append(outcome)
        return outcome

    def copies(self, message: OutboundMessage) -> int:
        """How often the message, or any of its parts, has left."""
        return sum(to == message.to for to in self.device.left())

    def open_attempt(self, message: OutboundMessage, at: float) -> OpenAttempt:
        return OpenAttempt(message.attempt, message.to, message.address, message.todo, at)

    async def goes_on(self) -> None:
        """The line, ready again, sends a message as if nothing had been."""
        await self.device.mend()
        message = self.message()
        outcome = await self.sent(message)
        assert taken(outcome), outcome
        await self.told(message, 1)

    async def sent(self, message: OutboundMessage) -> Outcome:
        """Sends it again, as the gateway does, as long as the line says that nothing has left."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self.ready()
                outcome = await self.send(message)
                if not isinstance(outcome, NotSent):
                    return outcome
                assert self.copies(message) == 0, outcome
                await asyncio.sleep(AGAIN_S)

    async def told(self, message: OutboundMessage, copies: int) -> None:
        """The device, too, says that it left so often; what it records may come a moment later than its answer."""
        await self.device.until_left(len(self.device.left()) if copies <= self.copies(message) else copies)
        assert self.copies(message) == copies, self.device.left()


def taken(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Accepted) or (isinstance(outcome, Completed) and outcome.charged)


def honest(outcome: Outcome, copies: int) -> bool:
    """Whether what the line says fits what has left, and nothing has left twice."""
    match outcome:
        case NotSent() | Refused():
            return copies == 0
        case Accepted():
            return copies == 1
        case Completed():
            return copies <= 1
        case Partial():
            return True
    return copies <= 1


# ------------------------------------------------------------------------------------------------------------ secrecy


class Log:
    """All that is logged while the block runs, but by simulators and test tools."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def structured(self, _logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        self.lines.append(repr(dict(event)))
        raise structlog.DropEvent


class _Handler(logging.Handler):
    FOREIGN = ("mail.", "aiohttp.access", "aiohttp.server", "asyncio")

    def __init__(self, log: Log) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(self.FOREIGN) and "simulator" not in record.name:
            self._log.lines.append(record.getMessage())


@asynccontextmanager
async def listening() -> AsyncIterator[Log]:
    log = Log()
    handler, root = _Handler(log), logging.getLogger()
    before = structlog.get_config()
    level = root.level
    structlog.configure(processors=[structlog.processors.format_exc_info, log.structured])
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield log
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        structlog.configure(**before)


def leaks(trial: Trial, log: Log, numbers: Sequence[str]) -> list[str]:
    """What was logged, or told as a reason, and holds a secret, a text, or the last digits of a number."""
    reasons = [str(getattr(each, "reason", "")) for each in (*trial.outcomes, *trial.sink.of(LineStatus))]
    words = [*trial.device.secrets, TEXT, *(number[-8:] for number in numbers)]
    return [line for line in (*log.lines, *reasons) if any(word in line for word in words)]


@asynccontextmanager
async def on_trial(adapter: Adapter, folder: Path) -> AsyncIterator[Trial]:
    """A device with a line that is ready; whatever happens with it, nothing confidential is logged."""
    async with listening() as log, adapter.device(folder) as device:
        trial = Trial(adapter, device)
        await trial.start()
        try:
            yield trial
        finally:
            await trial.kill()
        numbers = [trial.device.message(number, "").to for number in range(1, trial._number + 1)]
        assert leaks(trial, log, numbers) == []
