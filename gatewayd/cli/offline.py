"""The store and the spool without a daemon: locked for as long as one command works."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gatewayd.config import Config, merge
from gatewayd.control.server import operator
from gatewayd.credentials.vault import Vault
from gatewayd.operations import perform
from gatewayd.store.commands import Command, StartNode
from gatewayd.store.connection import open_store
from gatewayd.store.reader import Reader
from gatewayd.store.settings.lines import added_lines
from gatewayd.store.transactions import Transactions
from gatewayd.values.clock import now_ms
from spool.folders import Spool

if TYPE_CHECKING:
    from gatewayd.restoration import Restored

R = TypeVar("R")


class OfflineBackend:
    """Implements the operations' `Backend` over the locked store, made anew where there is none.

    StoreLockedError when a daemon or another command holds it.
    """

    live = None

    def __init__(self, config: Config) -> None:
        self.config = config
        self.vault = Vault(config.key_file)
        self._ends = ExitStack()
        password = None if config.store.password is None else config.store.password.get_secret_value()
        with ExitStack() as opening:
            self.store = open_store(config.store.url, password=password)
            opening.callback(self.store.close)
            self._transactions = Transactions(
                self.store.connection,
                zone=config.timezone,
                report_wait_ms=int(config.delivery.report_wait * 1000),
                contact=config.contact,
                billing_age_ms=int(config.billing.max_age * 1000),
            )
            opening.callback(self._transactions.close)
            Spool(config.spool.path).create()
            self._reader = Reader(config.store.url, password=password, pool=1)
            opening.callback(self._reader.close)
            if os.geteuid() == 0:
                _hand_over(config)
            self._merge()
            self._ends = opening.pop_all()

    def close(self) -> None:
        if os.geteuid() == 0:
            _hand_over_key(self.config)
        self._ends.close()

    def perform(self, operation: str, arguments: dict[str, Any]) -> Any:
        return asyncio.run(perform(self, operation, arguments, operator(os.getuid())))

    def write_out(self) -> None:
        """Writes the receipts that the store still holds, and says of what a crash left open that it is in doubt: the
        last word of a store that another one is about to replace."""
        asyncio.run(self._write_out())

    async def _write_out(self) -> None:
        from gatewayd.dispatch.resuming import left_open
        from gatewayd.outcomes import Terms
        from gatewayd.outgoing.receipt_writer import ReceiptWriter

        spool = Spool(self.config.spool.path)
        delivery = self.config.delivery
        with spool.lock():
            started = await self.execute(StartNode(self.config.node, self.now()))
            terms = Terms(delivery.tries, int(delivery.report_wait * 1000))
            for finish in left_open(started.open, {}, terms):
                await self.execute(finish)
            in_thread = partial(asyncio.get_running_loop().run_in_executor, None)
            receipts = ReceiptWriter(
                _Commands(self), self._reader, spool, node=self.config.node, now=self.now, in_thread=in_thread
            )
            await receipts.flush(everything=True)

    def examine(self) -> Restored:
        """Compares a store that was put back with its spool, as the daemon does when it starts."""
        from gatewayd.restoration import Restored

        found = asyncio.run(self._examine())
        return Restored(0, 0, ()) if found is None else found

    async def _examine(self) -> Restored | None:
        from gatewayd.restoration import Restoration

        spool = Spool(self.config.spool.path)
        with spool.lock():
            await self.execute(StartNode(self.config.node, self.now()))
            restoration = Restoration(
                self.execute, spool, node=self.config.node, salt=self._transactions.salt, now=self.now
            )
            return await restoration.examine()

    def now(self) -> int:
        return now_ms()

    def apply(self, commands: Sequence[Command[Any]]) -> Sequence[Any]:
        """Applies commands in one transaction; returns their answers. Raises the first error among them."""
        answers = self._transactions.apply(commands)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def execute(self, command: Command[R]) -> R:
        return self._transactions.do(command)

    async def read(self, question: Callable[[Reader], R]) -> R:
        return question(self._reader)

    async def lines_changed(self) -> None:
        self._merge()

    def _merge(self) -> None:
        self.config = merge(self.config, self._reader.ask(added_lines), self.vault)

    async def create_folders(self, account: str, gid: int | None = None) -> None:
        Spool(self.config.spool.path).create_account(account, gid)
        if os.geteuid() == 0:
            _hand_over(self.config)


class _Commands:
    """The locked store as the writer's port has it: each command a transaction of its own."""

    def __init__(self, backend: OfflineBackend) -> None:
        self._backend = backend

    def do(self, command: Command[R], *, patient: bool = False) -> Awaitable[R]:
        del patient  # nobody else is there to wait for
        return self._backend.execute(command)

    def post(self, command: Command[R]) -> None:
        raise AssertionError(f"{type(command).__name__} would be answered to nobody")


def _hand_over(config: Config) -> None:
    """What root has made in the folders of the daemon's user belongs to that user, who could not work there else."""
    store, spool = config.store.sqlite_path, config.spool.path
    if store is not None:
        for path in store.parent.glob(f"{store.name}*"):
            _give(path, store.parent)
    for folder in spool.glob("*"):
        _give(folder, spool)
        for account in folder.glob("*"):
            if account.is_dir() and not account.is_symlink():
                _give(account, spool)


def _hand_over_key(config: Config) -> None:
    """The key of secrets that a command of root's has made is the daemon's to read."""
    _give(config.key_file, config.key_file.parent)


def _give(path: Path, owner: Path) -> None:
    with suppress(FileNotFoundError):
        mine, theirs = path.lstat(), owner.stat()
        if mine.st_uid == 0 != theirs.st_uid:
            mode = mine.st_mode & 0o7777
            # A group of its own was given to an account by a person, and stays.
            os.chown(path, theirs.st_uid, theirs.st_gid if mine.st_gid == 0 else -1, follow_symlinks=False)
            if not path.is_symlink():
                path.chmod(mode)  # a change of owner clears setgid
