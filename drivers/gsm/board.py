"""The latest status of a line, reported only when it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.base import EventSink, LineState, LineStatus


class Board:
    def __init__(self, events: EventSink) -> None:
        self._events = events
        self.status = LineStatus("starting")
        self._reported = False

    async def show(self, state: LineState, reason: str | None = None, **known: Any) -> None:
        """Reports state and reason; `signal`, `operator` and `detail` where they are known now, else as before."""
        last = self.status
        detail: Mapping[str, Any] = known.get("detail", last.detail)
        gone = state in ("recovering", "quarantined")
        signal = None if gone else known.get("signal", last.signal)
        operator = None if gone else known.get("operator", last.operator)
        status = LineStatus(state, reason, signal, operator, detail)
        if status != last or not self._reported:
            self.status = status
            self._reported = True
            await self._events.put(status)
