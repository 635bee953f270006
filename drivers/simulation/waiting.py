"""Callers of a simulator who wait until its counters have come far enough."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class _Waiter:
    goals: Mapping[str, int]
    device: int | None
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Waiters:
    """`count` gives a counter of one device, or of all."""

    def __init__(self, count: Callable[[str, int | None], int]) -> None:
        self._count = count
        self._waiters: list[_Waiter] = []

    def __bool__(self) -> bool:
        return bool(self._waiters)

    def progress(self) -> None:
        """Wakes those whose counters have come far enough; called after anything was counted."""
        for waiter in self._waiters:
            if not waiter.done.done() and self._reached(waiter.goals, waiter.device):
                waiter.done.set_result(None)

    async def wait(self, goals: Mapping[str, int], device: int | None, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109 - an operation's argument
        """Returns once every counter has come that far, or after `timeout` (s): `{"reached": bool, NAME: value …}`."""
        reached = self._reached(goals, device)
        if not reached:
            waiter = _Waiter(goals, device)
            self._waiters.append(waiter)
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(waiter.done, timeout)
                    reached = True
            finally:
                self._waiters.remove(waiter)
        return {"reached": reached, **{name: self._count(name, device) for name in goals}}

    def _reached(self, goals: Mapping[str, int], device: int | None) -> bool:
        return all(self._count(name, device) >= goal for name, goal in goals.items())
