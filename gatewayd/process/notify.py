"""Tells systemd how the daemon is (sd_notify(3)); says nothing where nobody listens.

The protocol: datagrams of `KEY=VALUE` lines to the UNIX socket named by `$NOTIFY_SOCKET`; a leading `@` means an
abstract socket.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

SEND_TIMEOUT_S: Final = 1.0
"""The service manager empties its socket at once unless it is in trouble; the daemon must not hang on that."""


class Notifier:
    """Sends to one service manager, or to none."""

    def __init__(self, address: str | None = None, *, watchdog_s: float | None = None) -> None:
        """`address` as in `$NOTIFY_SOCKET`; `watchdog_s` is the time (s) without a sign of life that is too long."""
        self._address = address if address and address[0] in "/@" else None
        self._watchdog_s = watchdog_s

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Notifier:
        """What the service manager gave this very process; a child that inherited it has no watchdog."""
        return cls(environ.get("NOTIFY_SOCKET"), watchdog_s=_watchdog_s(environ))

    @property
    def watchdog_interval_s(self) -> float | None:
        """Seconds between signs of life, half of what is too long (sd_watchdog_enabled(3)); None: no watchdog."""
        return self._watchdog_s / 2 if self._watchdog_s is not None and self._address is not None else None

    def ready(self, status: str = "") -> None:
        """Start-up, or reading the configuration again, is over."""
        self._send("READY=1", *self._status(status))

    def reloading(self) -> None:
        """The configuration is being read again; `ready` ends it (Type=notify-reload wants the time, too)."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str = "") -> None:
        self._send("STOPPING=1", *self._status(status))

    def watchdog(self) -> None:
        """A sign of life: to be given after real progress only."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(*self._status(text))

    @staticmethod
    def _status(text: str) -> tuple[str, ...]:
        return (f"STATUS={' '.join(text.split())}",) if text else ()

    def _send(self, *lines: str) -> None:
        if self._address is None or not lines:
            return
        address = f"\0{self._address[1:]}" if self._address[0] == "@" else self._address
        # A manager that is gone or deaf is no reason to stop sending messages; it will draw its own conclusions.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(SEND_TIMEOUT_S)
            sender.sendto("\n".join(lines).encode(), address)


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    try:
        usec = int(environ.get("WATCHDOG_USEC", ""))
        pid = int(environ.get("WATCHDOG_PID") or os.getpid())
    except ValueError:
        return None
    return usec / 1_000_000 if usec > 0 and pid == os.getpid() else None
