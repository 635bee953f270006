"""A socket on which the daemon performs operations, and the doors that say who asks."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import stat
import struct
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from gatewayd.control.conversation import TOGETHER, Conversation
from gatewayd.control.wire import REQUEST_MAX, error_document, send
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ConfigError, ForbiddenError, GatewayError, UnavailableError
from gatewayd.values.news import News
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import speaking

MODE: Final = 0o660
CONNECTIONS_MAX: Final = 64
"""More than any number of people and monitors; a runaway script must not exhaust the daemon's descriptors."""
JUDGE_S: Final = 4.0
"""A session that was ended stops watching within this time."""
WATCH_S: Final = 0.5
"""As often as a person can take in a screen of changing figures."""


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


class Door(Protocol):
    """Says who asks on a socket."""

    def admits(self, uid: int) -> bool:
        """Returns whether processes of that user may speak here at all."""

    async def actor(self, request: dict[str, Any], uid: int) -> Actor:
        """Returns who makes this request. UnauthenticatedError where what it bears is not good (any more)."""


class OperatorDoor:
    """The operator's: the file's mode decides who may open it, and they may do everything."""

    def admits(self, uid: int) -> bool:
        del uid
        return True

    async def actor(self, request: dict[str, Any], uid: int) -> Actor:
        del request
        return operator(uid)


class WebDoor:
    """The web process's: each request bears the session or token of the person it acts for, or nobody's."""

    def __init__(self, backend: Any, user: str) -> None:
        """`user` names the web process's own user where it has one; the daemon's user may always speak."""
        from gatewayd.operations.identity import Identities, noted

        self._identities = Identities(backend, lambda seen: noted(backend, seen))
        self._admitted = {os.geteuid()}
        with suppress(KeyError):
            self._admitted.add(pwd.getpwnam(user).pw_uid)

    def admits(self, uid: int) -> bool:
        return uid in self._admitted

    async def actor(self, request: dict[str, Any], uid: int) -> Actor:
        del uid
        address = request.get("from", "")
        return await self._identities.identify(request.get("as"), address if isinstance(address, str) else "")

    async def close(self) -> None:
        """Hands on who was seen last."""
        await self._identities.close()


def operator(uid: int) -> Actor:
    """Returns the user of this machine with that number, with an administrator's rights."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        name = "?"
    return Actor("operator", f"uid {uid} ({name})", Role.ADMINISTRATOR)


class ControlServer:
    """Serves operations on a socket; starts and stops with the daemon. Closing twice does no harm."""

    def __init__(
        self, backend: Any, path: Path, door: Door | None = None, *, connections_max: int = CONNECTIONS_MAX
    ) -> None:
        """`backend` is a `gatewayd.operations.Backend`; without a `door`, the operator's."""
        self._backend = backend
        self._path = path
        self._door: Door = OperatorDoor() if door is None else door
        self._connections_max = connections_max
        self._server: asyncio.Server | None = None
        self._inode: tuple[int, int] | None = None
        self._connections: set[asyncio.Task[None]] = set()
        """Tasks that serve a connection, or finish what was asked on one."""
        self._together = asyncio.Semaphore(TOGETHER)
        self._open: set[asyncio.Task[None]] = set()

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
        self._open.add(task)
        try:
            if len(self._open) > self._connections_max:
                await send(writer, {"error": error_document(UnavailableError(_("too many connections")))})
                return
            uid = _peer(writer)
            if self._door.admits(uid):
                await Conversation(reader, writer, _Speaker(self, uid), self._keep, self._together).run()
            else:
                await send(writer, {"error": error_document(ForbiddenError(_("this socket is not for you")))})
        except (OSError, TimeoutError):
            pass  # the client went away, or reads no more
        except asyncio.CancelledError:
            if self._server is not None:
                raise
        finally:
            self._connections.discard(task)
            self._open.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    @property
    def news(self) -> News:
        """What changes, as it changes."""
        news: News = self._backend.live.news
        return news

    async def watcher(self, request: dict[str, Any], uid: int) -> Actor:
        """Returns who asks to watch; UnauthenticatedError or ForbiddenError where they may not."""
        from gatewayd.operations import OPERATIONS
        from gatewayd.operations.rights import judge

        by = await self._door.actor(request, uid)
        judge(OPERATIONS["overview"](), by)
        return by

    async def perform(self, operation: str, request: dict[str, Any], uid: int) -> Any:
        """Performs what a request asks for, as whoever the door finds it to be. GatewayError."""
        from gatewayd.operations import perform

        language = request.get("language")
        with speaking(language if isinstance(language, str) else None):
            try:
                by = await self._door.actor(request, uid)
                return await perform(self._backend, operation, request.get("args", {}), by)
            except GatewayError:
                raise
            except Exception as error:  # a request's outermost edge: the daemon goes on
                from gatewayd.process import logs

                logs.get().exception("control.failed", operation=operation)
                raise GatewayError(_("the daemon failed to do it; see its log")) from error

    def _keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        return task


class _Speaker:
    """Performs for the user at the other end of one connection."""

    def __init__(self, server: ControlServer, uid: int) -> None:
        self._server = server
        self._uid = uid

    async def perform(self, request: dict[str, Any]) -> Any:
        return await self._server.perform(request["op"], request, self._uid)

    def stream(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        return self._kinds(request) if request.get("args") == {"kinds": True} else self._overviews(request)

    async def _overviews(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        since = 0
        while True:
            overview = await self._server.perform("overview", {**request, "args": {"since": since}}, self._uid)
            since = max((event["seq"] for event in overview["events"]), default=since)
            yield overview
            await asyncio.sleep(WATCH_S)

    async def _kinds(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        """Yields the kinds of what changes, for as long as the session lasts; an empty list proves that it does."""
        loop = asyncio.get_running_loop()
        by = await self._server.watcher(request, self._uid)
        judged = loop.time()
        async with aclosing(self._server.news.watch(by.account, JUDGE_S)) as changes:
            async for kinds in changes:
                if loop.time() - judged >= JUDGE_S / 2:
                    if (await self._server.watcher(request, self._uid)).account != by.account:
                        return
                    judged = loop.time()
                yield sorted(kinds)


def _peer(writer: asyncio.StreamWriter) -> int:
    """Returns the user of the process at the other end (SO_PEERCRED, unix(7)): the kernel says so, not the peer."""
    pid_uid_gid = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    _pid, uid, _gid = struct.unpack("3i", pid_uid_gid)
    return int(uid)
