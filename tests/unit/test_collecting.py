"""The engine of claims is woken by each kind of fact as soon as the daemon says it, not at its next look."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from gatewayd.collecting import collections
from gatewayd.news import FACTS, Kind, News


async def _nobody(_jobs: Any) -> dict[int, str]:
    return {}


@pytest.mark.parametrize("kind", sorted(FACTS))
async def test_a_fact_wakes_the_engine_of_claims(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    news, any_part = News(_nobody), cast("Any", type("Part", (), {"writer": type("Writer", (), {"do": None})}))
    made = collections(any_part, any_part, any_part, news, spool=any_part, in_thread=any_part, logged=any_part)
    worked = asyncio.Event()

    async def work() -> float:
        worked.set()
        return 3_600.0

    monkeypatch.setattr(made, "work", work)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.run())
        await worked.wait()
        worked.clear()
        news.say(kind, "norte")
        await asyncio.wait_for(worked.wait(), 30)
        running.cancel()
