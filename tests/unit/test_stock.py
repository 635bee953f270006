"""Claims under way while messages come back: no queue is forgotten that has something waiting."""

from __future__ import annotations

import asyncio
from typing import Any

from gatewayd.dispatch.scheduler import Chooser, Queue, Scheduler
from gatewayd.dispatch.stock import Stock
from gatewayd.store.commands import Claimed, QueueInfo
from gatewayd.values.model import Priority, Route

NOW = 1_000


class Desk:
    """As much of the dispatcher as a stock uses, over a real scheduler; the store answers when the test says so."""

    node, epoch = "t", 1

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        info = QueueInfo(
            id=1, job_id=1, job="j", account_id=1, account="a", priority=Priority.NORMAL, route=Route("sms"),
            unit_price=1, not_before=None, not_after=None, created_at=0, paused=False, waiting=1, held_reason=None,
        )  # fmt: skip
        self.queue = self.scheduler.add(info, NOW)
        self.answers: list[asyncio.Future[Any]] = []
        self.told: list[Claimed] = []

    @property
    def writer(self) -> Desk:
        return self

    def do(self, _command: object) -> asyncio.Future[Any]:
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]

    def choose(self, chooser: Chooser, now: int) -> Queue | None:
        return self.scheduler.choose(chooser, now)

    def claimed(self, queue: Queue, claimed: Claimed, now: int, seen: int) -> None:
        self.told.append(claimed)
        if claimed.next_due is None or claimed.next_due > now:
            self.scheduler.rest(queue.info.id, claimed.next_due, now, seen=seen)


async def answered(desk: Desk, *, comes_back: bool) -> None:
    woken = asyncio.Event()
    stock = Stock("m", desk, lambda _route: True, woken.set, variant="", urgent_interval_s=0.0)  # type: ignore[arg-type]
    stock.fill(1)
    if comes_back:
        desk.scheduler.came_back(1, NOW, NOW)
    desk.answers[0].set_result(Claimed((), None, None))
    async with asyncio.timeout(10):
        await woken.wait()


async def test_what_came_back_during_a_claim_is_claimed_again() -> None:
    desk = Desk()
    await answered(desk, comes_back=True)
    assert desk.queue.ready, "the answer was older than the message's return"


async def test_an_empty_queue_rests() -> None:
    desk = Desk()
    await answered(desk, comes_back=False)
    assert not desk.queue.ready
