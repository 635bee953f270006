"""Two nodes on one PostgreSQL: one of them posts, and the other goes on when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from gatewayd.values.clock import now_ms
from gatewayd.webhooks.engine import service
from gatewayd.webhooks.engine.post import Poster
from gatewayd.webhooks.engine.service import Webhooks
from tests.conformance.bureau import FAST, Bureau, bureau, filed
from tests.peers.receiver import Receiver, in_order, repeated


def node(desk: Bureau, name: str, url: str) -> Webhooks:
    return Webhooks(
        (filed(url),),
        node=name,
        shared=True,
        execute=desk.writer.do,
        reader=desk.reader,
        spool=desk.spool,
        in_thread=desk.in_thread,
        vault=desk.vault,
        post=Poster(timeout_s=2.0),
        now=now_ms,
        happened=lambda *said: None,
        schedule=FAST,
    )


async def test_one_posts_at_a_time_and_the_other_takes_over(
    emptied: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LEASE_S", 1.0)
    async with bureau(emptied(), tmp_path) as desk, Receiver() as receiver:
        nodes = [node(desk, name, receiver.url) for name in ("a", "b")]
        tasks = [asyncio.create_task(each.run()) for each in nodes]
        async with asyncio.timeout(10):
            while not await desk.rows("webhook") or (await desk.endpoint()).owner is None:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        for _ in range(3):
            await desk.withdrawn(40)
            for each in nodes:
                each.due()
        await receiver.until(lambda: len(receiver.acknowledged) >= 120)
        assert repeated(receiver.got) == {}
        owner = (await desk.endpoint()).owner
        gone = 0 if owner == "a" else 1
        tasks[gone].cancel()
        await asyncio.gather(tasks[gone], return_exceptions=True)
        await desk.withdrawn(40)
        await receiver.until(lambda: len(receiver.acknowledged) >= 160)
        assert (await desk.endpoint()).owner == ("b" if owner == "a" else "a")
        in_order(receiver.got)
        tasks[1 - gone].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
