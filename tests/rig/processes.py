"""Processes of a trial: started from this tree, waited for by signals, and ended by their id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.rig.warm import Warm, warms

ROOT = Path(__file__).parents[2]
STOP_S = 30.0


def gatewayd(
    arguments: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: int | None = None,
    stdout: int | IO[Any] | None = None, stderr: int | IO[Any] | None = None,
) -> subprocess.Popen[bytes]:  # fmt: skip
    """Starts `gatewayd ARGUMENTS` of this tree: in a test warm (`tests.rig.warm`), else as the shell does."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    start: type[subprocess.Popen[bytes]] = Warm if warms() else subprocess.Popen
    return start(
        [sys.executable, "-m", "gatewayd", *arguments],
        env={**os.environ, "PYTHONPATH": path, "LANG": "en_US.UTF-8", **(env or {})},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def run(
    arguments: Sequence[str], *, env: Mapping[str, str] | None = None, given: str = "", timeout_s: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Runs `gatewayd ARGUMENTS` to its end, with `given` on its input."""
    piped = subprocess.PIPE
    with gatewayd(arguments, env=env, stdin=piped, stdout=piped, stderr=piped) as process:
        try:
            out, error = process.communicate(given.encode(), timeout_s)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out.decode(), error.decode())


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
