"""Portions between the reader of a sheet and the writer: in order, a few at once, and none left behind by an error."""

from __future__ import annotations

import asyncio

import pytest

from gatewayd.imports.engine.pipeline import AT_ONCE, Pipeline


class Store:
    """Writes that are done when they are told so."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.settled: list[int] = []
        self.gates: dict[int, asyncio.Future[int]] = {}

    async def write(self, number: int) -> int:
        self.begun.append(number)
        return await self.gates.setdefault(number, asyncio.get_running_loop().create_future())

    async def take(self, number: int) -> None:
        self.settled.append(number)

    def do(self, number: int) -> None:
        self.gates.setdefault(number, asyncio.get_running_loop().create_future()).set_result(number)


async def test_so_many_are_on_their_way_and_settled_in_their_order() -> None:
    store = Store()

    async def bring() -> None:
        async with Pipeline(store.take) as pipeline:
            for number in range(AT_ONCE + 3):
                await pipeline.add(store.write(number))

    task = asyncio.create_task(bring())
    for _turn in range(AT_ONCE + 5):
        await asyncio.sleep(0)
    assert store.begun == list(range(AT_ONCE))
    for number in range(1, AT_ONCE):
        store.do(number)
    await asyncio.sleep(0)
    assert (store.settled, len(store.begun)) == ([], AT_ONCE)
    for number in (0, *range(AT_ONCE, AT_ONCE + 3)):
        store.do(number)
    await task
    assert store.settled == store.begun == list(range(AT_ONCE + 3))


async def test_an_error_is_raised_once_nothing_is_on_its_way() -> None:
    store = Store()

    async def bring() -> None:
        async with Pipeline(store.take) as pipeline:
            for number in range(3):
                await pipeline.add(store.write(number))

    task = asyncio.create_task(bring())
    for _turn in range(5):
        await asyncio.sleep(0)
    store.do(0)
    store.gates[1].set_exception(KeyError("full"))
    for _turn in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    store.do(2)
    with pytest.raises(KeyError, match="full"):
        await task
    assert store.settled == [0]
