"""The web side's outermost layer: whose address it is, which host was asked for, how much a body may be, what each
answer bears. Nothing is kept for a request before it has passed here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gatewayd.config import WebConfig
from gatewayd.values.throttle import counted_as
from gatewayd.web.readers import arrived
from gatewayd.web.security import HEADERS

BODY_MAX: Final = 2 << 20
"""Bytes of a body: a thousand numbers, or a long template with its HTML."""
LARGER: Final[dict[str, int]] = {"/v1/uploads": 101 << 20, "/v1/jobs": 9 << 20}
"""Bytes of a body at addresses that begin so. Modules whose addresses take sheets add their own."""
IN_WORK_MAX: Final = 256
IN_WORK_AN_ADDRESS: Final = 64
"""Requests in work at once; more are asked to come again. A stream of events counts by itself (`events`)."""
RETRY_S: Final = 1

STRICT: Final = "max-age=31536000"
"""RFC 6797, once a browser has come by TLS: a year."""

Address = IPv4Address | IPv6Address


class Proxies:
    """Whose word for the address of a client is believed."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(one, strict=False) for one in networks)

    def trusts(self, address: str) -> bool:
        """Returns whether that is the address of a proxy of ours."""
        found = _parsed(address)
        return found is not None and any(found in network for network in self._networks)

    def client(self, peer: str, forwarded: str) -> str:
        """Returns the address that a request comes from: the rightmost one that no proxy of ours has.

        `forwarded` is X-Forwarded-For, all of it: each proxy adds the address it has seen at its end, so that what a
        client invents stands left of the truth.
        """
        if not self.trusts(peer):
            return peer
        found = peer
        for one in reversed(forwarded.split(",")):
            address = _parsed(one.strip())
            if address is None:
                break
            found = str(address)
            if not self.trusts(found):
                break
        return found


def _parsed(text: str) -> Address | None:
    """Returns an address, with or without a port and brackets; IPv4 as itself where it is written within IPv6."""
    text = text.partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return found if mapped is None else mapped


class Edge:
    """Wraps the application. `settings` may be replaced while it runs."""

    def __init__(self, app: ASGIApp, settings: WebConfig) -> None:
        self._app = app
        self._in_work: Counter[str] = Counter()
        self.take_over(settings)

    def take_over(self, settings: WebConfig) -> None:
        self.proxies = Proxies(settings.proxies)
        self._host = None if settings.base_url is None else (urlsplit(settings.base_url).hostname or "").lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return None
        arrived()
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers[name] = headers[name] + b"," + value if name in headers else value
        peer = scope["client"][0] if scope["client"] else ""
        client = self.proxies.client(peer, headers.get(b"x-forwarded-for", b"").decode("latin-1"))
        if self.proxies.trusts(peer):
            scheme = headers.get(b"x-forwarded-proto", b"").rpartition(b",")[2].strip().lower()
            if scheme in {b"http", b"https"}:
                scope["scheme"] = scheme.decode()
        scope["client"] = (client, 0)
        answer = _Answer(send, secure=scope["scheme"] == "https", program=scope["path"].startswith("/v1/"))
        limit = body_limit(scope["path"])
        if not self._ours(headers.get(b"host", b"").decode("latin-1")):
            return await answer.refuse(421, "this is not the address of the panel")
        if b"content-length" in headers and b"transfer-encoding" in headers:
            # A proxy may read the one and we the other (RFC 9112 §6.1): what comes next would pass for a request.
            return await answer.refuse(400, "a body has one length")
        if _too_long(headers.get(b"content-length"), limit):
            return await answer.refuse(413, f"more than {limit} bytes")
        place = counted_as(client)
        if self._in_work.total() >= IN_WORK_MAX or self._in_work[place] >= IN_WORK_AN_ADDRESS:
            return await answer.refuse(503, "too much at once", retry=True)
        self._in_work[place] += 1
        scope["gatewayd.rest"] = resting = _Resting(self._in_work, place)
        try:
            await self._app(scope, _bounded(receive, limit), answer)
        except _TooLongError:
            await answer.refuse(413, f"more than {limit} bytes")
        finally:
            resting.rest()

    def _ours(self, host: str) -> bool:
        """Returns whether a request is for us: with `base_url`, for its host, an address or this machine by name.

        A name that others let point here (DNS rebinding) would make their pages ours.
        """
        if self._host is None:
            return True
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        name = name.lower().rstrip(".")
        return name in {self._host, "localhost", ""} or _parsed(host) is not None


class _Resting:
    """A request's place among those in work, given back once: at its end, or when it only waits for events."""

    def __init__(self, counts: Counter[str], client: str) -> None:
        self._counts = counts
        self._client = client
        self._done = False

    def rest(self) -> None:
        if self._done:
            return
        self._done = True
        self._counts[self._client] -= 1
        if self._counts[self._client] <= 0:
            del self._counts[self._client]


def body_limit(path: str) -> int:
    """Returns the most bytes of a body at an address."""
    return max((most for begin, most in LARGER.items() if path.startswith(begin)), default=BODY_MAX)


def _too_long(announced: bytes | None, limit: int) -> bool:
    return announced is not None and announced.isdigit() and int(announced[:15]) > limit


class _TooLongError(HTTPException):
    """A body that comes in pieces has become longer than its limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"more than {limit} bytes", {"Connection": "close"})


def _bounded(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _TooLongError(limit)
        return message

    return bounded


_PROBLEMS: Final = {413: "too-large", 503: "unavailable"}
"""By status, the words of `v1.problems`."""


def _problem(status: int, sentence: str) -> bytes:
    kind = f"/v1/problems/{_PROBLEMS[status]}" if status in _PROBLEMS else "about:blank"
    title = HTTPStatus(status).phrase
    return json.dumps({"type": kind, "title": title, "status": status, "detail": sentence}).encode()


class _Answer:
    """Sends what the application answers, with the headers that each answer bears."""

    def __init__(self, send: Send, *, secure: bool, program: bool) -> None:
        """`program`: it is a program that asks, which gets a problem document (RFC 9457)."""
        self._send = send
        self._program = program
        self._secure = secure
        self._begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._secure:
                headers.setdefault("Strict-Transport-Security", STRICT)
        await self._send(message)

    async def refuse(self, status: int, sentence: str, *, retry: bool = False) -> None:
        """Answers at once and ends the connection: what still comes of the body is not read."""
        if self._begun:
            return
        kind, body = b"text/plain; charset=utf-8", sentence.encode()
        if self._program:
            kind, body = b"application/problem+json", _problem(status, sentence)
        headers: list[tuple[bytes, Any]] = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        if retry:
            headers.append((b"retry-after", str(RETRY_S).encode()))
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self({"type": "http.response.body", "body": body})
