"""One HTTP exchange after another with one service: the I/O edge.

What it knows for certain is whether anything of a request was written: aiohttp asks `_Request.send` for that once it
has a connection, so the point of no return lies after connecting (and TLS) and right before the first byte.

Three habits of HTTP clients that double or leak messages are off: redirects (they would carry credentials elsewhere),
the silent second try of a GET whose connection broke (the service may have taken the first), cookies and proxies from
the environment.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp.client import ClientRequest
from yarl import URL

from drivers.http.answer import Answer, Request

CONNECT_S: Final = 10.0
"""A service that is up accepts in a second; a lost SYN is sent again after 1, 3 and 7 s.
Nothing is lost by giving up."""
KEEP_ALIVE_S: Final = 4.0
"""Below the shortest common idle time of servers (Apache and Node: 5 s), so that a request is hardly ever written into
a connection that the other side is just closing, which leaves it in doubt."""
ANSWER_MAX: Final = 65_536
"""Bytes of an answer to a send: the longest known are below 2 KiB. What is longer is no API's answer."""
LIST_MAX: Final = 8 * 1024 * 1024
"""Bytes of an inbox: some ten thousand messages."""

TURNS: Final = 3
"""Turns of the loop before a kept connection is trusted: one that the other side has closed shows it by then, and the
message is certainly not in doubt."""

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


class _Flight:
    """One request on its way."""

    __slots__ = ("before", "written")

    def __init__(self, before: Before | None) -> None:
        self.before = before
        self.written = False


_flight: ContextVar[_Flight] = ContextVar("http_flight")


class _Request(ClientRequest):
    async def send(self, conn: Any) -> Any:
        flight = _flight.get()
        if flight.written:
            # aiohttp's own second try of an idempotent method: an SMS is not idempotent.
            raise LostError("connection_lost")
        if flight.before is not None:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            _need_open(conn)
            await flight.before()
            _need_open(conn)
        flight.written = True
        return await super().send(conn)


def _need_open(conn: Any) -> None:
    transport = conn.transport
    if transport is None or transport.is_closing():
        raise NotWrittenError("connection_lost")


if "send" not in vars(ClientRequest):
    # Without this seam messages would leave before their point of no return: rather no line at all.
    raise ImportError("this version of aiohttp has no ClientRequest.send; install the pinned one")


class Exchange:
    """One session with one service; `open` and `close` on the same loop."""

    def __init__(self, *, connections: int, timeout_s: float, ca_file: Path | None) -> None:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEP_ALIVE_S, ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_S, timeout_s)),
            request_class=_Request,
            auto_decompress=False,
            trust_env=False,
            # A packed answer could unpack to more than its bound.
            headers={"Accept-Encoding": "identity", "User-Agent": "gatewayd"},
        )

    async def close(self) -> None:
        await self._session.close()

    async def __call__(self, request: Request, before: Before | None = None, limit: int = ANSWER_MAX) -> Answer:
        """The answer; raises `NotWrittenError`, `LostError`, and whatever `before` raises.

        `before` is awaited right before the first byte goes out.
        """
        flight = _Flight(before)
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
        except aiohttp.ClientSSLError:
            raise _failure(flight, "tls_failed") from None
        except aiohttp.ClientConnectorDNSError:
            raise _failure(flight, "host_unknown") from None
        except aiohttp.ClientConnectorError:
            raise _failure(flight, "unreachable") from None
        except aiohttp.ClientResponseError:
            raise _failure(flight, "answer_malformed") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise _failure(flight, "connection_lost") from None
        finally:
            _flight.reset(token)
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            body,
            _charset(response),
            truncated,
        )


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


def _charset(response: aiohttp.ClientResponse) -> str:
    try:
        name = response.charset or "utf-8"
        b"".decode(name)
    except (LookupError, ValueError):
        return "utf-8"
    return name
