"""The store and the spool without a daemon: locked for as long as one command works."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from gatewayd.config import Config
from gatewayd.operations import perform
from gatewayd.store.commands import Command
from gatewayd.store.connection import open_store
from gatewayd.store.reading import Reader
from gatewayd.store.transactions import Transactions
from spool.folders import Spool

R = TypeVar("R")


class OfflineBackend:
    """Implements the operations' `Backend` over the locked store, made anew where there is none.

    StoreLockedError when a daemon or another command holds it.
    """

    live = None

    def __init__(self, config: Config) -> None:
        self.config = config
        self._ends = ExitStack()
        password = None if config.store.password is None else config.store.password.get_secret_value()
        with ExitStack() as opening:
            self.store = open_store(config.store.url, password=password)
            opening.callback(self.store.close)
            self._transactions = Transactions(
                self.store.connection, zone=config.timezone, report_wait_ms=int(config.delivery.report_wait * 1000)
            )
            opening.callback(self._transactions.close)
            Spool(config.spool.path).create()
            self._reader = Reader(config.store.url, password=password, pool=1)
            opening.callback(self._reader.close)
            self._ends = opening.pop_all()

    def close(self) -> None:
        self._ends.close()

    def perform(self, operation: str, arguments: dict[str, Any]) -> Any:
        return asyncio.run(perform(self, operation, arguments))

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def execute(self, command: Command[R]) -> R:
        return self._transactions.do(command)

    async def read(self, question: Callable[[Reader], R]) -> R:
        return question(self._reader)

    async def create_folders(self, account: str) -> None:
        Spool(self.config.spool.path).create_account(account)
