"""HTTP/1.1 as far as a provider's API needs it: requests with a Content-Length, answers, connections kept alive.

Written on the protocol itself: one process serves some thousand requests a second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAX_HEAD = 65_536
MAX_BODY = 16 * 1024 * 1024
PHRASES = {200: "OK", 201: "Created", 202: "Accepted", 302: "Found", 400: "Bad Request", 401: "Unauthorized"}
PHRASES |= {404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 429: "Too Many Requests"}


@dataclass(frozen=True)
class Incoming:
    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @cached_property
    def path(self) -> str:
        return urlsplit(self.target).path

    def pairs(self, charset: str = "utf-8") -> dict[str, str]:
        """Query and form together."""
        pairs = dict(parse_qsl(urlsplit(self.target).query, True, encoding=charset))
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            pairs |= parse_qsl(self.body.decode("ascii", "replace"), True, encoding=charset)
        return pairs


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        head = f"HTTP/1.1 {self.status} {PHRASES.get(self.status, 'Status')}\r\nContent-Type: {self.content_type}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body


class Connection(asyncio.Protocol):
    """One connection: requests are handled one after another, as their answers are due."""

    def __init__(
        self,
        handle: Callable[[Connection, Incoming], None],
        opened: Callable[[Connection], None],
        lost: Callable[[Connection], None],
    ) -> None:
        self._handle = handle
        self._opened = opened
        self._lost = lost
        self._buffer = b""
        self._waiting: deque[Incoming] = deque()
        self._busy = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._waiting.clear()
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._next()) is not None:
            self._waiting.append(request)
        self._go_on()

    def _next(self) -> Incoming | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD:
                self.transport.abort()
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        said = headers.get("content-length", "0")
        words = lines[0].split(" ")
        if len(words) != 3 or not said.isdecimal() or int(said) > MAX_BODY or "transfer-encoding" in headers:
            self._buffer = b""
            self.transport.write(Reply(400).encode())
            self.transport.close()
            return None
        whole = end + 4 + int(said)
        if len(self._buffer) < whole:
            return None
        body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
        return Incoming(words[0], words[1], headers, body)

    def _go_on(self) -> None:
        while self._waiting and not self._busy:
            self._busy = True
            self._handle(self, self._waiting.popleft())

    def answer(self, data: bytes, *, close: bool = False) -> None:
        """The end of the request at hand. Harmless once the client has gone."""
        if not self.transport.is_closing():
            self.transport.write(data)
            if close:
                self.transport.close()
        self._busy = False
        self._go_on()

    def drop(self) -> None:
        """Hang up without a word."""
        self.transport.abort()
