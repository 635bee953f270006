"""The answer to a payment: given once nothing that it withdrew can leave any more, and what had left before has an end.

A withdrawal holds as soon as it is committed. A few messages may have been past their point of no return by then;
whoever acknowledges waits a short time for what becomes of them, and names those of which nobody knows yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, Final

from gatewayd.store.commands import Change
from gatewayd.store.port import Writer
from gatewayd.store.sending import causes
from gatewayd.store.sending.causes import Past, Withdrawal

WAIT_S: Final = 10.0
LOOK_S: Final = 0.5
"""Between two looks though nothing was told: other nodes end their messages too."""


class Outcomes:
    """Knows when messages of jobs have ended. One a daemon; lives on one event loop."""

    def __init__(
        self,
        writer: Writer,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        receipts_due: Callable[[Iterable[int]], None] = lambda _jobs: None,
    ) -> None:
        """`ask` puts a question to the reader; `receipts_due` is told of jobs that a withdrawal gave receipts."""
        self._writer = writer
        self._ask = ask
        self._receipts_due = receipts_due
        self._waiting: dict[asyncio.Event, frozenset[int]] = {}

    def jobs(self, jobs: Iterable[int]) -> None:
        """Messages of these jobs have changed; what became of them is on its way to the store."""
        if self._waiting:
            changed = set(jobs)
            for event, awaited in self._waiting.items():
                if not awaited.isdisjoint(changed):
                    event.set()

    async def after(self, withdrawal: Withdrawal, wait_s: float = WAIT_S) -> Sequence[Past]:
        """Returns, once a withdrawal is committed, what `of` returns of its causes; its receipts go out."""
        if withdrawal.jobs:
            self._receipts_due(withdrawal.jobs)
        return await self.of(withdrawal.causes, wait_s)

    async def of(self, withdrawn: Collection[int], wait_s: float = WAIT_S) -> Sequence[Past]:
        """Returns the messages of withdrawn causes that were past their point of no return and still have no outcome
        when the wait is over; none, as soon as all have one. GatewayError where the store cannot be asked."""
        if not withdrawn:
            return ()
        open_ones: Sequence[Past] = await self._ask(partial(causes.past, causes=withdrawn))
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        event = asyncio.Event()
        try:
            while open_ones and (left := until - loop.time()) > 0:
                self._waiting[event] = frozenset(one.job_id for one in open_ones)
                event.clear()
                try:
                    async with asyncio.timeout(min(left, LOOK_S)):
                        await event.wait()
                except TimeoutError:
                    pass
                # An outcome rides with the next commit: this one at the latest.
                await self._writer.do(Change(_nothing, aside=True))
                open_ones = await self._ask(partial(causes.past, causes=withdrawn))
        finally:
            self._waiting.pop(event, None)
        return open_ones


def _nothing(_unit: Any) -> None:
    """Does nothing, in its place among the commits."""
