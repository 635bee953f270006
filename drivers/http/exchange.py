"""One HTTP exchange after another with one service: the I/O edge.

What it knows for certain is whether anything of a request was written: aiohttp asks `_Request.send` for that once it
has a connection, so the point of no return lies after connecting (and TLS) and right before the first byte.

Three habits of HTTP clients that double or leak messages are off: redirects (they would carry credentials elsewhere),
the silent second try of a GET whose connection broke (the service may have taken the first), cookies and proxies from
the environment.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client import ClientRequest
from yarl import URL

from drivers.base import NETWORK_FORBIDDEN, forbidden
from drivers.http.answer import Answer, Request
from drivers.http.packing import PackedError, unpacked

CONNECT_S: Final = 10.0
"""A service that is up accepts in a second; a lost SYN is sent again after 1, 3 and 7 s.
Nothing is lost by giving up."""
KEEP_ALIVE_S: Final = 4.0
"""How long a connection is kept: below the shortest common idle time of servers (Apache and Node: 5 s)."""
TRUST_S: Final = 1.0
"""A kept connection that idled longer gets no message: the server may just be closing it, and what is written into that
moment is in doubt. A new connection costs some milliseconds."""
ANSWER_MAX: Final = 65_536
"""Bytes of an answer to a send: the longest known are below 2 KiB. What is longer is no API's answer."""
LIST_MAX: Final = 8 * 1024 * 1024
"""Bytes of an inbox: some ten thousand messages."""

TURNS: Final = 3
"""Turns of the loop before a kept connection is trusted: one that the other side has closed shows it by then, and the
message is certainly not in doubt."""

_TIMEOUT: Final = re.compile(r"(?i)\btimeout=(\d{1,6})")
_CHARSET: Final = re.compile(r"(?i)\bcharset=[\"']?([\w.:-]{1,40})")

Before = Callable[[], Awaitable[None]]


class NotWrittenError(Exception):
    """Nothing of the request left this machine; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LostError(Exception):
    """The request went out, wholly or in part, and no answer came back; `reason` says how."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _StaleError(Exception):
    """The kept connection is gone, or idled for so long that it may be; nothing was written."""


class _Flight:
    """One request on its way."""

    __slots__ = ("before", "kept", "protocol", "written")

    def __init__(self, before: Before | None, kept: Mapping[Any, float]) -> None:
        self.before = before
        self.kept = kept
        """Until when (monotonic) each connection that has answered before is trusted."""
        self.protocol: Any = None
        self.written = False

    def need_open(self, connection: Any) -> None:
        """Raises `_StaleError` or `NotWrittenError` where nothing should be written into the connection."""
        until = self.kept.get(self.protocol)
        transport = connection.transport
        if transport is None or transport.is_closing():
            raise NotWrittenError("connection_lost") if until is None else _StaleError
        if until is not None and time.monotonic() > until:
            raise _StaleError


_flight: ContextVar[_Flight] = ContextVar("http_flight")


class _Request(ClientRequest):
    async def send(self, conn: Any) -> Any:
        flight = _flight.get()
        if flight.written:
            # aiohttp's own second try of an idempotent method: an SMS is not idempotent.
            raise LostError("connection_lost")
        flight.protocol = conn.protocol
        if flight.before is not None:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            flight.need_open(conn)
            await flight.before()
            flight.need_open(conn)
        flight.written = True
        return await super().send(conn)


if "send" not in vars(ClientRequest):
    # Without this seam messages would leave before their point of no return: rather no line at all.
    raise ImportError("this version of aiohttp has no ClientRequest.send; install the pinned one")


