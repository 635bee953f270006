"""Accounts that a service cannot serve: whose, why, since when; tried again with growing pauses, apart from all others.

    stalls.failed(account, key, reason)     # `again` is called with the keys after a pause
    stalls.over(account, key)               # it worked, or there is nothing left to do

Lives on one event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from gatewayd.process.logger import Logger
from gatewayd.values.views import StallView
from gatewayd.values.visible import visible

K = TypeVar("K")

FIRST_S: Final = 5.0
LONGEST_S: Final = 60.0
"""A folder that a person has put right is found again within a minute."""
REASON_MAX: Final = 200

log = Logger()

Tell = Callable[[str, str, str | None], None]
"""Subject, state, reason: an event for people who watch."""


@dataclass(slots=True)
class _Stall(Generic[K]):
    reason: str
    since: int
    """ms of Unix time."""
    pause: float
    keys: set[K] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None


class Stalls(Generic[K]):
    """Of one service; a key is what it tries again."""

    def __init__(self, service: str, again: Callable[[Sequence[K]], None], tell: Tell | None = None) -> None:
        """`service` is a word of the contract: receipts, inbox, intake."""
        self.service: Final = service
        self._again = again
        self._tell = tell
        self._by: dict[str, _Stall[K]] = {}

    def failed(self, account: str, key: K, reason: str) -> None:
        stall = self._by.get(account)
        reason = visible(reason[:REASON_MAX])
        if stall is None:
            stall = self._by[account] = _Stall(reason, time.time_ns() // 1_000_000, FIRST_S)
            log.error("an account is stalled", service=self.service, account=account, reason=reason)
            self._told(account, "stalled", reason)
        stall.reason = reason
        stall.keys.add(key)
        if stall.timer is None:
            stall.timer = asyncio.get_running_loop().call_later(stall.pause, self._due, account)
            stall.pause = min(2 * stall.pause, LONGEST_S)

    def over(self, account: str, key: K) -> None:
        stall = self._by.get(account)
        if stall is None:
            return
        stall.keys.discard(key)
        if not stall.keys:
            self._end(account, stall)
            log.info("an account goes on", service=self.service, account=account)
            self._told(account, "goes_on", None)

    def __contains__(self, account: str) -> bool:
        return account in self._by

    def resting(self, account: str) -> bool:
        """Whether the account waits for its next try."""
        stall = self._by.get(account)
        return stall is not None and stall.timer is not None

    def accounts(self) -> tuple[str, ...]:
        """Those that wait for their next try."""
        return tuple(account for account, stall in self._by.items() if stall.timer is not None)

    def views(self) -> list[StallView]:
        return [StallView(self.service, account, one.reason, one.since) for account, one in self._by.items()]

    def close(self) -> None:
        for account, stall in tuple(self._by.items()):
            self._end(account, stall)

    def _due(self, account: str) -> None:
        stall = self._by[account]
        stall.timer = None
        self._again(tuple(stall.keys))

    def _end(self, account: str, stall: _Stall[K]) -> None:
        if stall.timer is not None:
            stall.timer.cancel()
        del self._by[account]

    def _told(self, account: str, state: str, reason: str | None) -> None:
        if self._tell is not None:
            self._tell(f"{self.service}/{account}", state, reason)
