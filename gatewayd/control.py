"""The control socket: how commands reach the running daemon.

A UNIX socket, mode 0660: whoever may open it administers the gateway. One JSON document a line: a request
`{"op": …, "args": {…}}` is answered by `{"ok": …}` or `{"error": {"kind", "message"}}`, in order. The request `watch`
is answered by a line every half second until the connection is closed. A connection carries any number of requests.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from gatewayd import errors
from gatewayd.errors import ConfigError, GatewayError, UnavailableError, UsageError
from gatewayd.translation import gettext as _

MODE: Final = 0o660
REQUEST_MAX: Final = 1 << 20
"""Bytes of a request: a thousand numbers for the blocklist are the largest."""
ANSWER_MAX: Final = 1 << 26
"""Bytes of an answer that a client reads: a page of a thousand long messages stays far below."""
CONNECTIONS_MAX: Final = 64
"""More than any number of people and monitors; a runaway script must not exhaust the daemon's descriptors."""
WATCH_S: Final = 0.5
"""As often as a person can take in a screen of changing figures."""
WRITE_S: Final = 10.0
"""A local client that has not read a line in this time is stopped or gone; its buffer must not grow."""
ANSWER_S: Final = 300.0
"""A test message waits for its line's send, minutes at the very worst; everything else is answered at once."""
CONNECT_S: Final = 5.0
"""The kernel connects at once; only a daemon with a full backlog makes a client wait."""

_KINDS: Final[dict[str, type[GatewayError]]] = {
    "insufficient_credit": errors.InsufficientCreditError,
    "conflict": errors.ConflictError,
    "not_found": errors.NotFoundError,
    "config": errors.ConfigError,
    "usage": errors.UsageError,
    "store_locked": errors.StoreLockedError,
    "unavailable": errors.UnavailableError,
    "damaged": errors.DamagedError,
    "schema": errors.SchemaError,
    "store": errors.StoreError,
    "failed": errors.GatewayError,
}
"""Narrow before wide: the first that an error is an instance of names it."""


def error_document(error: GatewayError) -> dict[str, str]:
    """`kind` and `message` of an error, for the wire."""
    kind = next(name for name, kind in _KINDS.items() if isinstance(error, kind))
    return {"kind": kind, "message": str(error)}


# -------------------------------------------------------------------------------------------------------------- server


