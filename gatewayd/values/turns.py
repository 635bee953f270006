"""Fair turns: what waits is taken in the order in which it came, one of each account in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """A queue for several takers. With `most`, no account has more than so many in work, as `taken` and `done` tell."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._waiting: dict[Hashable, deque[T]] = {}
        """By account, the one whose turn is next first; none is empty."""
        self._working: dict[Hashable, int] = {}
        self._changed = asyncio.Event()

    def put(self, account: Hashable, one: T) -> None:
        self._waiting.setdefault(account, deque()).append(one)
        self._changed.set()

    async def get(self) -> tuple[Hashable, T]:
        """The next one; `done` is to be told when it is over."""
        while True:
            found = self.take()
            if found is not None:
                return found
            self._changed.clear()
            await self._changed.wait()

    def take(self) -> tuple[Hashable, T] | None:
        """The next one, if there is one whose account may have it."""
        for account, waiting in self._waiting.items():
            if self._most is not None and self._working.get(account, 0) >= self._most:
                continue
            one = waiting.popleft()
            del self._waiting[account]
            if waiting:
                self._waiting[account] = waiting
            if self._most is not None:
                self._working[account] = self._working.get(account, 0) + 1
            return account, one
        return None

    def done(self, account: Hashable) -> None:
        left = self._working[account] - 1
        if left:
            self._working[account] = left
        else:
            del self._working[account]
        self._changed.set()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))
