"""Who watches an Asterisk from aside: how many calls there are at once, and which numbers were called how often.

A manager connection of its own, read by a thread, so that it sees what no line of ours is told. Asterisk publishes the
beginning and the end of all channels in one order; the call that follows another never seems to be beside it.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Self

from tests.peers.asterisk import SECRET, Asterisk

USER = "onlooker"
GREETING_S = 10.0

_CALLED = re.compile(r"[A-Za-z0-9]+/(?:[^@]*sip:)?(\d+)@")
"""The number in the name of a channel: `Local/5491…@people-…;1`."""


class Onlooker:
    """`with Onlooker(pbx) as seen:`; watch again (another `with`) after Asterisk was killed, and `add` up."""

    def __init__(self, pbx: Asterisk) -> None:
        self._pbx = pbx
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._live: dict[str, str] = {}
        self.most = 0
        """Most calls at once."""
        self.began: list[float] = []
        """When each call began, monotonic s."""
        self.called: Counter[str] = Counter()
        """Calls by number, where the channel's name says it (Local channels)."""

    # -------------------------------------------------------------------------------------------------------- watching

    def __enter__(self) -> Self:
        self._socket = socket.create_connection(("127.0.0.1", self._pbx.port), GREETING_S)
        self._file = self._socket.makefile("rb")
        self._socket.sendall(f"Action: Login\r\nUsername: {USER}\r\nSecret: {SECRET}\r\nEvents: on\r\n\r\n".encode())
        while b"Success" not in (line := self._file.readline()):
            assert line, "Asterisk let nobody watch"
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._watch, name="onlooker", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # Asterisk was killed
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._file.close()
        self._socket.close()

    def _watch(self) -> None:
        headers: dict[str, str] = {}
        with contextlib.suppress(OSError):  # a reset: it was killed
            for line in self._file:
                if line == b"\r\n":
                    self._hear(headers)
                    headers = {}
                name, _, value = line.decode("utf-8", "replace").partition(":")
                headers[name] = value.strip()
        with self._changed:
            self._live.clear()
            self._changed.notify_all()

    def _hear(self, event: dict[str, str]) -> None:
        name, channel = event.get("Event"), event.get("Channel", "")
        # The far half of a Local channel is the person called, and what a person is transferred to is no call of ours.
        if channel.endswith(";2") or not event.get("Uniqueid", "").isalnum():
            return
        with self._changed:
            if name == "Newchannel":
                self._live[event["Uniqueid"]] = channel
                self.most = max(self.most, len(self._live))
                self.began.append(time.monotonic())
                if (match := _CALLED.match(channel)) is not None:
                    self.called[match.group(1)] += 1
            elif name == "Hangup":
                self._live.pop(event["Uniqueid"], None)
            self._changed.notify_all()

    # ---------------------------------------------------------------------------------------------------------- asking

    @property
    def live(self) -> int:
        with self._lock:
            return len(self._live)

    @property
    def channels(self) -> list[str]:
        """Names of the live calls' channels."""
        with self._lock:
            return list(self._live.values())

    def wait_live(self, count: int, timeout_s: float) -> None:
        """Until so many calls are there at once."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._live) >= count, timeout_s), f"{len(self._live)} of {count}"

    def wait_begun(self, count: int, timeout_s: float) -> None:
        """Until so many calls have begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.began) >= count, timeout_s), f"{len(self.began)} of {count}"
