"""A simulated number of WhatsApp Business, which calls the line for states and replies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from drivers.base import Line, LineSetup, OutboundMessage
from drivers.conformance import Device, Fault, Hook, Traits
from drivers.http.keeping import Rests
from drivers.whatsapp import driver
from drivers.whatsapp.line import WhatsappLine
from drivers.whatsapp.options import WhatsappOptions
from drivers.whatsapp.simulator import WhatsappSimulator
from drivers.whatsapp.timing import Timing
from tests.conformance.services import ServiceDevice

TIMING: Final = Timing(rests=Rests(well_s=5.0, back_s=0.02, back_most_s=0.1, blocked_s=0.1))
TOKEN, APP_SECRET, VERIFY = "EAA9f31c2", "app-77d1e2", "palabra-5512"
WORDS: Final = {"undelivered": "failed"}


class Webhook:
    """The gateway's door: what the number calls is handed to whoever listens."""

    def __init__(self) -> None:
        self.hook: Hook | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        app = web.Application()
        app.router.add_post("/hooks/wa", self._called)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/hooks/wa"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _called(self, request: web.Request) -> web.Response:
        if self.hook is None:
            return web.Response(status=503)
        return web.Response(status=await self.hook(dict(request.headers), await request.read()))


class Number(ServiceDevice):
    secrets = (TOKEN, APP_SECRET, VERIFY)

    def __init__(self, sim: WhatsappSimulator, webhook: Webhook) -> None:
        super().__init__(sim, 400, json.dumps({"error": {"code": 131026, "message": "(#131026) undeliverable"}}))
        self._whatsapp, self._webhook = sim, webhook
        device = sim.devices[0]
        keys = {name: device[name] for name in ("url", "phone_id", "token", "app_secret", "verify_token")}
        self._options = WhatsappOptions.model_validate({**keys, "timeout": 1.0})

    def setup(self) -> LineSetup:
        return LineSetup("wa", self._options)

    def line(self) -> Line:
        return WhatsappLine("wa", self._options, TIMING)

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        to = f"+54911555{number:05d}"
        return OutboundMessage(attempt=f"01JD{number:022d}", to=to, address=to, text=text)

    def left(self) -> Sequence[str]:
        return [row["to"] for row in self._sim.texts()["texts"]]

    async def report(self, message: OutboundMessage, status: str) -> None:
        seq = next(row["seq"] for row in self._sim.texts()["texts"] if row["to"] == message.to)
        self._whatsapp.state(WORDS.get(status, status), seq)

    async def receive(self, sender: str, text: str) -> None:
        self._whatsapp.inject(sender=sender, text=text)

    def held(self) -> int:
        return self._whatsapp.waiting

    def connect(self, hook: Hook) -> None:
        self._webhook.hook = hook


class WhatsappAdapter:
    name = "whatsapp"
    driver = driver
    traits = Traits(
        frozenset(Fault),
        parts="none",
        reports=frozenset({"delivered", "undelivered", "read"}),
        receives=True,
        keeps=True,
    )

    def missing(self) -> str | None:
        return None

    @asynccontextmanager
    async def device(self, folder: Path) -> AsyncIterator[Device]:
        webhook = Webhook()
        settings = {"token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY, "states": [], "batch": 1}
        try:
            hook = await webhook.start()
            async with WhatsappSimulator(1, directory=folder, settings={**settings, "hook": hook}) as sim:
                yield Number(sim, webhook)
        finally:
            await webhook.stop()


adapter = WhatsappAdapter()
