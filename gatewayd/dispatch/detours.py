"""Messages that one line cannot carry: whether another can, and the way into a queue that leaves that line out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import structlog

from gatewayd.dispatch.scheduler import Scheduler
from gatewayd.dispatch.unserved import Server
from gatewayd.store.commands import QueueInfo, Reroute, Work
from gatewayd.store.port import Writer
from gatewayd.values.clock import now_ms

log = structlog.get_logger()


class Detours:
    """`moved` is called with the queue that a message now waits in, `lost` where the store could not answer."""

    def __init__(
        self,
        scheduler: Scheduler,
        lines: Mapping[str, Server],
        writer: Writer,
        moved: Callable[[Iterable[QueueInfo]], None],
        lost: Callable[[], None],
    ) -> None:
        self._scheduler = scheduler
        self._lines = lines
        self._writer = writer
        self._moved = moved
        self._lost = lost
        self._moving: set[asyncio.Future[QueueInfo | None]] = set()

    def possible(self, line: str, queue_id: int) -> bool:
        """Whether another enabled line may carry what this one of that queue cannot."""
        queue = self._scheduler.get(queue_id)
        if queue is None:
            return False
        route = queue.info.route
        left = replace(route, without=(*route.without, line))
        return any(each.enabled and each.fits(left) for each in self._lines.values())

    def take(self, line: str, work: Work) -> None:
        """Moves a message, whose end is recorded as waiting, into the queue of those that this line cannot carry."""
        moving = asyncio.ensure_future(self._writer.do(Reroute(work.message_id, work.attempt_id, line, now_ms())))
        self._moving.add(moving)
        moving.add_done_callback(self._ended)

    def _ended(self, moving: asyncio.Future[QueueInfo | None]) -> None:
        self._moving.discard(moving)
        if moving.cancelled():
            return
        if (error := moving.exception()) is not None:
            # It is tried again where it was, and found to be carried elsewhere again.
            log.error("message waits for the store to take another way", error=str(error))
            self._lost()
        elif (info := moving.result()) is not None:
            self._moved([info])
