"""The engine of claims is woken by each kind of fact as soon as the daemon says it, not at its next look."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from gatewayd.claims.moment import moments
from gatewayd.daemon.collecting import collections
from gatewayd.values.news import FACTS, Kind, News


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


def _is_stirred(made: Any) -> bool:
    timer, made._stirred = made._stirred, None
    if timer is not None:
        timer.cancel()
    return timer is not None


async def test_messages_wake_it_only_where_an_account_has_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without rules no step is settled: a campaign must not have the store asked twice a second."""
    rules: dict[int, Any] = {}

    async def ask(question: Any) -> Any:
        return rules if getattr(question, "func", None) is moments else False

    news, any_part = News(_nobody), cast("Any", type("Part", (), {"writer": type("Writer", (), {"do": None})}))
    made = collections(any_part, any_part, any_part, news, spool=any_part, in_thread=any_part, logged=any_part)
    config = type("Config", (), {"timezone": "UTC", "numbers": type("Numbers", (), {"region": "AR"})})
    monkeypatch.setattr(made, "_ask", ask)
    monkeypatch.setattr(made, "_intake", type("Intake", (), {"config": config}))
    assert await made._moments() == {}
    made.jobs([1])
    assert not _is_stirred(made)
    rules[1] = object()
    await made._moments()
    made.jobs([1])
    assert _is_stirred(made)
