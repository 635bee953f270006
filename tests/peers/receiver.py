"""A receiver of webhooks over real HTTP, which checks each signature with the library that its writers would use.

It answers as it is told to, on the wire: late, never, too much, in no HTTP at all.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    """Returns an answer with that status."""
    lines = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Got:
    """One call, as it came."""

    id: str
    event: dict[str, Any]
    headers: dict[str, str]
    acknowledged: bool
    at: float


Wire = Callable[[asyncio.StreamWriter], Any]
Answer = bytes | Wire
"""Octets to answer with, or a coroutine function that writes them."""


@dataclass
class Receiver:
    """Listens for as long as the context is open; `answer` decides what each call gets."""

    secrets: tuple[str, ...] = (SECRET,)
    answer: Callable[[dict[str, Any]], Answer] = lambda event: OK
    context: ssl.SSLContext | None = None
    port: int = 0
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        scheme, host = ("http", "127.0.0.1") if self.context is None else ("https", "localhost")
        return f"{scheme}://{host}:{self.port}/hook?key=x%20y"

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Goes away, connections included."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def acknowledged(self) -> list[Got]:
        return [each for each in self.got if each.acknowledged]

    async def until(self, wanted: Callable[[], bool], timeout_s: float = 20.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not wanted():
                self._came.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await self._came.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, ssl.SSLError):
            while await self._call(reader, writer):
                pass
        writer.close()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        assert first.startswith("POST /hook?key=x%20y HTTP/1.1"), first
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        assert len(body) < 20_000
        for secret in self.secrets:
            Webhook(secret).verify(body, headers)
        event = json.loads(body)
        assert event["id"] == headers["webhook-id"]
        answer = self.answer(event)
        acknowledged = isinstance(answer, bytes) and answer.startswith(b"HTTP/1.1 2")
        self.got.append(Got(event["id"], event, headers, acknowledged, asyncio.get_running_loop().time()))
        self._came.set()
        if not isinstance(answer, bytes):
            await answer(writer)
            return False
        writer.write(answer)
        await writer.drain()
        return True


def in_order(got: list[Got]) -> None:
    """Each message's events came in the order of their seq: what is acknowledged is never older than what was."""
    last: dict[str, int] = {}
    for each in got:
        if each.event["type"] == "receipt" and each.event["data"]["message"] is not None:
            message = each.event["data"]["message"]
            assert each.event["seq"] >= last.get(message, 0), f"{message}: {each.event['seq']} after {last[message]}"
            last[message] = each.event["seq"]


def repeated(got: list[Got]) -> dict[str, int]:
    """How often each id was acknowledged that was so more than once."""
    return {name: count for name, count in Counter(each.id for each in got).items() if count > 1}
