"""Forecasts of campaigns against what happened, message by message, where the forecast knows no more than a gateway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gatewayd.campaigns.forecast import Forecast
from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.rig.foretold import FAMILIES, Trial, drawn, true_gains
from tests.rig.foretold_ladder import drawn_ladder

RIGHT: Final = 0.85
"""A cause is the right one whose absence would gain as much as any other's, but for a rest of chance."""
SIZES: Final = (600, 1_500, 3_000)


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    """Draws campaigns limited by each cause, and by three at once."""
    trials, causes = scale.forecasts
    held = all_ = right = judged = 0
    widest = slowest = off = 0.0
    for family in FAMILIES:
        inside = 0
        for seed in range(trials):
            trial = drawn(family, seed, SIZES[seed % len(SIZES)])
            found, took = _forecast(trial)
            happened = trial.happened()
            whole = max(found.stops - trial.truth.begin, 1.0)
            inside += found.low <= happened.last <= found.high
            widest = max(widest, (found.high - found.low) / whole)
            off += abs(happened.last - found.stops) / whole
            slowest = max(slowest, took)
            if seed < causes:
                gains = true_gains(trial)
                right += gains[found.cause] >= RIGHT * max(gains.values())
                judged += 1
        held += inside
        all_ += trials
        yield Figure(f"campaigns limited by {family}: the end within", 100 * inside / trials, "%")
    inside = 0
    for seed in range(trials):
        ladder = drawn_ladder(seed, SIZES[seed % len(SIZES)])
        began = time.process_time()
        climbed = ladder.forecast()
        slowest = max(slowest, time.process_time() - began)
        inside += climbed.low <= ladder.happened() <= climbed.high
        widest = max(widest, (climbed.high - climbed.low) / max(climbed.stops - ladder.first.truth.begin, 1.0))
    held, all_ = held + inside, all_ + trials
    yield Figure("ladders of two channels: the end of both within", 100 * inside / trials, "%")
    yield Figure(f"forecasts of {all_} campaigns: the end within the interval", 100 * held / all_, "%", 90, ">=")
    yield Figure("the widest interval, of the whole", 100 * widest, "%", 25, "<=")
    yield Figure(f"the cause named, of {judged}: right", 100 * right / judged, "%", 100, ">=")
    yield Figure("the end expected, off by, mean", 100 * off / all_, "%")
    yield Figure("the slowest forecast, of the processor", 1000 * slowest, "ms", 200, "<=")


def _forecast(trial: Trial) -> tuple[Forecast, float]:
    began = time.process_time()
    found = trial.forecast()
    return found, time.process_time() - began
