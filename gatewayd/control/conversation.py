"""One connection to the daemon, on which many requests may be in work at once.

A request without an `id` is answered before the next one is read: what a command wants. One with an `id` is answered
when it is done, in whatever order, and its answer bears the `id`; several may come in one line, as an array. A stream
(`watch`) with an `id` answers again and again until `{"op": "cancel", "id": …}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol

from gatewayd.control.wire import error_document, requests_of, send
from gatewayd.values.errors import GatewayError, UsageError

AT_ONCE: Final = 16
"""Requests in work on one connection; more are not read before one is done."""
TOGETHER: Final = 256
"""Requests in work on all connections of a socket, each of up to a MiB."""
STREAMS_MAX: Final = 1024
"""Streams on one connection: the web process has one for each person who looks at a page."""

Json = dict[str, Any]


class Performer(Protocol):
    """Performs what is asked on a connection."""

    async def perform(self, request: Json) -> Any:
        """Returns what one request asks for. GatewayError."""

    def stream(self, request: Json) -> AsyncIterator[Any]:
        """Yields the answers to `watch`. GatewayError ends it."""


class Conversation:
    """Reads requests from one connection and answers them."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        performer: Performer,
        keep: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        together: asyncio.Semaphore,
    ) -> None:
        """`keep` starts a task that may outlive the connection: what was begun is finished. `together` bounds what all
        connections have in work."""
        self._reader = reader
        self._writer = writer
        self._performer = performer
        self._keep = keep
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._together = together
        self._streams: dict[Any, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Returns when the other side has ended the connection."""
        try:
            while True:
                try:
                    line = await self._reader.readuntil(b"\n")
                except asyncio.IncompleteReadError:
                    return
                except asyncio.LimitOverrunError:
                    await send(self._writer, {"error": error_document(UsageError("the request is too long"))})
                    return
                try:
                    requests = requests_of(line)
                except UsageError as error:
                    await send(self._writer, {"error": error_document(error)})
                    continue
                for request in requests:
                    if not await self._take(request):
                        return
        finally:
            for task in self._streams.values():
                task.cancel()
            await asyncio.gather(*self._streams.values(), return_exceptions=True)

    async def _take(self, request: Json) -> bool:
        """Answers a request, or begins to; False where nothing more is to be read."""
        number = request.pop("id", None)
        match request["op"]:
            case "cancel":
                if (task := self._streams.get(number)) is not None:
                    task.cancel()
            case "watch" if number is None:
                await self._stream(None, request)
                return False
            case "watch":
                if number in self._streams or len(self._streams) >= STREAMS_MAX:
                    await self._answer(number, {"error": error_document(UsageError("too many streams"))})
                else:
                    self._streams[number] = asyncio.create_task(self._stream(number, request))
                    self._streams[number].add_done_callback(lambda _task: self._streams.pop(number, None))
            case _ if number is None:
                await self._answer(None, await self._performed(request))
            case _:
                await self._turns.acquire()
                await self._together.acquire()
                self._keep(self._in_turn(number, request))
        return True

    async def _in_turn(self, number: Any, request: Json) -> None:
        try:
            answer = await self._performed(request)
        finally:
            self._together.release()
            self._turns.release()
        with suppress(OSError, TimeoutError):  # the client went away, or reads no more
            await self._answer(number, answer)

    async def _performed(self, request: Json) -> Json:
        try:
            return {"ok": await self._performer.perform(request)}
        except GatewayError as error:
            return {"error": error_document(error)}

    async def _stream(self, number: Any, request: Json) -> None:
        try:
            async for one in self._performer.stream(request):
                await self._answer(number, {"ok": one})
        except GatewayError as error:
            with suppress(OSError, TimeoutError):
                await self._answer(number, {"error": error_document(error)})
        except (OSError, TimeoutError):
            if number is None:
                raise

    async def _answer(self, number: Any, answer: Json) -> None:
        await send(self._writer, answer if number is None else {"id": number, **answer})
