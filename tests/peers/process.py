"""A peer program in the background, and the lines it says, each awaited with a deadline."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

STOP_S = 15.0
"""Peers close their port and write a last line of log after SIGTERM."""


class Lines:
    """Lines that arrive on a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self.seen: list[str] = []

    def until(self, pattern: str, timeout: float) -> re.Match[str]:
        """The first line from here on that `pattern` is found in."""
        deadline = time.monotonic() + timeout
        wanted = re.compile(pattern)
        while True:
            line, found, rest = self._rest.partition(b"\n")
            if found:
                self._rest = rest
                text = line.decode("utf-8", "replace").rstrip("\r")
                self.seen.append(text)
                match = wanted.search(text)
                if match:
                    return match
                continue
            ready, _, _ = select.select([self._descriptor], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self._descriptor, 65536) if ready else b""
            if not data:
                said = "\n".join(self.seen[-60:])
                raise AssertionError(f"no line like {pattern!r} within {timeout} s; it said:\n{said}")
            self._rest += data


class EventPipe:
    """A named pipe that a peer's hook script writes lines into."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        # Read and write: opening never waits for the other side, and no writer's end is an end of file.
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.lines = Lines(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class Peer:
    """`with Peer([...]) as peer: peer.lines.until("ready", 10)`: standard output and error together."""

    def __init__(self, command: Sequence[str], cwd: Path) -> None:
        self._command, self._cwd = command, cwd

    def __enter__(self) -> Peer:
        self._process = subprocess.Popen(
            self._command,
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        )
        assert self._process.stdout is not None
        self.lines = Lines(self._process.stdout.fileno())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
