"""The desk between queues and lines, over a real store: what is held, what comes back, what is forgotten."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from drivers.base import Blame, DeliveryReport, LineStatus, NotSent, OutboundMessage, Outcome, Refused
from gatewayd.dispatch import ownerless
from gatewayd.store.commands import Change, Claim, Credit, JobChange, JobPace, Reported, SetJobState, Settle
from gatewayd.store.sending import paces
from gatewayd.values.clock import now_ms
from tests.rig.floor import PRICE, Floor, floor, number, taken


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Floor]:
    async with floor(tmp_path) as built:
        yield built
        await built.check()


async def test_everything_goes_over_the_lines_that_there_are(house: Floor) -> None:
    one, two = house.line("one"), house.line("two")
    await house.job(range(40))
    await house.until(lambda counts: counts["submitted"] == 40)
    assert sorted(one.asked + two.asked) == sorted(number(n) for n in range(40))
    assert not list(house.dispatcher.held())


async def test_a_line_that_comes_later_takes_what_waits(house: Floor) -> None:
    await house.job(range(5))
    house.line("late")
    await house.until(lambda counts: counts["submitted"] == 5)


async def test_a_paused_job_waits_and_a_cancelled_one_is_gone(house: Floor) -> None:
    line = house.line("one")
    house.runner("one").set_enabled(False)
    await house.job(range(5))
    await house.job(range(5, 10))
    now = now_ms()
    for job, state in (("j1", "paused"), ("j2", "cancelled")):
        house.dispatcher.job_changed(await house.writer.do(SetJobState("norte", job, state, now)))  # type: ignore[arg-type]
    house.runner("one").set_enabled(True)
    await house.job(range(20, 25))
    await house.until(lambda counts: counts["submitted"] == 5)
    assert set(line.asked) == {number(n) for n in range(20, 25)}
    house.dispatcher.job_changed(await house.writer.do(SetJobState("norte", "j1", "running", now)))
    await house.until(lambda counts: counts["submitted"] == 10)


async def test_what_waits_for_credit_goes_on_with_it(house: Floor) -> None:
    now = now_ms()
    ((balance,),) = await house.rows("SELECT balance FROM account")
    await house.writer.do(Credit("norte", 3 * PRICE - balance, now))
    house.line("one")
    await house.job(range(10))
    await house.until(lambda counts: counts["submitted"] == 3)
    await house.until(lambda _: any(each["state"] == "held" for each in _held(house)))
    await house.writer.do(Credit("norte", 100 * PRICE, now))
    house.dispatcher.credited("norte")
    await house.until(lambda counts: counts["submitted"] == 10)


def _held(house: Floor) -> list[dict[str, str]]:
    with house.reading.connect() as connection:
        found = connection.exec_driver_sql("SELECT held_reason FROM queue WHERE held_reason IS NOT NULL")
        return [{"state": "held", "reason": reason} for (reason,) in found]


async def test_a_line_that_goes_gives_its_work_to_another(house: Floor) -> None:
    begun = asyncio.Event()

    async def never(_: OutboundMessage) -> Outcome:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    house.line("slow", never)
    await house.job(range(3))
    async with asyncio.timeout(20):
        await begun.wait()
    slow = house.runner("slow")
    assert len(set(house.dispatcher.held())) >= 1
    slow.set_status(LineStatus("recovering", "port_lost"))
    house.line("other")
    await house.until(lambda counts: counts["submitted"] == 2)
    assert len(list(house.dispatcher.held())) == 1
    # It is cut off past its point of no return: nobody can know.
    house.tasks[0].cancel()
    await house.until(lambda counts: counts["uncertain"] == 1)
    ((held,),) = await house.rows("SELECT held FROM account")
    assert held == PRICE
    ((message,),) = await house.rows("SELECT id FROM message WHERE state = 'uncertain'")
    await house.writer.do(Settle(message, "not-sent", now_ms()))


async def test_a_report_of_nothing_known_is_counted_and_nothing_more(house: Floor) -> None:
    house.line("one")
    before = len(house.dispatcher.events.since(0))
    event = DeliveryReport("x", None, "delivered", None, time.time())
    for _ in range(1000):
        house.dispatcher.reported("one", event, Reported(None, None))
    assert house.dispatcher.unknown_reports["one"] == 1000
    assert len(house.dispatcher.events.since(0)) == before


async def test_a_message_that_ends_badly_is_an_event(house: Floor) -> None:
    house.line("one", lambda m: Refused("unassigned", Blame.PERSON) if m.to == number(1) else taken(m))
    await house.job(range(3))
    await house.until(lambda counts: counts["failed"] == 1 and counts["submitted"] == 2)
    (event,) = [each for each in house.dispatcher.events.since(0) if each.kind == "message"]
    assert (event.subject, event.state, event.reason) == ("one", "failed", "unassigned")


async def test_a_withdrawal_brings_a_message_back_at_once(house: Floor) -> None:
    said: list[str] = []

    def once(message: OutboundMessage) -> Outcome:
        said.append(message.to)
        return NotSent("stopping", counts=False) if len(said) == 1 else taken(message)

    house.line("one", once)
    await house.job([1])
    await house.until(lambda counts: counts["submitted"] == 1)
    assert len(said) == 2


async def test_what_was_claimed_for_nobody_is_given_back(house: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownerless, "GRACE_S", 0.0)
    await house.job(range(4))
    ((queue,),) = await house.rows("SELECT id FROM queue")
    now = now_ms()
    lost = await house.writer.do(Claim(queue, "gone", "", 4, 99, "pop", house.dispatcher.epoch, now))
    assert len(lost.work) == 4
    house.line("one")
    assert await house.dispatcher.ownerless.look() == 4
    await house.until(lambda counts: counts["submitted"] == 4)
    assert await house.dispatcher.ownerless.look() == 0


async def test_a_pace_that_is_wished_holds_for_what_was_claimed(house: Floor) -> None:
    begun, going = asyncio.Event(), asyncio.Event()

    async def slowly(message: OutboundMessage) -> Outcome:
        begun.set()
        await going.wait()
        return taken(message)

    line = house.line("one", slowly)
    house.runner("one").sender._send_s = 0.001  # a quick one claims ahead
    job = await house.job(range(40))
    await begun.wait()
    await house.until(lambda counts: counts["sending"] > 1)

    def slow(unit: Any) -> JobChange | None:
        return paces.change(unit.session, job, JobPace("c-1", 60), None)

    change = await house.writer.do(Change(slow))
    assert change is not None
    house.dispatcher.job_changed(change)
    going.set()
    await house.until(lambda counts: counts["sending"] <= 1)
    await asyncio.sleep(1.2)
    assert len(line.asked) <= 1 + 1 + 2, "one in its hands, one at once, one a second"


async def test_a_pace_is_shared_by_lines_that_ask_at_once(house: Floor) -> None:
    for n in range(8):
        house.line(f"l{n}")
        house.runner(f"l{n}").set_enabled(False)
    job = await house.job(range(40))
    change = await house.writer.do(Change(lambda unit: paces.change(unit.session, job, JobPace("c-1", 1), None)))
    assert change is not None
    house.dispatcher.job_changed(change)
    for n in range(8):
        house.runner(f"l{n}").set_enabled(True)
    await house.until(lambda counts: counts["submitted"] >= 1)
    await asyncio.sleep(0.3)
    assert (await house.counts())["submitted"] == 1


async def test_a_wish_that_was_quicker_than_the_job_is_not_undone_by_it(house: Floor) -> None:
    job = await house.job(range(5))
    (before,) = [queue.info for queue in house.dispatcher._scheduler.of_job(job)]
    change = await house.writer.do(Change(lambda unit: paces.change(unit.session, job, JobPace("c-1", 1), None)))
    assert change is not None
    house.dispatcher.job_changed(change)
    house.dispatcher.appeared([before])
    (queue,) = house.dispatcher._scheduler.of_job(job)
    assert queue.info.pace == JobPace("c-1", 1)
