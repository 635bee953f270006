"""Streams of what changes: shared by all who watch, nothing missed by one that comes back, none for who may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from gatewayd.errors import ThrottledError, UnauthenticatedError
from gatewayd.web.panel import watching
from gatewayd.web.panel.watching import KINDS, Watching, kinds_of
from gatewayd.web.remote import AwayError, Bearer, Remote

CALM: dict[str, Any] = {
    "lines": [{"name": "m0", "state": "ready"}],
    "queue": {"counts": {"queued": 3}, "held": {}, "oldest_s": 1.0},
    "stalled": [],
    "draining": False,
    "events": [],
}


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, set()),
        ({"lines": [{"name": "m0", "state": "busy"}]}, {"line"}),
        ({"queue": {"counts": {"queued": 2}, "held": {}, "oldest_s": 1.0}}, {"message", "job"}),
        ({"queue": {"counts": {"queued": 3}, "held": {}, "oldest_s": 9.0}}, set()),
        ({"events": [{"kind": "inbound"}, {"kind": "job"}, {"kind": "new one"}]}, {"inbound", "job"}),
        ({"draining": True}, {"daemon"}),
    ],
)
def test_what_changed_is_said_by_kind(change: dict[str, Any], kinds: set[str]) -> None:
    assert kinds_of(CALM, {**CALM, **change}) == kinds


class Daemon:
    """What a remote watches: overviews are put in by the test."""

    def __init__(self) -> None:
        self.overviews: asyncio.Queue[Any] = asyncio.Queue()
        self.watched: list[str | None] = []

    async def watch(self, bearer: Bearer) -> AsyncIterator[Any]:
        self.watched.append(bearer.session)
        while True:
            found = await self.overviews.get()
            if isinstance(found, Exception):
                raise found
            yield found


def watched(daemon: Daemon) -> Watching:
    return Watching(cast(Remote, daemon))


async def read(stream: AsyncIterator[str]) -> str:
    async with asyncio.timeout(5):
        return await anext(stream)


async def test_a_change_reaches_all_who_watch_by_one_look_at_the_daemon() -> None:
    daemon = Daemon()
    all_of_them = watched(daemon)
    streams = [all_of_them.stream(Bearer(session=f"s{number}"), None) for number in range(3)]
    assert {await read(one) for one in streams} == {"retry: 2000\n\n"}
    waiting = [asyncio.create_task(read(one)) for one in streams]
    await daemon.overviews.put(CALM)
    await daemon.overviews.put({**CALM, "lines": []})
    told = {await one for one in waiting}
    assert len(told) == 1
    assert "data: line\n\n" in told.pop()
    assert len(daemon.watched) == 1
    for one in streams:
        await cast(Any, one).aclose()
    assert not all_of_them._looks


async def test_a_stream_that_comes_back_is_told_what_it_missed() -> None:
    daemon = Daemon()
    all_of_them = watched(daemon)
    keeper = all_of_them.stream(Bearer(session="keeper"), None)
    await read(keeper)
    await daemon.overviews.put(CALM)
    await daemon.overviews.put({**CALM, "lines": []})
    event = await read(keeper)
    last = event.partition("\n")[0].removeprefix("id: ")
    await daemon.overviews.put({**CALM, "lines": [], "draining": True})
    await read(keeper)

    back = all_of_them.stream(Bearer(session="back"), None, last)
    await read(back)
    assert "data: daemon\n" in await read(back)
    for unknown in ("another-7", "garbage", "x" * 60):
        stranger = all_of_them.stream(Bearer(session="stranger"), None, unknown)
        await read(stranger)
        assert f"data: {' '.join(sorted(KINDS))}\n" in await read(stranger)
        await cast(Any, stranger).aclose()


async def test_who_is_signed_out_ends_and_another_goes_on_watching() -> None:
    daemon = Daemon()
    all_of_them = watched(daemon)
    first = all_of_them.stream(Bearer(session="out"), None)
    await read(first)
    async with asyncio.timeout(5):
        while not daemon.watched:
            await asyncio.sleep(0)
    second = all_of_them.stream(Bearer(session="in"), None)
    await read(second)
    await daemon.overviews.put(UnauthenticatedError("gone"))
    with pytest.raises(StopAsyncIteration):
        await read(first)
    await daemon.overviews.put(CALM)
    await daemon.overviews.put({**CALM, "lines": []})
    assert "line" in await read(second)
    assert daemon.watched == ["out", "in"]


async def test_a_daemon_that_goes_and_comes_back_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AWAY_S", 0.01)
    daemon = Daemon()
    stream = watched(daemon).stream(Bearer(session="s"), None)
    await read(stream)
    await daemon.overviews.put(CALM)
    await daemon.overviews.put(AwayError("gone"))
    assert "data: daemon line\n" in await read(stream)
    await daemon.overviews.put(CALM)
    assert f"data: {' '.join(sorted(KINDS))}\n" in await read(stream)
    await cast(Any, stream).aclose()


async def test_too_many_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "WATCHERS_MAX", 1)
    all_of_them = watched(Daemon())
    first = all_of_them.stream(Bearer(session="a"), None)
    await read(first)
    with pytest.raises(ThrottledError):
        await read(all_of_them.stream(Bearer(session="b"), None))
    await cast(Any, first).aclose()
    await read(all_of_them.stream(Bearer(session="b"), None))
