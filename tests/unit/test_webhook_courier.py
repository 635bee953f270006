"""A courier in hours and days: real schedule, a clock that jumps to whatever is due, a receiver that comes and goes."""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gatewayd.store.webhooks.progress import Place, Progress
from gatewayd.store.webhooks.questions import Endpoint, Kept, Waiting
from gatewayd.webhooks.engine.courier import WAITING_MOST, Courier
from gatewayd.webhooks.engine.desk import Access, Desk
from gatewayd.webhooks.engine.source import Item, Page
from gatewayd.webhooks.event import Event
from gatewayd.webhooks.schedule import Schedule
from gatewayd.webhooks.signature import Secret
from gatewayd.webhooks.verdict import Fate, Verdict, of_answer, of_failure

R = TypeVar("R")
HOUR_S = 3600.0
START_MS = 1_795_000_000_000


class Jump(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__(selectors.SelectSelector())
        self.now_s = 0.0

    def time(self) -> float:
        return self.now_s

    def _run_once(self) -> None:
        scheduled: list[Any] = self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0].cancelled():
            heapq.heappop(scheduled)._scheduled = False
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined]
        if not self._ready and scheduled:  # type: ignore[attr-defined]
            self.now_s = max(self.now_s, scheduled[0].when())
        super()._run_once()  # type: ignore[misc]


def jumping(story: Callable[[Jump], Coroutine[Any, Any, R]]) -> R:
    with asyncio.Runner(loop_factory=Jump) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Jump)
        return runner.run(story(loop))


@dataclass
class Memory:
    """The store as a courier asks it, in memory; as durable as the test itself."""

    loop: Jump
    log: list[tuple[str, bytes]] = field(default_factory=list)
    """Key and body; row n of the log is the nth."""
    kept_rows: dict[int, Kept] = field(default_factory=dict)
    place: Place = field(default_factory=lambda: Place(1))
    most: int = 0
    """Most that waited at once."""
    failed: list[Kept] = field(default_factory=list)
    disabled: str | None = None
    acknowledged: int = 0
    _number: int = 0

    async def page(self, endpoint: Endpoint, place: Place, end: int | None, limit: int) -> Page:
        rows = enumerate(self.log[place.row - 1 : place.row - 1 + limit], start=place.row)
        items = tuple(
            Item(Event(f"e{number}", "receipt", key, number, body), Place(number + 1)) for number, (key, body) in rows
        )
        return Page(items, items[-1].after if items else None)

    async def waiting(self, endpoint: int) -> Sequence[Waiting]:
        return [Waiting(each.id, each.key, each.tries, each.due, each.first_at) for each in self.kept_rows.values()]

    async def kept(self, numbers: Sequence[int]) -> dict[int, Kept]:
        return {number: self.kept_rows[number] for number in numbers if number in self.kept_rows}

    async def record(self, done: Progress) -> None:
        from dataclasses import replace

        self.place = done.place or self.place
        self.acknowledged += done.acknowledged
        for number in done.over:
            del self.kept_rows[number]
        for each in done.again:
            row = self.kept_rows.pop(each.number)
            fresh = replace(row, tries=each.tries, due=each.due or 0, last_at=done.at, fault=each.fault)
            if each.due is None:
                self.failed.append(fresh)
            else:
                self.kept_rows[each.number] = fresh
        for failure in done.failures:
            self._number += 1
            f = failure
            self.kept_rows[self._number] = Kept(
                self._number, f.event, f.type, f.key, f.body, True, f.tries, f.due, f.at, f.at, f.fault, f.status
            )
        self.kept_rows = dict(sorted(self.kept_rows.items()))
        if done.sooner_since is not None:
            for number, row in self.kept_rows.items():
                if row.first_at >= done.sooner_since:
                    self.kept_rows[number] = replace(row, due=done.at)
        self.disabled = done.disabled or self.disabled
        self.most = max(self.most, len(self.kept_rows))


