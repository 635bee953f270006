"""One try of one event over HTTP: the I/O edge.

The receiver may be anybody. Its name is resolved once a connection and the connection goes to the very addresses that
were judged; redirects are not followed; of its answer the status counts and no more than a page is read; everything has
its time.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from drivers.base import NETWORK_FORBIDDEN, forbidden
from gatewayd.webhooks import target, verdict
from gatewayd.webhooks.verdict import Verdict

if TYPE_CHECKING:
    import aiohttp

TIMEOUT_S: Final = 15.0
"""Of a try: what a receiver does in answer to an event is to be done afterwards (Standard Webhooks: 15 to 30 s)."""
CONNECT_S: Final = 10.0
"""A lost SYN is sent again after 1, 3 and 7 s."""
KEEP_ALIVE_S: Final = 4.0
"""How long a connection is kept: below the shortest common idle time of servers (Apache and Node: 5 s)."""
REST_S: Final = 0.2
"""For the rest of an answer, so that its connection may be kept; the event is acknowledged without it."""
REST_MAX: Final = 16_384
"""Octets of it."""
RESOLVERS: Final = 16
"""Threads that may hang in somebody's DNS; as many as four slow endpoints have lanes."""
ADDRESSES_MAX: Final = 8
"""Tried of one name."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host's name and port to its addresses; OSError."""


class ForbiddenAddressError(OSError):
    """The name leads to an address that nothing may be posted to."""


class Poster:
    """Posts events; one of them serves all endpoints. `close` it on the loop that used it.

    `resolve` and `context` are for tests and for networks with a resolver or authorities of their own.
    """

    def __init__(
        self, *, resolve: Resolve | None = None, context: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._resolve = resolve or self._ask_system
        self._context = context
        self._timeout_s = timeout_s
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool) -> Verdict:
        """Posts once; says how it ended, whatever happened."""
        host = urlsplit(url).hostname or ""
        address = target.literal(host)
        if address is not None and target.forbidden(address, allow_private=allow_private):
            return verdict.of_failure("address_forbidden")
        import aiohttp

        for fresh in (False, True):
            try:
                return await self._post(url, headers, body, allow_private)
            except aiohttp.ServerDisconnectedError:
                # A kept connection may have been closed under the request: one more, over a new one.
                if fresh:
                    return verdict.of_failure("connection_lost")
            except (TimeoutError, OSError, ValueError, aiohttp.ClientError) as error:
                return verdict.of_failure(_reason(error))
        raise AssertionError

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, allow_private: bool) -> Verdict:
        from yarl import URL

        session = self._session(allow_private)
        response = await session.post(URL(url, encoded=True), data=body, headers=headers, allow_redirects=False)
        try:
            answer = {"retry-after": response.headers.get("Retry-After", "")}
            found = verdict.of_answer(response.status, answer, time.time())
            with suppress(Exception):  # whatever it says beyond its status changes nothing
                async with asyncio.timeout(REST_S):
                    await response.content.read(REST_MAX)
            return found
        finally:
            response.release()

    def _session(self, allow_private: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(allow_private)
        if session is None:
            import aiohttp

            if self._context is None:
                self._context = ssl.create_default_context()
            connector = aiohttp.TCPConnector(
                limit=0,  # each endpoint has four lanes, and no more
                resolver=_resolver(self._addresses, allow_private),
                use_dns_cache=False,
                keepalive_timeout=KEEP_ALIVE_S,
                ssl=self._context,
            )
            session = self._sessions[allow_private] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, connect=min(CONNECT_S, self._timeout_s)),
                auto_decompress=False,
                trust_env=False,
                headers={
                    "User-Agent": "gatewayd",
                    "Content-Type": "application/json",
                    "Accept-Encoding": "identity",
                },
            )
        return session

    async def _addresses(self, host: str, port: int, allow_private: bool) -> list[str]:
        """Returns a name's addresses, all judged; ForbiddenAddressError where one of them is not to be called."""
        found = list(dict.fromkeys(await self._resolve(host, port)))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if target.any_forbidden(found, allow_private=allow_private):
            raise ForbiddenAddressError("forbidden")
        return found[:ADDRESSES_MAX]

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        # Threads of its own: the loop's are few, and others need them.
        if self._threads is None:
            self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-names")
        work = self._threads.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        return [str(each[4][0]) for each in await asyncio.wrap_future(work)]

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def _resolver(addresses: Callable[[str, int, bool], Awaitable[list[str]]], allow_private: bool) -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Judged(AbstractResolver):
        """Answers with addresses that may be called, in the form in which a connection is made to them."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            del family
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
                for address in await addresses(host, port, allow_private)
            ]

        async def close(self) -> None:
            """Nothing of its own is open."""

    return Judged()


def _reason(error: BaseException) -> str:
    """Returns what a failure was, in a code of one word."""
    import aiohttp

    cause = getattr(error, "os_error", None) or error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "certificate_invalid"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls_failed"
    if isinstance(cause, ForbiddenAddressError):
        return "address_forbidden"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(cause, socket.gaierror):
        return "host_unknown"
    if isinstance(error, aiohttp.ClientConnectorError):
        return NETWORK_FORBIDDEN if isinstance(cause, OSError) and forbidden(cause) else "connect_failed"
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError | aiohttp.http.HttpProcessingError):
        return "answer_unreadable"
    if isinstance(error, aiohttp.InvalidURL | ValueError) and not isinstance(error, aiohttp.ClientOSError):
        return "url_invalid"
    return "connection_lost"
