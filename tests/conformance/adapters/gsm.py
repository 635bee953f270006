"""A simulated modem."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.base import Line, LineSetup, OutboundMessage
from drivers.conformance import Device, Fault, Hook, Traits, sms
from drivers.gsm import driver
from drivers.gsm.line import GsmLine
from drivers.gsm.options import GsmOptions
from drivers.gsm.simulator import GsmSimulator
from tests.acceptance.gsm_rig import FAST

PIN = "4821"
WAIT_S = 20.0


class Modem:
    secrets = (PIN,)

    def __init__(self, sim: GsmSimulator) -> None:
        self._sim = sim
        self._options = GsmOptions(port=sim.devices[0].port, pin=PIN)
        self._pulling: asyncio.Task[None] | None = None
        self._clock = time.time() - 3600

    def setup(self) -> LineSetup:
        return LineSetup("claro-1", self._options)

    def line(self) -> Line:
        return GsmLine("claro-1", self._options, FAST)

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        return sms(number, text, parts)

    def left(self) -> Sequence[str]:
        return [row["to"] for row in self._sim.texts()["texts"]]

    async def until_left(self, count: int) -> None:
        answer = await self._sim.wait(timeout=WAIT_S, taken=count)
        assert answer["reached"], answer

    async def strike(self, fault: Fault) -> None:
        match fault:
            case Fault.REFUSED:
                self._fault("submit_error", text="+CMS ERROR: 1")
            case Fault.LATER:
                self._fault("prompt_error", text="+CMS ERROR: 512")
            case Fault.SLOW:
                self._fault("silence", taken=True, late_s=0.2)
            case Fault.SILENT | Fault.SILENT_TAKEN:
                self._fault("silence", taken=fault is Fault.SILENT_TAKEN)
            case Fault.DROPPED_TAKEN:
                self._fault("silence", taken=True)
                self._pulling = asyncio.create_task(self._pulled(len(self.left()) + 1))
            case Fault.GARBAGE_TAKEN:
                self._fault("garbage")

    def _fault(self, kind: str, **arguments: object) -> None:
        self._sim.set(fault={"kind": kind, **arguments})

    async def _pulled(self, count: int) -> None:
        """The stick is pulled out once it has taken the message, and put back."""
        await self.until_left(count)
        self._sim.unplug()
        self._sim.replug()

    async def mend(self) -> None:
        self._sim.set(clear_faults=True)
        if self._pulling is not None:
            await self._pulling
            self._pulling = None

    async def unplug(self) -> None:
        self._sim.unplug()

    async def replug(self) -> None:
        self._sim.replug()

    async def report(self, message: OutboundMessage, status: str) -> None:
        code = {"delivered": 0x00, "undelivered": 0x46}[status]
        for row in self._sim.texts()["texts"]:
            if row["to"] == message.to:
                report = {"reference": row["reference"], "to": message.to, "status": code}
                self._sim.inject(report=report)

    async def receive(self, sender: str, text: str) -> None:
        # A service centre stamps by the second, and nobody sends the same words twice within one.
        self._clock += 1
        self._sim.inject(sender=sender, text=text, at=self._clock)

    def held(self) -> int:
        counted = self._sim.network.count
        acknowledged = counted("inbound_acknowledged") + counted("deleted")
        return counted("inbound") - acknowledged

    def connect(self, hook: Hook) -> None:
        """A modem calls nobody."""


class GsmAdapter:
    name = "gsm"
    driver = driver
    traits = Traits(
        faults=frozenset(Fault) - {Fault.DROPPED, Fault.GARBAGE},
        parts="each",
        reports=frozenset({"delivered", "undelivered"}),
        receives=True,
        keeps=True,
    )

    def missing(self) -> str | None:
        return None

    @asynccontextmanager
    async def device(self, folder: Path) -> AsyncIterator[Device]:
        async with GsmSimulator(1, directory=folder, pin=PIN, settings={"report": "none"}) as sim:
            yield Modem(sim)


adapter = GsmAdapter()
