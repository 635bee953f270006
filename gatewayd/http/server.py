"""Serves HTTP inside the daemon's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from gatewayd.config import Config
from gatewayd.operations import Backend
from gatewayd.process import logs
from gatewayd.process.connections import Connection
from gatewayd.process.serving import Server, listening_socket, settings
from gatewayd.values.errors import ConfigError
from gatewayd.words.translation import gettext as _

BACKLOG = 128


class _Server(Server):
    """Signals are the daemon's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


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
        listener = listening_socket("http.listen", *address, backlog=BACKLOG)
    except ConfigError as error:
        if "listen" in config.http.model_fields_set:
            raise
        logs.get().warning(_("no HTTP: the default address is taken"), error=str(error))
        yield
        return
    from gatewayd.http.application import application

    server = _Server(settings(application(backend), Connection, backlog=BACKLOG))
    with listener:
        task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
        try:
            yield
        finally:
            server.leave()
            await task
