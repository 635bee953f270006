"""What has changed, as words for those who watch: kinds of things (`message`, `line` …), never the things themselves.

A watcher that is slow misses nothing and holds nothing up: what has changed meanwhile is a set of a few words. Where
nobody watches, a change costs a comparison.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, Literal

from gatewayd.values.errors import GatewayError

Kind = Literal[
    "line",
    "job",
    "message",
    "inbound",
    "credit",
    "task",
    "daemon",
    "campaign",
    "customer",
    "webhook",
    "account",
    "bill",
    "claim",
    "policy",
    "novelty",
    "promise",
    "pause",
    "tickets",
    "notices",
    "reminder",
    "inbox",
]
FACTS: Final[frozenset[Kind]] = frozenset({"bill", "customer", "promise", "pause", "policy"})
"""What claims are decided from."""

GATHER_S: Final = 0.2
"""Changes of so long become one word: a fifth of what a person waits for a page to follow."""
OWNERS_KEPT: Final = 10_000

_OF_JOBS: Final = frozenset({"message", "job", "line"})
"""What a message that was taken, or a report, changes: its job's counts, and those of its line."""

Owners = Callable[[Iterable[int]], Awaitable[Mapping[int, str]]]
"""Answers the account of each of some jobs."""


class _Watcher:
    def __init__(self, account: str | None) -> None:
        self.account = account
        self.kinds: set[str] = set()
        self.awake = asyncio.Event()


class News:
    """Spreads changes. All calls in the event loop."""

    def __init__(self, owners: Owners) -> None:
        self._owners_of = owners
        self._watchers: set[_Watcher] = set()
        self._jobs: set[int] = set()
        self._said: set[tuple[str, str | None]] = set()
        self._wake = asyncio.Event()
        self._known: dict[int, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._hearing: list[tuple[frozenset[Kind], Callable[[], object]]] = []

    def hear(self, kinds: Collection[Kind], told: Callable[[], object]) -> None:
        """Has one of the daemon's own parts told at once where something of these kinds has changed."""
        self._hearing.append((frozenset(kinds), told))

    def jobs(self, jobs: Iterable[int]) -> None:
        """Messages of these jobs have changed, or the jobs themselves."""
        if self._watchers:
            self._jobs.update(jobs)
            self._wake.set()

    def say(self, kind: Kind, account: str | None = None) -> None:
        """Something of that kind has changed; of one account, where it is one's."""
        for kinds, told in self._hearing:
            if kind in kinds:
                told()
        if self._watchers:
            self._said.add((kind, account))
            self._wake.set()

    async def watch(self, account: str | None, within_s: float) -> AsyncGenerator[frozenset[str], None]:
        """Yields the kinds of things that have changed for an account (None: for any), an empty set after `within_s`
        without a change; first of all an empty one, from which on nothing is missed."""
        with self._watching(account) as watcher:
            yield frozenset()
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(within_s):
                        await watcher.awake.wait()
                kinds = frozenset(watcher.kinds)
                watcher.kinds.clear()
                watcher.awake.clear()
                yield kinds

    @contextmanager
    def _watching(self, account: str | None) -> Iterator[_Watcher]:
        watcher = _Watcher(account)
        self._watchers.add(watcher)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._spread(), name="news")
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers and self._task is not None:
                self._task.cancel()
                self._jobs.clear()
                self._said.clear()

    async def _spread(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            jobs, self._jobs = self._jobs, set()
            said, self._said = self._said, set()
            accounts = await self._accounts(jobs) if any(one.account is not None for one in self._watchers) else set()
            for watcher in self._watchers:
                kinds = {kind for kind, account in said if watcher.account in {None, account} or account is None}
                if jobs and (watcher.account is None or watcher.account in accounts):
                    kinds |= _OF_JOBS
                if kinds:
                    watcher.kinds |= kinds
                    watcher.awake.set()

    async def _accounts(self, jobs: set[int]) -> set[str]:
        """Returns the accounts of these jobs; those of all who watch where the store does not answer."""
        unknown = jobs - self._known.keys()
        if unknown:
            if len(self._known) > OWNERS_KEPT:
                self._known.clear()
                unknown = jobs
            try:
                self._known.update(await self._owners_of(unknown))
            except GatewayError:
                return {one.account for one in self._watchers if one.account is not None}
        return {self._known[job] for job in jobs if job in self._known}
