"""A port that is only listened to while its modem is left alone: what the modem says by itself may end the pause."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.gsm import at
from drivers.gsm.errors import PortLostError
from drivers.gsm.port import SerialPort


class Vigil:
    """`news` is set once the modem has said that its SIM is ready or that it has started, or the port is gone."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self._splitter = at.Splitter()

    @classmethod
    @asynccontextmanager
    async def keep(cls, path: str, baud: int) -> AsyncIterator[Vigil]:
        """Listens until the block ends; in vain where the port cannot be opened."""
        vigil = cls()
        try:
            port = await SerialPort.open(path, baud)
        except PortLostError:
            yield vigil
            return
        port.attach(vigil._hear, vigil.news.set)
        try:
            yield vigil
        finally:
            await port.close()

    def _hear(self, data: bytes) -> None:
        if any(at.sim_state(line) or at.booted(line) for line in self._splitter.feed(data)):
            self.news.set()
