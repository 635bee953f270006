"""A million messages wait: how long a start takes, how fast they go, and what they take of memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import Memory
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import Take, Trial, scratch, simulated, trial
from tests.rig import Gateway, Simulator

START_TARGET_S: Final = 3.0
RATE_TARGET: Final = 90.0
MEMORY_TARGET_MB: Final = 250.0
MODEMS: Final = 16
LOAD_S: Final = 600.0
"""A million rows take a minute or two; a machine that is busy with other things, several."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    # Before and after: a machine shared with others is not as fast now as it was a minute ago.
    few = _few(base, scale)
    with scratch(base) as folder, simulated(folder, MODEMS) as simulator:
        yield from _recorded(folder, simulator, scale)
        daemon = Gateway(folder, simulator.ports)
        before = time.monotonic()
        with daemon.start():
            daemon.call("ping")
            started = time.monotonic() - before
            running = Trial(folder, simulator, daemon)
            with Memory(running.pid) as memory:
                running.ready()
                opened = time.monotonic() - before
                running.wait_taken(scale.few)
                many = _many(running, scale)
    few += _few(base, scale)
    waiting = f"{scale.backlog_rows:,} waiting"
    yield Figure(f"{waiting}: start to control socket", started, "s", START_TARGET_S, "<=")
    yield Figure(f"start to all {MODEMS} lines ready", opened, "s")
    yield Figure(f"{waiting}: rate against {scale.few:,} waiting", median(many) / median(few) * 100, "%", RATE_TARGET)
    yield Figure(f"with {scale.backlog_rows:,} waiting", median(many), "segments/s", runs=tuple(many))
    yield Figure(f"with about {scale.few:,} waiting", median(few), "segments/s", runs=tuple(few))
    yield Figure(f"{waiting}: memory, started and sending", memory.peak_mb, "MB", MEMORY_TARGET_MB, "<=")


def _few(base: Path, scale: Scale) -> list[float]:
    """The rate of each group while about so many wait: another is dropped whenever half of one is through."""
    with trial(base, MODEMS) as running:
        running.warm_up(300)
        record = running.taken
        for index in range(scale.groups + 1):
            running.drop(f"few{index}", scale.few, 10_000 + index * scale.few)
            running.wait_taken(index * scale.few + scale.few // 2)
        running.wait_taken((scale.groups + 1) * scale.few)
        return _rates(running.takes(record)[scale.few // 2 :], scale)


def _recorded(folder: Path, simulator: Simulator, scale: Scale) -> Iterator[Figure]:
    """The backlog comes while the gateway has no lines yet, so that nothing of it is sent meanwhile."""
    with Gateway(folder, []).start() as daemon:
        running = Trial(folder, simulator, daemon)
        running.begin()
        with Memory(running.pid) as memory:
            dropped = running.drop("backlog", scale.backlog_rows)
            recorded = running.recorded("backlog", LOAD_S)
        running.require("backlog", scale.backlog_rows)
    name = f"{scale.backlog_rows:,} rows, no lines"
    yield Figure(f"{name}: drop to recorded", recorded - dropped, "s")
    yield Figure(f"{name}: memory meanwhile", memory.peak_mb, "MB", MEMORY_TARGET_MB, "<=")


def _many(running: Trial, scale: Scale) -> list[float]:
    """The rate of each group out of those that wait."""
    record = running.taken
    running.simulator.ask("reset_stats")
    running.wait_taken(scale.groups * scale.few + 1)
    return _rates(running.takes(record), scale)


def _rates(takes: Sequence[Take], scale: Scale) -> list[float]:
    groups = [takes[index * scale.few : (index + 1) * scale.few + 1] for index in range(scale.groups)]
    return [scale.few / (each[-1].at - each[0].at) for each in groups]
