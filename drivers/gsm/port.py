"""A serial port as an object of one connection: opened, used, lost or closed, never opened again.

pyserial opens, configures and locks the device; the octets flow through the event loop on its file descriptor.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import termios
from collections.abc import Callable
from typing import cast

import serial

from drivers.gsm.errors import UnavailableError
from drivers.gsm.options import is_terminal

_CHUNK = 65_536
"""Octets per read: more than a modem ever has ready."""

_BACKLOG = 65_536
"""Octets waiting for a modem that takes none; beyond, it counts as lost."""

_REASONS = {
    errno.ENOENT: "missing",
    errno.ENODEV: "missing",
    errno.ENXIO: "missing",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EBUSY: "busy",
    errno.EAGAIN: "busy",
}


class SerialPort:
    """An open, configured and exclusively locked port. `write` never blocks or raises: a loss is reported once."""

    def __init__(self, device: serial.Serial) -> None:
        self._device = device
        self._fd = cast(int, device.fileno())
        self._loop = asyncio.get_running_loop()
        self._backlog = bytearray()
        self._on_data: Callable[[bytes], None] = lambda _data: None
        self._on_lost: Callable[[], None] = lambda: None
        self._attached = False

    @classmethod
    async def open(cls, path: str, baud: int) -> SerialPort:
        """Opens in a thread: a dead USB device may hold `open` for seconds. Raises `UnavailableError`."""
        opening = asyncio.ensure_future(asyncio.to_thread(_open, path, baud))
        try:
            return cls(await asyncio.shield(opening))
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise

    def attach(self, on_data: Callable[[bytes], None], on_lost: Callable[[], None]) -> None:
        self._on_data = on_data
        self._on_lost = on_lost
        self._attached = True
        self._loop.add_reader(self._fd, self._readable)

    def write(self, data: bytes) -> None:
        if not self._attached:
            return
        if self._backlog:
            self._backlog += data
            if len(self._backlog) > _BACKLOG:
                self._lose()
            return
        try:
            written = os.write(self._fd, data)
        except BlockingIOError:
            written = 0
        except OSError:
            # Reported from the loop: the writer is in the middle of changing its own state.
            self._loop.call_soon(self._lose)
            return
        if written < len(data):
            self._backlog += data[written:]
            self._loop.add_writer(self._fd, self._writable)

    async def close(self) -> None:
        """Releases port and lock. In a thread: the kernel may wait for octets that the device does not take."""
        self._detach()
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)
        await asyncio.to_thread(_close, self._device)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._on_data(data)
        else:
            self._lose()

    def _writable(self) -> None:
        try:
            written = os.write(self._fd, self._backlog)
        except BlockingIOError:
            return
        except OSError:
            self._lose()
            return
        del self._backlog[:written]
        if not self._backlog:
            self._loop.remove_writer(self._fd)

    def _lose(self) -> None:
        if self._attached:
            self._detach()
            self._on_lost()

    def _detach(self) -> None:
        if self._attached:
            self._attached = False
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._backlog.clear()


def _open(path: str, baud: int) -> serial.Serial:
    try:
        # Whoever may name a port may name any device, and there are some whose opening alone does something.
        if not is_terminal(os.stat(path)):  # noqa: PTH116 - links followed
            raise UnavailableError("broken", f"{path}: not a serial device")
    except OSError as error:
        raise UnavailableError(_REASONS.get(error.errno or 0, "broken"), f"{path}: {error}") from error
    try:
        return serial.Serial(path, baudrate=baud, timeout=0, write_timeout=0, exclusive=True)
    except serial.SerialException as error:
        # What pyserial says of a lock held elsewhere has no number.
        reason = _REASONS.get(error.errno or 0, "busy" if "lock" in str(error) else "broken")
        raise UnavailableError(reason, f"{path}: {reason}") from error
    except (OSError, ValueError, termios.error) as error:
        raise UnavailableError("broken", f"{path}: {error}") from error


def _close_unwanted(opening: asyncio.Future[serial.Serial]) -> None:
    """Nobody waits for this port any more."""
    if not opening.cancelled() and opening.exception() is None:
        _close(opening.result())


def _close(device: serial.Serial) -> None:
    with contextlib.suppress(OSError, serial.SerialException, termios.error):
        device.close()
