"""The engine of webhooks over a store under test: a real writer, a real reader, a real spool; the rest by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from gatewayd.config import WebhookConfig
from gatewayd.credentials.vault import Vault
from gatewayd.outgoing.receipt_writer import ReceiptWriter
from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    Change,
    CreateAccount,
    NewMessage,
    PublishJob,
    SetJobState,
    StartNode,
    Sweep,
)
from gatewayd.store.connection import open_store
from gatewayd.store.reader import Reader
from gatewayd.store.transactions import Transactions
from gatewayd.store.webhooks import questions
from gatewayd.store.writer import Writer
from gatewayd.values.clock import now_ms
from gatewayd.values.model import Priority, State
from gatewayd.webhooks.engine.post import Poster
from gatewayd.webhooks.engine.service import Webhooks
from gatewayd.webhooks.schedule import Schedule
from spool.folders import Spool
from tests.peers.receiver import SECRET

R = TypeVar("R")

FAST = Schedule(lambda: 0.0, pauses_s=(0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 6.4, 6.4), probes_s=(0.1, 0.2), back_s=(0.2,))


class Bureau:
    """One store, its spool, and the engine while it runs."""

    def __init__(self, writer: Writer, reader: Reader, spool: Spool, threads: ThreadPoolExecutor, folder: Path) -> None:
        self.writer = writer
        self.reader = reader
        self.spool = spool
        self.vault = Vault(folder / "vault.key")
        self.happened: list[tuple[str, str, str | None]] = []
        self.engine: Webhooks | None = None
        self._threads = threads
        self._jobs = 0
        self.receipts = ReceiptWriter(writer, reader, spool, node="pop", now=now_ms, in_thread=self.in_thread)

    def in_thread(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def change(self, work: Callable[[Any], R]) -> R:
        return await self.writer.do(Change(lambda unit: work(unit.session)))

    async def ask(self, question: Callable[[Any], R]) -> R:
        result: R = await self.in_thread(self.reader.ask, question)
        return result

    async def endpoint(self, number: int = 1) -> questions.Endpoint:
        return await self.ask(partial(questions.endpoint, number=number))

    @asynccontextmanager
    async def posting(
        self, *filed: WebhookConfig, schedule: Schedule = FAST, poster: Poster | None = None
    ) -> AsyncIterator[Webhooks]:
        """The engine, running."""
        post = poster or Poster(timeout_s=2.0)
        engine = self.engine = Webhooks(
            filed,
            node="pop",
            shared=False,
            execute=self.writer.do,
            reader=self.reader,
            spool=self.spool,
            in_thread=self.in_thread,
            vault=self.vault,
            post=post,
            now=now_ms,
            happened=lambda *said: self.happened.append(said),
            schedule=schedule,
        )
        task = asyncio.create_task(engine.run())
        try:
            yield engine
        finally:
            self.engine = None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await post.close()

    async def job(self, messages: int, account: str = "norte") -> str:
        """A job none of whose messages can be sent: a receipt `invalid` for each, written to the spool."""
        self._jobs += 1
        name = f"j{self._jobs}"
        begun = await self.writer.do(
            BeginJob(
                account,
                name,
                "sms",
                Priority.NORMAL,
                "hash",
                None,
                None,
                False,
                1,
                "ARS",
                '{"lines":[]}',
                "pop",
                now_ms(),
            )
        )
        rows = [NewMessage(n, f"C{n}", f"+54911{n:08}", "x", "", 1, "", "junk", None) for n in range(1, messages + 1)]
        for start in range(0, len(rows), 500):
            await self.writer.do(AddMessages(begun.job_id, rows[start : start + 500], now_ms()))
        await self.writer.do(PublishJob(begun.job_id, now_ms()))
        await self.write()
        return name

    async def withdrawn(self, messages: int, account: str = "norte") -> str:
        """A job whose messages wait, and are cancelled."""
        name = await self.waiting(messages, account)
        await self.cancel(name, account)
        return name

    async def waiting(self, messages: int, account: str = "norte") -> str:
        """A job whose messages wait."""
        self._jobs += 1
        name = f"j{self._jobs}"
        content = (None, None, False, 1, "ARS", '{"lines":[]}', "pop")
        begun = await self.writer.do(BeginJob(account, name, "sms", Priority.NORMAL, "hash", *content, now_ms()))
        rows = [NewMessage(n, None, f"+54911{n:08}", "x", "", 1, "", None, None) for n in range(1, messages + 1)]
        await self.writer.do(AddMessages(begun.job_id, rows, now_ms()))
        await self.writer.do(PublishJob(begun.job_id, now_ms()))
        return name

    async def cancel(self, name: str, account: str = "norte") -> None:
        """A job's messages are cancelled, which the spool learns."""
        await self.writer.do(SetJobState(account, name, "cancelled", now_ms()))
        await self.writer.do(Sweep(now_ms()))
        await self.write()

    async def write(self) -> None:
        """Receipts go to the spool, and the engine is told."""
        await self.receipts.flush(everything=True)
        if self.engine is not None:
            self.engine.due()

    async def rows(self, table: str) -> int:
        return await self.ask(
            lambda connection: int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar())
        )


def filed(
    url: str, *, events: Sequence[str] = ("receipt", "inbound"), private: bool = True, account: str = "norte"
) -> WebhookConfig:
    """An endpoint as the configuration file has it."""
    return WebhookConfig(
        account=account, url=url, events=tuple(events), secret=SecretStr(SECRET), allow_private=private
    )


@asynccontextmanager
async def bureau(url: str, folder: Path, *accounts: str, made: bool = False) -> AsyncIterator[Bureau]:
    """A store at `url` with these accounts, its writer running; `made`: it has its accounts already."""
    spool = Spool(folder / "spool")
    spool.create()
    store = open_store(url)
    writer = Writer(Transactions(store.connection))
    reader = Reader(url, pool=4)
    writer.start()
    threads = ThreadPoolExecutor(4)
    try:
        await writer.do(StartNode("pop", now_ms()))
        for account in () if made else accounts or ("norte",):
            await writer.do(CreateAccount(account, "ARS", now_ms()))
            spool.create_account(account)
        yield Bureau(writer, reader, spool, threads, folder)
    finally:
        await writer.close()
        threads.shutdown()
        reader.close()
        store.close()


__all__ = ["FAST", "Bureau", "State", "bureau", "filed"]
