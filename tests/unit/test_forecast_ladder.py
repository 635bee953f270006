"""The forecast of a ladder whose end can be worked out by hand, and the share that a week tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatewayd.campaigns.forecast import Situation, foresee
from gatewayd.campaigns.forecast.climb import Climbed, Missing, Rung, climb, missing_of
from gatewayd.values.model import Route
from tests.unit.test_forecast import NEVER_AGAIN, ZONE, line, ours


def _ladder(
    people: int,
    share: float,
    wait_s: float = 3_600.0,
    *,
    reaches: float = 1.0,
    spread: float = 0.05,
    pace_s: float = 6.0,
) -> tuple[Situation, Climbed]:
    first = Situation(0.0, ZONE, (line("a"),), (ours(people),), again=NEVER_AGAIN)
    calls = replace(line("b"), interval_s=pace_s, channels=frozenset({"call"}))
    ours_ = replace(ours(people), route=Route("call"))
    second = Situation(0.0, ZONE, (calls,), (ours_,), again=NEVER_AGAIN)
    return first, climb(first, [Rung(second, wait_s, Missing(share, spread), reaches)])


def test_a_ladder_ends_after_the_wait_of_those_whom_its_first_channel_missed() -> None:
    first, found = _ladder(1_000, 0.2)
    alone = foresee(first).stops
    assert found.people[0] == pytest.approx(200, rel=0.03)
    assert found.ends
    assert alone + 3_600 < found.stops < alone + 3_600 * 1.3
    assert found.low <= found.stops <= found.high <= found.low + 0.25 * found.stops


def test_a_slow_further_channel_is_what_a_ladder_waits_for() -> None:
    first, found = _ladder(1_000, 0.9, 60.0, pace_s=12.0)
    assert found.stops > 1.5 * foresee(first).stops


def test_those_without_an_address_and_those_who_were_reached_go_nowhere() -> None:
    first, found = _ladder(1_000, 0.2, reaches=0.5)
    assert found.people[0] == pytest.approx(100, rel=0.03)
    first, nobody = _ladder(50, 0.0001)
    assert nobody.people[0] < 0.2
    assert nobody.stops == pytest.approx(foresee(first).stops, rel=0.2)


def test_a_further_channel_without_a_line_does_not_end() -> None:
    first = Situation(0.0, ZONE, (line("a"),), (ours(1_000),))
    second = Situation(0.0, ZONE, (), (replace(ours(1_000), route=Route("call")),))
    assert not climb(first, [Rung(second, 60.0, Missing(0.3))]).ends


def test_what_a_week_tells_of_a_share_is_weighed_with_what_is_usual() -> None:
    assert missing_of([], 0.05) == Missing(0.05, 0.5, 0)
    few = missing_of([(5, 10)], 0.05)
    assert few.share == pytest.approx(10 / 110)
    steady = missing_of([(100, 1_000)] * 7, 0.05)
    restless = missing_of([(20, 1_000), (180, 1_000)] * 3, 0.05)
    assert steady.share == pytest.approx(0.1, rel=0.02)
    assert (steady.measured, restless.measured) == (7_000, 6_000)
    assert steady.spread < 0.1 < 0.5 < restless.spread


def test_what_cannot_begin_reaches_nobody_and_what_begins_later_ends_later() -> None:
    nowhere = Situation(0.0, ZONE, (), (ours(1_000),))
    second = Situation(0.0, ZONE, (line("b"),), (ours(1_000),))
    assert not climb(nowhere, [Rung(second, 60.0, Missing(0.3))]).begins
    due = 2 * 86_400.0
    first = Situation(0.0, ZONE, (line("a"),), (replace(ours(100), due=due),), again=NEVER_AGAIN)
    alone, found = foresee(first), climb(first, [Rung(second, 600.0, Missing(0.3))])
    for low, high in ((alone.low, alone.high), (found.low, found.high)):
        assert due <= low <= high <= low + 1_800
