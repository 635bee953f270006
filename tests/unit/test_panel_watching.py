"""Streams of what changes: shared by all who watch, nothing missed by one that comes back, none for who may not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gatewayd.values.errors import ThrottledError, UnauthenticatedError
from gatewayd.web.panel import watching
from gatewayd.web.panel.watching import KINDS, Watching
from gatewayd.web.remote import AwayError, Bearer, Remote

EVERYTHING = f"data: {' '.join(sorted(KINDS))}\n\n"


class Daemon:
    """What a remote hears: changes are put in by the test."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[Any] = asyncio.Queue()
        self.heard: list[str | None] = []
        self.ended: set[str | None] = set()
        self.open: asyncio.Event | None = None
        """Until when it does not answer."""

    async def changes(self, bearer: Bearer) -> AsyncIterator[frozenset[str]]:
        self.heard.append(bearer.session)
        if self.open is not None:
            await self.open.wait()
        yield frozenset()
        while True:
            found = await self.said.get()
            if isinstance(found, Exception):
                raise found
            yield frozenset(found)

    async def actor(self, bearer: Bearer) -> Any:
        if bearer.session in self.ended:
            raise UnauthenticatedError("gone")
        return SimpleNamespace(account=None)


async def read(stream: AsyncIterator[str]) -> str:
    async with asyncio.timeout(5):
        return await anext(stream)


async def opened(all_of_them: Watching, session: str, last: str = "") -> AsyncIterator[str]:
    stream = all_of_them.stream(Bearer(session=session), None, last)
    assert await read(stream) == "retry: 2000\n\n"
    return stream


async def test_a_change_reaches_all_who_watch_by_one_look_at_the_daemon() -> None:
    daemon = Daemon()
    all_of_them = Watching(cast(Remote, daemon))
    streams = [await opened(all_of_them, f"s{number}") for number in range(3)]
    for one in streams:
        assert EVERYTHING in await read(one), "what changed while the page was made"
    await daemon.said.put({"line"})
    assert {(await read(one)).partition("\n")[2] for one in streams} == {"data: line\n\n"}
    assert len(daemon.heard) == 1
    for one in streams:
        await cast(Any, one).aclose()
    assert not all_of_them._looks


async def test_what_changes_before_the_daemon_is_heard_is_not_missed() -> None:
    daemon = Daemon()
    daemon.open = asyncio.Event()
    stream = await opened(Watching(cast(Remote, daemon)), "first")
    coming = asyncio.create_task(read(stream))
    await asyncio.sleep(0)
    assert not coming.done(), "a page that loads anew now would be as old, once the daemon is heard"
    daemon.open.set()
    assert EVERYTHING in await coming
    await cast(Any, stream).aclose()


async def test_a_stream_that_comes_back_is_told_what_it_missed() -> None:
    daemon = Daemon()
    all_of_them = Watching(cast(Remote, daemon))
    keeper = await opened(all_of_them, "keeper")
    await read(keeper)
    await daemon.said.put({"line"})
    last = (await read(keeper)).partition("\n")[0].removeprefix("id: ")
    await daemon.said.put({"daemon"})
    await read(keeper)

    back = await opened(all_of_them, "back", last)
    assert "data: daemon\n" in await read(back)
    for unknown in ("another-7", "garbage", "x" * 60, f"{last}{'9' * 20}"):
        stranger = await opened(all_of_them, "stranger", unknown)
        assert EVERYTHING in await read(stranger)
        await cast(Any, stranger).aclose()
    for one in (keeper, back):
        await cast(Any, one).aclose()


async def test_who_is_signed_out_is_told_nothing_more_and_another_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "JUDGE_S", 0.01)
    daemon = Daemon()
    all_of_them = Watching(cast(Remote, daemon))
    first, second = await opened(all_of_them, "out"), await opened(all_of_them, "in")
    await read(first)
    await read(second)
    daemon.ended.add("out")
    with pytest.raises(StopAsyncIteration):
        await read(first)
    await daemon.said.put({"line"})
    # Where the daemon was heard as the one who left, it is heard anew, and what was missed in between is told.
    assert "line" in await read(second)
    await cast(Any, second).aclose()


async def test_a_daemon_that_goes_and_comes_back_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AWAY_S", 0.01)
    daemon = Daemon()
    stream = Watching(cast(Remote, daemon)).stream(Bearer(session="s"), None)
    await read(stream)
    await read(stream)
    await daemon.said.put(AwayError("gone"))
    assert "data: daemon line\n" in await read(stream)
    await daemon.said.put({"job"})
    assert EVERYTHING in await read(stream)
    await cast(Any, stream).aclose()


async def test_too_many_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "WATCHERS_MAX", 1)
    all_of_them = Watching(cast(Remote, Daemon()))
    first = await opened(all_of_them, "a")
    with pytest.raises(ThrottledError):
        await read(all_of_them.stream(Bearer(session="b"), None))
    await cast(Any, first).aclose()
    second = await opened(all_of_them, "b")
    await cast(Any, second).aclose()


async def test_nobody_takes_all_the_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "WATCHERS_OF_ONE_MAX", 2)
    all_of_them = Watching(cast(Remote, Daemon()))
    streams = [await opened(all_of_them, "greedy") for _ in range(2)]
    with pytest.raises(ThrottledError):
        await read(all_of_them.stream(Bearer(session="greedy", address="192.0.2.9"), None))
    streams.append(await opened(all_of_them, "somebody else"))
    for one in streams:
        await cast(Any, one).aclose()


def test_all_that_pages_show_anew_is_told() -> None:
    """A part of a page that waits for a word which nobody is told would stand still for ever."""
    folder = Path(watching.__file__).parent / "templates"
    waited = {
        kind
        for template in folder.rglob("*.html")
        for kinds in re.findall(r'ui\.live\("[\w-]+", [^,]+, "([a-z ]+)"|data-live="([a-z ]+)"', template.read_text())
        for kind in " ".join(kinds).split()
    }
    assert {"campaign", "customer", "task", "message"} <= waited
    assert waited <= set(KINDS)


def test_all_that_is_shown_anew_is_a_part_of_its_page() -> None:
    """What a page asks for anew comes as a block of its own: the whole page would be put into itself."""
    folder = Path(watching.__file__).parent / "templates"
    for template in folder.glob("*.html"):
        blocks: list[str] = []
        for tag in re.findall(r"\{% (block \w+|endblock)|(ui\.live\()", template.read_text()):
            if tag[1]:
                assert blocks[-1:] not in ([], ["block main"]), template.name
            elif tag[0] == "endblock":
                blocks.pop()
            else:
                blocks.append(tag[0])
