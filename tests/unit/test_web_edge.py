"""The web side's outermost layer: whose address is believed, how much a body may be, what each answer bears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gatewayd.config import WebConfig
from gatewayd.web import edge
from gatewayd.web.edge import BODY_MAX, Edge, Proxies
from gatewayd.web.security import HEADERS

PROXIES = Proxies(("127.0.0.1", "10.0.0.0/8", "::1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # a stranger's word is nothing
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # what the client invented stands left
        ("127.0.0.1", "1.1.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("127.0.0.1", "evil, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, evil", "127.0.0.1"),
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("127.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("::1", "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_address_is_the_rightmost_that_no_proxy_has(peer: str, forwarded: str, client: str) -> None:
    assert PROXIES.client(peer, forwarded) == client


async def _seen(request: Request) -> Response:
    body = await request.body()
    assert request.client is not None
    return JSONResponse({"client": request.client.host, "scheme": request.url.scheme, "bytes": len(body)})


def client(settings: WebConfig, peer: str = "127.0.0.1") -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/seen", _seen, methods=["GET", "POST"])])
    transport = httpx.ASGITransport(app=Edge(app, settings), client=(peer, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://panel.example")


async def test_every_answer_bears_the_policy_and_tls_alone_is_kept() -> None:
    async with client(WebConfig(proxies=("127.0.0.1",))) as asked:
        plain = await asked.get("/seen")
        secure = await asked.get("/seen", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
        lost = await asked.get("/nowhere")
    assert plain.json() == {"client": "127.0.0.1", "scheme": "http", "bytes": 0}
    assert secure.json() == {"client": "203.0.113.9", "scheme": "https", "bytes": 0}
    assert "Strict-Transport-Security" not in plain.headers
    assert "Strict-Transport-Security" in secure.headers
    for answer in (plain, secure, lost):
        assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)


async def test_a_stranger_cannot_make_itself_secure_or_another() -> None:
    async with client(WebConfig(), peer="198.51.100.7") as asked:
        answer = await asked.get("/seen", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"})
    assert answer.json() == {"client": "198.51.100.7", "scheme": "http", "bytes": 0}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("panel.example", 200),
        ("PANEL.example:8443", 200),
        ("panel.example.", 200),
        ("127.0.0.1:8081", 200),
        ("[::1]:8081", 200),
        ("localhost:8081", 200),
        ("rebound.example", 421),
        ("panel.example.evil", 421),
    ],
)
async def test_another_hosts_name_is_refused(host: str, status: int) -> None:
    async with client(WebConfig(base_url="https://panel.example")) as asked:
        assert (await asked.get("/seen", headers={"Host": host})).status_code == status


async def test_a_program_is_refused_by_a_problem_document() -> None:
    async with client(WebConfig(base_url="https://panel.example")) as asked:
        answer = await asked.get("/v1/jobs", headers={"Host": "rebound.example"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json()["status"], answer.json()["type"]) == (421, "about:blank")


async def test_a_body_is_bounded_announced_or_in_pieces() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * (BODY_MAX // 4)

    async with client(WebConfig()) as asked:
        assert (await asked.post("/seen", content=b"x" * BODY_MAX)).json()["bytes"] == BODY_MAX
        assert (await asked.post("/seen", content=b"x" * (BODY_MAX + 1))).status_code == 413
        assert (await asked.post("/seen", content=pieces())).status_code == 413


@pytest.mark.parametrize(
    ("peers", "stranger"),
    [
        (["198.51.100.7"] * 3, "198.51.100.8"),
        (["2001:db8:7:1::1", "2001:db8:7:1:ffff::2", "2001:db8:7:1:1:2:3:4"], "2001:db8:7:2::1"),
    ],
)
async def test_one_address_cannot_have_all_the_work(
    peers: list[str], stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one network of IPv6, all of whose addresses are one household's."""
    monkeypatch.setattr(edge, "IN_WORK_AN_ADDRESS", 2)
    gate = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        await JSONResponse({})(scope, receive, send)

    outer = Edge(slow, WebConfig())

    def asked(peer: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=outer, client=(peer, 1)), base_url="http://p")

    async with asked(peers[0]) as one, asked(peers[1]) as two, asked(peers[2]) as many, asked(stranger) as other:
        waiting = [asyncio.create_task(each.get("/")) for each in (one, two)]
        await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        refused = await many.get("/")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        waiting.append(asyncio.create_task(other.get("/")))
        await asyncio.sleep(0.05)
        gate.set()
        assert [each.status_code for each in await asyncio.gather(*waiting)] == [200, 200, 200]
        assert (await many.get("/")).status_code == 200
