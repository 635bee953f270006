"""What the acceptance tests of the GSM driver share: a line on a simulated modem, and a sink that can be waited on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from drivers.base import DeliveryReport, Event, InboundMessage, LateAccept, LineStatus, OutboundMessage
from drivers.gsm import alphabet
from drivers.gsm.line import GsmLine
from drivers.gsm.options import GsmOptions
from drivers.gsm.simulator import GsmSimulator
from drivers.gsm.timing import Timing

FAST = Timing(
    command_s=1.0,
    sim_s=1.0,
    network_s=1.0,
    prompt_s=0.25,
    submit_s=0.4,
    reference_s=0.2,
    overlap_s=0.1,
    grace_s=0.05,
    quiet_s=0.02,
    probe_s=0.25,
    probes=2,
    sim_ready_s=1.0,
    busy_pause_s=0.02,
    pulse_s=0.2,
    health_s=0.5,
    waiting_s=0.2,
    sweep_s=30.0,
    ussd_s=1.0,
    reset_s=1.0,
    absent_s=0.02,
    settle_s=0.02,
    backoff_s=0.05,
    backoff_max_s=0.1,
    quarantine_after=3,
    quarantine_s=0.2,
    quarantine_max_s=0.3,
    quota_pause_s=0.2,
    report_hold_s=1.0,
    search_s=0.02,
    deaf_s=0.2,
)

T = TypeVar("T")

PATIENCE_S = 20.0
"""No wait of these tests is this long unless something is broken or the machine is starved."""


class Sink:
    """An event sink that is durable when `gate` is open; every event is kept, and can be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.offered: list[Event] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self._changed = asyncio.Condition()

    async def put(self, event: Event) -> None:
        self.offered.append(event)
        await self._tell()
        if not isinstance(event, LineStatus):
            await self.gate.wait()
            if self.error is not None:
                raise self.error
        self.events.append(event)
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(condition)

    async def state(self, state: str, reason: str | None = None) -> LineStatus:
        """Wait until the line's latest status is `state`."""
        await self.until(lambda: self.status.state == state and reason in (None, self.status.reason))
        return self.status

    @property
    def status(self) -> LineStatus:
        statuses = self.of(LineStatus)
        return statuses[-1] if statuses else LineStatus("starting")

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    async def count(self, kind: type[Any], number: int) -> list[Any]:
        """Wait for `number` events of `kind`."""
        await self.until(lambda: len(self.of(kind)) >= number)
        return self.of(kind)


class Rig:
    """One line of one simulated modem, running."""

    def __init__(self, sim: GsmSimulator, options: GsmOptions, timing: Timing) -> None:
        self.sim = sim
        self.line = GsmLine("claro-1", options, timing)
        self.sink = Sink()
        self.passed: list[int] = []
        self.task: asyncio.Task[None] | None = None
        self._attempts = 0

    async def point_of_no_return(self, part: int, taken: Mapping[int, str] | None = None) -> None:
        self.passed.append(part)

    def message(self, text: str = "Hola", to: str = "+5491155550001", **more: Any) -> OutboundMessage:
        self._attempts += 1
        split = alphabet.split(text)
        default: dict[str, Any] = {
            "attempt": f"A{self._attempts:025d}",
            "to": to,
            "address": to,
            "text": text,
            "parts": tuple(split.parts),
            "todo": tuple(range(1, len(split.parts) + 1)),
            "encoding": split.encoding,
            "concat_ref": 7,
        }
        return OutboundMessage(**{**default, **more})

    async def send(self, text: str = "Hola", to: str = "+5491155550001", **more: Any) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await self.line.send(self.message(text, to, **more), self.point_of_no_return)

    def counted(self, name: str) -> int:
        return self.sim.network.count(name)

    async def seen(self, **goals: int) -> None:
        """Wait until the simulator's counters have come that far."""
        answer = await self.sim.wait(timeout=PATIENCE_S, **goals)
        assert answer["reached"], answer

    @property
    def texts(self) -> list[str]:
        return [row["text"] for row in self.sim.texts()["texts"]]

    @property
    def reports(self) -> list[DeliveryReport]:
        return self.sink.of(DeliveryReport)

    @property
    def inbound(self) -> list[InboundMessage]:
        return self.sink.of(InboundMessage)

    @property
    def late(self) -> list[LateAccept]:
        return self.sink.of(LateAccept)


@asynccontextmanager
async def rig(
    sim: GsmSimulator, *, modem: int = 0, await_state: str | None = "ready", timing: Timing = FAST, **options: Any
) -> AsyncIterator[Rig]:
    """A running line on `modem`; `options` are the driver's keys, `port` the modem's if nothing else names it."""
    slow = {name: options.pop(name) for name in list(options) if name in Timing.__slots__}
    if not {"port", "imei", "imsi"} & options.keys():
        options["port"] = sim.devices[modem].port
    made = Rig(sim, GsmOptions(**options), replace(timing, **slow))
    made.task = asyncio.create_task(made.line.run(made.sink))
    try:
        if await_state is not None:
            await made.sink.state(await_state)
        yield made
    finally:
        made.task.cancel()
        await asyncio.gather(made.task, return_exceptions=True)
