"""Forecasts against what happened: campaigns drawn at random, played message by message. The long form is a benchmark
(`make bench ARGS=forecast`)."""

from __future__ import annotations

import pytest

from tests.rig.foretold import FAMILIES, drawn, true_gains

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
