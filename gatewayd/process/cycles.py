"""How often a long-lived process looks for cycles of objects that nobody holds any more."""

from __future__ import annotations

import gc
from typing import Final

COLLECT_AFTER: Final = 20_000
"""Allocations between two looks: rows and messages make no cycles, and come by the thousand."""


def settle() -> None:
    """Leaves all that is loaded by now, and lives as long as the process does, out of every later look: going through
    it is what most of the time of a look is spent on, and everybody waits meanwhile."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
