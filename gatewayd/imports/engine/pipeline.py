"""Portions on their way into the store, a few at once: the reader of a sheet, who judges its rows, and the writer, who
takes some of them in one transaction, do not wait for each other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

R = TypeVar("R")

AT_ONCE: Final = 20
"""Portions between reader and store: what the writer takes at once, and some that wait for it. They take some 30 MB."""


class Pipeline(Generic[R]):
    """Has writes done in the order in which they come, and `settled` called with what each answers, in that order.

    Leaving the block waits for all; the first error is raised, once nothing is on its way any more. A write that comes
    behind one that failed is still tried: it has to see by itself that what it builds on is not there.
    """

    def __init__(self, settled: Callable[[R], Awaitable[None]], at_once: int = AT_ONCE) -> None:
        self._settled = settled
        self._at_once = at_once
        self._pending: deque[asyncio.Task[R]] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while self._pending and kind is None:
                await self._first()
        finally:
            if self._pending:
                await asyncio.gather(*self._pending, return_exceptions=True)

    async def add(self, write: Coroutine[Any, Any, R]) -> None:
        """Has a write done; waits until there is room for another one."""
        self._pending.append(asyncio.create_task(write))
        while len(self._pending) >= self._at_once:
            await self._first()

    async def _first(self) -> None:
        await self._settled(await self._pending.popleft())
