"""What a line's window and quotas still bear, by messages that are longer than that and shorter ones behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd.config import Window
from gatewayd.values.pacing import Limits, Pace
from tests.rig.floor import Floor, floor, number

SHORT, LONG = "hola", "hola " * 50
"""Of one part and of two."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Floor]:
    async with floor(tmp_path) as built:
        yield built


async def rested(house: Floor, name: str, reason: str) -> None:
    """Until the line says that it waits for that."""
    async with asyncio.timeout(20):
        while house.runner(name).state != ("waiting", reason):
            await asyncio.sleep(0.01)


async def segments(house: Floor) -> int:
    ((count,),) = await house.rows("SELECT COUNT(*) FROM part")
    return int(count)


@pytest.mark.parametrize("limits", [{"quota_day": 3}, {"window": Window(3, 3600.0)}])
async def test_shorter_ones_pass_what_is_longer_than_the_rest(house: Floor, limits: dict[str, Any]) -> None:
    line = house.line("one", **limits)
    await house.job(range(4), text={0: LONG, 1: LONG, 2: LONG, 3: SHORT})
    await house.until(lambda counts: counts["submitted"] == 2)
    await rested(house, "one", next(iter(limits)))
    assert line.asked == [number(0), number(3)]
    assert await segments(house) == 3
    await house.check()


async def test_a_later_job_of_shorter_ones_goes_with_what_is_left(house: Floor) -> None:
    line = house.line("one", quota_day=4)
    await house.job(range(3), text={0: LONG, 1: SHORT, 2: LONG})
    await rested(house, "one", "quota_day")
    assert line.asked == [number(0), number(1)]
    await house.job(range(10, 12))
    await house.until(lambda counts: counts["submitted"] == 3)
    await rested(house, "one", "quota_day")
    assert (await segments(house), len(line.asked)) == (4, 3)


async def test_one_that_is_not_among_the_first_hundreds_does_not_stop_the_line(house: Floor) -> None:
    line = house.line("one", quota_day=1)
    await house.job(range(300), text=dict.fromkeys(range(300), LONG) | {299: SHORT})
    await rested(house, "one", "quota_day")
    await house.job([400])
    await house.until(lambda counts: counts["submitted"] == 1)
    assert line.asked == [number(400)]


@pytest.mark.parametrize("limits", [{"quota_day": 5}, {"quota_month": 5}, {"window": Window(5, 3600.0)}])
async def test_many_at_once_do_not_go_over_it_together(house: Floor, limits: dict[str, Any]) -> None:
    house.line("one", capacity=8, **limits)
    await house.job(range(40))
    await rested(house, "one", next(iter(limits)))
    assert await segments(house) == 5


async def test_what_did_not_leave_is_room_for_others(house: Floor) -> None:
    unfit = {number(n) for n in range(3)}
    house.line("one", capacity=4, quota_day=4, carries=lambda message: "too_long" if message.to in unfit else None)
    await house.job(range(12))
    await rested(house, "one", "quota_day")
    await house.until(lambda counts: counts["submitted"] == 4)
    assert await segments(house) == 4


def test_what_is_under_way_counts() -> None:
    pace = Pace(Limits(window=Window(3, 100.0), quota_day=10))
    assert (pace.room(0.0), pace.tightest(0.0)) == (3, ("window", None))
    pace.reserve(2)
    assert pace.room(0.0) == 1
    pace.count(5.0, "a")
    pace.reserve(-2)
    assert (pace.room(6.0), pace.tightest(6.0)) == (2, ("window", 105.0))
    assert pace.room(105.0) == 3
    assert Pace(Limits()).room(0.0) is None
