"""Paces that several jobs share."""

from __future__ import annotations

from gatewayd.dispatch.brakes import Brakes, most
from gatewayd.store.commands import JobPace

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
