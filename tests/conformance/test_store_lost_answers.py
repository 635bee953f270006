"""The store commits, and its answer is lost: what was claimed for nobody is found again, and nothing goes twice."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.base import NotSent, OutboundMessage, Outcome
from gatewayd.dispatch import ownerless, stock
from gatewayd.store import writer as writer_module
from gatewayd.store.commands import Claim, PartEnd, RecoverOwnerless
from gatewayd.values.errors import UnavailableError
from gatewayd.values.model import PartState, State
from tests.conformance.house import House
from tests.rig.dropped_answers import DroppedAnswers
from tests.rig.floor import Floor, floor, number, taken

PEOPLE = 60


@pytest.fixture
def server(emptied: Callable[[], str]) -> Iterator[tuple[str, DroppedAnswers]]:
    url = emptied()
    real = Path(url.partition("host=")[2])
    with tempfile.TemporaryDirectory(prefix="gatewayd-lost-") as folder:
        between = DroppedAnswers(real / ".s.PGSQL.5432", Path(folder))
        yield url.replace(str(real), folder), between
        between.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownerless, "GRACE_S", 0.1)
    monkeypatch.setattr(ownerless, "EVERY_S", 0.5)
    monkeypatch.setattr(stock, "CLAIM_PAUSE_S", 0.05)
    monkeypatch.setattr(writer_module, "RETRY_S", (0.02,))


async def sent_in_the_end(house: Floor, lose: Callable[[], None], lost: Callable[[], int], wanted: int) -> None:
    looking = asyncio.create_task(house.dispatcher.ownerless.run())
    try:
        line = house.line("claro-1")
        await house.job(range(PEOPLE))
        async with asyncio.timeout(60):
            while lost() < wanted and len(line.asked) < PEOPLE:
                lose()
                await asyncio.sleep(0.01)
        await house.until(lambda counts: counts["submitted"] == PEOPLE, timeout_s=40)
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    assert lost() >= 2
    assert Counter(line.asked) == Counter(number(n) for n in range(PEOPLE))
    assert await house.rows("SELECT COUNT(*) FROM attempt WHERE state != 'closed'") == [(0,)]
    await house.check()


async def test_postgresql_goes_away_between_a_commit_and_its_answer(
    server: tuple[str, DroppedAnswers], tmp_path: Path
) -> None:
    url, between = server
    async with floor(tmp_path, url=url) as house:

        def lose() -> None:
            between.drop = 1

        await sent_in_the_end(house, lose, lambda: between.dropped, 6)


async def test_sqlite_says_that_the_disk_is_full_and_has_committed(tmp_path: Path) -> None:
    drop = dropped = 0
    async with floor(tmp_path) as house:
        session = house.transactions.session
        commit = session.commit

        def committed() -> None:
            nonlocal drop, dropped
            commit()
            if drop:
                drop -= 1
                dropped += 1
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error

        session.commit = committed  # type: ignore[method-assign]

        def lose() -> None:
            nonlocal drop
            drop = 1

        await sent_in_the_end(house, lose, lambda: dropped, 6)


async def test_the_answer_to_looking_for_what_was_lost_is_lost_too(tmp_path: Path) -> None:
    left: list[type] = [Claim, RecoverOwnerless]
    async with floor(tmp_path) as house:
        session, apply = house.transactions.session, house.transactions.apply
        commit, losing = session.commit, False

        def applied(batch: Any, *more: Any) -> Any:
            nonlocal losing
            if left and any(isinstance(command, left[0]) for command in batch):
                losing = True
                left.pop(0)
            return apply(batch, *more)

        def committed() -> None:
            nonlocal losing
            commit()
            if losing:
                losing = False
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error

        session.commit = committed  # type: ignore[method-assign]
        house.transactions.apply = applied  # type: ignore[method-assign, assignment]
        looking = asyncio.create_task(house.dispatcher.ownerless.run())
        try:
            line = house.line("claro-1")
            await house.job(range(1))
            await house.until(lambda counts: counts["submitted"] == 1)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        assert left == []
        assert line.asked == [number(0)]


async def test_what_comes_back_to_a_queue_that_nobody_knows_goes_out(tmp_path: Path) -> None:
    """So it is after a restart where all of a job was out: nothing of it waited, and its queue was not loaded."""
    async with floor(tmp_path) as house:
        tried: list[str] = []

        def answer(message: OutboundMessage) -> Outcome:
            tried.append(message.to)
            if len(tried) > 1:
                return taken(message)
            ((queue,),) = house.transactions.session.plain("SELECT id FROM queue")
            house.dispatcher._scheduler.remove(queue)
            return NotSent("busy", counts=False, retry_after=0.2)

        looking = asyncio.create_task(house.dispatcher.ownerless.run())
        try:
            house.line("claro-1", answer)
            await house.job(range(1))
            await house.until(lambda counts: counts["submitted"] == 1)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        assert tried == [number(0), number(0)]


def test_an_early_report_whose_answer_was_lost_still_finds_its_message(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    session = house.transactions.session
    commit = session.commit

    def committed() -> None:
        commit()
        error = session._dbapi.OperationalError("gone")
        if session.sqlite:
            vars(error)["sqlite_errorcode"] = sqlite3.SQLITE_FULL
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "commit", committed)
        with pytest.raises(UnavailableError, match="cannot be written" if session.sqlite else "may be done"):
            house.report(work, 10)
    house.finish(work, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "10")})
    assert house.states() == ["delivered"]


def test_what_somebody_holds_or_has_just_claimed_is_left_alone(house: House) -> None:
    queue = house.job("x", "y", "z", "w")
    held, lost, past = house.claim(queue, 3).work
    house.pnr(past)
    house.now += 60_000
    (young,) = house.claim(queue).work
    wanted = frozenset({held.attempt_id})
    found = house.do(RecoverOwnerless(house.node, house.epoch, wanted, house.now - 30_000, house.now))
    assert found.returned == 1
    assert [each.work.attempt_id for each in found.open] == [past.attempt_id]
    assert [info.id for info in found.queues] == [queue.id]
    assert house.states() == ["sending", "queued", "sending", "sending"]
    assert {young.row, held.row, past.row} == {1, 3, 4}
    assert [work.row for work in house.claim(queue).work] == [lost.row]
