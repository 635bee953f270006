"""Operations as the web process performs them: questions of its own read-only store, everything else by the daemon."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from gatewayd.config import Config
from gatewayd.credentials.vault import Vault
from gatewayd.operations import OPERATIONS, perform
from gatewayd.operations.identity import Identities, Seen
from gatewayd.operations.rights import RIGHTS
from gatewayd.store.commands import Command
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Actor
from gatewayd.values.clock import now_ms
from gatewayd.web.links import AwayError, Links
from gatewayd.web.readers import Readers
from gatewayd.words.translation import language

__all__ = ["AwayError", "Bearer", "ReadingBackend", "Remote"]

LATELY_MAX: Final = 256
"""Answers kept at once."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a request bears, and where it comes from."""

    session: str | None = None
    token: str | None = None
    address: str = ""

    def document(self) -> dict[str, str] | None:
        """Returns it as the daemon reads it; None for nobody."""
        if self.session is not None:
            return {"session": self.session}
        return None if self.token is None else {"token": self.token}


class ReadingBackend:
    """Implements the operations' `Backend` over read-only connections: what writes is the daemon's."""

    live = None

    def __init__(self, config: Config, reader: Reader, threads: Readers) -> None:
        self.config = config
        self._reader = reader
        self._threads = threads

    def now(self) -> int:
        return now_ms()

    async def execute(self, command: Command[R]) -> R:
        raise AssertionError(f"{type(command).__name__} in the web process")

    async def read(self, question: Callable[[Reader], R]) -> R:
        return await self._threads.run(question, self._reader)

    async def lines_changed(self) -> None:
        raise AssertionError("lines in the web process")

    @property
    def vault(self) -> Vault:
        raise AssertionError("the key of secrets in the web process")

    async def create_folders(self, account: str, gid: int | None = None) -> None:
        raise AssertionError(f"folders of {account} ({gid}) in the web process")


class Remote:
    """Performs operations for those who signed in. Closed by its owner."""

    def __init__(self, backend: ReadingBackend, socket: Path) -> None:
        self.backend = backend
        self._links = Links(socket)
        self._identities = Identities(backend, self._note)
        self._lately: OrderedDict[tuple[Any, ...], tuple[float, Any]] = OrderedDict()

    async def close(self) -> None:
        await self._identities.close()
        await self._links.close()

    async def actor(self, bearer: Bearer) -> Actor:
        """Returns who bears it; UnauthenticatedError where it is not good (any more)."""
        return await self._identities.identify(bearer.document(), bearer.address)

    async def _note(self, seen: Seen) -> None:
        """Tells the daemon who was seen here, for pages read the store and pass it by."""
        await self.ask(Bearer(), "session.touch", {"sessions": sorted(seen.sessions), "tokens": sorted(seen.tokens)})

    async def ask(
        self, bearer: Bearer, operation: str, arguments: Mapping[str, Any] | None = None, *, by: Actor | None = None
    ) -> Any:
        """Performs an operation and returns its JSON; raises the operation's error.

        AwayError where it needs the daemon, and none answers. What changes something is asked once. `by`: whose the
        bearer was found to be a moment ago, by whoever asks many questions for one page.
        """
        given = dict(arguments or {})
        if OPERATIONS[operation].reads_store and not RIGHTS[operation].audited:
            return await perform(self.backend, operation, given, by or await self.actor(bearer))
        request = self._request(bearer, operation, given)
        if RIGHTS[operation].audited:
            self._lately.clear()
        return await self._links.ask(request, again=not RIGHTS[operation].audited)

    async def ask_lately(self, bearer: Bearer, operation: str, by: Actor, seconds: float) -> Any:
        """Returns what `by`, who bears it, was answered to that question no longer than `seconds` ago, else asks it.

        Only for what stands beside what a page is about, such as the choices of a filter.
        """
        key = operation, by.kind, by.number, by.role, by.account, language()
        until, answer = self._lately.get(key, (0.0, None))
        if until < time.monotonic():
            answer = await self.ask(bearer, operation, by=by)
            self._lately[key] = time.monotonic() + seconds, answer
            self._lately.move_to_end(key)
            if len(self._lately) > LATELY_MAX:
                self._lately.popitem(last=False)
        return answer

    async def watch(self, bearer: Bearer) -> AsyncIterator[Any]:
        """Yields the overview each half second until the daemon goes away (AwayError) or the session ends."""
        async with aclosing(self._links.stream(self._request(bearer, "watch", {}))) as answers:
            async for one in answers:
                yield one

    async def changes(self, bearer: Bearer) -> AsyncGenerator[frozenset[str], None]:
        """Yields the kinds of things that change for that person, as they change; now and then an empty set.

        AwayError when the daemon goes away, UnauthenticatedError when the session ends. All who watch share one
        connection.
        """
        async with aclosing(self._links.stream(self._request(bearer, "watch", {"kinds": True}))) as answers:
            async for one in answers:
                yield frozenset(one)

    def _request(self, bearer: Bearer, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return {
            "op": operation,
            "args": arguments,
            "as": bearer.document(),
            "from": bearer.address,
            "language": language(),
        }
