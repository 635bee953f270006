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
from tests.benchmarks.trial import Take, Trial, scratch, simulated
from tests.rig import Gateway, Simulator

START_TARGET_S: Final = 3.0
RATE_TARGET: Final = 90.0
MEMORY_TARGET_MB: Final = 250.0
MODEMS: Final = 16
RECORD_S: Final = 600.0
"""A million rows take a minute or two; a machine that is busy with other things, several."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    few_rows = (scale.groups + 2) * scale.group
    # Before and after: a machine shared with others is not as fast now as it was a minute ago.
    before = _Life(base, few_rows, scale)
    long = _Life(base, scale.backlog_rows, scale)
    few = before.rates + _Life(base, few_rows, scale).rates
    name = f"{scale.backlog_rows:,} rows, no lines"
    yield Figure(f"{name}: drop to recorded", long.record_s, "s")
    yield Figure(f"{name}: memory meanwhile", long.recording_mb, "MB", MEMORY_TARGET_MB, "<=")
    name = f"{scale.backlog_rows:,} waiting"
    yield Figure(f"{name}: start to control socket", long.start_s, "s", START_TARGET_S, "<=")
    yield Figure(f"start to all {MODEMS} lines ready", long.ready_s, "s")
    few_name = f"{scale.group:,} to {few_rows:,} waiting"
    yield Figure(f"{name}: rate against {few_name}", median(long.rates) / median(few) * 100, "%", RATE_TARGET)
    yield Figure(f"rate with {name}", median(long.rates), "segments/s", runs=tuple(long.rates))
    yield Figure(f"rate with {few_name}", median(few), "segments/s", runs=tuple(few))
    yield Figure(f"{name}: memory, started and sending", long.sending_mb, "MB", MEMORY_TARGET_MB, "<=")


class _Life:
    """A store of its own: so many messages are recorded, then a gateway is started over them and sends some."""

    def __init__(self, base: Path, messages: int, scale: Scale) -> None:
        with scratch(base) as folder, simulated(folder, MODEMS) as simulator:
            self._record(folder, simulator, messages)
            self._send(folder, simulator, scale)

    def _record(self, folder: Path, simulator: Simulator, messages: int) -> None:
        """While the gateway has no lines yet, so that nothing is sent meanwhile."""
        with Gateway(folder, []).start() as daemon:
            running = Trial(folder, simulator, daemon)
            running.begin()
            with Memory(running.pid) as memory:
                dropped = running.drop("backlog", messages)
                self.record_s = running.recorded("backlog", RECORD_S) - dropped
            self.recording_mb = memory.peak_mb
            running.require("backlog", messages)

    def _send(self, folder: Path, simulator: Simulator, scale: Scale) -> None:
        daemon = Gateway(folder, simulator.ports)
        began = time.monotonic()
        with daemon.start():
            daemon.call("ping")
            self.start_s = time.monotonic() - began
            running = Trial(folder, simulator, daemon)
            with Memory(running.pid) as memory:
                running.ready()
                self.ready_s = time.monotonic() - began
                # The first ones go while lines are still being opened.
                running.wait_taken(running.taken + scale.group // 2)
                takes = running.taken
                running.wait_taken(takes + scale.groups * scale.group + 1)
            self.sending_mb = memory.peak_mb
            self.rates = _rates(running.takes(takes), scale)


def _rates(takes: Sequence[Take], scale: Scale) -> list[float]:
    """Of one group of messages after another."""
    size = scale.group
    groups = [takes[index * size : (index + 1) * size + 1] for index in range(scale.groups)]
    return [size / (each[-1].at - each[0].at) for each in groups]
