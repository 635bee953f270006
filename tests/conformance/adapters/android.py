"""A simulated phone behind each of its apps."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from drivers.android import driver
from drivers.android.options import AndroidOptions
from drivers.android.plain import PlainLine
from drivers.android.simulator import AndroidSimulator
from drivers.android.smsgate import SmsgateLine
from drivers.android.timing import Timing
from drivers.base import Line, LineSetup, OutboundMessage
from drivers.conformance import Device, Fault, Hook, Traits, sms

QUICK = Timing(
    answer_s=1.0,
    plain_answer_s=1.0,
    look_s=0.02,
    look_max_s=0.1,
    report_s=0.02,
    report_max_s=0.1,
    retry_s=0.02,
    retry_max_s=0.1,
    poll_s=0.05,
    health_s=0.1,
    back_s=0.02,
    back_max_s=0.05,
    settle_s=0.05,
    open_s=20.0,
    margin_s=5.0,
)
PASSWORD, TOKEN = "contraseña-7", "llave-8811"
WAIT_S = 20.0
NEVER_S = 3600.0


class Phone:
    def __init__(self, sim: AndroidSimulator, path: str, keys: Mapping[str, Any]) -> None:
        self._sim, self._path = sim, path
        self._clock = time.time() - 3600
        self._options = AndroidOptions(url=sim.devices[0].url, **keys)

    @property
    def secrets(self) -> Sequence[str]:
        return (PASSWORD, TOKEN)

    def setup(self) -> LineSetup:
        return LineSetup("phone", self._options)

    def line(self) -> Line:
        kind = SmsgateLine if self._options.app == "smsgate" else PlainLine
        return kind("phone", self._options, QUICK)

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        return sms(number, text, parts)

    def left(self) -> Sequence[str]:
        return [row["to"] for row in self._sim.texts()["texts"]]

    async def until_left(self, count: int) -> None:
        assert (await self._sim.wait(WAIT_S, taken=count))["reached"]

    async def strike(self, fault: Fault) -> None:
        match fault:
            case Fault.REFUSED:
                self._fault("error", status=400)
            case Fault.LATER:
                self._fault("error", status=503)
            case Fault.SLOW | Fault.SILENT_TAKEN:
                self._fault("slow", delay_s=0.4 if fault is Fault.SLOW else NEVER_S)
            case Fault.DROPPED | Fault.DROPPED_TAKEN:
                self._fault("drop_before" if fault is Fault.DROPPED else "drop_after")
            case Fault.GARBAGE | Fault.GARBAGE_TAKEN:
                self._fault("garbage", taken=fault is Fault.GARBAGE_TAKEN)

    def _fault(self, kind: str, **arguments: object) -> None:
        self._sim.set(fault={"kind": kind, "path": self._path, **arguments})

    async def mend(self) -> None:
        self._sim.set(clear_faults=True)

    async def unplug(self) -> None:
        await self._sim.unplug()

    async def replug(self) -> None:
        await self._sim.replug()

    async def report(self, message: OutboundMessage, status: str) -> None:
        self._sim.set(report="delivered" if status == "delivered" else "failed")
        self._sim.phones[0].report_sent()
        self._sim.set(report="none")

    async def receive(self, sender: str, text: str) -> None:
        # The network stamps each: nobody sends the same words twice within a second.
        self._clock += 1
        self._sim.inject(0, sender, text, at=self._clock)

    def held(self) -> int:
        return 0

    def connect(self, hook: Hook) -> None:
        """Everything is asked for."""


class AndroidAdapter:
    driver = driver

    def __init__(self, name: str, path: str, traits: Traits, **keys: Any) -> None:
        self.name, self.traits = name, traits
        self._path, self._keys = path, keys

    def missing(self) -> str | None:
        return None

    @asynccontextmanager
    async def device(self, folder: Path) -> AsyncIterator[Device]:
        async with AndroidSimulator(1, directory=folder) as sim:
            sim.set(report="none", password=PASSWORD, token=TOKEN)
            yield Phone(sim, self._path, self._keys)


FAULTS = frozenset(Fault) - {Fault.SILENT}
adapters = (
    AndroidAdapter(
        "smsgate",
        "/messages",
        Traits(FAULTS, idempotent=True, resumes=True, reports=frozenset({"delivered", "undelivered"}), receives=True),
        password=PASSWORD,
    ),
    AndroidAdapter("traccar", "/", Traits(FAULTS), app="traccar", token=TOKEN),
    AndroidAdapter("rest", "/v1/sms/", Traits(FAULTS, receives=True), app="rest"),
    AndroidAdapter("restsms", "/send", Traits(FAULTS), app="generic", token=TOKEN),
)
