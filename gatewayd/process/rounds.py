"""Works in rounds: an engine does what is to be done, then rests until it is woken or its time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import structlog

from gatewayd.values.errors import GatewayError
from spool.errors import SpoolError

log = structlog.get_logger()

TROUBLE_S: Final = 5.0
"""Between tries while the store or the disk refuses."""


FAULTS: Final = 5
"""Of single pieces of work: then it is the store or the disk, and not one of them."""


class Apart:
    """Pieces of work of which one that cannot be done holds up no other. Its fault is raised by `end`, once all were
    tried."""

    def __init__(self, waits: str) -> None:
        """`waits` is the event of the log."""
        self._waits = waits
        self._faults: list[GatewayError | SpoolError | OSError] = []

    @contextmanager
    def one(self, name: str) -> Iterator[None]:
        """Does one of them, by its name. GatewayError, SpoolError, OSError where too many could not be done."""
        try:
            yield
        except (GatewayError, SpoolError, OSError) as error:
            log.warning(self._waits, name=name, error=str(error))
            self._faults.append(error)
            if len(self._faults) >= FAULTS:
                raise

    def end(self) -> None:
        """Raises the first fault, so that the round is tried again."""
        if self._faults:
            raise self._faults[0]


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
