"""A line learns which earlier messages it has to ask about; a driver that breaks on one of them still sends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from drivers.base import AwaitedAttempt
from gatewayd.dispatch.resuming import handed_over
from gatewayd.store.commands import Awaited, AwaitedOf

ONE = Awaited("01JD0000000000000000000001", "+5491150000000", ((1, "r"),), (), 1_790_000_000_000, (1, 1))


class OneAwaited:
    """A store with one submitted message and one in doubt."""

    async def do(self, command: Any, *, patient: bool = False) -> Any:  # the port's signature
        assert isinstance(command, AwaitedOf)
        return () if command.before else (ONE,)

    def post(self, command: Any) -> None:
        raise AssertionError(command)


class Breaks:
    def __init__(self) -> None:
        self.told = 0

    async def follow(self, attempts: Sequence[AwaitedAttempt]) -> None:
        self.told += len(attempts)
        raise KeyError(attempts[0].attempt)


async def test_a_driver_that_cannot_follow_its_messages_does_not_lose_its_line() -> None:
    line, ready = Breaks(), asyncio.Event()
    ready.set()
    async with asyncio.timeout(20):
        await handed_over(line, "m", ready, OneAwaited(), 1000)
    assert line.told == 2
