"""The bound of what is awaited now: one timer for all waits of a dialogue, since there is never more than one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf


class Deadline:
    """Calls `expired` once the time set last is over. The timer is only ever moved nearer: that the deadline has moved
    away is found when it fires, so that a wait that ends in time costs no timer of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[], None]) -> None:
        self._loop = loop
        self._expired = expired
        self._at = inf
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf

    def set(self, seconds: float, now: float | None = None) -> None:
        """Bounds what is awaited from now on; `now` is the loop's time, where the caller has just read it."""
        self._at = (self._loop.time() if now is None else now) + seconds
        if self._at < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = self._at
            self._timer = self._loop.call_at(self._at, self._tick)

    def clear(self) -> None:
        """Bounds nothing any more: nothing is awaited."""
        self._at = inf

    def close(self) -> None:
        """Ends it: no timer is left behind."""
        self._at = self._timer_at = inf
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self._timer = None
        self._timer_at = inf
        if self._at == inf:
            return
        remaining = self._at - self._loop.time()
        if remaining > 0:
            self.set(remaining)
        else:
            self._at = inf
            self._expired()
