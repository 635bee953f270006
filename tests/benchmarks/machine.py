"""The machine under the figures: what it is, what else it does meanwhile, and how long its disk takes to be sure."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_TICK = os.sysconf("SC_CLK_TCK")
_SYNCS = 50
"""Writes for one look at the disk: a quarter of a second where it is busy."""
_PAGE = bytes(4096)


def describe() -> dict[str, Any]:
    """What the figures were taken on."""
    text = Path("/proc/meminfo").read_text()
    memory = int(text.split("MemTotal:")[1].split()[0]) // 1024
    return {
        "cores": os.cpu_count(),
        "memory_mb": memory,
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def sync_ms(folder: Path) -> tuple[float, float]:
    """Median and slowest of some appends with fdatasync to a file in `folder`, ms: what a commit waits for."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            file.write(_PAGE)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), max(times)


# ----------------------------------------------------------------------------------------------------------- processes


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def cpu_s(pid: int) -> float:
    """CPU seconds of the process and its descendants so far, those that ended included."""
    ticks = 0
    for each in tree(pid):
        fields = _stat(each)
        ticks += sum(int(field) for field in fields[11:15]) if fields else 0
    return ticks / _TICK


def pss_mb(pids: Iterable[int]) -> float:
    """Proportional set size of these processes together: shared pages count once, divided by who shares them."""
    kib = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        kib += int(text.split("\nPss:")[1].split()[0])
    return kib / 1024


def _stat(pid: int) -> list[str]:
    """From the state on (proc(5)): [1] parent, [11:15] own and awaited children's CPU. Empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


class Memory:
    """Samples the memory of a process and its descendants while the block runs."""

    def __init__(self, pid: int, every_s: float = 0.1) -> None:
        self._pid, self._every_s = pid, every_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: list[float] = []

    def _run(self) -> None:
        while True:
            self.samples.append(pss_mb(tree(self._pid)))
            if self._end.wait(self._every_s):
                return

    @property
    def peak_mb(self) -> float:
        return max(self.samples)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()


# ---------------------------------------------------------------------------------------------------------- conditions


@dataclass(frozen=True, slots=True)
class Conditions:
    """What else went on during one measurement."""

    load: float
    """Load average of the last minute, at its end."""
    busy_cores: float
    """Cores in use meanwhile, on average: ours, the simulator's, everybody's."""
    sync_ms: float
    """Median of fdatasync before it; `sync_worst_ms` the slowest of 50."""
    sync_worst_ms: float
    seconds: float

    def document(self) -> dict[str, Any]:
        """As people read it: no more digits than mean something."""
        digits = {"load": 1, "busy_cores": 2, "sync_ms": 2, "sync_worst_ms": 1, "seconds": 0}
        return {name: f"{value:.{digits[name]}f}" for name, value in asdict(self).items()}


class Watch:
    """`with Watch(folder) as watch: …`; then `watch.conditions`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.conditions: Conditions

    def __enter__(self) -> Self:
        self._sync = sync_ms(self._folder)
        self._busy, self._began = _busy_s(), time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        seconds = time.monotonic() - self._began
        busy = (_busy_s() - self._busy) / seconds if seconds else 0.0
        self.conditions = Conditions(os.getloadavg()[0], busy, *self._sync, seconds)


def _busy_s() -> float:
    """CPU seconds that this machine has spent on anything, since it started."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _wait, irq, softirq, steal = (int(field) for field in fields[:8])
    return (user + nice + system + irq + softirq + steal) / _TICK
