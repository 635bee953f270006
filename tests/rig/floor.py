"""A dispatcher at work in this process: a real store and its writer, real queues and lines, and a driver by script."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from drivers.base import Accepted, LineStatus, OutboundMessage, Outcome, PointOfNoReturn, Withdrawn
from gatewayd.dispatch.attachments import Attachments
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.dispatch.runner import LineRunner
from gatewayd.outcomes import Terms
from gatewayd.store.commands import AddMessages, BeginJob, CreateAccount, Credit, NewMessage, PublishJob, StartNode
from gatewayd.store.connection import open_store
from gatewayd.store.transactions import Transactions
from gatewayd.store.writer import Writer
from gatewayd.values.days import Calendar
from gatewayd.values.model import Priority

PRICE = 850_000
TRIES = 4

Answer = Callable[[OutboundMessage], Awaitable[Outcome] | Outcome]
"""What the network says to a message that is past its point of no return."""


def number(n: int) -> str:
    return f"+54911{n:08}"


def taken(message: OutboundMessage) -> Outcome:
    """Everything is taken, and no report is to come."""
    return Accepted({part: f"{message.attempt}.{part}" for part in message.todo}, reported=False)


class ScriptedLine:
    """A device that answers as its script says, and remembers whom it was asked to reach."""

    def __init__(self, answer: Answer, capacity: int) -> None:
        self.capacity = capacity
        self.answer = answer
        self.asked: list[str] = []
        self.events: Any = None

    async def run(self, events: Any) -> None:
        self.events = events
        await events.put(LineStatus("ready"))
        await asyncio.Event().wait()

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        from drivers.base import NotSent

        try:
            for part in message.todo:
                await point_of_no_return(part)
        except Withdrawn as withdrawn:
            return NotSent(withdrawn.reason, counts=False)
        self.asked.append(message.to)
        answer = self.answer(message)
        return await answer if isinstance(answer, Awaitable) else answer

    async def resume(self, attempts: Sequence[Any]) -> Mapping[str, Outcome]:
        return {}

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:
        return {}


class ParticularLine(ScriptedLine):
    """One that says what it cannot carry."""

    def __init__(self, answer: Answer, capacity: int, carries: Callable[[OutboundMessage], str | None]) -> None:
        super().__init__(answer, capacity)
        self.carries = carries


class _Sink:
    def __init__(self, runner: LineRunner) -> None:
        self.runner = runner

    async def put(self, event: Any) -> None:
        if isinstance(event, LineStatus):
            self.runner.set_status(event)


class Floor:
    """One account with credit, and lines by name."""

    def __init__(self, transactions: Transactions, writer: Writer, dispatcher: Dispatcher, reading: Engine) -> None:
        self.transactions = transactions
        self.reading = reading
        self.writer = writer
        self.dispatcher = dispatcher
        self.lines: dict[str, ScriptedLine] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.changed = asyncio.Event()
        self._jobs = 0

    def line(
        self,
        name: str,
        answer: Answer = taken,
        *,
        channel: str = "sms",
        capacity: int = 1,
        carries: Callable[[OutboundMessage], str | None] | None = None,
        render: Callable[[str], str] = lambda to: to,
        enabled: bool = True,
        **limits: Any,
    ) -> ScriptedLine:
        """`limits`: `rate`, `window`, quotas, as a line's configuration bears them."""
        scripted = ScriptedLine(answer, capacity) if carries is None else ParticularLine(answer, capacity, carries)
        unlimited = dict.fromkeys(("rate", "window", "quota_day", "quota_month", "recipients_month"))
        config: Any = SimpleNamespace(
            name=name, enabled=enabled, prefixes=(), options=SimpleNamespace(), **(unlimited | limits)
        )
        driver: Any = SimpleNamespace(
            channels={channel}, encoding_variant=lambda _options: "", make=lambda _setup: scripted
        )
        runner = LineRunner(config, driver, self.dispatcher, render, urgent_share=0.0)
        self.lines[name] = scripted
        self.dispatcher.add(runner)
        self.tasks.append(asyncio.create_task(runner.run(_Sink(runner), ())))  # type: ignore[arg-type]
        return scripted

    def runner(self, name: str) -> LineRunner:
        return self.dispatcher.runners[name]

    async def job(
        self,
        people: Sequence[int],
        *,
        channel: str = "sms",
        text: str | Mapping[int, str] = "hola",
        content: Mapping[str, Any] | None = None,
        lines: Sequence[str] = (),
    ) -> int:
        """A visible job to those people; answers its number."""
        self._jobs += 1
        now = time.time_ns() // 1_000_000
        begun = await self.writer.do(
            BeginJob("norte", f"j{self._jobs}", channel, Priority.NORMAL, "hash", None, None, False, PRICE, "ARS",
                     json.dumps({"lines": list(lines), **(content or {})}), "pop", now)
        )  # fmt: skip
        texts = dict.fromkeys(people, text) if isinstance(text, str) else text
        rows = [
            NewMessage(n, f"C{n}", number(n), texts[n], "", len(texts[n]) // 161 + 1, "", None, None) for n in people
        ]
        await self.writer.do(AddMessages(begun.job_id, rows, now))
        self.dispatcher.publish(await self.writer.do(PublishJob(begun.job_id, now)))
        return begun.job_id

    # ------------------------------------------------------------------------------------------------------ questions

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read by a connection of its own: the writer's is its thread's."""
        with self.reading.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    async def counts(self) -> Counter[str]:
        return Counter(dict(await self.rows("SELECT state, COUNT(*) FROM message GROUP BY state")))

    async def until(self, done: Callable[[Counter[str]], bool], timeout_s: float = 30.0) -> Counter[str]:
        """The counts by state, once they are as wanted; asked again after each outcome."""
        counts: Counter[str] = Counter()
        try:
            async with asyncio.timeout(timeout_s):
                while not done(counts := await self.counts()):
                    self.changed.clear()
                    try:
                        async with asyncio.timeout(0.05):
                            await self.changed.wait()
                    except TimeoutError:
                        pass
        except TimeoutError:
            lines = {name: runner.state for name, runner in self.dispatcher.runners.items()}
            raise AssertionError(f"{counts}, lines {lines}") from None
        return counts

    async def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for (body,) in await self.rows("SELECT body FROM receipt ORDER BY job_id, seq")]

    async def check(self) -> None:
        """Nothing is held for what is not under way, and money sums up."""
        ((balance, held, charged, granted),) = await self.rows("SELECT balance, held, charged, granted FROM account")
        assert balance + held + charged == granted
        assert held == 0


@asynccontextmanager
async def floor(folder: Path, *, url: str | None = None, tries: int = TRIES) -> AsyncIterator[Floor]:
    """`url`: of an empty store; a new SQLite one in `folder` where none is given."""
    store = open_store(url or f"sqlite:///{folder / 'gatewayd.db'}")
    reading = create_engine(store.url, poolclass=NullPool)
    if store.path is not None:
        # Nothing here survives the tests: no need to wait for the disk.
        store.connection.exec_driver_sql("PRAGMA synchronous = OFF")
    transactions = Transactions(store.connection)
    writer = Writer(transactions)
    writer.start()
    now = time.time_ns() // 1_000_000
    await writer.do(CreateAccount("norte", "ARS", now))
    await writer.do(Credit("norte", 100_000 * PRICE, now))
    started = await writer.do(StartNode("pop", now))
    built: Floor | None = None

    def due(_: object = None) -> None:
        if built is not None:
            built.changed.set()

    dispatcher = Dispatcher(
        writer, started, node="pop", calendar=Calendar(ZoneInfo("UTC")), terms=Terms(tries, 3_600_000),
        receipts_due=due, sweep_due=due, inbox_due=due, files=Attachments(folder),
    )  # fmt: skip
    built = Floor(transactions, writer, dispatcher, reading)
    try:
        yield built
    finally:
        dispatcher.stopping = True
        for task in built.tasks:
            task.cancel()
        await asyncio.gather(*built.tasks, return_exceptions=True)
        dispatcher.close()
        await writer.close()
        transactions.close()
        reading.dispose()
        store.close()
