"""What follows from answers that nobody heard is looked for until the store can be asked, and told once."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from gatewayd.daemon import aftermath
from gatewayd.daemon.aftermath import Aftermath
from gatewayd.values.errors import UnavailableError


async def test_everything_is_looked_at_once_the_store_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aftermath, "GRACE_S", 0.01)
    monkeypatch.setattr(aftermath, "TROUBLE_S", 0.01)
    asked, seen, over = 0, 0, asyncio.Event()

    async def store() -> None:
        nonlocal asked
        asked += 1
        if asked < 4:
            raise UnavailableError("away")

    def look() -> None:
        nonlocal seen
        seen += 1
        over.set()

    looking = Aftermath((store, look))
    running = asyncio.create_task(looking.run())
    try:
        with capture_logs() as logs:
            for _ in range(3):
                looking.due()
            async with asyncio.timeout(10):
                await over.wait()
            await asyncio.sleep(0.1)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert (asked, seen) == (4, 1)
    assert [each["log_level"] for each in logs] == ["warning", "info"]
