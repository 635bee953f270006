"""Ports of this machine for programs that must be told theirs before they start.

A port that the kernel chooses and that is let go of may be anybody's a moment later: another test's, or the near end of
a connection. These lie below the kernel's own range, and are held by a lock file for as long as this process runs.
"""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from itertools import count
from pathlib import Path
from typing import Final

_LOW: Final = 12_000
_HIGH: Final = min(32_000, int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]))
_STEP: Final = 7_919
"""A prime far from a divisor of the range: processes that begin side by side soon part."""
_FOLDER: Final = Path(tempfile.gettempdir()) / f"gatewayd-ports-{os.getuid()}"
_tried = count(os.getpid() * 31)
_held: list[int] = []
"""Descriptors of the lock files, let go of with the process."""


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Returns a port that nobody listens on, and that no other test is given while this process runs."""
    _FOLDER.mkdir(exist_ok=True)
    span = _HIGH - _LOW
    for _, number in zip(range(span), _tried, strict=False):
        port = _LOW + number * _STEP % span
        if _hold(port) and _unused(port, kind):
            return port
    raise AssertionError(f"no port between {_LOW} and {_HIGH} is free")


def _hold(port: int) -> bool:
    lock = os.open(_FOLDER / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return False
    _held.append(lock)
    return True


def _unused(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
