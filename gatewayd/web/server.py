"""Runs the web process until it is told to stop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

import uvicorn

from gatewayd.config import Config
from gatewayd.errors import ConfigError
from gatewayd.store.reader import Reader
from gatewayd.web.application import application
from gatewayd.web.remote import ReadingBackend, Remote

READERS: Final = 4
CLOSE_S: Final = 2


def run(config: Config) -> int:
    """Serves `[web] listen` until SIGTERM; 0 when it stopped as asked."""
    address = config.web.address
    if address is None:
        raise ConfigError("web.listen: empty, so there is nothing to serve")
    host, port = address
    with ExitStack() as stack:
        password = None if config.store.password is None else config.store.password.get_secret_value()
        reader = Reader(config.store.url, password=password, pool=READERS)
        stack.callback(reader.close)
        threads = stack.enter_context(ThreadPoolExecutor(READERS, thread_name_prefix="reader"))
        remote = Remote(ReadingBackend(config, reader, threads), config.web_socket)
        server = uvicorn.Server(
            uvicorn.Config(
                application(remote),
                host=host,
                port=port,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=CLOSE_S,
            )
        )
        server.run()
    return 0
