"""How many files, sockets and pipes this process may have open."""

from __future__ import annotations

import contextlib
import resource
from typing import Final

DESCRIPTORS: Final = 65_536
"""As `systemd/gatewayd.service` has it."""


def raise_descriptors() -> None:
    """Asks for as many descriptors as may be had: lines, files, the store and HTTP share them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a confined service may not, and has its unit's
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
