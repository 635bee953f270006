"""Connections to our HTTP, each with its time: header, body and answer have some seconds, and the door has its bound.

Beyond the bound the one that has kept us waiting longest makes room, so that half a request holds nothing that a whole
one wants. What is in work is never cut off for another's sake.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterable
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST: Final = 256
"""At once. HTTP must not take the descriptors that lines, files and the store need."""
SHARE: Final = 4
"""HTTP takes one of so many descriptors at most."""
HEADER_S: Final = 10.0
BODY_S: Final = 20.0
ANSWER_S: Final = 60.0
"""From the whole request to the last octet of its answer: a prompt is fetched in less, a hook is settled in less."""

_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def most() -> int:
    """Connections at once, by the descriptors this process may have."""
    return max(8, min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE))


class Connection(H11Protocol):
    """One connection. Its phase is what it waits for: a header, a body, or its own answer."""

    def __init__(self, *arguments: Any, **keys: Any) -> None:
        super().__init__(*arguments, **keys)
        self._phase: object = None
        self.began = 0.0
        """Of the phase, on the loop's clock."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self._turn()
        self.make_room()

    def make_room(self) -> None:
        """Ends the connection that waits longest where there are too many."""
        if len(self.connections) > most():
            # There is one at least: the newest has not said anything yet.
            end_longest(self.connections)

    def handle_events(self) -> None:
        super().handle_events()
        self._turn()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._turn()

    @property
    def phase(self) -> object:
        """What the other side does (h11's states)."""
        return self._phase

    @property
    def waits(self) -> bool:
        """Whether it is we who wait for the other side to say all that it wants, and it is not being ended."""
        return self._phase in {h11.IDLE, h11.SEND_BODY} and not self.transport.is_closing()

    def _turn(self) -> None:
        phase = self.conn.their_state
        if phase is not self._phase:
            self._phase, self.began = phase, self.loop.time()

    def late(self, now: float) -> bool:
        limit = HEADER_S if self._phase is h11.IDLE else BODY_S if self._phase is h11.SEND_BODY else ANSWER_S
        return now - self.began > limit

    def hurry(self) -> None:
        """Ends it."""
        if self.waits and self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.write(_LATE)
            self.transport.close()
        else:
            self.transport.abort()


def end_longest(connections: Iterable[object]) -> bool:
    """Ends the connection that has kept us waiting longest; answers whether there was one."""
    waiting = [one for one in connections if isinstance(one, Connection) and one.waits]
    if not waiting:
        return False
    min(waiting, key=lambda one: one.began).transport.abort()
    return True


def hurry(connections: Iterable[object], now: float) -> None:
    """Ends those that are late. What becomes of one of them is no other's concern, nor the server's."""
    for connection in tuple(connections):
        if isinstance(connection, Connection) and connection.late(now):
            try:
                connection.hurry()
            except RuntimeError:  # uvloop's: closed without a word to the connection
                connection.connection_lost(None)
