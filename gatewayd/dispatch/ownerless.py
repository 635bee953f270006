"""Work that the store says is claimed and nobody holds: the answer that told of it was lost.

A server that goes away between a commit and its answer leaves claims that no line knows of: `sending`, their price
held. They have not left, for nothing leaves without a point of no return, and are given back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeVar

import structlog

from gatewayd.store.commands import Command, LoadQueues, OpenWork, QueueInfo, RecoverOwnerless
from gatewayd.store.port import Writer
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import GatewayError

log = structlog.get_logger()

R = TypeVar("R")

EVERY_S: Final = 60.0
"""Between looks while no answer is known to be lost; one costs a look at what is under way."""
GRACE_S: Final = 10.0
"""Least age of a claim that is taken for nobody's: its answer may still be on the way. Were it taken too early, its
line would be refused the point of no return."""


class Owners(Protocol):
    """The dispatcher: who holds what, and whom to tell of what is found."""

    @property
    def node(self) -> str: ...
    @property
    def epoch(self) -> int: ...
    def held(self) -> Iterable[int]: ...
    def recovered(self, queues: Iterable[QueueInfo]) -> None: ...
    def give_up(self, orphans: list[OpenWork]) -> None: ...


class Ownerless:
    """Looks now and then, and soon after an answer was lost."""

    def __init__(self, writer: Writer, owners: Owners, *, now: Callable[[], int] = now_ms) -> None:
        self._writer = writer
        self._owners = owners
        self._now = now
        self._lost = asyncio.Event()
        self._unsure = False
        """Whether a look had no answer: what it gave back is no longer found as claimed, and nobody knows its queue."""

    def lost(self) -> None:
        """An answer of the store was lost."""
        self._lost.set()

    def unknown(self) -> None:
        """A message waits again of a queue that nobody knows: all that waits is asked for."""
        self._unsure = True
        self._lost.set()

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._lost.wait()
                await asyncio.sleep(GRACE_S)
            except TimeoutError:
                pass
            self._lost.clear()
            try:
                await self.look()
            except GatewayError as error:
                log.warning("claims cannot be looked through", error=str(error))
                self._lost.set()

    async def look(self) -> int:
        """Gives back what nobody holds; answers how much. GatewayError while the store cannot be asked."""
        owners, now = self._owners, self._now()
        lost = RecoverOwnerless(owners.node, owners.epoch, frozenset(owners.held()), now - int(GRACE_S * 1000), now)
        found = await self._ask(lost)
        unsure = self._unsure
        if found.returned or found.open:
            log.warning("work that nobody held is given back", claims=found.returned, in_doubt=len(found.open))
        if found.open:
            owners.give_up(list(found.open))
        queues = found.queues
        if unsure:
            self._unsure = False
            queues = await self._ask(LoadQueues())
        if queues:
            owners.recovered(queues)
        return found.returned + len(found.open)

    async def _ask(self, command: Command[R]) -> R:
        """Asks the store, and remembers where its answer was lost."""
        try:
            return await self._writer.do(command)
        except GatewayError:
            self._unsure = True
            raise
