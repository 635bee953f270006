"""What the store's writer has done: commits, commands, how long they took."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

BUCKETS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
"""Bounds of the histogram of transaction times: a quick commit is one to ten ms, a slow disk's a hundred."""


@dataclass(slots=True)
class WriterStats:
    """What the writer has done since it began."""

    commits: int = 0
    commands: int = 0
    failures: int = 0
    seconds: float = 0.0
    """Time in transactions, commits included."""
    slowest: float = 0.0
    waited: float = 0.0
    """Sum over awaited commands of the time from asking to being woken."""
    awaited: int = 0
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=2048))
    """Of the latest awaited commands, seconds."""
    sizes: deque[int] = field(default_factory=lambda: deque(maxlen=2048))
    """Commands in each of the latest transactions."""
    checkpoints: int = 0
    by_time: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    """Transactions by the first of `BUCKETS_S` that they did not exceed; the last count is of those beyond all."""

    def buckets(self) -> list[tuple[float, int]]:
        """(upper bound in s, transactions not slower), in growing order."""
        return list(zip(BUCKETS_S, accumulate(self.by_time), strict=False))

    def committed(self, commands: int, seconds: float) -> None:
        """Counts one transaction of so many commands."""
        self.commits += 1
        self.commands += commands
        self.sizes.append(commands)
        self.seconds += seconds
        self.by_time[bisect_left(BUCKETS_S, seconds)] += 1
        self.slowest = max(self.slowest, seconds)
