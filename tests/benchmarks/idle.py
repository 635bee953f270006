"""A daemon with many modems and nothing to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import Memory, tree
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import trial

CPU_TARGET: Final = 2.0
MEMORY_TARGET_MB: Final = 150.0
SAMPLE_S: Final = 5.0
"""Between looks at its memory: seldom enough to cost it nothing."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    with trial(base, scale.idle_modems) as running:
        running.warm_up(scale.idle_work)
        until = time.monotonic() + 60.0
        while len(tree(running.pid)) > 1:
            assert time.monotonic() < until, "the process that reads recipients did not end"
            time.sleep(0.2)
        before, began = running.cpu_s(), time.monotonic()
        with Memory(running.pid, SAMPLE_S) as memory:
            time.sleep(scale.idle_s)
        share = (running.cpu_s() - before) / (time.monotonic() - began) * 100
    name = f"idle, {scale.idle_modems} modems, {scale.idle_s:.0f} s"
    yield Figure(f"{name}: CPU", share, "% of a core", CPU_TARGET, "<=")
    yield Figure(f"{name}: memory", memory.peak_mb, "MB", MEMORY_TARGET_MB, "<=")
