"""The log of a line: the same event at most once a minute, so that a dead device cannot fill the disk.

What is logged never holds numbers or texts of messages.
"""

from __future__ import annotations

import time
from typing import Any

import structlog

QUIET_S = 60.0
"""Seconds before the same event is written again; what was held back is counted."""


class Journal:
    def __init__(self, line: str, quiet_s: float = QUIET_S) -> None:
        self._log = structlog.get_logger("drivers.gsm").bind(line=line)
        self._quiet_s = quiet_s
        self._last: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def info(self, event: str, **context: Any) -> None:
        if self._due(event):
            self._log.info(event, **self._counted(event, context))

    def warning(self, event: str, **context: Any) -> None:
        if self._due(event):
            self._log.warning(event, **self._counted(event, context))

    def _due(self, event: str) -> bool:
        now = time.monotonic()
        if now - self._last.get(event, -self._quiet_s) < self._quiet_s:
            self._held[event] = self._held.get(event, 0) + 1
            return False
        self._last[event] = now
        return True

    def _counted(self, event: str, context: dict[str, Any]) -> dict[str, Any]:
        held = self._held.pop(event, 0)
        return {**context, "suppressed": held} if held else context
