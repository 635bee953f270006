"""The web process's connections to the daemon: each carries many requests at once, and finds its answers by number.

Requests that are made in the same turn of the event loop leave as one line. A connection that is lost fails what waits
on it; the next request opens another, so that a daemon that was started again is found at once.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

from gatewayd.control.wire import ANSWER_MAX, BATCH_MAX, REQUEST_MAX, raised
from gatewayd.values.errors import UnavailableError, UsageError
from gatewayd.web.words import gettext as _

CONNECTIONS: Final = 32
"""So many requests have a connection each, and no answer waits behind a longer one; beyond it they share."""
CONNECT_S: Final = 2.0
"""The kernel connects at once; only a daemon with a full backlog makes a client wait."""
ANSWER_S: Final = 200.0
"""A test message waits for its line's send, minutes at the very worst; everything else is answered at once."""
STREAM_KEPT: Final = 64
"""Answers of a stream that wait for its reader; the oldest goes first."""

Json = dict[str, Any]


class AwayError(UnavailableError):
    """No daemon answers: what can be read without it is read, nothing else is done."""


class LostError(AwayError):
    """The daemon went away with a request in its hands: whether it was done is not known."""


class _Stream:
    """Answers to one `watch`."""

    def __init__(self) -> None:
        self.kept: deque[Json] = deque(maxlen=STREAM_KEPT)
        self.more = asyncio.Event()
        self.lost = False

    def put(self, answer: Json) -> None:
        self.kept.append(answer)
        self.more.set()


class Link:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._streams: dict[int, _Stream] = {}
        self._leaving: list[bytes] = []
        self._numbers = 0
        self.lost = False
        self._reading = asyncio.create_task(self._read())

    @property
    def busy(self) -> int:
        """How many requests wait for their answers."""
        return len(self._answers)

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def ask(self, request: Json) -> Any:
        """Returns what the daemon answers, or raises the error that it tells. LostError where none came."""
        number = self._number()
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            self._send(number, request)
            async with asyncio.timeout(ANSWER_S):
                found = await answer
        except TimeoutError as error:
            raise LostError(_("the daemon does not answer")) from error
        finally:
            del self._answers[number]
        return _opened(found)

    async def stream(self, request: Json) -> AsyncGenerator[Any, None]:
        """Yields the answers to a `watch` until the daemon goes away (LostError) or ends it with an error."""
        number = self._number()
        stream = self._streams[number] = _Stream()
        try:
            self._send(number, request)
            while True:
                while stream.kept:
                    yield _opened(stream.kept.popleft())
                if stream.lost:
                    raise LostError(_("the daemon went away"))
                stream.more.clear()
                await stream.more.wait()
        finally:
            del self._streams[number]
            if not self.lost:
                self._send(number, {"op": "cancel"})

    def _number(self) -> int:
        if self.lost:
            raise LostError(_("the daemon went away"))
        self._numbers += 1
        return self._numbers

    def _send(self, number: int, request: Json) -> None:
        data = json.dumps({**request, "id": number}, ensure_ascii=False, separators=(",", ":")).encode()
        if len(data) >= REQUEST_MAX:
            raise UsageError(_("this is too much at once"))
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._leave)
        self._leaving.append(data)

    def _leave(self) -> None:
        """Writes what this turn of the loop has asked, in lines that the daemon reads."""
        leaving, self._leaving = self._leaving, []
        line: list[bytes] = []
        size = 2
        for data in leaving:
            if line and (size + len(data) + 1 >= REQUEST_MAX or len(line) == BATCH_MAX):
                self._write(line)
                line, size = [], 2
            line.append(data)
            size += len(data) + 1
        self._write(line)

    def _write(self, line: list[bytes]) -> None:
        if not self.lost:
            self._writer.write((line[0] if len(line) == 1 else b"[" + b",".join(line) + b"]") + b"\n")

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                answer = json.loads(line)
                number = answer.get("id")
                if (waiting := self._answers.get(number)) is not None:
                    if not waiting.done():
                        waiting.set_result(answer)
                elif (stream := self._streams.get(number)) is not None:
                    stream.put(answer)
                elif number is None:  # it speaks of the connection as a whole, and ends it
                    break
        except (OSError, ValueError):
            pass
        finally:
            self.lost = True
            self._writer.close()
            for waiting in self._answers.values():
                if not waiting.done():
                    waiting.set_exception(LostError(_("the daemon went away")))
            for stream in self._streams.values():
                stream.lost = True
                stream.more.set()


def _opened(answer: Json) -> Any:
    if "error" in answer:
        raise raised(answer["error"])
    return answer["ok"]


class Links:
    """All connections of the process. Closed by its owner."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._links: list[Link] = []
        self._opening = 0
        self._opened = asyncio.Event()
        self._watching: Link | None = None
        self._watch_lock = asyncio.Lock()

    async def close(self) -> None:
        links = [*self._links, *([] if self._watching is None else [self._watching])]
        self._links.clear()
        for link in links:
            await link.close()

    async def ask(self, request: Json, *, again: bool) -> Any:
        """Returns the daemon's answer; raises its error, AwayError where none answers.

        `again`: it changes nothing, so where the daemon goes away it is asked once more. Anything else may have been
        done, and is left to the person.
        """
        link = await self._link()
        try:
            return await link.ask(request)
        except LostError as error:
            if not again:
                sentence = _("the gateway went away before it answered; look whether it was done before you try again")
                raise AwayError(sentence) from error
        return await (await self._link()).ask(request)

    async def stream(self, request: Json) -> AsyncGenerator[Any, None]:
        """Yields answers to a `watch`, all of which share one connection of their own."""
        async with self._watch_lock:
            if self._watching is None or self._watching.lost:
                self._watching = await self._open()
        async with aclosing(self._watching.stream(request)) as answers:
            async for one in answers:
                yield one

    async def _link(self) -> Link:
        """Returns an idle connection, else a new one, else the one with least to do."""
        while True:
            self._links = [link for link in self._links if not link.lost]
            least = min(self._links, key=lambda link: link.busy, default=None)
            if least is not None and not least.busy:
                return least
            if len(self._links) + self._opening < CONNECTIONS:
                return await self._another()
            if least is not None:
                return least
            await self._opened.wait()

    async def _another(self) -> Link:
        self._opening += 1
        self._opened.clear()
        try:
            link = await self._open()
            self._links.append(link)
        finally:
            self._opening -= 1
            self._opened.set()
        return link

    async def _open(self) -> Link:
        try:
            async with asyncio.timeout(CONNECT_S):
                return Link(*await asyncio.open_unix_connection(str(self._socket), limit=ANSWER_MAX))
        except (OSError, TimeoutError) as error:
            raise AwayError(_("the gateway is not running; pages can be read, nothing can be changed")) from error
