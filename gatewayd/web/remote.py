"""Operations as the web process performs them: questions of its own read-only store, everything else by the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from gatewayd.actor import Actor
from gatewayd.clock import now_ms
from gatewayd.config import Config
from gatewayd.control.wire import ANSWER_MAX, answer_of, packed
from gatewayd.errors import UnavailableError
from gatewayd.operations import OPERATIONS, perform
from gatewayd.operations.identity import Identities, Seen
from gatewayd.operations.rights import RIGHTS
from gatewayd.store.commands import Command
from gatewayd.store.reader import Reader
from gatewayd.translation import language
from gatewayd.vault import Vault
from gatewayd.web.words import gettext as _

R = TypeVar("R")

CONNECTIONS: Final = 32
"""Requests at once; more wait their turn."""
CONNECT_S: Final = 2.0
"""The kernel connects at once; only a daemon with a full backlog makes a client wait."""
ANSWER_S: Final = 200.0
"""A test message waits for its line's send, minutes at the very worst; everything else is answered at once."""


class AwayError(UnavailableError):
    """No daemon answers: what can be read by itself is read, nothing else is done."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a request bears, and where it comes from."""

    session: str | None = None
    token: str | None = None
    address: str = ""

    def document(self) -> dict[str, str] | None:
        """Returns it as the daemon reads it; None for nobody."""
        if self.session is not None:
            return {"session": self.session}
        return None if self.token is None else {"token": self.token}


class ReadingBackend:
    """Implements the operations' `Backend` over read-only connections: what writes is the daemon's."""

    live = None

    def __init__(self, config: Config, reader: Reader, threads: Executor) -> None:
        self.config = config
        self._reader = reader
        self._threads = threads

    def now(self) -> int:
        return now_ms()

    async def execute(self, command: Command[R]) -> R:
        raise AssertionError(f"{type(command).__name__} in the web process")

    async def read(self, question: Callable[[Reader], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(
            # In the context of the task that asks: what is not found is said in the language of the person it serves.
            self._threads,
            partial(copy_context().run, question, self._reader),
        )

    async def lines_changed(self) -> None:
        raise AssertionError("lines in the web process")

    @property
    def vault(self) -> Vault:
        raise AssertionError("the key of secrets in the web process")

    async def create_folders(self, account: str, gid: int | None = None) -> None:
        raise AssertionError(f"folders of {account} ({gid}) in the web process")


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Remote:
    """Performs operations for those who signed in. Closed by its owner."""

    def __init__(self, backend: ReadingBackend, socket: Path) -> None:
        self.backend = backend
        self._socket = socket
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[_Connection] = []
        self._identities = Identities(backend, self._note)

    async def close(self) -> None:
        await self._identities.close()
        for connection in self._idle:
            connection.writer.close()
        self._idle.clear()

    async def actor(self, bearer: Bearer) -> Actor:
        """Returns who bears it; UnauthenticatedError where it is not good (any more)."""
        return await self._identities.identify(bearer.document(), bearer.address)

    async def _note(self, seen: Seen) -> None:
        """Tells the daemon who was seen here, for pages read the store and pass it by."""
        await self.ask(Bearer(), "session.touch", {"sessions": sorted(seen.sessions), "tokens": sorted(seen.tokens)})

    async def ask(self, bearer: Bearer, operation: str, arguments: Mapping[str, Any] | None = None) -> Any:
        """Performs an operation and returns its JSON; raises the operation's error.

        AwayError where it needs the daemon, and none answers.
        """
        given = dict(arguments or {})
        if OPERATIONS[operation].reads_store and not RIGHTS[operation].audited:
            return await perform(self.backend, operation, given, await self.actor(bearer))
        request = packed(self._request(bearer, operation, given))
        async with self._turns, self._connected() as connection:
            connection.writer.write(request)
            try:
                async with asyncio.timeout(ANSWER_S):
                    await connection.writer.drain()
                    line = await connection.reader.readline()
            except TimeoutError as error:
                raise AwayError(_("the daemon does not answer")) from error
            except (OSError, ValueError) as error:
                raise AwayError(_("the daemon went away")) from error
        return answer_of(line)

    async def watch(self, bearer: Bearer) -> AsyncIterator[Any]:
        """Yields the overview each half second until the daemon goes away or the session ends."""
        connection = await self._open()
        try:
            connection.writer.write(packed(self._request(bearer, "watch", {})))
            await connection.writer.drain()
            while line := await connection.reader.readline():
                yield answer_of(line)
        except (OSError, ValueError) as error:
            raise AwayError(_("the daemon went away")) from error
        finally:
            connection.writer.close()

    def _request(self, bearer: Bearer, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return {
            "op": operation,
            "args": arguments,
            "as": bearer.document(),
            "from": bearer.address,
            "language": language(),
        }

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[_Connection]:
        """Lends a connection; one that was not read to the end of its answer is closed, never lent again."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.reader.at_eof():
                break
            connection.writer.close()
        else:
            connection = await self._open()
        try:
            yield connection
        except BaseException:
            connection.writer.close()
            raise
        if connection.reader.at_eof():
            connection.writer.close()
        else:
            self._idle.append(connection)

    async def _open(self) -> _Connection:
        try:
            async with asyncio.timeout(CONNECT_S):
                return _Connection(*await asyncio.open_unix_connection(str(self._socket), limit=ANSWER_MAX))
        except (OSError, TimeoutError) as error:
            raise AwayError(_("the gateway is not running; pages can be read, nothing can be changed")) from error
