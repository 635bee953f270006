"""Messages that wait for newer billing: looked at again as soon as there is some."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import structlog

from gatewayd.store.sending import staleness
from gatewayd.values.errors import GatewayError

log = structlog.get_logger()

LOOK_S: Final = 60.0
"""Between two looks though nothing was told: another node may have read newer billing."""


class Freshening:
    """Has the messages of accounts looked at again whose billing is newer than when they were held."""

    def __init__(
        self, ask: Callable[[Callable[..., Any]], Awaitable[Any]], look_again: Callable[[str], Awaitable[None]]
    ) -> None:
        """`ask` puts a question to the reader; `look_again` makes what an account holds back due at once."""
        self._ask = ask
        self._look_again = look_again
        self._wake = asyncio.Event()
        self._seen: dict[str, int] = {}
        """By account that waits: how new its billing was when it was looked at last."""

    def due(self) -> None:
        """There is newer billing."""
        self._wake.set()

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.look()
            except GatewayError as error:
                log.error("messages that wait for billing cannot be looked at", error=str(error))  # noqa: TRY400
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()

    async def look(self) -> None:
        """Looks once."""
        waiting: dict[str, int] = await self._ask(staleness.waiting)
        known = self._seen
        for account, as_of in waiting.items():
            if known.get(account) != as_of:
                await self._look_again(account)
        self._seen = waiting
