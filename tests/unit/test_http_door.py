"""Connections to our HTTP have their time and their bound; half a request keeps no whole one out."""

from __future__ import annotations

import asyncio
import re
import resource
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from drivers.base import HookCall
from gatewayd.config import parse
from gatewayd.daemon import services
from gatewayd.http import bodies, server
from gatewayd.operations import Backend
from gatewayd.process import connections, serving
from gatewayd.web import gate
from gatewayd.web import server as web_server
from tests.rig.ports import free_port


class Hooks:
    """As much of a daemon as a hook meets."""

    def __init__(self) -> None:
        self.live = self
        self.bodies: list[int] = []

    async def hook(self, line: str, call: HookCall) -> str:
        self.bodies.append(len(call.body))
        return ""


Door = tuple[int, Hooks]


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(connections, "HEADER_S", 0.3)
    monkeypatch.setattr(connections, "BODY_S", 0.5)
    monkeypatch.setattr(serving, "CLOCK_S", 0.05)
    port = free_port()
    config = parse(
        {"spool": {"path": str(tmp_path)}, "store": {"url": f"sqlite:///{tmp_path}/g.db"},
         "http": {"listen": f"127.0.0.1:{port}"}},
        tmp_path / "g.toml",
    )  # fmt: skip
    hooks = Hooks()
    async with server.serving(config, cast("Backend", hooks)):
        async with asyncio.timeout(10):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
        yield port, hooks


async def said(port: int, request: bytes, *, more: bytes = b"") -> bytes:
    """Everything that is answered, until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request + more)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def call(length: int) -> bytes:
    head = f"POST /hooks/l HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    return head.encode()


async def test_half_requests_keep_no_whole_one_out(door: Door) -> None:
    port, _ = door
    halves = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections.most() + 50)]
    try:
        for _, writer in halves:
            with suppress(ConnectionError):
                writer.write(b"POST /hooks/l HTTP/1.1\r\nContent-Le")
        assert b"200 OK" in await said(port, HEALTH)
    finally:
        for _, writer in halves:
            writer.close()


async def test_a_header_has_its_time(door: Door) -> None:
    assert b" 408 " in await said(door[0], b"GET /healthz HTT")
    assert b"200 OK" in await said(door[0], HEALTH)


async def test_a_body_has_its_time(door: Door) -> None:
    port, hooks = door
    answer = await said(port, call(10), more=b"half")
    assert b"200" not in answer
    assert hooks.bodies == []
    assert b"200 OK" in await said(port, call(4), more=b"whole"[:4])
    assert hooks.bodies == [4]


async def test_a_body_that_is_announced_too_long_is_not_read(door: Door) -> None:
    assert b" 413 " in await said(door[0], call(5 << 20))


async def test_bodies_together_have_their_bound(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "TOGETHER", 100_000)
    port, hooks = door
    assert b" 503 " in await said(port, call(400_000), more=b"x" * 200_000)
    assert b" 200 " in await said(port, call(60_000), more=b"x" * 60_000)
    assert hooks.bodies == [60_000]


def test_a_few_descriptors_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    def limits(_: int) -> tuple[int, Any]:
        return 100, 100

    monkeypatch.setattr(resource, "getrlimit", limits)
    assert connections.most() == 25


SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"


@pytest.mark.parametrize(
    ("unit", "asked", "door", "share"),
    [
        ("gatewayd.service", services.DESCRIPTORS, connections, 4),
        ("gatewayd-web.service", web_server.DESCRIPTORS, gate, 2),
    ],
)
def test_the_units_give_what_the_programs_ask_for_and_the_door_leaves_most_of_it(
    monkeypatch: pytest.MonkeyPatch, unit: str, asked: int, door: Any, share: int
) -> None:
    [given] = map(int, re.findall(r"^LimitNOFILE=(\d+)$", (SYSTEMD / unit).read_text(), re.MULTILINE))
    assert given == asked
    for descriptors in (given, 1024):  # the unit's, and what a shell gives
        monkeypatch.setattr(resource, "getrlimit", lambda _, descriptors=descriptors: (descriptors, descriptors))
        assert door.most() == min(door.MOST, descriptors // share)
        assert door.most() * share <= descriptors, "the rest is for lines, files and the store"
    assert door.MOST * share <= given, "the door's bound is its own, not the machine's"


@pytest.mark.parametrize(
    ("hard", "wanted"),
    [(services.DESCRIPTORS * 2, services.DESCRIPTORS), (5000, 5000), (resource.RLIM_INFINITY, 65_536)],
)
def test_the_daemon_asks_for_its_descriptors(monkeypatch: pytest.MonkeyPatch, hard: int, wanted: int) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: told.append(limits))
    services.raise_descriptors()
    assert told == [(wanted, hard)]
