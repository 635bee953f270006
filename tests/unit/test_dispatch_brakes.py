"""Paces that several jobs share."""

from __future__ import annotations

from random import Random

from gatewayd.dispatch.brakes import Brakes, most
from gatewayd.dispatch.scheduler import Chooser, Scheduler, Turn
from gatewayd.store.commands import JobPace, QueueInfo
from gatewayd.values.model import Priority, Route

SLOW = JobPace("c-1", 60)
NOW = 1_800_000_000_000


def test_a_group_goes_as_fast_as_it_may_over_all_its_jobs_and_no_faster() -> None:
    brakes, now, sent = Brakes(), NOW, 0
    while now < NOW + 600_000:
        until = brakes.until(SLOW, now)
        if until is None:
            brakes.take(SLOW, 1, now)
            sent += 1
        else:
            assert until > now
            now = until
    assert 599 <= sent <= 601


def test_what_busy_lines_delay_is_made_up_for_within_bounds() -> None:
    brakes, dice, now = Brakes(), Random(7), NOW
    sent: list[int] = []
    while now < NOW + 1_800_000:
        until = brakes.until(SLOW, now)
        if until is None:
            brakes.take(SLOW, 1, now)
            sent.append(now)
            now += dice.randrange(0, 3_500)  # all lines are busy with others
            if len(sent) == 500:
                now += 300_000  # and once for five minutes
        else:
            now = until
    assert len(sent) >= 0.97 * (1_800 - 300) * min(1, 1_000 / 1_750)
    assert max(sum(at <= each < at + 60_000 for each in sent) for at in sent) <= 67
    brakes, now, count = Brakes(), NOW, 0
    while now < NOW + 600_000:
        until = brakes.until(SLOW, now)
        if until is None:
            brakes.take(SLOW, 1, now)
            count += 1
            now += dice.choice((100, 100, 100, 3_000))  # a line is free again soon, or late
        else:
            now = until
    assert 540 <= count <= 607


def test_what_bears_no_pace_is_not_held_and_holds_nobody() -> None:
    brakes = Brakes()
    brakes.take(None, 1_000, NOW)
    assert brakes.until(None, NOW) is None
    brakes.take(SLOW, 3, NOW)
    assert brakes.until(JobPace("c-2", 60), NOW) is None
    assert brakes.until(SLOW, NOW) is not None
    assert brakes.until(SLOW, NOW + 3_001) is None


def test_a_new_pace_holds_for_what_goes_next() -> None:
    brakes = Brakes()
    brakes.take(SLOW, 1, NOW)
    brakes.take(JobPace("c-1", 6), 1, NOW + 1_000)
    until = brakes.until(JobPace("c-1", 6), NOW + 1_001)
    assert until is not None
    assert 10_900 <= until - NOW <= 11_100


def test_a_clock_that_is_set_back_holds_nobody_for_long() -> None:
    brakes = Brakes()
    brakes.take(SLOW, 1, NOW)
    until = brakes.until(SLOW, NOW - 86_400_000)
    assert until is not None
    assert until <= NOW - 86_400_000 + 600_000


def test_few_are_claimed_at_once() -> None:
    assert most(SLOW) == 1
    assert most(JobPace("c-1", 60_000)) == 50


def test_a_queue_off_its_brake_keeps_its_accounts_turn_and_no_more_than_its_share() -> None:
    for every, expected in ((50, 200), (1, 5_000)):
        scheduler = Scheduler()
        for number, account in ((1, 1), (2, 2)):
            scheduler.add(_queue(number, account), 0)
        asks, served = Chooser(lambda _route: True, lambda _account: True, Turn()), [0, 0, 0]
        free = 0
        for now in range(10_000):
            scheduler.wake_due(now)
            queue = scheduler.choose(asks, now)
            if queue is not None and queue.info.id == 1 and now < free:
                scheduler.brake(1, free, now)
                queue = scheduler.choose(asks, now)
            assert queue is not None
            scheduler.served(queue, 1)
            served[queue.info.id] += 1
            if queue.info.id == 1:
                free = now + every
        assert served[1] >= 0.97 * expected, served
        assert served[2] >= 10_000 - 1.03 * expected, served


def _queue(number: int, account: int) -> QueueInfo:
    return QueueInfo(
        id=number, job_id=number, job=f"j{number}", account_id=account, account=f"a{account}",
        priority=Priority.NORMAL, route=Route("sms"), unit_price=1, not_before=None, not_after=None,
        created_at=0, paused=False, waiting=100_000, held_reason=None,
    )  # fmt: skip
