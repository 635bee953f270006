"""What should have followed from an answer of the store that nobody heard: looked for in the store, as at a start.

A server may go away between a commit and its answer, and whoever waits for one may be stopped. What was written stands,
but its queues are published by nobody, its receipts due to nobody, its engine is not woken. Which of them it was is not
asked: each part looks for itself at what there is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from gatewayd.values.errors import GatewayError

log = structlog.get_logger()

GRACE_S: Final = 1.0
"""Answers are seldom lost alone: one look for all of a moment."""
TROUBLE_S: Final = 5.0
"""Between tries while the store refuses."""

Look = Callable[[], object] | Callable[[], Awaitable[object]]


class Aftermath:
    """Has every part look, one after the other, once an answer was lost; all of them again where the store cannot be
    asked. They do no harm where nothing was lost."""

    def __init__(self, looks: Sequence[Look]) -> None:
        self._looks = looks
        self._lost = asyncio.Event()

    def due(self) -> None:
        """Somebody may not have learnt what became of a command."""
        self._lost.set()

    async def run(self) -> None:
        """Until cancelled."""
        troubled = False
        while True:
            await self._lost.wait()
            await asyncio.sleep(GRACE_S)
            self._lost.clear()
            try:
                await self.look()
            except GatewayError as error:
                if not troubled:  # a disk may be full for hours
                    log.warning("what a lost answer has left is looked for once the store answers", error=str(error))
                troubled = True
                await asyncio.sleep(TROUBLE_S)
                self._lost.set()
            else:
                troubled = False
                log.info("an answer of the store was lost: everything was looked at again")

    async def look(self) -> None:
        """Has every part look. GatewayError while the store cannot be asked."""
        for look in self._looks:
            waits = look()
            if isinstance(waits, Awaitable):
                await waits
