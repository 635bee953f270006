"""Our event loop wakes nobody before the instant that is waited for."""

from __future__ import annotations

import asyncio

from gatewayd.process.loop import Loop

WAITS = 40


def test_a_wait_for_an_instant_ends_once_and_not_early() -> None:
    async def waits() -> int:
        loop = asyncio.get_running_loop()
        turns = 0
        for number in range(WAITS):
            # Instants all over a tick of the loop's clock.
            until = loop.time() + 0.001 + number * 0.001 / WAITS
            while loop.time() < until:
                turns += 1
                try:
                    async with asyncio.timeout_at(until):
                        await loop.create_future()
                except TimeoutError:
                    pass
        return turns

    with asyncio.Runner(loop_factory=Loop) as runner:
        assert runner.run(waits()) == WAITS
