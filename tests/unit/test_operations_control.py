"""The control socket against clients that mean well, and those that do not."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd import control
from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.control import ControlClient, ControlServer
from gatewayd.values.errors import ConfigError, ConflictError, NotFoundError, UnavailableError, UsageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


@pytest.fixture
async def server(tmp_path: Path, path: Path) -> AsyncIterator[ControlServer]:
    raw = {"store": {"url": f"sqlite:///{tmp_path}/g.db"}, "spool": {"path": str(tmp_path / "spool")}}
    backend = OfflineBackend(parse(raw, tmp_path / "g.toml"))
    served = ControlServer(backend, path)
    await served.start()
    yield served
    await served.close()
    await served.close()
    assert not path.exists()
    backend.close()


async def talk(path: Path, *requests: bytes) -> list[Any]:
    """Sends the requests, says that there are no more, and reads all answers."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=1 << 24)
    try:
        for request in requests:
            writer.write(request)
            await writer.drain()
        writer.write_eof()
        answers = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    return [json.loads(line) for line in answers.splitlines()]


async def call(path: Path, operation: str, **arguments: Any) -> Any:
    def ask() -> Any:
        client = ControlClient.connect([path])
        assert client is not None
        try:
            return client.call(operation, arguments)
        finally:
            client.close()

    return await asyncio.to_thread(ask)


async def test_operations_and_errors_cross_the_wire(server: ControlServer, path: Path) -> None:
    assert (await call(path, "account.create", account="ñorte"[1:]))["name"] == "orte"
    assert (await call(path, "account.credit", account="orte", amount="5", note="año"))["balance"] == "5.00"
    with pytest.raises(ConflictError, match="orte"):
        await call(path, "account.create", account="orte")
    with pytest.raises(NotFoundError):
        await call(path, "account.show", account="sur")
    with pytest.raises(UsageError):
        await call(path, "account.show", acount="sur")
    with pytest.raises(UnavailableError):
        await call(path, "overview")
    with pytest.raises(UnavailableError):
        await call(path, "watch")


async def test_one_connection_carries_many_requests(server: ControlServer, path: Path) -> None:
    request = b'{"op":"account.list"}\n'
    assert await talk(path, request * 50) == [{"ok": {"items": [], "next": None}}] * 50


@pytest.mark.parametrize(
    "junk",
    [
        b"\n",
        b"GET / HTTP/1.1\r\n",
        b"[]\n",
        b"null\n",
        b'{"op": 5}\n',
        b'{"op": "account.list", "args": []}\n',
        b'{"op": "__init__"}\n',
        b'{"op": "account.show", "args": {"account": {"$gt": ""}}}\n',
        b'{"args": {}}\n',
        b"\xff\xfe\x00\n",
        b"[" * 100_000 + b"\n",
        b'{"op": "job.list", "args": {"limit": 1e400}}\n',
        b'{"op": "job.list", "args": {"limit": -99999999999999999999999}}\n',
        b'{"op": "job.list", "args": {"cursor": "1; DROP TABLE job"}}\n',
        b'{"op": "account.show", "args": {"account": "\\ud800"}}\n',
    ],
)
async def test_junk_is_answered_and_the_next_request_too(server: ControlServer, path: Path, junk: bytes) -> None:
    first, second = await talk(path, junk, b'{"op":"account.list"}\n')
    assert set(first) <= {"error", "ok"}
    if "error" in first:
        assert first["error"]["kind"] in {"usage", "faults", "not_found"}
        assert "Traceback" not in first["error"]["message"]
    assert second == {"ok": {"items": [], "next": None}}


async def test_a_request_without_end_is_refused(server: ControlServer, path: Path) -> None:
    (answer,) = await talk(path, b'{"op": "' + b"x" * (control.REQUEST_MAX + 10))
    assert answer["error"]["kind"] == "usage"


async def test_a_client_that_goes_away_hurts_nobody(server: ControlServer, path: Path) -> None:
    for request in (b"", b'{"op":"acc', b'{"op":"account.list"}\n' * 1000):
        _reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(request)
        writer.transport.abort()
    assert (await call(path, "account.list"))["items"] == []


async def test_connections_are_bounded(server: ControlServer, path: Path) -> None:
    idle = [await asyncio.open_unix_connection(str(path)) for _ in range(control.CONNECTIONS_MAX)]
    with pytest.raises(UnavailableError):
        await call(path, "account.list")
    for _reader, writer in idle:
        writer.close()
        await writer.wait_closed()


async def test_the_socket_is_for_its_group_alone(server: ControlServer, path: Path) -> None:
    assert stat.S_IMODE(path.lstat().st_mode) == 0o660


async def test_a_stale_socket_is_replaced_and_nothing_else(tmp_path: Path, path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    assert ControlClient.connect([path]) is None
    control.listening_socket(path).close()
    path.unlink()
    path.write_text("precious")
    with pytest.raises(ConfigError):
        control.listening_socket(path)
    assert path.read_text() == "precious"
    with pytest.raises(ConfigError):
        control.listening_socket(tmp_path / "nowhere" / "control.sock")


def test_no_daemon_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ControlClient.connect([]) is None
    assert ControlClient.connect([tmp_path / "nothing", tmp_path / "file" / "x"]) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open anything")
def test_no_permission_is_told(path: Path) -> None:
    listener = control.listening_socket(path)
    path.chmod(0)
    with pytest.raises(UnavailableError, match="control"):
        ControlClient.connect([path])
    listener.close()