@dataclass
class World:
    """A courier, its store, and a receiver as the test wants it at each instant."""

    loop: Jump
    receiver: Callable[[float, str], Verdict]
    """Seconds and event's id to how a try of it ends."""
    memory: Memory = field(init=False)
    tries: list[tuple[float, str, bool]] = field(default_factory=list)
    """When, which event, whether it was acknowledged."""
    courier: Courier = field(init=False)

    def __post_init__(self) -> None:
        self.memory = Memory(self.loop)
        self.begin()

    def now(self) -> int:
        return START_MS + int(self.loop.time() * 1000)

    def begin(self) -> None:
        """A courier, as after a start of the daemon."""
        endpoint = Endpoint(
            id=1,
            account_id=1,
            account="norte",
            origin="file",
            url="https://billing.example/",
            events=("receipt",),
            allow_private=False,
            secrets=None,
            enabled=True,
            reason=None,
            since=START_MS,
            place=self.memory.place,
            replay=None,
            replay_end=None,
            created_at=START_MS,
            resting_until=None,
            acknowledged=0,
            acknowledged_at=None,
            failed_at=None,
            fault=None,
            owner=None,
            owned_until=None,
            failing_since=None,
        )
        desk = Desk(self.memory, self, Schedule(lambda: 0.5), self.now, lambda *_: None, lambda: None)
        secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        self.courier = Courier(desk, endpoint, Access((secret,)))

    async def __call__(self, url: str, headers: dict[str, str], body: bytes, *, allow_private: bool) -> Verdict:
        await asyncio.sleep(0.05)
        at, event = self.loop.time(), headers["webhook-id"]
        found = self.receiver(at, event)
        self.tries.append((at, event, found.fate is Fate.ACKNOWLEDGED))
        return found

    async def close(self) -> None:
        """A post has nothing open."""

    async def traffic(self, seconds: int, every_s: float = 1.0, keys: int = 7) -> None:
        """An event every so often, of messages in turn."""
        for number in range(int(seconds / every_s)):
            self.memory.log.append((f"k{number % keys}", b"{}"))
            self.courier.wake()
            await asyncio.sleep(every_s)

    def in_order(self) -> None:
        """Events of one key were acknowledged in their order."""
        last: dict[str, int] = {}
        seen: set[str] = set()
        for _at, event, acknowledged in self.tries:
            number = int(event[1:])
            if not acknowledged or event in seen:
                continue
            seen.add(event)
            key = self.memory.log[number - 1][0]
            assert number > last.get(key, 0), f"{event} after e{last[key]}"
            last[key] = number


OK = Verdict(Fate.ACKNOWLEDGED, 204)
DOWN = of_failure("connect_failed")


def test_an_hour_down_is_a_few_looks_and_all_comes_in_order_minutes_after() -> None:
    async def story(loop: Jump) -> None:
        world = World(loop, lambda at, _event: DOWN if 600 <= at < 600 + HOUR_S else OK)
        task = asyncio.create_task(world.courier.run())
        await world.traffic(3 * 3600, keys=2000)
        await asyncio.sleep(60)
        done = {event for _at, event, acknowledged in world.tries if acknowledged}
        assert len(done) == 3 * 3600
        assert len([each for each in world.tries if each[2]]) == len(done), "each once"
        world.in_order()
        in_vain = [at for at, _event, acknowledged in world.tries if not acknowledged]
        assert len(in_vain) < 80
        assert world.memory.most < 40, "an outage is no heap of failures"
        back = 600 + HOUR_S
        late = [at for at, event, acknowledged in world.tries if acknowledged and int(event[1:]) < back]
        assert max(late) < back + 6 * 60, "looked at every five minutes"
        assert not world.memory.kept_rows
        assert world.memory.disabled is None
        task.cancel()

    jumping(story)


def test_where_all_that_comes_waits_for_what_has_failed_it_is_looked_back_at() -> None:
    """Three messages, a hundred events each: no new one may go before those that wait."""

    async def story(loop: Jump) -> None:
        world = World(loop, lambda at, _event: DOWN if 20 <= at < HOUR_S else OK)
        task = asyncio.create_task(world.courier.run())
        await world.traffic(300, keys=3)
        await asyncio.sleep(2 * HOUR_S)
        assert {event for _at, event, acknowledged in world.tries if acknowledged} == {f"e{n}" for n in range(1, 301)}
        world.in_order()
        assert max(at for at, _event, _ in world.tries) < HOUR_S + 17 * 60
        assert len([1 for _at, _event, acknowledged in world.tries if not acknowledged]) < 30
        assert world.memory.most < 10
        assert not world.memory.kept_rows
        task.cancel()

    jumping(story)


