"""Back to a clean command line: ESC, silence, AT, OK, silence.

ESC leaves a prompt (27.005 §3.5.1) and means nothing elsewhere. An AT written into an open prompt would become text, so
after a prompt that stayed away the answer to ESC, or the late prompt, is awaited before AT is written.
"""

from __future__ import annotations

import asyncio

from drivers.gsm import at
from drivers.gsm.operation import Transport
from drivers.gsm.timing import Timing


class Resync:
    """One resynchronisation of one dialogue, which feeds it what the modem says meanwhile."""

    def __init__(self, transport: Transport, timing: Timing) -> None:
        self._transport = transport
        self._timing = timing
        self._loop = asyncio.get_running_loop()
        self._asked: asyncio.Future[at.Final | None] | None = None
        self._prompted = False
        self._heard_at = 0.0

    def on_data(self) -> None:
        self._heard_at = self._loop.time()

    def on_final(self, result: at.Final) -> None:
        self._answer(result)

    def on_prompt(self) -> None:
        self._prompted = True
        self._answer(None)

    async def run(self, late_prompt: bool) -> bool:
        """Whether the modem talks sense again. `late_prompt`: a prompt was asked for and may still come."""
        for _ in range(self._timing.probes):
            self._prompted = False
            if late_prompt:
                await self._ask(at.ESC)
            else:
                self._transport.write(at.ESC)
            await self._drain()
            if self._prompted:
                late_prompt = False
                continue
            result = await self._ask(b"AT\r")
            if result is None:
                late_prompt = False
                continue
            await self._drain()
            if not self._prompted:
                return True
        return False

    async def _ask(self, data: bytes) -> at.Final | None:
        """Write `data`; the final result that follows, or None at a prompt or after `probe_s`."""
        self._asked = asked = self._loop.create_future()
        timer = self._loop.call_later(self._timing.probe_s, self._answer, None)
        self._transport.write(data)
        result: at.Final | None
        try:
            result = await asked
        finally:
            timer.cancel()
            self._asked = None
        return result

    def _answer(self, result: at.Final | None) -> None:
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(result)

    async def _drain(self) -> None:
        """Wait until the modem has said nothing for `quiet_s`."""
        self._heard_at = self._loop.time()
        while True:
            pause = self._heard_at + self._timing.quiet_s - self._loop.time()
            if pause <= 0:
                return
            await asyncio.sleep(pause)
