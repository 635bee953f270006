"""Simulated push services: Firebase Cloud Messaging, ntfy, Web Push."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from drivers.base import Line, LineSetup, OutboundMessage
from drivers.conformance import Device, Fault, Hook, Traits
from drivers.http.keeping import Rests
from drivers.push import driver
from drivers.push.line import PushLine
from drivers.push.options import PushOptions
from drivers.push.simulator import PushSimulator
from drivers.push.timing import Timing
from tests.conformance.services import ServiceDevice

TIMING: Final = Timing(rests=Rests(well_s=5.0, back_s=0.02, back_most_s=0.1, blocked_s=0.1))
NTFY_TOKEN: Final = "tk_9f31c2d4e5"
REFUSALS: Final = {
    "fcm": {"error": {"code": 404, "status": "NOT_FOUND", "details": [{"errorCode": "UNREGISTERED"}]}},
    "ntfy": {"code": 40009, "http": 400, "error": "invalid request"},
    "webpush": {"error": "unsubscribed"},
}
STATUS: Final = {"fcm": 404, "ntfy": 400, "webpush": 410}


class Pushed(ServiceDevice):
    def __init__(self, sim: PushSimulator, service: str) -> None:
        super().__init__(sim, STATUS[service], json.dumps(REFUSALS[service]))
        self._service = service
        device = sim.devices[0]
        given: dict[str, Any] = {"service": service, "url": device["url"], "timeout": 1.0}
        secrets = [NTFY_TOKEN]
        if service != "ntfy":
            given["credentials"] = Path(device["credentials_file"]).read_text()
            # Any line of a key would do to tell that it leaked.
            secrets = [line for line in given["credentials"].splitlines() if len(line) > 60]
        if service == "ntfy":
            given["token"] = NTFY_TOKEN
        if service == "webpush":
            given["subject"] = "mailto:tecnica@norte.example"
            self._browsers = sim.subscribe(count=200)["subscriptions"]
        self._secrets = secrets
        self._options = PushOptions.model_validate(given)

    @property
    def secrets(self) -> Sequence[str]:
        return self._secrets

    def setup(self) -> LineSetup:
        return LineSetup("p1", self._options)

    def line(self) -> Line:
        return PushLine("p1", self._options, TIMING)

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        match self._service:
            case "fcm":
                to = f"{'f' * 40}{number:05d}"
            case "ntfy":
                to = f"cliente-{number:05d}"
            case _:
                to = json.dumps(self._browsers[number - 1])
        return OutboundMessage(attempt=f"01JD{number:022d}", to=to, address=to, text=text)

    def left(self) -> Sequence[str]:
        by_endpoint = {each["endpoint"]: json.dumps(each) for each in getattr(self, "_browsers", ())}
        return [by_endpoint.get(row["to"], row["to"]) for row in self._sim.texts()["texts"]]

    async def report(self, message: OutboundMessage, status: str) -> None:
        raise NotImplementedError("no push service reports")

    async def receive(self, sender: str, text: str) -> None:
        raise NotImplementedError("no push service receives")

    def held(self) -> int:
        return 0

    def connect(self, hook: Hook) -> None:
        """Nobody calls."""


class PushAdapter:
    driver = driver
    traits = Traits(frozenset(Fault), parts="none")

    def __init__(self, service: str) -> None:
        self.name = f"push-{service}"
        self._service = service

    def missing(self) -> str | None:
        return None

    @asynccontextmanager
    async def device(self, folder: Path) -> AsyncIterator[Device]:
        settings = {"token": NTFY_TOKEN} if self._service == "ntfy" else {}
        async with PushSimulator(1, brand=self._service, directory=folder, settings=settings) as sim:
            yield Pushed(sim, self._service)


adapters = tuple(PushAdapter(service) for service in ("fcm", "ntfy", "webpush"))
