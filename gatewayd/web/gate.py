"""Lets connections in: bounded together and for each address, before anything is kept for them.

A TLS handshake counts like a request that is not whole. Beyond a bound the connection that has kept us waiting longest
makes room, of that address first; what is in work is never cut off. A proxy's address stands for many people, so it is
bounded by the whole alone.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import h11
import structlog

from gatewayd.process.connections import BODY_S, HEADER_S, Connection, end_longest
from gatewayd.values.throttle import counted_as

log = structlog.get_logger()

MOST: Final = 768
"""Connections at once: half of them in work would be more than any company's people make."""
MOST_AN_ADDRESS: Final = 256
"""People behind one router share an address."""
SHARE: Final = 2
"""Connections take one of so many descriptors at most."""
HANDSHAKE_S: Final = 5.0
STUCK_S: Final = 30.0
"""A reader that has taken nothing for so long is gone, or wants to keep us."""
_AGAIN_S: Final = 0.1
"""Between tries while the machine has no descriptor left."""


def most() -> int:
    """Returns how many connections there may be, by the descriptors that this process may have."""
    return max(8, min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE))


class WebConnection(Connection):
    """One connection of a browser or a program. An answer may last: a stream of events, an export."""

    def __init__(self, *arguments: Any, **keys: Any) -> None:
        super().__init__(*arguments, **keys)
        self._stuck_at: float | None = None

    def make_room(self) -> None:
        """Does nothing: the gate has made it before."""

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck_at = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stuck_at = None

    def late(self, now: float) -> bool:
        if self._stuck_at is not None and now - self._stuck_at > STUCK_S:
            return True
        limit = HEADER_S if self.phase is h11.IDLE else BODY_S if self.phase is h11.SEND_BODY else None
        return limit is not None and now - self.began > limit


class Gate:
    """Accepts on one listening socket. `tls` may be replaced while it runs."""

    def __init__(
        self,
        listener: socket.socket,
        make: Callable[[], WebConnection],
        connections: set[Any],
        *,
        tls: ssl.SSLContext | None,
        shared: Callable[[str], bool],
    ) -> None:
        """`connections` are those that are made, `shared` says which addresses stand for many people."""
        self._listener = listener
        self._make = make
        self._connections = connections
        self.tls = tls
        self._shared = shared
        self._shaking: dict[asyncio.Task[None], str] = {}
        """TLS handshakes, with what their addresses are counted as."""
        self._beginning: dict[asyncio.Task[None], str] = {}
        """Connections of the next turn of the loop. They are not ended: uvloop would still make them, closed, and never
        say that they are lost."""

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    connection, address = await loop.sock_accept(self._listener)
                except OSError as error:
                    log.warning("no connection can be taken", error=str(error))
                    await asyncio.sleep(_AGAIN_S)
                    continue
                self._take(connection, str(address[0]))
        finally:
            tasks = (*self._shaking, *self._beginning)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _take(self, connection: socket.socket, address: str) -> None:
        if not self._room(address):
            connection.close()
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tasks = self._beginning if self.tls is None else self._shaking
        task = asyncio.create_task(self._welcome(connection, self.tls))
        tasks[task] = counted_as(address)

        def over(task: asyncio.Task[None]) -> None:
            tasks.pop(task, None)
            if task.cancelled():  # perhaps before its first step
                connection.close()

        task.add_done_callback(over)

    def _room(self, address: str) -> bool:
        """Makes room for one more; answers whether there is."""
        if len(self._connections) + len(self._shaking) + len(self._beginning) >= most() and not self._end(None):
            return False
        if self._shared(address):
            return True
        place = counted_as(address)
        counts = Counter((*self._shaking.values(), *self._beginning.values()))
        counts.update(_place(one) for one in self._connections)
        return counts[place] < MOST_AN_ADDRESS or self._end(place)

    def _end(self, place: str | None) -> bool:
        """Ends the connection that has waited longest, of what addresses are counted as where that is given."""
        shaking = next((task for task, its in self._shaking.items() if place in (None, its)), None)
        if shaking is not None:
            # Forgotten at once: another may come before it has had its turn, and it makes room for one alone.
            del self._shaking[shaking]
            shaking.cancel()
            return True
        return end_longest(one for one in self._connections if place in (None, _place(one)))

    async def _welcome(self, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        try:
            if tls is None:
                await loop.connect_accepted_socket(self._make, connection)
            else:
                await loop.connect_accepted_socket(
                    self._make, connection, ssl=tls, ssl_handshake_timeout=HANDSHAKE_S, ssl_shutdown_timeout=1.0
                )
        except (OSError, TimeoutError):  # no TLS, or not in time
            connection.close()


def _place(connection: Any) -> str:
    return "" if connection.client is None else counted_as(str(connection.client[0]))


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Returns the context of a certificate and its key; OSError (ssl.SSLError is one) where they do not serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key, password=_no_password)
    return context


def _no_password() -> str:
    """Answers OpenSSL's question for a passphrase: a service has nobody to ask."""
    return ""
