"""Processes of a trial: started from this tree, waited for by signals, and ended by their id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
STOP_S = 30.0


def gatewayd(
    arguments: Sequence[str], *, env: Mapping[str, str] | None = None, stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
) -> subprocess.Popen[bytes]:  # fmt: skip
    """Starts `gatewayd ARGUMENTS` of this tree."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", "gatewayd", *arguments],
        env={**os.environ, "PYTHONPATH": path, "LANG": "en_US.UTF-8", **(env or {})},
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """Sends a signal to a process that still runs, and answers its exit status."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


class Lines:
    """A request and an answer, one JSON object a line, over a unix socket."""

    def __init__(self, path: Path, timeout_s: float = 180.0) -> None:
        import socket

        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rwb")

    def ask(self, **request: Any) -> dict[str, Any]:
        import json

        self._file.write(json.dumps(request).encode() + b"\n")
        self._file.flush()
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    def close(self) -> None:
        self._file.close()
        self._socket.close()
