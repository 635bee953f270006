"""Sends of a line that works on many at once begin apart; of any other, at once."""

from __future__ import annotations

import asyncio
import time

import pytest

from gatewayd.dispatch.stagger import Spread


@pytest.mark.parametrize(("send_s", "at_once"), [(3.0, 1), (3.0, 8), (0.01, 50), (0.0, 100)])
async def test_a_slow_line_and_one_of_few_at_once_wait_for_nothing(send_s: float, at_once: int) -> None:
    spread = Spread()
    began = time.monotonic()
    for _ in range(1000):
        await spread.turn(send_s, at_once)
    assert time.monotonic() - began < 2


async def test_a_crowd_begins_one_after_the_other() -> None:
    spread = Spread()
    loop = asyncio.get_running_loop()
    begun: list[float] = []

    async def one() -> None:
        await spread.turn(0.2, 100)
        begun.append(loop.time())

    await asyncio.gather(*(one() for _ in range(50)))
    assert begun[-1] - begun[0] >= 0.8 * 49 * 0.001
