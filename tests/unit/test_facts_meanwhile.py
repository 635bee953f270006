"""Claims that decide about facts beside a run end when they are told to."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from gatewayd.dunning.engine.service import Collections


def test_who_is_cancelled_while_the_last_facts_are_decided_ends() -> None:
    """A daemon that stops waits for its engines: one that took the cancellation for its helper's never ended."""

    async def life() -> bool:
        deciding = asyncio.Event()

        async def decide(_known: Any) -> None:
            deciding.set()
            await asyncio.Event().wait()

        async def ask(_question: Any) -> bool:
            return True

        async def moments() -> dict[int, Any]:
            return {}

        engine = object.__new__(Collections)
        engine._fact = asyncio.Event()
        engine._ask = ask
        engine._moments = moments  # type: ignore[method-assign]
        engine._facts = SimpleNamespace(decide=decide)  # type: ignore[assignment]

        async def work() -> None:
            async with engine._facts_meanwhile():
                await deciding.wait()
            await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await deciding.wait()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        done, _waiting = await asyncio.wait([task], timeout=10)
        if not done:
            task.cancel()
        return bool(done) and task.cancelled()

    assert asyncio.run(life())
