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
from tests.rig import Gateway

START_TARGET_S: Final = 3.0
RATE_TARGET: Final = 90.0
MEMORY_TARGET_MB: Final = 250.0
MODEMS: Final = 16
LOAD_S: Final = 600.0
"""A million rows take a minute or two; a machine that is busy with other things, several."""
FEW: Final = 1000
"""Messages that wait where few do."""
EDGE: Final = 100
"""Messages at either end of a thousand that do not count: lines begin and end with them one by one."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    few = _few(base, scale)
    with scratch(base) as folder:
        yield from _loaded(folder, scale)
        with simulated(folder, MODEMS) as simulator:
            daemon = Gateway(folder, simulator.ports)
            before = time.monotonic()
            with daemon.start():
                daemon.call("ping")
                started = time.monotonic() - before
                running = Trial(folder, simulator, daemon)
                with Memory(running.pid) as memory:
                    running.ready()
                    opened = time.monotonic() - before
                    running.wait_taken(FEW)
                    many = _thousands(running, scale)
    waiting = f"{scale.backlog_rows:,} waiting"
    yield Figure(f"{waiting}: start to control socket", started, "s", START_TARGET_S, "<=")
    yield Figure(f"  start to all {MODEMS} lines ready", opened, "s")
    yield Figure(f"{waiting}: rate against {FEW:,} waiting", median(many) / median(few) * 100, "%", RATE_TARGET)
    yield Figure(f"  with {scale.backlog_rows:,} waiting", median(many), "segments/s", runs=tuple(many))
    yield Figure(f"  with {FEW:,} waiting", median(few), "segments/s", runs=tuple(few))
    yield Figure(f"{waiting}: memory, started and sending", memory.peak_mb, "MB", MEMORY_TARGET_MB, "<=")


def _few(base: Path, scale: Scale) -> list[float]:
    """The rate of one thousand after another, each dropped once the last one is through."""
    rates = []
    with trial(base, MODEMS) as running:
        running.warm_up(300)
        for index in range(scale.thousands):
            running.simulator.ask("reset_stats")
            record = running.taken
            running.drop(f"few{index}", FEW, 10_000 + index * FEW)
            running.wait_taken(FEW)
            rates.append(_rate(running.takes(record)))
            running.done(f"few{index}")
    return rates


def _loaded(folder: Path, scale: Scale) -> Iterator[Figure]:
    """Records the backlog with a gateway that has no lines yet, so that nothing of it is sent meanwhile."""
    with Gateway(folder, []).start() as daemon, simulated(folder, 1) as simulator:
        running = Trial(folder, simulator, daemon)
        running.begin()
        with Memory(running.pid) as memory:
            dropped = running.drop("backlog", scale.backlog_rows)
            recorded = running.recorded("backlog", LOAD_S)
    yield Figure(f"  {scale.backlog_rows:,} rows, no lines: drop to recorded", recorded - dropped, "s")
    yield Figure("  memory while they are recorded", memory.peak_mb, "MB", MEMORY_TARGET_MB, "<=")


def _thousands(running: Trial, scale: Scale) -> list[float]:
    """The rate of one thousand after another out of those that wait."""
    record = running.taken
    running.simulator.ask("reset_stats")
    running.wait_taken(scale.thousands * FEW)
    takes = running.takes(record)
    return [_rate(takes[index * FEW : (index + 1) * FEW]) for index in range(scale.thousands)]


def _rate(thousand: Sequence[Take]) -> float:
    begin, end = thousand[EDGE], thousand[len(thousand) - EDGE]
    return (len(thousand) - 2 * EDGE) / (end.at - begin.at)
