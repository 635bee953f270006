"""How the tasks of a line are brought to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

CANCEL_AGAIN_S: Final = 1.0
"""Cancellation is asked for again after this: a library under a driver may swallow one (`asyncio.wait_for` did)."""


async def ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancels the tasks, and returns once all have ended."""
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
