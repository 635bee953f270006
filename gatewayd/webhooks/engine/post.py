"""One try of one event: who is called, over which connection, and how it ended.

A name is resolved once a connection, and the connection goes to the very addresses that were judged. Redirects are not
followed; everything has its time.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from drivers.base import NETWORK_FORBIDDEN, forbidden
from gatewayd.webhooks import target, verdict
from gatewayd.webhooks.engine.wire import LINE_MAX, ClosedError, UnreadableError, Wire
from gatewayd.webhooks.verdict import Verdict

TIMEOUT_S: Final = 15.0
"""Of a try: what a receiver does in answer to an event is to be done afterwards (Standard Webhooks: 15 to 30 s)."""
CONNECT_S: Final = 10.0
"""A lost SYN is sent again after 1, 3 and 7 s."""
NEXT_S: Final = 3.0
"""For an address that is not the last of its name."""
KEEP_ALIVE_S: Final = 4.0
"""How long a connection is kept: below the shortest common idle time of servers (Apache and Node: 5 s)."""
REST_S: Final = 0.2
"""For the rest of an answer, so that its connection may be kept; the event is acknowledged without it."""
RESOLVERS: Final = 16
"""Threads that may hang in somebody's DNS; as many as four slow endpoints have lanes."""
ADDRESSES_MAX: Final = 4
"""Tried of one name."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host's name and port to its addresses; OSError."""

_ALWAYS: Final = {"User-Agent": "gatewayd", "Content-Type": "application/json", "Accept-Encoding": "identity"}

_Way = tuple[str, str, int, bool]
"""Scheme, host, port, and whether private addresses are allowed: what a kept connection may serve."""


class _FailedError(Exception):
    """The try brought no answer; the text is the reason's code."""


class Poster:
    """Posts events; one of them serves all endpoints. `close` it on the loop that used it.

    `resolve` and `context` are for tests, and for networks with a resolver or authorities of their own.
    """

    def __init__(
        self, *, resolve: Resolve | None = None, context: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._resolve = resolve or self._ask_system
        self._context = context
        self._timeout_s = timeout_s
        self._idle: dict[_Way, list[tuple[Wire, asyncio.TimerHandle]]] = {}
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool) -> Verdict:
        """Posts once; says how it ended, whatever happened."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, {**_ALWAYS, **headers}, body, allow_private)
        except TimeoutError:
            return verdict.of_failure("timeout")
        except _FailedError as failed:
            return verdict.of_failure(str(failed))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, allow_private: bool) -> Verdict:
        way = _way(url, allow_private)
        while True:
            wire = self._take(way) or await self._connect(way)
            finished = False
            try:
                head = await wire.ask(url, headers, body)
                found = verdict.of_answer(head.status, head.headers, time.time())
                finished = await _finished(wire.finish(head))
            except (UnreadableError, ClosedError, OSError) as error:
                if wire.kept:
                    continue  # it may have been closed under the request: once more, over another
                reason = "answer_unreadable" if isinstance(error, UnreadableError) else "connection_lost"
                raise _FailedError(reason) from None
            finally:
                if finished:
                    self._keep(way, wire)
                else:
                    wire.close()
            return found

    # --------------------------------------------------------------------------------------------------- connections

    def _take(self, way: _Way) -> Wire | None:
        """Returns a connection that is kept and still open."""
        kept = self._idle.get(way, [])
        while kept:
            wire, timer = kept.pop()
            timer.cancel()
            if not wire.closed:
                return wire
            wire.close()
        return None

    def _keep(self, way: _Way, wire: Wire) -> None:
        wire.kept = True
        timer = asyncio.get_running_loop().call_later(KEEP_ALIVE_S, self._drop, way, wire)
        self._idle.setdefault(way, []).append((wire, timer))

    def _drop(self, way: _Way, wire: Wire) -> None:
        wire.close()
        left = [each for each in self._idle.get(way, []) if each[0] is not wire]
        if left:
            self._idle[way] = left
        else:
            self._idle.pop(way, None)

    async def _connect(self, way: _Way) -> Wire:
        scheme, host, port, allow_private = way
        try:
            addresses = await self._addresses(host, port, allow_private)
        except OSError:
            raise _FailedError("host_unknown") from None
        trouble: OSError | None = None
        for place, address in enumerate(addresses, start=1):
            try:
                async with asyncio.timeout(NEXT_S if place < len(addresses) else min(CONNECT_S, self._timeout_s)):
                    return await self._open(scheme, host, address, port)
            except OSError as error:  # a time-out is one, too
                trouble = error
        raise _FailedError(_reason(trouble)) from None

    async def _open(self, scheme: str, host: str, address: str, port: int) -> Wire:
        secure = scheme == "https"
        if secure and self._context is None:
            self._context = ssl.create_default_context()
        reader, writer = await asyncio.open_connection(
            address,
            port,
            limit=LINE_MAX,
            ssl=self._context if secure else None,
            server_hostname=host if secure else None,
            flags=socket.AI_NUMERICHOST,
        )
        return Wire(reader, writer)

    async def _addresses(self, host: str, port: int, allow_private: bool) -> list[str]:
        """Returns a host's addresses, all judged; OSError where there is none."""
        address = target.literal(host)
        found = [address] if address is not None else list(dict.fromkeys(await self._resolve(host, port)))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if target.any_forbidden(found, allow_private=allow_private):
            raise _FailedError("address_forbidden")
        return found[:ADDRESSES_MAX]

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        # Threads of its own: the loop's are few, and others need them.
        if self._threads is None:
            self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-names")
        work = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        return [str(each[4][0]) for each in found]

    async def close(self) -> None:
        for kept in self._idle.values():
            for wire, timer in kept:
                timer.cancel()
                wire.close()
        self._idle.clear()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def _way(url: str, allow_private: bool) -> _Way:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), allow_private


async def _finished(rest: Awaitable[bool]) -> bool:
    try:
        async with asyncio.timeout(REST_S):
            return await rest
    except TimeoutError:
        return False


def _reason(error: OSError | None) -> str:
    """Returns why there is no connection, in a code of one word."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate_invalid"
    if isinstance(error, ssl.SSLError):
        return "tls_failed"
    if isinstance(error, TimeoutError):
        return "timeout"
    return NETWORK_FORBIDDEN if forbidden(error) else "connect_failed"
