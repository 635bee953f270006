"""From the rename in the spool to the first AT+CMGS, on a line that has nothing else to do."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import Trial, trial

P50_MS: Final = 30.0
P99_MS: Final = 100.0
PEER: Final = (2500.0, "the best of all peers")
PAUSE_S: Final = (0.05, 0.45)
"""Between the end of a message and the next drop: at any moment of what the gateway does by itself every second."""
WARM: Final = 5


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    dice = random.Random(1)
    with trial(base, 1) as running:
        for number in range(WARM):
            _drop(running, number)
        times = []
        for number in range(WARM, WARM + scale.drops):
            time.sleep(dice.uniform(*PAUSE_S))
            times.append(_drop(running, number))
    cuts = quantiles(times, n=100, method="inclusive")
    yield Figure(f"rename to first AT+CMGS, p50 of {len(times)}", cuts[49], "ms", P50_MS, "<=", *PEER)
    yield Figure(f"rename to first AT+CMGS, p99 of {len(times)}", cuts[98], "ms", P99_MS, "<=", *PEER)
    yield Figure("the slowest", max(times), "ms")


def _drop(running: Trial, number: int) -> float:
    """ms; returns when the message has been sent and reported."""
    running.simulator.ask("reset_stats")
    dropped = running.drop_one(f"one{number}", 30_000_000 + number)
    running.simulator.ask("wait", taken=1, reports_acknowledged=1, timeout=30)
    begun = running.simulator.ask("stats")["total"]["first_cmgs"]
    assert begun is not None, "nothing was sent within 30 s"
    return float(begun["monotonic"] - dropped) * 1000
