"""Works in rounds: an engine does what is to be done, then rests until it is woken or its time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from gatewayd.errors import GatewayError
from spool.errors import SpoolError

log = structlog.get_logger()

TROUBLE_S: Final = 5.0
"""Between tries while the store or the disk refuses."""


async def rounds(wake: asyncio.Event, work: Callable[[], Awaitable[float]], waits: str) -> None:
    """Works until it is cancelled. `work` returns the seconds until it is to be looked at again; what the store or the
    disk refuses is logged as the event `waits`, and tried again."""
    while True:
        wake.clear()
        pause = TROUBLE_S
        try:
            pause = await work()
        except (GatewayError, SpoolError, OSError) as error:
            log.error(waits, error=str(error))  # noqa: TRY400
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await wake.wait()
