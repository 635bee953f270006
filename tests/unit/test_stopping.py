"""A line's tasks end, even where a library beneath swallows the first cancellation."""

from __future__ import annotations

import asyncio

from gatewayd.dispatch.stopping import ended


async def test_a_swallowed_cancellation_is_asked_for_again() -> None:
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    async def done() -> None: ...

    async def breaks() -> None:
        raise ValueError

    tasks = [asyncio.create_task(each()) for each in (deaf, done, breaks)]
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await ended(tasks)
    assert swallowed == 2
    assert all(task.done() for task in tasks)
    await ended(tasks)
