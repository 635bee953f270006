"""What one line cannot carry another one does; it fails only where none can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.base import Blame, LineStatus, OutboundMessage, Refused
from gatewayd.numbers import NumberError
from tests.rig.floor import Floor, floor, number, taken

ODD = frozenset(number(n) for n in range(0, 30, 5))
"""Six of thirty."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Floor]:
    async with floor(tmp_path) as built:
        yield built
        await built.check()


def odd(message: OutboundMessage) -> str | None:
    return "alphabet" if message.to in ODD else None


def refusing(message: OutboundMessage) -> Refused:
    return Refused("alphabet", Blame.PERSON, elsewhere=True)


def rendering(to: str) -> str:
    if to in ODD:
        raise NumberError("number_foreign")
    return to


def narrow(house: Floor, name: str, how: str) -> None:
    """A line that cannot carry what is odd."""
    match how:
        case "asked":
            house.line(name, carries=odd)
        case "refused":
            house.line(name, lambda message: refusing(message) if odd(message) else taken(message))
        case "number":
            house.line(name, render=rendering)


@pytest.mark.parametrize("how", ["asked", "refused", "number"])
async def test_another_line_takes_it(house: Floor, how: str) -> None:
    narrow(house, "narrow", how)
    await house.job(range(30))
    # The one that can comes last: what waits for it says so in the store alone.
    house.line("off", enabled=False)
    await house.until(lambda counts: counts["failed"] == 6, timeout_s=10)
    wide = house.line("wide")
    await house.job(range(30))
    counts = await house.until(lambda counts: counts["submitted"] == 24 + 30)
    assert counts["failed"] == 6
    assert set(wide.asked) >= ODD


@pytest.mark.parametrize("how", ["asked", "refused", "number"])
async def test_it_goes_from_one_to_the_next_and_fails_where_none_can(house: Floor, how: str) -> None:
    for name in ("one", "two", "three"):
        narrow(house, name, how)
    await house.job(range(30))
    counts = await house.until(lambda counts: counts["submitted"] + counts["failed"] == 30)
    assert counts["failed"] == 6
    told = {each["to"]: each["reason"] for each in await house.told() if each["state"] == "failed"}
    assert set(told) == ODD
    assert set(told.values()) == {"number_foreign" if how == "number" else "alphabet"}
    tries = await house.rows("SELECT MAX(tries) FROM message")
    assert tries == [(0,)]


async def test_it_waits_for_the_line_that_can(house: Floor) -> None:
    narrow(house, "narrow", "asked")
    wide = house.line("wide")
    runner = house.runner("wide")
    await house.until(lambda _: runner.status.state == "ready")
    runner.set_status(LineStatus("recovering", "port_lost"))
    await house.job(range(30))
    await house.until(lambda counts: counts["submitted"] == 24)
    assert (await house.counts())["failed"] == 0
    runner.set_status(LineStatus("ready"))
    await house.until(lambda counts: counts["submitted"] == 30)
    assert set(wide.asked) == ODD
