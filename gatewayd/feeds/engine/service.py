"""The engine of feeds: knows when each is due, has a process read it, and writes down how it went."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from gatewayd.config import Config
from gatewayd.config.feeds import FeedConfig
from gatewayd.feeds.engine.reading import FeedFaultError, Reading
from gatewayd.feeds.schedule import next_read
from gatewayd.feeds.source import source_of
from gatewayd.process.failpoints import hit
from gatewayd.store.accounts import account_number
from gatewayd.store.billing import feeds
from gatewayd.store.commands import Change
from gatewayd.store.port import Writer
from gatewayd.store.reader import Reader
from gatewayd.store.sending.restoration import standing_still
from gatewayd.values.errors import ConflictError, GatewayError, NotFoundError
from gatewayd.values.news import Kind
from gatewayd.words.translation import gettext as _
from spool.errors import SpoolError

log = structlog.get_logger()

R = TypeVar("R")

LONGEST_S: Final = 600.0
STILL_S: Final = 5.0
"""Between looks whether the engines were released."""
ACCOUNT_S: Final = 5.0
"""Between looks whether the account is there."""
TROUBLE_S: Final = 10.0
AT_ONCE: Final = 2
"""Feeds that are read at the same time."""

Key = tuple[str, str]
"""Account and name of a feed."""


class Feeds:
    """Reads every feed when it is due. `threads` are for questions to the reader; `now` is Unix ms."""

    def __init__(
        self,
        config: Config,
        writer: Writer,
        reader: Reader,
        threads: Executor,
        now: Callable[[], int],
        *,
        sheets: Any,
        withdrawn: Callable[[Sequence[int]], object],
        tell: Callable[[Kind, str], object] = lambda _kind, _account: None,
    ) -> None:
        """`sheets` is the engine of imports; `withdrawn` is told which jobs have receipts of withdrawn messages; `tell`
        that things of a kind changed in an account."""
        self.config = config
        self.sheets = sheets
        self.withdrawn = withdrawn
        self.now = now
        self._writer = writer
        self._reader = reader
        self._threads = threads
        self._tell = tell
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asked: dict[Key, asyncio.Event] = {}
        self._changed = asyncio.Event()

    def take_over(self, config: Config) -> None:
        """Goes on with the feeds of another configuration."""
        if config.feeds != self.config.feeds:
            self._changed.set()
        self.config = config

    def ask(self, account: str, name: str) -> None:
        """Has a feed read now. NotFoundError where this node has none of that name."""
        found = self._asked.get((account, name))
        if found is None:
            raise NotFoundError(_("no feed {name} of {account}").format(name=name, account=account))
        found.set()

    async def run(self) -> None:
        """Works until it is cancelled; a process that reads ends with it."""
        while True:
            self._changed.clear()
            keeping = {
                (one.account, one.name): asyncio.create_task(self._keep(one), name=f"feed {one.account}/{one.name}")
                for one in self.config.feeds
            }
            waits = asyncio.create_task(self._changed.wait())
            try:
                await self._declared()
                done, _rest = await asyncio.wait({waits, *keeping.values()}, return_when=asyncio.FIRST_COMPLETED)
                for one in done - {waits}:
                    one.result()  # a defect takes the daemon down, loudly
            finally:
                for one in (waits, *keeping.values()):
                    one.cancel()
                await asyncio.gather(waits, *keeping.values(), return_exceptions=True)
                self._asked.clear()

    async def change(self, work: Callable[[Any], R], *, bulk: bool = False) -> R:
        """Writes to the store; `bulk`: so much that a savepoint is dear."""
        return await self._writer.do(Change(work, "feeds", bulk=bulk))

    async def _ask(self, question: Callable[..., R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._reader.ask, question)

    async def _declared(self) -> None:
        """Writes down which feeds there are; feeds of accounts that are not there come when these do."""
        found = {}
        for one in self.config.feeds:
            with suppress(NotFoundError):
                number = await self._ask(partial(account_number, name=one.account))
                found[number, one.name] = _shape(one)
        with suppress(GatewayError):
            await self.change(lambda unit: feeds.declare(unit.session, self.config.node, found))

    async def _keep(self, feed: FeedConfig) -> None:
        asked = self._asked[feed.account, feed.name] = asyncio.Event()
        while True:
            try:
                pause = await self._turn(feed, asked)
            except (GatewayError, SpoolError, OSError) as error:
                log.error("a feed waits", account=feed.account, feed=feed.name, error=type(error).__name__)  # noqa: TRY400
                pause = TROUBLE_S
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await asked.wait()

    async def _turn(self, feed: FeedConfig, asked: asyncio.Event) -> float:
        """Reads the feed if it is due or was asked for; returns the seconds until it is to be looked at again."""
        # After a restore nothing is read until a person releases the engines.
        if await self._ask(standing_still):
            asked.clear()
            return STILL_S
        try:
            number = await self._ask(partial(account_number, name=feed.account))
        except NotFoundError:
            asked.clear()
            return ACCOUNT_S
        before = await self._state(feed, number)
        # A reading that a crash has cut off is begun anew at once.
        over = before.ended_at is not None and before.began_at is not None and before.ended_at >= before.began_at
        began = before.began_at if over else None
        due = next_read(int(feed.every * 1000), began, before.failures, random.random())  # noqa: S311
        wait_s = (due - self.now()) / 1000
        if not asked.is_set() and wait_s > 0:
            return min(wait_s, LONGEST_S)
        asked.clear()
        async with self._turns:
            await self._read(feed, number, before)
        return 0.0

    async def _state(self, feed: FeedConfig, number: int) -> feeds.Feed:
        try:
            return await self._ask(partial(feeds.one, account_id=number, name=feed.name))
        except NotFoundError:
            await self._declared()
            return await self._ask(partial(feeds.one, account_id=number, name=feed.name))

    async def _read(self, feed: FeedConfig, number: int, before: feeds.Feed) -> None:
        began = self.now()
        await self.change(lambda unit: feeds.begin(unit.session, number, feed.name, began))
        hit("feed.begun")
        zone = await self.change(lambda unit: unit.memory.rules.of(unit.session, number).zone)
        sheet = before.shape.get("kinds", {}).get("customers", {}).get("sheet")
        reading = Reading(self, feed, number, zone, before=before.as_of, sheet=sheet)
        try:
            brought = await reading.perform()
        except FeedFaultError as error:
            fault = (error.code, error.detail)
            # The words of a fault are ours; the address and what lies in the database are in none of them.
            log.warning(
                "a feed was not read", account=feed.account, feed=feed.name, fault=error.code, detail=error.detail
            )
            await self.change(lambda unit: feeds.failed(unit.session, number, feed.name, fault, self.now()))
        else:
            await self.change(
                lambda unit: feeds.done(
                    unit.session, number, feed.name, as_of=brought.as_of, now=self.now(), kinds=brought.kinds
                )
            )
            counts = {kind: found["rows"] for kind, found in brought.kinds.items()}
            log.info("a feed was read", account=feed.account, feed=feed.name, **counts)
        hit("feed.noted")
        self._tell("task", feed.account)
        self._tell("bill", feed.account)  # what came before a fault is written, too

    async def finished(self, account: str, name: str, since: int | None, wait_s: float) -> feeds.Feed:
        """Returns how a feed went, once a reading that began after `since` has ended; ConflictError where none does in
        time."""
        number = await self._ask(partial(account_number, name=account))
        until = asyncio.get_running_loop().time() + wait_s
        while True:
            found = await self._ask(partial(feeds.one, account_id=number, name=name))
            began, ended = found.began_at, found.ended_at
            if began is not None and began > (since or 0) and ended is not None and ended >= began:
                return found
            if asyncio.get_running_loop().time() > until:
                raise ConflictError(_("the feed is still being read; look at it again later"))
            await asyncio.sleep(0.1)


def _shape(feed: FeedConfig) -> Mapping[str, Any]:
    """Returns what people may know of a feed: nothing of its address but what kind of database it is."""
    return {
        "every": feed.every,
        "max_age": feed.max_age,
        "asks": list(feed.queries),
        "database": source_of(feed.url.get_secret_value()).family,
        "closes": feed.closes,
    }
