"""A real Asterisk whose callees listen. It is booted once, and serves all tests of a run."""

from __future__ import annotations

import asyncio
import atexit
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from dialplan.context import render
from drivers.asterisk import driver
from drivers.asterisk.line import AsteriskLine
from drivers.asterisk.timing import Timing
from drivers.base import CallContent, Line, LineSetup, OutboundMessage
from drivers.conformance import Device, Fault, Hook, Traits
from tests.peers.asterisk import SECRET, Asterisk, UnavailableError, installation
from tests.peers.asterisk_bench import options

QUICK = Timing(backoff_s=0.1, backoff_max_s=0.3, ping_s=0.5, pong_s=2.0, answer_s=3.0, lost_s=5.0, ghost_s=0.5)
WAIT_S = 20.0
CALLED = re.compile(r"counted (\d+)")
CALLEES: Final = """
[counted]
exten => _X.,1,Log(NOTICE,counted ${EXTEN})
 same => n,Set(was=${NEXT})
 same => n,Set(GLOBAL(NEXT)=)
 same => n,GotoIf($["${was}" = "refused"]?no)
 same => n,GotoIf($["${was}" = "slow"]?slow:yes)
 same => n(slow),Wait(0.5)
 same => n(yes),Answer()
 same => n,Wait(60)
 same => n(no),Hangup(1)
"""
"""Each call is told in the log, and meets what `NEXT` says."""


class Pbx:
    secrets = (SECRET,)

    def __init__(self, asterisk: Asterisk) -> None:
        self._asterisk = asterisk
        self._log = asterisk.base / "log/messages"
        self.gone = False
        self._begin = len(self._called())
        self._options = options(asterisk, dial="Local/{number}@counted/n", channels=4)

    def _called(self) -> list[str]:
        return CALLED.findall(self._log.read_text(errors="replace")) if self._log.exists() else []

    def setup(self) -> LineSetup:
        return LineSetup("troncal", self._options)

    def line(self) -> Line:
        return AsteriskLine("troncal", self._options, QUICK)

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        called = f"555{number:08d}"
        call = CallContent({"message": "uno"}, ring_s=5, min_heard_s=0.1)
        return OutboundMessage(f"01JD{number:022d}", f"+{called}", called, text, content=call)

    def left(self) -> Sequence[str]:
        return [f"+{number}" for number in self._called()[self._begin :]]

    async def until_left(self, count: int) -> None:
        async with asyncio.timeout(WAIT_S):
            while len(self.left()) < count:
                await asyncio.sleep(0.02)  # a log file tells nobody that it grows

    async def strike(self, fault: Fault) -> None:
        await self._next(fault.value)

    async def mend(self) -> None:
        await self._next("")

    async def _next(self, word: str) -> None:
        await asyncio.to_thread(self._asterisk.cli, f'dialplan set global NEXT "{word}"')

    async def unplug(self) -> None:
        self.gone = True
        await asyncio.to_thread(self._asterisk.kill)

    async def replug(self) -> None:
        await asyncio.to_thread(self._asterisk.start)
        self.gone = False

    async def report(self, message: OutboundMessage, status: str) -> None:
        raise NotImplementedError("a call is over when it ends")

    async def receive(self, sender: str, text: str) -> None:
        raise NotImplementedError("nobody calls in")

    def held(self) -> int:
        return 0

    def connect(self, hook: Hook) -> None:
        """It keeps a connection instead."""


class AsteriskAdapter:
    name = "asterisk"
    driver = driver
    traits = Traits(frozenset({Fault.REFUSED, Fault.SLOW}), parts="none")

    def __init__(self) -> None:
        self._asterisk: Asterisk | None = None

    def missing(self) -> str | None:
        try:
            installation()
        except UnavailableError as error:
            return str(error)
        return None

    @asynccontextmanager
    async def device(self, folder: Path) -> AsyncIterator[Device]:
        if self._asterisk is None:
            self._asterisk = await asyncio.to_thread(self._booted)
        pbx = Pbx(self._asterisk)
        try:
            yield pbx
        finally:
            if pbx.gone:
                await pbx.replug()
            await pbx.mend()

    @staticmethod
    def _booted() -> Asterisk:
        base = Path(tempfile.mkdtemp(prefix="gatewayd-pbx-"))
        asterisk = Asterisk(base, render() + CALLEES)
        atexit.register(shutil.rmtree, base, ignore_errors=True)
        atexit.register(asterisk.stop)
        asterisk.start()
        return asterisk


adapter = AsteriskAdapter()