def listening_socket(path: Path) -> socket.socket:
    """A listening socket at `path`, mode 0660. A stale one is replaced: the caller holds the locks of store and spool,
    so that no other daemon can be behind it. ConfigError where something else is in the way."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConfigError(_("{path}: this is not a socket; move it away, or set `control`").format(path=path))
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        # On Linux the file takes the mode of the unbound socket (less the umask): at no instant can others open it.
        os.fchmod(listener.fileno(), MODE)
        listener.bind(str(path))
        path.chmod(MODE)
        listener.listen(CONNECTIONS_MAX)
    except OSError as error:
        listener.close()
        raise ConfigError(f"{path}: {error.strerror}") from error
    return listener


class ControlServer:
    """Serves operations on the control socket; starts and stops with the daemon. Closing twice does no harm."""

    def __init__(self, backend: Any, path: Path) -> None:
        """`backend` is a `gatewayd.operations.Backend`."""
        self._backend = backend
        self._path = path
        self._server: asyncio.Server | None = None
        self._inode: tuple[int, int] | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        listener = listening_socket(self._path)
        status = self._path.lstat()
        self._inode = (status.st_dev, status.st_ino)
        self._server = await asyncio.start_unix_server(self._connected, sock=listener, limit=REQUEST_MAX)

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        with suppress(OSError):
            status = self._path.lstat()
            if (status.st_dev, status.st_ino) == self._inode:
                self._path.unlink()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if len(self._connections) > CONNECTIONS_MAX:
                await _send(writer, {"error": error_document(UnavailableError(_("too many connections")))})
            else:
                await self._serve(reader, writer)
        except (OSError, TimeoutError):
            pass  # the client went away, or reads no more
        except asyncio.CancelledError:
            if self._server is not None:
                raise
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                await _send(writer, {"error": error_document(UsageError("the request is too long"))})
                return
            try:
                operation, arguments = _request(line)
                if operation == "watch":
                    await self._watch(writer)
                    return
                answer: dict[str, Any] = {"ok": await self._perform(operation, arguments)}
            except GatewayError as error:
                answer = {"error": error_document(error)}
            await _send(writer, answer)

    async def _perform(self, operation: str, arguments: Any) -> Any:
        from gatewayd.operations import perform

        try:
            return await perform(self._backend, operation, arguments)
        except GatewayError:
            raise
        except Exception as error:  # a request's outermost edge: the daemon goes on
            from gatewayd import logs

            logs.get().exception("control.failed", operation=operation)
            raise GatewayError(_("the daemon failed to do it; see its log")) from error

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        since = 0
        while not writer.is_closing():
            overview = await self._perform("overview", {"since": since})
            since = max((event["seq"] for event in overview["events"]), default=since)
            await _send(writer, {"ok": overview})
            await asyncio.sleep(WATCH_S)


def _request(line: bytes) -> tuple[str, Any]:
    try:
        document = json.loads(line)
        if b"\\u" in line:
            json.dumps(document, ensure_ascii=False).encode()  # half a pair of surrogates is no text
    except (ValueError, RecursionError):
        raise UsageError("the request is not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("op"), str):
        raise UsageError('a request is {"op": …, "args": {…}}')
    return document["op"], document.get("args", {})


async def _send(writer: asyncio.StreamWriter, document: dict[str, Any]) -> None:
    writer.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    async with asyncio.timeout(WRITE_S):
        await writer.drain()


# -------------------------------------------------------------------------------------------------------------- client


class ControlClient:
    """A command's connection to the daemon; synchronous."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")

    @classmethod
    def connect(cls, candidates: Sequence[Path], *, within_s: float | None = None) -> ControlClient | None:
        """Connects to the first of `candidates` where a daemon listens; None when there is none.

        `within_s` bounds connection and answers (s), where a few minutes are too long.

        UnavailableError when a socket is there that may not be opened, or does not answer.
        """
        for path in candidates:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(CONNECT_S if within_s is None else within_s)
                connection.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
                connection.close()
            except OSError as error:
                connection.close()
                if isinstance(error, PermissionError):
                    message = _(
                        "{path}: no permission to open the control socket; ask to be added to its group"
                    ).format(path=path)
                    raise UnavailableError(message) from error
                raise UnavailableError(f"{path}: {error.strerror or error}") from error
            else:
                connection.settimeout(ANSWER_S if within_s is None else within_s)
                return cls(connection)
        return None

    def close(self) -> None:
        self._stream.close()
        self._connection.close()

    def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Performs one operation; raises the error that the daemon answered."""
        return next(self.stream(operation, arguments))

    def stream(self, operation: str, arguments: dict[str, Any]) -> Iterator[Any]:
        """The answers to one request as they come (`watch` has many)."""
        request = json.dumps({"op": operation, "args": arguments}, ensure_ascii=False).encode() + b"\n"
        try:
            self._connection.sendall(request)
            while True:
                yield _answer(self._stream.readline(ANSWER_MAX))
        except TimeoutError as error:
            raise UnavailableError(_("the daemon does not answer")) from error
        except OSError as error:
            raise UnavailableError(_("the daemon went away")) from error


def _answer(line: bytes) -> Any:
    if not line.endswith(b"\n"):
        raise UnavailableError(_("the daemon went away"))
    document = json.loads(line)
    if "error" in document:
        kind = _KINDS.get(document["error"]["kind"], GatewayError)
        raise kind(document["error"]["message"])
    return document["ok"]
