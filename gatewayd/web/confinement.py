"""What the web process takes from itself before it serves anybody: it is the first to go, and outlives no daemon."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
NICE: Final = 5
"""Lines and the store's writer come first."""
OOM_SCORE: Final = 800
"""Of 1000 (proc(5), oom_score_adj): when memory runs out, the panel goes and the lines stay."""
MEMORY_MAX: Final = 4 << 30
"""Bytes of address space, of which threads and TLS reserve much and use little: a leak that outruns the daemon's watch
ends here."""


def confine(parent: int | None) -> None:
    """Lowers this process's bounds; with `parent`, it ends with that process.

    SystemExit where the parent has gone already.
    """
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if parent is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            raise SystemExit(1)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def give_way() -> None:
    """Lowers this process's priority, once it serves: until then people wait for it."""
    # A confined service may not change priorities; then the scheduler's fairness has to do.
    with suppress(OSError):
        os.nice(NICE)
