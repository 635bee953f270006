"""Pace, windows, quotas and trust, with time as an argument."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.config import Rate, Window
from gatewayd.dispatch.health import FIRST_REST_S, LONGEST_REST_S, PATIENCE, PROBE_S, Health
from gatewayd.values.days import Calendar
from gatewayd.values.pacing import Limits, Pace

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")


@given(st.lists(st.integers(1, 5), min_size=5, max_size=60))
def test_never_faster_than_the_rate_but_for_one_message(sizes: list[int]) -> None:
    pace = Pace(Limits(rate=Rate(10, 60.0)))
    now, sent, began = 1000.0, 0, None
    for size in sizes:
        now += pace.wait_s(now)
        began = now if began is None else began
        pace.begin(now, size)
        assert sent <= (now - began) / 6.0 + 1e-6
        sent += size


def test_small_delays_are_made_up_for_and_longer_ones_are_lost() -> None:
    pace = Pace(Limits(rate=Rate(50, 1.0)))
    now = began = 1000.0
    for late in [0.0, 0.004, 0.015, 0.0, 0.001] * 100:
        now += pace.wait_s(now) + late
        pace.begin(now, 1)
    assert abs(now - began - 499 / 50) < 0.02
    pace.begin(now + 60.0, 1)
    assert 0.0199 < pace.wait_s(now + 60.0) < 0.0201


def test_a_slow_line_is_never_early() -> None:
    pace = Pace(Limits(rate=Rate(10, 60.0)))
    pace.begin(1000.0, 1)
    pace.begin(1006.01, 1)
    assert 5.98 < pace.wait_s(1006.01) <= 6.0
    pace.begin(1013.0, 1)
    assert 5.999 < pace.wait_s(1013.0) < 6.001


def test_a_clock_set_back_costs_at_most_the_last_message() -> None:
    pace = Pace(Limits(rate=Rate(1, 10.0)))
    pace.begin(1_000_000.0, 2)
    assert pace.wait_s(5_000.0) <= 20.0


def test_a_window_slides() -> None:
    pace = Pace(Limits(window=Window(3, 100.0)))
    for at in (0.0, 10.0, 20.0):
        assert pace.wait_s(at) == 0
        pace.count(at, "x")
    assert pace.wait_s(20.0) == 80.0
    assert pace.wait_s(100.0) == 0


def test_quotas_by_day_month_and_recipient_end_and_begin_again() -> None:
    pace = Pace(Limits(quota_day=2, quota_month=3, recipients_month=2))
    pace.roll("2026-11-22", "2026-11")
    assert pace.room(0.0) == 2
    pace.count(0.0, "a")
    pace.count(0.0, "a")
    assert pace.spent() == "quota_day"
    pace.roll("2026-11-23", "2026-11")
    assert (pace.spent(), pace.room(0.0)) == (None, 1)
    pace.count(0.0, "b")
    assert pace.spent() == "quota_month"
    pace.roll("2026-12-01", "2026-12")
    assert pace.spent() is None


def test_days_turn_at_midnight_of_the_zone() -> None:
    calendar = Calendar(ZONE)
    late = datetime(2026, 11, 30, 23, 59, 59, tzinfo=ZONE).timestamp()
    assert calendar.words(late) == ("2026-11-30", "2026-11")
    assert calendar.next_day(late) == late + 1
    assert calendar.words(late + 1) == ("2026-12-01", "2026-12")


def test_sends_that_were_under_way_together_fail_once() -> None:
    """Two hundred calls whose link was lost are one failure, not a rest of five minutes."""
    health = Health()
    for began in range(200):
        health.failed(300.0, "link_lost", began=float(began))
    assert health.failures == 1
    assert health.rest_s(300.0) == 0
    for _ in range(PATIENCE):
        health.failed(302.0, "link_lost", began=301.0)
        health.failed(303.0, "link_lost", began=302.5)
    assert health.probing


def test_a_failing_line_is_rested_longer_and_longer_then_trusted_at_once() -> None:
    health = Health()
    rests = []
    for _ in range(PATIENCE + 12):
        health.failed(0.0, "no_prompt")
        rests.append(health.rest_s(0.0))
    assert rests[: PATIENCE - 1] == [0.0] * (PATIENCE - 1)
    assert rests[PATIENCE - 1 :] == sorted(rests[PATIENCE - 1 :])
    assert rests[-1] == LONGEST_REST_S
    health.worked()
    assert health.rest_s(0.0) == 0
    assert not health.probing


def test_a_line_on_probation_is_tried_with_one_at_a_time() -> None:
    health = Health()
    health.condemned(10.0, "trunk_refuses", began=9.0)
    calls = [1.0, 2.0]
    assert health.may_probe(calls, 13.0), "calls from before are not in the way"
    assert not health.may_probe([*calls, 12.0], 13.0)
    assert health.may_probe([*calls, 12.0], 12.0 + PROBE_S), "it rings"


def test_silence_on_probation_is_waited_for() -> None:
    health = Health()
    for at in (1.0, 2.0, 3.0):
        health.failed(at, "silence", began=at - 0.5)
    assert not health.may_probe([4.0], 1000.0)


def test_one_failure_alone_rests_a_line_that_reached_nobody_meanwhile() -> None:
    health = Health()
    health.failed(10.0, "no_prompt", began=9.0, alone=True)
    assert 0 < health.rest_s(10.0) < FIRST_REST_S
    assert (health.broken, health.shows(10.0)) == (False, None)
    health.worked(began=11.0, now=12.0)
    health.failed(12.5, "http_503", began=11.5, alone=True)
    assert health.rest_s(12.5) == 0, "others were reached while it lasted"


def test_a_certain_fault_is_not_forgotten_for_somebody_reached_by_an_older_send() -> None:
    health = Health()
    health.condemned(10.0, "no_balance", began=9.0)
    health.worked(began=8.0, now=11.0)
    assert health.shows(1000.0) == "no_balance"
    health.worked(began=10.5, now=11.5)
    assert health.shows(1000.0) is None
