"""Where the audio of SIP callees goes: tells when each call's first audible packet came (RFC 3550 §5.1)."""

from __future__ import annotations

import socket
import struct
import threading
from collections import defaultdict
from types import TracebackType
from typing import Final, Self

from tests.peers.ulaw import silent

HEADER: Final = 12
BUFFER: Final = 4 << 20
"""Some seconds of many calls: a thread that has to wait loses nothing."""

_SO_TIMESTAMP: Final = 29
"""Linux: the kernel says when a packet came, however late it is read (socket(7)); Python has no name for it."""

_TIMEVAL: Final = struct.Struct("ll")


class RtpListener:
    """`with RtpListener() as listener:`; callees name its `port` in their SDP."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMP, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._heard: set[tuple[int, bytes]] = set()
        self._first: dict[int, list[float]] = defaultdict(list)
        self._thread = threading.Thread(target=self._listen, name="rtp", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def first_after(self, port: int, at: float) -> float | None:
        """When the first audible packet of a stream that began after `at` came from that port; Unix s."""
        return min((heard for heard in self._first.get(port, []) if heard >= at), default=None)

    def _listen(self) -> None:
        while True:
            data, ancillary, _flags, (_host, port) = self._socket.recvmsg(2048, 64)
            if len(data) <= HEADER:
                return
            stream = (port, data[8:12])
            if stream in self._heard or silent(data[HEADER:]):
                continue
            self._heard.add(stream)
            seconds, microseconds = _TIMEVAL.unpack(ancillary[0][2])
            self._first[port].append(seconds + microseconds / 1e6)
