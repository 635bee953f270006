"""What a worker takes on itself before it works: it dies with its parent, yields to lines, and has bounded memory."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from contextlib import suppress
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_NICE: Final = 10
"""Lines and the store's writer come first."""


def die_with(parent: int) -> None:
    """Binds this process to `parent` (a pid), whose end is its own; SystemExit where the parent is gone already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        raise SystemExit(1)


def confine(parent: int, memory: int) -> None:
    """Binds this process to `parent` (a pid) and to `memory` octets of address space; SystemExit where the parent is
    gone already."""
    die_with(parent)
    # A terminal's Ctrl-C goes to the daemon; it drains and then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A confined service may not change priorities; then the scheduler's fairness has to do.
    with suppress(PermissionError):
        os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
