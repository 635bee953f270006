"""`--cpu-report`: what each test file took of the processor, its daemons and browsers included, and of the clock.

Two cores are what the suite has, so that a second of the processor costs half a second of the whole run, wherever it
falls; a wait costs nothing as long as another file runs beside.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

TICKS: Final = os.sysconf("SC_CLK_TCK")
COLLECTING: Final = "(starting and collecting)"
Spent = tuple[str, float, float]
"""A file, and its seconds of the processor and of the clock."""


def cpu_s() -> float:
    """Returns the seconds of this process and all below it so far, of those that ended as well."""
    children: dict[int, list[int]] = defaultdict(list)
    spent: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            head, _, rest = status.read_text().rpartition(") ")
            pid, fields = int(head.split()[0]), rest.split()
            children[int(fields[1])].append(pid)
            spent[pid] = sum(map(int, fields[11:15]))
    total, below = 0, [os.getpid()]
    while below:
        pid = below.pop()
        total += spent.get(pid, 0)
        below += children[pid]
    return total / TICKS


class CpuReport:
    """Reads the counters where one file follows another, in one process that runs them all (`-n 0`)."""

    def __init__(self) -> None:
        self._spent: list[Spent] = []
        self._since = (0.0, time.monotonic())

    def _close(self, name: str) -> None:
        cpu, now = cpu_s(), time.monotonic()
        self._spent.append((name, cpu - self._since[0], now - self._since[1]))
        self._since = cpu, now

    def pytest_collection_finish(self) -> None:
        self._close(COLLECTING)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        done = yield
        if nextitem is None or nextitem.path != item.path:
            self._close(item.nodeid.partition("::")[0])
        return done

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for name, cpu, wall in self._spent:
            found[name][0] += cpu
            found[name][1] += wall
        terminalreporter.section("seconds of the processor, and of the clock")
        for name, (cpu, wall) in sorted(found.items(), key=lambda one: -one[1][0]):
            terminalreporter.write_line(f"{cpu:8.1f} {wall:8.1f}  {name}")
        total = sum(cpu for cpu, _ in found.values())
        terminalreporter.write_line(f"{total:8.1f}           in all")