def test_a_daemon_that_starts_while_the_receiver_is_down_gets_it_all_there_too() -> None:
    async def story(loop: Jump) -> None:
        world = World(loop, lambda at, _event: DOWN if 60 <= at < 5000 else OK)
        task = asyncio.create_task(world.courier.run())
        for _life in range(5):
            await world.traffic(900, keys=300)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            world.begin()
            task = asyncio.create_task(world.courier.run())
        await world.traffic(900, keys=300)
        await asyncio.sleep(1200)
        done = [event for _at, event, acknowledged in world.tries if acknowledged]
        assert set(done) == {f"e{number}" for number in range(1, 5401)}
        world.in_order()
        assert world.memory.most < 60
        task.cancel()

    jumping(story)


def test_three_days_down_disable_it_and_nothing_is_dropped() -> None:
    async def story(loop: Jump) -> None:
        world = World(loop, lambda _at, _event: of_answer(503, {}, 0.0))
        task = asyncio.create_task(world.courier.run())
        await world.traffic(600, every_s=10)
        await asyncio.wait_for(task, 100 * HOUR_S)
        days_s = loop.time()
        assert world.memory.disabled == "tries_used_up"
        first = [at for at, event, _ in world.tries if event == "e1"]
        assert len(first) <= 10 + 8 + 80 / 4, "ten tries, and looks whether anybody is back"
        assert next(each.tries for each in world.memory.kept_rows.values() if each.event == "e1") == 10
        assert 75 * HOUR_S < first[-1] - first[0] < 84 * HOUR_S
        assert days_s < 90 * HOUR_S
        left = {each.event for each in world.memory.kept_rows.values()}
        left |= {f"e{number}" for number in range(world.memory.place.row, len(world.memory.log) + 1)}
        assert left == {f"e{number}" for number in range(1, 61)}
        assert not world.memory.failed

    jumping(story)


def test_a_poisoned_event_uses_up_its_own_tries_and_holds_up_its_own_message() -> None:
    async def story(loop: Jump) -> None:
        world = World(loop, lambda _at, event: of_answer(500, {}, 0.0) if event == "e3" else OK)
        task = asyncio.create_task(world.courier.run())
        await world.traffic(3600, every_s=1, keys=100)
        others = {event for _at, event, acknowledged in world.tries if acknowledged}
        assert others == {f"e{n}" for n in range(1, 3601) if n % 100 != 3}
        times = {event: at for at, event, _ in world.tries if event == "e1000"}
        assert times["e1000"] < 1001
        await asyncio.sleep(90 * HOUR_S)
        assert [each.event for each in world.memory.failed] == ["e3"]
        assert world.memory.disabled is None
        assert {event for _at, event, acknowledged in world.tries if acknowledged} == {
            f"e{n}" for n in range(1, 3601) if n != 3
        }
        world.in_order()
        assert len([1 for _at, event, _ in world.tries if event == "e3"]) == 10
        task.cancel()

    jumping(story)


def test_who_asks_for_time_gets_it_whatever_comes() -> None:
    async def story(loop: Jump) -> None:
        world = World(loop, lambda at, _event: of_answer(429, {"retry-after": "1800"}, 0.0) if 100 <= at < 120 else OK)
        task = asyncio.create_task(world.courier.run())
        await world.traffic(3600)
        refused = [at for at, _event, acknowledged in world.tries if not acknowledged]
        assert len(refused) <= 4
        quiet = [at for at, _event, _ in world.tries if refused[-1] < at < refused[0] + 1800]
        assert quiet == []
        await asyncio.sleep(600)
        assert len({event for _at, event, acknowledged in world.tries if acknowledged}) == 3600
        world.in_order()
        task.cancel()

    jumping(story)


def test_a_receiver_that_refuses_half_of_all_keeps_a_bounded_heap() -> None:
    async def story(loop: Jump) -> None:
        world = World(loop, lambda _at, event: OK if int(event[1:]) % 2 else of_answer(400, {}, 0.0))
        task = asyncio.create_task(world.courier.run())
        for number in range(2000):
            world.memory.log.append((f"k{number}", b"{}"))
        world.courier.wake()
        await asyncio.sleep(HOUR_S)
        assert world.memory.most <= WAITING_MOST
        await asyncio.sleep(2000 * HOUR_S)
        assert len(world.memory.failed) == 1000
        assert world.memory.acknowledged == 1000
        assert world.memory.disabled is None
        task.cancel()

    jumping(story)
