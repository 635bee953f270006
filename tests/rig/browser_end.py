"""The end of a browser that does not let go: once in a long while Chromium answers nothing when a context is closed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CLOSE_S = 20.0


@contextmanager
def ended_after(seconds: float = CLOSE_S) -> Iterator[threading.Event]:
    """Kills this process's browsers where the block takes longer; says so by the event."""
    ended = threading.Event()

    def end() -> None:
        ended.set()
        for pid in browsers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield ended
    finally:
        timer.cancel()


def browsers() -> list[int]:
    """Returns the processes below this one that are a browser's."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            head, _paren, rest = status.read_text().rpartition(")")
            children.setdefault(int(rest.split()[1]), []).append(int(head.split()[0]))
    found, below = [], [os.getpid()]
    while below:
        pid = below.pop()
        below += children.get(pid, ())
        with suppress(OSError):
            if b"chrom" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]:
                found.append(pid)
    return found
