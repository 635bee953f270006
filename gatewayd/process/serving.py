"""How HTTP is served, by the daemon and by the web process: the socket, the settings, a server that idles quietly."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any, Final

import uvicorn

from gatewayd.process.connections import Connection, hurry
from gatewayd.values.errors import ConfigError

CLOCK_S: Final = 1.0
"""Resolution of the `Date` header (RFC 9110 §6.6.1)."""
CLOSE_S: Final = 2
"""What a request in work is given when its process stops; every answer is a matter of milliseconds."""


def listening_socket(key: str, host: str, port: int, *, backlog: int) -> socket.socket:
    """Returns a listening socket; ConfigError, for the setting `key`, where the address is taken or is none of this
    machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(f"{key}: {host}:{port}: {error.strerror or error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(found[0][4])
        listener.listen(backlog)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigError(f"{key}: {host}:{port}: {error.strerror or error}") from error
    return listener


def settings(application: Any, protocol: type[Connection], **more: Any) -> uvicorn.Config:
    """Returns the settings of a server: nothing but HTTP/1.1, no log and no header of its own."""
    return uvicorn.Config(
        application,
        loop="none",
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=CLOSE_S,
        **more,
    )


class Server(uvicorn.Server):
    """Wakes once a second when idle, for its clock, not ten times."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Has it stop, once what is in work has its answer or `CLOSE_S` is over."""
        self.should_exit = True
        self._leaving.set()

    def look(self, now: float) -> None:
        """Looks after what else there is, once a second; `now` is the loop's time."""

    async def main_loop(self) -> None:
        # Every tenth tick of theirs renews the `Date` header; each of ours does.
        loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            hurry(self.server_state.connections, loop.time())
            self.look(loop.time())
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOCK_S):
                    await self._leaving.wait()
