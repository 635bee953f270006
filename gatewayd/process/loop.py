"""The event loop of long-lived processes: uvloop's, but that whoever waits for an instant is not woken before it.

uvloop counts in whole milliseconds and takes the nearest one. A wait for an instant would end up to half a millisecond
early, find that its time has not come, and begin again with nothing to wait, over and over until it has: the modems of
an idle gateway spent more of the processor's time on that than on everything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Final, TypeVarTuple

import uvloop

Ts = TypeVarTuple("Ts")

_HALF_A_TICK_S: Final = 0.0005


class Loop(uvloop.Loop):
    """Rounds instants up. Delays, which nobody holds against the clock afterwards, stay as uvloop takes them."""

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_later(when - self.time() + _HALF_A_TICK_S, callback, *args, context=context)
