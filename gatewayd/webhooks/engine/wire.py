"""HTTP/1.1 as a webhook needs it, over one connection: a request, the head of its answer, and whether to go on.

Written by hand because the other side may be anybody: its answer counts by its status, whatever follows; of its head a
bounded part is read, of its body as much as lets the connection be kept.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

LINE_MAX: Final = 8_192
"""Octets of a line of the head; what is not read yet is held back at twice as much."""
LINES_MAX: Final = 100
INTERIM_MAX: Final = 3
"""Answers `1xx` before the one that counts (RFC 9110 §15.2)."""
REST_MAX: Final = 16_384
"""Octets of a body that is read so that its connection may be kept."""

_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_LENGTH: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


class UnreadableError(Exception):
    """What came is no HTTP, or no end of it comes."""


class ClosedError(Exception):
    """The connection ended before an answer began."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    keeps: bool
    """Whether the other side keeps the connection, as far as the head says."""


class Wire:
    """One connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.kept = False
        """Whether it has served a request before: the other side may be closing it."""

    @property
    def closed(self) -> bool:
        return self._reader.at_eof() or self._writer.transport.is_closing()

    async def ask(self, url: str, headers: Mapping[str, str], body: bytes) -> Head:
        """Sends a POST and returns the head of its answer. UnreadableError, ClosedError, OSError."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body)
        await self._writer.drain()
        for _ in range(INTERIM_MAX + 1):
            head = await self._head()
            if head.status >= 200:
                return head
        raise UnreadableError

    async def _head(self) -> Head:
        found = _STATUS.fullmatch(first := await self._line())
        if found is None:
            raise UnreadableError if first else ClosedError
        headers: dict[str, str] = {}
        for _ in range(LINES_MAX):
            line = (await self._line()).decode("latin-1").rstrip("\r\n")
            if not line:
                break
            name, colon, value = line.partition(":")
            if colon:
                headers.setdefault(name.strip().lower(), value.strip())
        else:
            raise UnreadableError
        keeps = found[1] == b"1" and "close" not in headers.get("connection", "").lower()
        return Head(int(found[2]), headers, keeps)

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError:  # longer than the reader's limit
            raise UnreadableError from None

    async def finish(self, head: Head) -> bool:
        """Reads a short body to its end; returns whether the connection may serve another request."""
        if not head.keeps:
            return False
        if head.status in (204, 304):
            return True
        try:
            if "transfer-encoding" in head.headers:
                return head.headers["transfer-encoding"].lower() == "chunked" and await self._chunks()
            length = head.headers.get("content-length", "")
            if not _LENGTH.fullmatch(length) or int(length) > REST_MAX:
                return False
            await self._reader.readexactly(int(length))
        except (asyncio.IncompleteReadError, UnreadableError, OSError):
            return False
        return True

    async def _chunks(self) -> bool:
        """Reads a body in chunks (RFC 9112 §7.1); returns whether it came to its end within bounds."""
        left = REST_MAX
        while True:
            found = _CHUNK.fullmatch(await self._line())
            size = int(found[1], 16) if found is not None else REST_MAX
            left -= size + 16
            if left < 0:
                return False
            if size == 0:
                # No trailers are expected: whoever sends some is not kept.
                return (await self._line()).strip() == b""
            await self._reader.readexactly(size)
            if (await self._line()).strip():
                return False

    def close(self) -> None:
        """Ends it at once; nothing is waited for."""
        self._writer.transport.abort()
