"""What a person asks of the running daemon is done, though the store has a bad moment or the line a long name."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from gatewayd import live
from gatewayd.live import LiveGateway
from gatewayd.store.commands import LoadQueues, Settled
from gatewayd.values.errors import UnavailableError, UsageError
from gatewayd.values.model import State


def _gateway(**parts: Any) -> LiveGateway:
    """Of the daemon's parts, those that a test names."""
    names = (
        "dispatcher",
        "writer",
        "reader",
        "spool",
        "intake",
        "threads",
        "receipts_due",
        "vault",
        "webhooks",
        "engines",
        "news",
        "posts",
        "campaigns",
        "claims",
        "outcomes",
        "reminders",
        "answers",
        "feeds",
    )
    parts.setdefault("imports", SimpleNamespace())
    return LiveGateway(SimpleNamespace(), **{name: parts.get(name) for name in (*names, "imports")})  # type: ignore[arg-type]


async def test_what_is_to_go_again_is_loaded_once_the_store_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TROUBLE_S", 0.01)
    asked, published = 0, asyncio.Event()

    async def do(command: Any) -> tuple[()]:
        nonlocal asked
        assert isinstance(command, LoadQueues)
        asked += 1
        if asked == 1:
            raise UnavailableError("disk full")
        return ()

    dispatcher = SimpleNamespace(settled=lambda _settled: False, publish=lambda _queues: published.set())
    gateway = _gateway(dispatcher=dispatcher, writer=SimpleNamespace(do=do))
    gateway.settled(Settled(1, 1, State.QUEUED))
    async with asyncio.timeout(20):
        await published.wait()
    assert asked == 2


async def test_tests_of_a_line_with_the_longest_name_are_jobs_of_their_own() -> None:
    jobs: list[str] = []

    async def submit(_account: str, document: Any, *_: Any) -> None:
        jobs.append(document.job)
        raise UsageError("seen")

    name = "l" * 64
    runner = SimpleNamespace(usable=True, driver=SimpleNamespace(channels={"sms"}))
    gateway = _gateway(
        dispatcher=SimpleNamespace(runners={name: runner}),
        intake=SimpleNamespace(submit=submit),
        reader=SimpleNamespace(account=lambda _: None),
    )
    for _ in range(2):
        with pytest.raises(UsageError, match="seen"):
            await gateway.test(name, "1150000000", "norte", "hola")
        now = gateway.now()
        while gateway.now() <= now + 1:
            await asyncio.sleep(0.001)
    assert len(set(jobs)) == 2
    assert all(len(job) <= 64 for job in jobs)
