"""What changes, as it changes: one look at the daemon for each account, shared by all who watch, and told as kinds.

Nobody is sent data here. An event is a set of words (`line`, `message` …); the parts of a page that show such things
load themselves anew, under the rights of who looks. So a stream can be shared, and one that breaks loses nothing: the
next one begins with what was missed, or with everything.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Final

from gatewayd.values.errors import GatewayError, ThrottledError, UnauthenticatedError
from gatewayd.web.remote import Bearer, Remote
from gatewayd.web.words import gettext as _

KINDS: Final = (
    *("line", "job", "message", "inbound", "credit", "task", "daemon", "campaign", "customer"),
    *("bill", "claim", "policy", "novelty", "promise", "pause", "tickets", "notices"),
)
_EVERYTHING: Final = frozenset(KINDS)
KEPT: Final = 200
"""Events that a stream which comes back may have missed; one that missed more begins with everything."""
WATCHERS_MAX: Final = 256
WATCHERS_OF_ONE_MAX: Final = 32
"""Pages of one session: nobody takes all the streams there are."""
LOOKS_MAX: Final = 128
"""Accounts watched at once, each a stream of the one connection to the daemon. Others ask again every few seconds."""
BEAT_S: Final = 15.0
"""A comment this often keeps proxies from closing a silent stream."""
JUDGE_S: Final = 4.0
"""A session that was ended, or moved to another account, is told nothing more after this long."""
STREAM_S: Final = 600.0
"""A stream ends after this long and is opened anew, by whoever still may."""
AWAY_S: Final = 2.0


@dataclass(slots=True, eq=False)
class _Watcher:
    bearer: Bearer
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    judged: float = 0.0
    """When its session was last looked up, on the loop's clock."""


@dataclass(slots=True)
class _Look:
    """One account, or all, being watched."""

    watchers: set[_Watcher] = field(default_factory=set)
    told: deque[tuple[int, frozenset[str]]] = field(default_factory=lambda: deque(maxlen=KEPT))
    number: int = 0
    heard: bool = False
    """Whether the daemon is heard. What changed before that is unknown, so everything is told once it is."""
    task: asyncio.Task[None] | None = None

    def tell(self, kinds: frozenset[str]) -> None:
        if not kinds:
            return
        self.number += 1
        self.told.append((self.number, kinds))
        for watcher in self.watchers:
            watcher.awake.set()

    def since(self, number: int) -> frozenset[str]:
        """Returns what changed after that event; everything where it is not known any more."""
        if number > self.number or (self.told and number < self.told[0][0] - 1):
            return _EVERYTHING
        return frozenset(kind for told, kinds in self.told if told > number for kind in kinds)


class Watching:
    """All streams of the web process."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._looks: dict[str | None, _Look] = {}
        self._boot = secrets.token_hex(4)
        self._watchers = 0

    async def stream(self, bearer: Bearer, account: str | None, last: str = "") -> AsyncIterator[str]:
        """Yields server-sent events (WHATWG HTML §9.2) until the session ends or the stream is old.

        `last` is the id of the event that was seen last. ThrottledError before the first where too many watch.
        """
        if self._watchers >= WATCHERS_MAX or (account not in self._looks and len(self._looks) >= LOOKS_MAX):
            raise ThrottledError(_("too many pages are open at once"), AWAY_S * 10)
        its_own = sum(one.bearer.session == bearer.session for each in self._looks.values() for one in each.watchers)
        if its_own >= WATCHERS_OF_ONE_MAX:
            raise ThrottledError(_("too many pages are open at once"), AWAY_S * 10)
        look = self._looks.setdefault(account, _Look())
        watcher = _Watcher(bearer)
        look.watchers.add(watcher)
        self._watchers += 1
        if look.task is None:
            look.task = asyncio.create_task(self._watch(account, look))
        try:
            async for event in self._events(look, watcher, account, last):
                yield event
        finally:
            look.watchers.discard(watcher)
            self._watchers -= 1
            if not look.watchers and look.task is not None:
                look.task.cancel()
                self._looks.pop(account, None)

    async def _events(self, look: _Look, watcher: _Watcher, account: str | None, last: str) -> AsyncIterator[str]:
        seen = self._seen(last, look)
        yield f"retry: {int(AWAY_S * 1000)}\n\n"
        now = asyncio.get_running_loop().time
        until, beat = now() + STREAM_S, now() + BEAT_S
        while not watcher.over and now() < until:
            watcher.awake.clear()
            kinds = look.since(seen)
            seen = look.number
            if kinds:
                yield f"id: {self._boot}-{seen}\ndata: {' '.join(sorted(kinds))}\n\n"
                beat = now() + BEAT_S
            elif now() >= beat:
                yield ": here\n\n"
                beat = now() + BEAT_S
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(JUDGE_S):
                        await watcher.awake.wait()
            if not await self._may(watcher, account):
                return

    async def _may(self, watcher: _Watcher, account: str | None) -> bool:
        """Returns whether the person may still watch; it is looked up every few seconds."""
        now = asyncio.get_running_loop().time()
        if now - watcher.judged < JUDGE_S:
            return True
        watcher.judged = now
        try:
            return (await self._remote.actor(watcher.bearer)).account == account
        except UnauthenticatedError:
            return False
        except GatewayError:  # the store is just being opened
            return True

    def _seen(self, last: str, look: _Look) -> int:
        """Returns the number of the event that was seen last; for a new or unknown one none, which means everything."""
        if not last:
            # What has changed since the page was made, a moment ago, would be missed.
            return look.number + 1 if look.heard else look.number
        boot, _dash, number = last.partition("-")
        if boot != self._boot or not number.isdecimal() or len(number) > 18:
            return -1 if look.told else look.number + 1  # not known: everything
        return int(number)

    async def _watch(self, account: str | None, look: _Look) -> None:
        """Hears from the daemon what changes for as long as anybody watches, as one of them."""
        away = False
        try:
            while look.watchers:
                watcher = next(iter(look.watchers))
                look.heard = False
                try:
                    async with aclosing(self._remote.changes(watcher.bearer)) as changes:
                        async for kinds in changes:
                            look.tell(kinds & _EVERYTHING if look.heard else _EVERYTHING)
                            look.heard, away = True, False
                            if watcher not in look.watchers:
                                break
                        else:
                            watcher.over = True  # the person is another account's now
                            watcher.awake.set()
                            look.watchers.discard(watcher)
                except UnauthenticatedError:
                    watcher.over = True
                    watcher.awake.set()
                    look.watchers.discard(watcher)
                except GatewayError:
                    away = _gone(look, away)
                    await asyncio.sleep(AWAY_S)
        finally:
            look.task = None
            if self._looks.get(account) is look and not look.watchers:
                self._looks.pop(account, None)


def _gone(look: _Look, known: bool) -> bool:
    """Tells once that the daemon is gone; returns that it is."""
    if not known:
        look.tell(frozenset({"daemon", "line"}))
    return True
