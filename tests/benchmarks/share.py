"""Modems that take their time: which share of what they could send at most they are kept busy with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import Trial, intervals_rate, trial

TARGETS: Final = {1: 99.0, 16: 97.0, 64: 97.0}
PEER: Final = (89.0, "smstools")
WARM_SUBMITS: Final = 2
"""Of each modem, before it counts."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    for modems in scale.fleets:
        with trial(base, modems, latency_s=scale.submit_s) as running:
            share = _share(running, modems, scale) * 100
        name = f"{scale.submit_s:g} s a submit, share of N/{scale.submit_s:g}, N = {modems}"
        yield Figure(name, share, "%", TARGETS.get(modems), ">=", *PEER)


def _share(running: Trial, modems: int, scale: Scale) -> float:
    submits = int(scale.share_s / scale.submit_s) + WARM_SUBMITS + 3
    running.drop("share", modems * submits)
    running.wait_taken(modems * WARM_SUBMITS)
    begin = time.monotonic()
    time.sleep(scale.share_s)
    end = time.monotonic()
    return intervals_rate(running.takes(), begin, end) / (modems / scale.submit_s)
