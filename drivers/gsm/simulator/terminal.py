"""A modem's serial port: a pseudo-terminal behind a stable link, on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import tty
from collections.abc import Callable
from pathlib import Path

READ_SIZE = 4096
"""A pseudo-terminal hands over at most this much at once."""
MAX_UNREAD = 64 * 1024
"""What may wait for a host that does not read, before it is lost as on a wire without flow control."""


class Terminal:
    """One port. `plug` makes a new pseudo-terminal and points the link at it; `unplug` hangs it up.

    This side keeps the slave open too: otherwise its master would report a hang-up all the time, at full speed,
    whenever no host has the port open.
    """

    def __init__(self, link: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.link = link
        self._loop = loop
        self._master = self._slave = -1
        self._unwritten = bytearray()
        self.on_input: Callable[[bytes], None] = lambda _data: None

    @property
    def plugged(self) -> bool:
        return self._master >= 0

    def plug(self) -> None:
        if self.plugged:
            return
        self._master, self._slave = os.openpty()
        # No line discipline of the terminal's own: without this it would echo the modem's output back to it.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        device = os.ttyname(self._slave)
        fresh = self.link.with_name(f".{self.link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(device)
        fresh.replace(self.link)
        self._loop.add_reader(self._master, self._readable)

    def unplug(self) -> None:
        """Takes the link away; a program that has the port open reads its end."""
        if not self.plugged:
            return
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        self._unwritten.clear()
        with contextlib.suppress(OSError):
            if self.link.readlink() == Path(os.ttyname(self._slave)):
                self.link.unlink()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def _readable(self) -> None:
        try:
            data = os.read(self._master, READ_SIZE)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EIO):
                return
            raise
        self.on_input(data)

    def write(self, data: bytes) -> None:
        if not self.plugged:
            return
        if self._unwritten:
            if len(self._unwritten) < MAX_UNREAD:
                self._unwritten += data
            return
        written = self._push(data)
        if written < len(data):
            self._unwritten += data[written:]
            self._loop.add_writer(self._master, self._writable)

    def _writable(self) -> None:
        del self._unwritten[: self._push(self._unwritten)]
        if not self._unwritten:
            self._loop.remove_writer(self._master)

    def _push(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
