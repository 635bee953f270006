"""The time of day as the gateway keeps it."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Returns Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
