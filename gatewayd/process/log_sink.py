"""Where log lines go, without ever keeping the daemon: a full disk, a closed pipe, a reader that hangs cost lines,
which are counted, and no work."""

from __future__ import annotations

import os
import select
import socket
import stat
from typing import Final, TextIO

_AT_ONCE: Final = 4096
"""Octets that a pipe takes without blocking once it is writable (PIPE_BUF, pipe(7))."""


class LogSink:
    """A stream to write to; `write` neither raises nor waits."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._torn = False
        """The last line was cut off in its middle."""
        self.lost = 0
        """Lines that could not be written."""
        self._fd: int | None = None
        self._socket: socket.socket | None = None
        self._poll = select.poll()
        self._waits = False
        """A pipe or a terminal, which may take nothing for any time."""
        try:
            fd = stream.fileno()
            mode = os.fstat(fd).st_mode
        except (OSError, ValueError, AttributeError):
            return  # in memory
        self._fd = fd
        if stat.S_ISSOCK(mode):
            self._socket = socket.socket(fileno=os.dup(fd))
        elif not stat.S_ISREG(mode):
            self._waits = True
            self._poll.register(fd, select.POLLOUT)

    def write(self, text: str) -> int:
        try:
            if self._fd is None:
                self._stream.write(text)
                self._stream.flush()
            else:
                self._put(text.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError):
            self.lost += 1
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _put(self, data: bytes) -> None:
        assert self._fd is not None
        view = memoryview(b"\n" + data if self._torn else data)
        whole = len(view)
        self._torn = False
        try:
            while view:
                view = view[self._some(view) :]
        except OSError:
            self._torn = len(view) < whole
            raise

    def _some(self, view: memoryview) -> int:
        if self._socket is not None:
            return self._socket.send(view, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        assert self._fd is not None
        if self._waits and not self._poll.poll(0):
            raise BlockingIOError
        return os.write(self._fd, view[:_AT_ONCE] if self._waits else view)
