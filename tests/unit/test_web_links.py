"""The web process's connections to the daemon: many requests at once, a daemon that goes away, and what is watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewayd.control.conversation import AT_ONCE, TOGETHER, Conversation
from gatewayd.control.wire import BATCH_MAX, REQUEST_MAX, requests_of
from gatewayd.values.errors import NotFoundError, UnavailableError, UsageError
from gatewayd.web import links as links_module
from gatewayd.web.links import Links, LostError


class Daemon:
    """Answers on a socket as the daemon does; `work` says what a request takes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[str] = []
        self.lines = 0
        self.connections = 0
        self.streams = 0
        self.gate = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.most_at_once = 0
        self._at_once = 0

    async def perform(self, request: dict[str, Any]) -> Any:
        self.asked.append(request["op"])
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            match request["op"]:
                case "slow":
                    await self.gate.wait()
                case "missing":
                    raise NotFoundError("no such thing")
                case "die":
                    self.kill()
                    await asyncio.Event().wait()
            return request.get("args")
        finally:
            self._at_once -= 1

    async def stream(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        self.streams += 1
        try:
            for number in range(request["args"]["count"]):
                yield number
            await asyncio.Event().wait()
        finally:
            self.streams -= 1

    def _keep(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        return task

    async def start(self) -> None:
        together = asyncio.Semaphore(TOGETHER)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            self._writers.add(writer)
            try:
                await Conversation(reader, writer, self, self._keep, together).run()
            except OSError:
                pass
            finally:
                writer.close()

        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(connected, str(self.path), limit=REQUEST_MAX)

    def kill(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def close(self) -> None:
        self.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def talking(folder: Path) -> AsyncIterator[tuple[Daemon, Links]]:
    daemon = Daemon(folder / "web.sock")
    await daemon.start()
    links = Links(daemon.path)
    try:
        yield daemon, links
    finally:
        await links.close()
        await daemon.close()


async def test_a_slow_request_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, "CONNECTIONS", 1)
    async with talking(tmp_path) as (daemon, links):
        slow = asyncio.create_task(links.ask({"op": "slow", "args": 1}, again=False))
        await asyncio.sleep(0.05)
        assert await links.ask({"op": "quick", "args": 2}, again=False) == 2
        assert not slow.done()
        daemon.gate.set()
        assert await slow == 1
        assert daemon.connections == 1


async def test_many_share_a_bounded_number_of_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, "CONNECTIONS", 4)
    async with talking(tmp_path) as (daemon, links):
        found = await asyncio.gather(*(links.ask({"op": "quick", "args": one}, again=False) for one in range(500)))
        assert found == list(range(500))
        assert daemon.connections == 4
        slow = [asyncio.create_task(links.ask({"op": "slow", "args": one}, again=False)) for one in range(200)]
        await asyncio.sleep(0.1)
        assert daemon.most_at_once == 4 * AT_ONCE
        daemon.gate.set()
        assert await asyncio.gather(*slow) == list(range(200))


async def test_an_error_is_that_request_s_alone(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_daemon, links):
        good = asyncio.create_task(links.ask({"op": "quick", "args": 1}, again=False))
        with pytest.raises(NotFoundError):
            await links.ask({"op": "missing"}, again=False)
        assert await good == 1
        with pytest.raises(UsageError):
            await links.ask({"op": "quick", "args": "x" * REQUEST_MAX}, again=False)
        assert await links.ask({"op": "quick", "args": 3}, again=False) == 3


async def test_what_may_have_been_done_is_never_repeated(tmp_path: Path) -> None:
    async with talking(tmp_path) as (daemon, links):
        with pytest.raises(UnavailableError, match="look whether it was done"):
            await links.ask({"op": "die"}, again=False)
        assert daemon.asked == ["die"]
        with pytest.raises(UnavailableError, match="not running"):
            await links.ask({"op": "quick"}, again=True)
        await daemon.start()
        assert await links.ask({"op": "quick", "args": 5}, again=False) == 5


async def test_what_changes_nothing_is_asked_again(tmp_path: Path) -> None:
    async with talking(tmp_path) as (daemon, links):
        slow = asyncio.create_task(links.ask({"op": "slow", "args": 1}, again=True))
        await asyncio.sleep(0.05)
        daemon.kill()
        await daemon.start()
        daemon.gate.set()
        assert await slow == 1
        assert daemon.asked == ["slow", "slow"]


async def test_streams_share_one_connection_and_end_with_their_readers(tmp_path: Path) -> None:
    async with talking(tmp_path) as (daemon, links):

        async def first(count: int) -> list[int]:
            found: list[int] = []
            async with aclosing(links.stream({"op": "watch", "args": {"count": count}})) as answers:
                async for one in answers:
                    found.append(one)
                    if len(found) == count:
                        break
            return found

        assert await asyncio.gather(*(first(count) for count in range(1, 40))) == [list(range(n)) for n in range(1, 40)]
        assert daemon.connections == 1
        for _ in range(50):
            if not daemon.streams:
                break
            await asyncio.sleep(0.02)
        assert daemon.streams == 0


async def test_a_stream_says_when_the_daemon_is_gone(tmp_path: Path) -> None:
    async with talking(tmp_path) as (daemon, links):
        stream = links.stream({"op": "watch", "args": {"count": 1}})
        assert await anext(stream) == 0
        daemon.kill()
        with pytest.raises(LostError):
            await anext(stream)
        await daemon.start()
        again = links.stream({"op": "watch", "args": {"count": 1}})
        assert await anext(again) == 0
        await again.aclose()


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"[1]",
        b'[{"op": "ping"}]',
        b'{"op": "ping", "id": "a"}',
        b'[[{"op": "ping", "id": 1}]]',
        b"1",
        b"[" * 5000,
    ],
)
def test_a_line_that_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(UsageError):
        requests_of(line)


def test_a_batch_is_bounded() -> None:
    one = b'{"op":"ping","id":1}'
    assert len(requests_of(b"[" + b",".join([one] * BATCH_MAX) + b"]")) == BATCH_MAX
    with pytest.raises(UsageError):
        requests_of(b"[" + b",".join([one] * (BATCH_MAX + 1)) + b"]")
