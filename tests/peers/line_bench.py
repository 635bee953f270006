"""A driver's line on a table: an event sink that can be waited for, and a send with its point of no return watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from drivers.base import Event, Line, LineStatus, OutboundMessage, Outcome, PointOfNoReturn

PATIENCE_S = 30.0
"""No wait of these tests is this long unless something is broken or the machine is starved."""


class Sink:
    """Durable at once; each event can be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Condition()

    async def put(self, event: Event) -> None:
        self.events.append(event)
        async with self._changed:
            self._changed.notify_all()

    async def state(self, *states: str) -> LineStatus:
        """Until the line's latest status is one of these."""

        def latest() -> LineStatus | None:
            return next((each for each in reversed(self.events) if isinstance(each, LineStatus)), None)

        def there() -> bool:
            status = latest()
            return status is not None and status.state in states

        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(there)
        found = latest()
        assert found is not None
        return found


class LineBench:
    def __init__(self, line: Line) -> None:
        self.line = line
        self.sink = Sink()
        self.passed: list[int] = []
        self._attempts = 0

    async def point_of_no_return(self, part: int, taken: Mapping[int, str] | None = None) -> None:
        self.passed.append(part)

    def message(self, to: str, text: str = "Hola", **more: Any) -> OutboundMessage:
        self._attempts += 1
        given: dict[str, Any] = {"attempt": f"01JD{self._attempts:022d}", "to": to, "address": to, "text": text}
        return OutboundMessage(**{**given, **more})

    async def send(self, to: str, text: str = "Hola", pnr: PointOfNoReturn | None = None, **more: Any) -> Outcome:
        async with asyncio.timeout(PATIENCE_S):
            return await self.line.send(self.message(to, text, **more), pnr or self.point_of_no_return)


@asynccontextmanager
async def running(line: Line, *states: str) -> AsyncIterator[LineBench]:
    """The line running; the block begins once it is in one of `states` (default: ready)."""
    bench = LineBench(line)
    task = asyncio.create_task(line.run(bench.sink))
    try:
        await bench.sink.state(*(states or ("ready",)))
        yield bench
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
