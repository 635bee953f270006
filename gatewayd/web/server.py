"""Runs the web process until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog
import uvicorn

from gatewayd.config import Config, InvalidConfigError
from gatewayd.config.publication import read
from gatewayd.process import cycles, serving
from gatewayd.process.access_list import number_of
from gatewayd.store.reader import Reader
from gatewayd.values.errors import ConfigError, GatewayError
from gatewayd.web.application import application
from gatewayd.web.confinement import confine, give_way
from gatewayd.web.edge import Edge
from gatewayd.web.gate import Gate, WebConnection, tls_context
from gatewayd.web.readers import Readers
from gatewayd.web.remote import ReadingBackend, Remote

log = structlog.get_logger()

READERS: Final = 4
BACKLOG: Final = 512
LOOK_S: Final = 5.0
"""Between looks at certificate, key and published settings: links that point elsewhere make no event where they lie."""
HEADER_MAX: Final = 32 << 10
"""Bytes of all headers of a request."""
DESCRIPTORS: Final = 4096


class _Server(serving.Server):
    """Its own gate lets connections in."""

    def __init__(self, config: uvicorn.Config, look: Callable[[], None]) -> None:
        super().__init__(config)
        self._look = look
        self._accepting: asyncio.Task[None] | None = None
        self.gate: Gate | None = None
        self._looked = asyncio.get_running_loop().time()

    def open(self, gate: Gate) -> None:
        self.gate = gate

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        assert self.gate is not None
        self.servers = []
        self._accepting = asyncio.create_task(self.gate.run(), name="gate")
        self.started = True

    def look(self, now: float) -> None:
        assert self._accepting is not None
        if self._accepting.done():
            self._accepting.result()
        if now - self._looked > LOOK_S:
            self._looked = now
            self._look()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        assert self._accepting is not None
        self._accepting.cancel()
        await asyncio.gather(self._accepting, return_exceptions=True)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Theirs are raised again at the end: a process that stopped as asked would look killed.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.leave)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def make(self) -> WebConnection:
        """Returns the protocol of one connection."""
        return WebConnection(self.config, self.server_state, {})


class _Settings:
    """What may change while the process runs: published settings, certificate and key."""

    def __init__(self, config: Config, published: Path | None) -> None:
        self.config = config
        self._published = published
        self._stamps = self._look_at()

    def _look_at(self) -> list[tuple[int, int, int] | None]:
        files = [*(self.config.web.tls or ()), *([] if self._published is None else [self._published])]
        return [_stamp(file) for file in files]

    def changed(self) -> bool:
        """Returns whether a file is another one than at the last look."""
        stamps = self._look_at()
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        return True

    def read_again(self) -> Config:
        """Returns what is published now; what it was where it cannot be read."""
        if self._published is not None:
            try:
                self.config = read(self._published)
            except (GatewayError, InvalidConfigError) as error:
                log.error("published settings not applied", error=str(error))  # noqa: TRY400
        self._stamps = self._look_at()
        return self.config


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def run(
    config: Config, *, published: Path | None = None, parent: int | None = None, store_password: str | None = None
) -> int:
    """Serves `[web] listen` until SIGTERM; 0 when it stopped as asked.

    `published`: where the settings came from, to be looked at again; `parent`: the daemon that started it, and with
    which it ends; `store_password`: what that daemon said.
    """
    from gatewayd.process.loop import Loop

    confine(parent)
    _raise_descriptors()
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(_serve(_Settings(config, published), store_password))


async def _serve(settings: _Settings, store_password: str | None) -> int:
    config = settings.config
    if config.web.address is None:
        raise ConfigError("web.listen: empty, so there is nothing to serve")
    tls = _tls(config)
    with ExitStack() as stack:
        listener = stack.enter_context(serving.listening_socket("web.listen", *config.web.address, backlog=BACKLOG))
        password = store_password or _store_password(config)
        apart = os.geteuid() == number_of(config.web.user)
        reader = Reader(config.store.url, password=password, pool=READERS, beside=True, apart=apart)
        stack.callback(reader.close)
        threads = Readers(READERS)
        stack.callback(threads.close)
        reader.patience = lambda: threads.patience
        backend = ReadingBackend(config, reader, threads)
        remote = Remote(backend, config.web_socket)
        edge = Edge(application(remote), config.web)
        server: _Server

        def look(*, asked: bool = False) -> None:
            if not settings.changed() and not asked:
                return
            old, fresh = settings.config, settings.read_again()
            if (old.web.listen, old.store, old.web_socket) != (fresh.web.listen, fresh.store, fresh.web_socket):
                log.info("the settings need a new process")
                server.should_exit = True
                return
            backend.config = fresh
            edge.take_over(fresh.web)
            with suppress(ConfigError):
                assert server.gate is not None
                server.gate.tls = _tls(fresh)
            log.info("settings applied")

        server = _Server(
            serving.settings(edge, WebConnection, h11_max_incomplete_event_size=HEADER_MAX),
            look,
        )

        def shared(address: str) -> bool:
            return edge.proxies.trusts(address)

        server.open(Gate(listener, server.make, server.server_state.connections, tls=tls, shared=shared))
        with _hup(lambda: look(asked=True)):
            give_way()
            cycles.settle()
            log.info("the panel is served", listen=config.web.listen, tls=tls is not None)
            try:
                await server.serve()
            finally:
                await remote.close()
    return 0


@contextmanager
def _hup(do: Callable[[], None]) -> Iterator[None]:
    """SIGHUP looks again at once: for what renews certificates."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, do)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def _tls(config: Config) -> Any:
    """Returns the context of the certificate, or None; ConfigError, logged, where it does not serve."""
    if config.web.tls is None:
        return None
    certificate, key = config.web.tls
    try:
        return tls_context(certificate, key)
    except OSError as error:
        log.error("certificate or key do not serve", certificate=str(certificate), error=str(error))  # noqa: TRY400
        raise ConfigError(f"web.tls_cert: {certificate}, {key}: {error.strerror or error}") from error


def _store_password(config: Config) -> str | None:
    """Returns the password of the role that reads (PostgreSQL): a systemd credential, else what the file says."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is not None:
        with suppress(OSError):
            return (Path(folder) / "store.password").read_text().strip()
    return None if config.store.password is None else config.store.password.get_secret_value()


def _raise_descriptors() -> None:
    """Asks for enough descriptors that half-open connections leave some for everything else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
