"""What no line can take, and why: told once as a receipt of the whole queue, and taken back when a line can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from gatewayd.dispatch.scheduler import Queue, Scheduler
from gatewayd.store.commands import HoldQueue, QueueInfo
from gatewayd.store.port import Writer
from gatewayd.values.clock import now_ms
from gatewayd.values.model import Route

NO_LINE_GRACE_S: Final = 5.0
"""A line that is away for less (a reset, a reopened port) is not worth a receipt."""


class Server(Protocol):
    """A line, as far as it is asked whom it serves."""

    enabled: bool

    @property
    def usable(self) -> bool: ...
    @property
    def spent(self) -> bool: ...
    def fits(self, route: Route) -> bool: ...


class Unserved:
    """The queues that are held for want of a line; `lines` are those of the node, by name."""

    def __init__(
        self,
        scheduler: Scheduler,
        lines: Mapping[str, Server],
        writer: Writer,
        receipts_due: Callable[[Iterable[int]], None],
    ) -> None:
        self._scheduler = scheduler
        self._lines = lines
        self._writer = writer
        self._receipts_due = receipts_due
        self._told: dict[int, str] = {}
        """Reason by queue, as it was told last."""
        self._grace: asyncio.TimerHandle | None = None

    def learn(self, info: QueueInfo) -> None:
        """Takes over what an earlier life told of the queue."""
        if info.held_reason in {"no_line", "window"} and info.held_until is None:
            self._told[info.id] = info.held_reason

    def appeared(self, queue: Queue) -> None:
        """A queue is ready: where no line will ever take it, as they are configured, that is told at once."""
        if not any(line.enabled and line.fits(queue.info.route) for line in self._lines.values()):
            self._tell(queue)

    def lines_changed(self) -> None:
        """A line became able or unable to send: frees what is served again, and looks in a moment what is not."""
        for queue_id in tuple(self._told):
            queue = self._scheduler.get(queue_id)
            if queue is None or self._reason(queue) is None:
                del self._told[queue_id]
                self._writer.post(HoldQueue(queue_id, None, now_ms()))
        self.look_soon()

    def look_soon(self) -> None:
        """Looks in a moment which queues no line takes."""
        if self._grace is None:
            self._grace = asyncio.get_running_loop().call_later(NO_LINE_GRACE_S, self._look)

    def close(self) -> None:
        """Looks no more."""
        if self._grace is not None:
            self._grace.cancel()

    def _look(self) -> None:
        self._grace = None
        for queue in self._scheduler:
            if queue.ready:
                self._tell(queue)

    def _tell(self, queue: Queue) -> None:
        reason = self._reason(queue)
        if reason is not None and reason != self._told.get(queue.info.id):
            self._told[queue.info.id] = reason
            self._writer.post(HoldQueue(queue.info.id, reason, now_ms()))
            self._receipts_due([queue.info.job_id])

    def _reason(self, queue: Queue) -> str | None:
        """Why no line takes it now: `no_line`, or `window` where those that could have sent all they may for now."""
        lines = [line for line in self._lines.values() if line.usable and line.fits(queue.info.route)]
        if not lines:
            return "no_line"
        return "window" if all(line.spent for line in lines) else None
