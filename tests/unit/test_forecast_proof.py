"""Forecasts against what happened: campaigns drawn at random, played message by message. The long form is a benchmark
(`make bench ARGS=forecast`)."""

from __future__ import annotations

import pytest

from tests.rig.foretold import FAMILIES, drawn, true_gains
from tests.rig.foretold_ladder import drawn_ladder

WIDEST = 0.2501
PEOPLE = 1_500


@pytest.mark.parametrize("family", FAMILIES)
def test_the_interval_holds_and_the_cause_is_right(family: str) -> None:
    held, trials = [], 1 if family == "caps" else 3  # a day of others is played until caps end
    for seed in range(trials):
        trial = drawn(family, seed, PEOPLE)
        found, happened = trial.forecast(), trial.happened()
        held.append(found.low <= happened.last <= found.high)
        assert found.high - found.low <= WIDEST * (found.stops - trial.truth.begin), (seed, found)
        if family == "credit":
            assert found.end is None
            assert found.left == pytest.approx(happened.left, rel=0.05), seed
        if seed == 0:
            gains = true_gains(trial)
            assert gains[found.cause] >= 0.85 * max(gains.values()), (found.cause, gains)
    assert sum(held) >= trials - 1, held


def test_the_interval_of_a_ladder_holds_its_further_channels() -> None:
    held = []
    for seed in range(20, 30):
        trial = drawn_ladder(seed, 800)
        found, begin = trial.forecast(), trial.first.truth.begin
        held.append(found.low <= trial.happened() <= found.high)
        assert found.high - found.low <= WIDEST * (found.stops - begin), (seed, found)
        # The first channel alone ends before all of it does.
        assert found.stops > trial.first.forecast().stops + 0.9 * trial.wait_s
    assert sum(held) >= 8, held
