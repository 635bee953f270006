"""When a feed is read again. Pure; times are Unix ms."""

from __future__ import annotations

from typing import Final

SPREAD: Final = 0.1
"""Of its interval: so far apart lie feeds that began together, for the sake of who is asked."""
RETRY_MS: Final = 60_000
"""After a fault, doubled each time, and never later than it is due anyway."""


def next_read(every_ms: int, began_at: int | None, failures: int, chance: float) -> int:
    """Returns when it is read next; `chance` is between 0 and 1. Never yet read: at once."""
    if began_at is None:
        return 0
    pause = every_ms
    if failures:
        pause = min(every_ms, RETRY_MS * 2 ** min(failures - 1, 10))
    return began_at + round(pause * (1 + SPREAD * (chance - 0.5)))


def is_stale(ok_at: int | None, max_age_ms: int | None, now: int) -> bool:
    """Returns whether what a feed brought is too old to claim by."""
    return max_age_ms is not None and (ok_at is None or now - ok_at > max_age_ms)
