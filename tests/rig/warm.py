"""`gatewayd ARGUMENTS` as a process that was forked from one which has imported it all (`warm_server`).

The command is the same from its first line to its exit status; what is left out is a second in which Python imports.
How the executable itself starts is the business of the tests that start it cold: of the command line, the packaging,
the units, the demo, and of all benchmarks.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

_ONE: Final = threading.Lock()
"""One asks at a time."""
_ARGUMENTS_MAX: Final = 4000
"""Room for the arguments of what it becomes, as ps and /proc show them."""
_SERVER: Final = Path(__file__).with_name("warm_server.py")


def warms() -> bool:
    """Returns whether processes are started warm: in tests that do not measure, or measure neither a start nor memory
    and say so by `$GATEWAYD_WARM`; nowhere if `$GATEWAYD_COLD` is set."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "")
    measures = test.startswith("tests/benchmarks/") and not os.environ.get("GATEWAYD_WARM")
    return bool(test) and not measures and not os.environ.get("GATEWAYD_COLD")


class Warm(subprocess.Popen[bytes]):
    """A process of `gatewayd`, used like any `Popen`. Its parent is the server, whose word is taken for its end."""

    _ended: int
    """The reading end of a pipe that says how it ended."""

    def _execute_child(self, *given: Any) -> None:
        arguments, folder, env = given[0], given[5], given[6]
        read_in, _, _, write_out, _, write_error = given[10:16]
        self._ended, ends = os.pipe2(os.O_CLOEXEC)
        request = {
            "arguments": arguments[3:],
            "environment": dict(env or os.environ),
            "folder": str(folder or Path.cwd()),
            "session": given[21],
        }
        streams = [0 if read_in == -1 else read_in, 1 if write_out == -1 else write_out]
        streams.append(2 if write_error == -1 else write_error)
        try:
            self.pid = _server().start(request, [*streams, ends])
        finally:
            os.close(ends)
            self._close_pipe_fds(*given[10:16])  # type: ignore[attr-defined]
        self._child_created = True

    def poll(self) -> int | None:
        self._look(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._look(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def _internal_poll(self, *_given: Any, **_more: Any) -> int | None:
        return self.poll()

    def _look(self, timeout: float | None) -> None:
        if self.returncode is None and select.select([self._ended], [], [], timeout)[0]:
            said = os.read(self._ended, 32)
            os.close(self._ended)
            self.returncode = os.waitstatus_to_exitcode(int(said)) if said else -9


class _Server:
    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        root = str(_SERVER.parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_SERVER), str(theirs.fileno()), " " * _ARGUMENTS_MAX],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": path, "LANG": "en_US.UTF-8"},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        atexit.register(self.close)

    def start(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        with _ONE:
            socket.send_fds(self._socket, [json.dumps(request).encode()], list(descriptors))
            return int(self._socket.recv(32))

    def close(self) -> None:
        self._socket.close()
        self._process.wait(10)


@cache
def _made() -> _Server:
    return _Server()


def _server() -> _Server:
    with _ONE:
        return _made()
