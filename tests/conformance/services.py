"""What simulated HTTP services have in common when they are put on trial: how each fault is made."""

from __future__ import annotations

from drivers.conformance import Fault
from drivers.simulation.process import ServiceSimulator

WAIT_S = 20.0


class ServiceDevice:
    """A part of `drivers.conformance.Device`."""

    def __init__(self, sim: ServiceSimulator, refusal_status: int, refusal_body: str) -> None:
        self._sim = sim
        self._refusal = {"status": refusal_status, "body": refusal_body}

    async def until_left(self, count: int) -> None:
        answer = await self._sim.wait(timeout=WAIT_S, taken=count)
        assert answer["reached"], answer

    async def strike(self, fault: Fault) -> None:
        taken = fault in (Fault.SILENT_TAKEN, Fault.DROPPED_TAKEN, Fault.GARBAGE_TAKEN)
        match fault:
            case Fault.REFUSED:
                self._fault("status", **self._refusal)
            case Fault.LATER:
                self._fault("limit")
            case Fault.SLOW:
                self._fault("slow", delay_s=0.4)
            case Fault.SILENT | Fault.SILENT_TAKEN:
                self._fault("silence", taken=taken)
            case Fault.DROPPED | Fault.DROPPED_TAKEN:
                self._fault("drop", taken=taken)
            case Fault.GARBAGE | Fault.GARBAGE_TAKEN:
                self._fault("garbage", taken=taken)

    def _fault(self, kind: str, **arguments: object) -> None:
        self._sim.set(fault={"kind": kind, **arguments})

    async def mend(self) -> None:
        self._sim.set(clear_faults=True)

    async def unplug(self) -> None:
        await self._sim.unplug()

    async def replug(self) -> None:
        await self._sim.replug()