class Exchange:
    """One session with one service; `open` and `close` on the same loop."""

    def __init__(self, *, connections: int, timeout_s: float, ca_file: Path | None, charset: str = "cp1252") -> None:
        """`charset`: of answers that are no UTF-8 and name none."""
        self._context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
        self._charset = charset
        self._connect_s = min(CONNECT_S, timeout_s)
        self._kept: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEP_ALIVE_S, ssl=self._context),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=self._connect_s),
            request_class=_Request,
            auto_decompress=False,
            trust_env=False,
            # A packed answer could unpack to more than its bound.
            headers={"Accept-Encoding": "identity", "User-Agent": "gatewayd"},
        )

    async def close(self) -> None:
        await self._session.close()

    async def reach(self, url: str) -> None:
        """Opens a connection to the service, TLS included, and closes it; raises `NotWrittenError`."""
        parts = urlsplit(url)
        context = self._context if parts.scheme == "https" else None
        port = parts.port or (443 if context is not None else 80)
        try:
            async with asyncio.timeout(self._connect_s):
                _, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
        except TimeoutError:
            raise NotWrittenError("timeout") from None
        except ssl.SSLCertVerificationError:
            raise NotWrittenError("certificate_invalid") from None
        except ssl.SSLError:
            raise NotWrittenError("tls_failed") from None
        except socket.gaierror:
            raise NotWrittenError("host_unknown") from None
        except (OSError, ValueError) as error:
            raise NotWrittenError(NETWORK_FORBIDDEN if forbidden(error) else "connect_failed") from None
        writer.transport.abort()

    async def __call__(self, request: Request, before: Before | None = None, limit: int = ANSWER_MAX) -> Answer:
        """Returns the answer; raises `NotWrittenError`, `LostError`, and whatever `before` raises.

        `before` is awaited right before the first byte goes out; once more where the connection closed meanwhile.
        """
        while True:
            try:
                return await self._asked(request, before, limit)
            except _StaleError:
                # That connection is closed by now, and the next one is younger: the last is a new one.
                continue

    async def _asked(self, request: Request, before: Before | None, limit: int) -> Answer:
        flight = _Flight(before, self._kept)
        token = _flight.set(flight)
        try:
            response = await self._session.request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
            )
            async with response:
                body, truncated = await _bounded(response, limit)
        except TimeoutError:
            raise _failure(flight, "timeout") from None
        except aiohttp.ClientConnectorCertificateError:
            raise _failure(flight, "certificate_invalid") from None
        except aiohttp.ClientSSLError:
            raise _failure(flight, "tls_failed") from None
        except aiohttp.ClientConnectorDNSError:
            raise _failure(flight, "host_unknown") from None
        except aiohttp.ClientConnectorError as error:
            raise _failure(flight, NETWORK_FORBIDDEN if forbidden(error) else "connect_failed") from None
        except aiohttp.ClientResponseError:
            raise _failure(flight, "answer_malformed") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise _failure(flight, "connection_lost") from None
        finally:
            _flight.reset(token)
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._kept[flight.protocol] = time.monotonic() + trust_s(headers.get("keep-alive", ""))
        if not truncated:
            try:
                body, truncated = unpacked(body, headers.get("content-encoding", ""), limit)
            except PackedError:
                truncated = True
        declared = _declared(headers.get("content-type", ""))
        return Answer(response.status, headers, body, declared, truncated, self._charset, request.url)


async def _bounded(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            response.close()
            return bytes(body[:limit]), True
    return bytes(body), False


def _failure(flight: _Flight, reason: str) -> NotWrittenError | LostError:
    return LostError(reason) if flight.written else NotWrittenError(reason)


def trust_s(keep_alive: str) -> float:
    """Returns how long a connection may idle and still get a message: less where the server closes it sooner
    (`Keep-Alive: timeout=5`, RFC 2068 §19.7.1.1)."""
    found = _TIMEOUT.search(keep_alive)
    return TRUST_S if found is None else min(TRUST_S, int(found[1]) / 2)


def _declared(content_type: str) -> str:
    """Returns the charset that a content type names, empty where it names none."""
    found = _CHARSET.search(content_type)
    return "" if found is None else found[1]
