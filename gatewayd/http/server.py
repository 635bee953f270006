"""Serves HTTP inside the daemon's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn

from gatewayd import logs
from gatewayd.config import Config
from gatewayd.connections import Connection, hurry
from gatewayd.errors import ConfigError
from gatewayd.operations import Backend
from gatewayd.translation import gettext as _

BACKLOG = 128
CLOCK_S = 1.0
"""Resolution of the `Date` header (RFC 9110 §6.6.1)."""
CLOSE_S = 2
"""What a request in work is given when the daemon stops; every answer here is a matter of milliseconds."""


class _Server(uvicorn.Server):
    """Signals are the daemon's business; and an idle server wakes once a second, for its clock, not ten times."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = True
        self._leaving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        # Every tenth tick of theirs renews the `Date` header; each of ours does.
        loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            hurry(self.server_state.connections, loop.time())
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOCK_S):
                    await self._leaving.wait()


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket; ConfigError when the address is taken or is none of this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(f"http.listen: {host}:{port}: {error.strerror or error}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(found[0][4])
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigError(f"http.listen: {host}:{port}: {error.strerror or error}") from error
    return listener


@asynccontextmanager
async def serving(config: Config, backend: Backend) -> AsyncIterator[None]:
    """HTTP is served inside the block, on `[http] listen`.

    Where the address is taken and nobody asked for it (it is the default), the daemon goes on without HTTP.
    """
    address = config.http.address
    if address is None:
        yield
        return
    try:
        listener = listening_socket(*address)
    except ConfigError as error:
        if "listen" in config.http.model_fields_set:
            raise
        logs.get().warning(_("no HTTP: the default address is taken"), error=str(error))
        yield
        return
    from gatewayd.http.application import application

    server = _Server(
        uvicorn.Config(
            application(backend),
            loop="none",
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=CLOSE_S,
        )
    )
    with listener:
        task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
        try:
            yield
        finally:
            server.leave()
            await task
