"""What has changed, for those who watch: gathered, of their account alone, and free where nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import aclosing

from gatewayd.values.errors import UnavailableError
from gatewayd.values.news import News

OWNERS = {1: "norte", 2: "sur"}


def news(asked: list[set[int]] | None = None, *, broken: bool = False) -> News:
    async def owners(jobs: Iterable[int]) -> Mapping[int, str]:
        if asked is not None:
            asked.append(set(jobs))
        if broken:
            raise UnavailableError("away")
        return {job: OWNERS[job] for job in jobs if job in OWNERS}

    return News(owners)


async def _next(changes: object) -> frozenset[str]:
    async with asyncio.timeout(5):
        return await anext(changes)  # type: ignore[call-overload,no-any-return]


async def test_a_person_is_told_of_its_own_account() -> None:
    asked: list[set[int]] = []
    spread = news(asked)
    async with (
        aclosing(spread.watch("norte", 0.6)) as norte,
        aclosing(spread.watch("sur", 0.6)) as sur,
        aclosing(spread.watch(None, 0.6)) as everybody,
    ):
        for one in (norte, sur, everybody):
            assert await _next(one) == frozenset(), "it listens from now on"
        waiting = [asyncio.create_task(_next(one)) for one in (norte, sur, everybody)]
        await asyncio.sleep(0.05)
        for _ in range(1000):
            spread.jobs([1])
        spread.say("credit", "norte")
        assert [sorted(one) for one in await asyncio.gather(*waiting)] == [
            ["credit", "job", "line", "message"],
            [],
            ["credit", "job", "line", "message"],
        ]
        assert asked == [{1}]
        waiting = [asyncio.create_task(_next(one)) for one in (norte, sur, everybody)]
        spread.jobs([1, 2, 99])
        spread.say("daemon")
        found = await asyncio.gather(*waiting)
        assert all({"daemon", "message"} <= one for one in found)
        assert asked == [{1}, {2, 99}]


async def test_nothing_is_kept_where_nobody_watches() -> None:
    spread = news()
    spread.jobs([1])
    spread.say("line")
    async with aclosing(spread.watch(None, 0.3)) as changes:
        assert await _next(changes) == frozenset()
        assert await _next(changes) == frozenset()


async def test_a_store_that_is_away_makes_one_word_too_many_not_too_few() -> None:
    spread = news(broken=True)
    async with aclosing(spread.watch("norte", 5)) as changes:
        assert not await _next(changes)
        spread.jobs([2])
        assert "message" in await _next(changes)


async def test_one_who_does_not_read_holds_nothing_up() -> None:
    spread = news()
    async with aclosing(spread.watch(None, 5)) as slow, aclosing(spread.watch(None, 5)) as quick:
        assert not await _next(slow) | await _next(quick)
        first = [asyncio.create_task(_next(one)) for one in (slow, quick)]
        await asyncio.sleep(0.05)
        for kind in ("line", "daemon", "credit"):
            spread.say(kind)
            found = await (first.pop() if len(first) == 2 else asyncio.create_task(_next(quick)))
            assert kind in found
        await first.pop()
        assert await _next(slow) >= {"daemon", "credit"}
