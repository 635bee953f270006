"""An engine of the process log: does one waiting task of its kind after another, beside the daemon's other work."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

import structlog

from gatewayd.config import Config
from gatewayd.store.commands import Change
from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Process
from gatewayd.store.port import Writer
from gatewayd.store.reader import Reader
from gatewayd.store.sending.restoration import standing_still
from gatewayd.values.actor import Scope
from gatewayd.values.errors import GatewayError
from gatewayd.workers.launch import Worker

log = structlog.get_logger()

R = TypeVar("R")

ADVANCE_S: Final = 1.0
"""Between two notes of how far it is: a page shows no more."""
LONGEST_S: Final = 3_600.0
"""Between looks when nothing is known to become due."""
TROUBLE_S: Final = 5.0
STILL_S: Final = 60.0
"""Between looks whether the engines were released."""


class TaskEngine(ABC):
    """Runs one task of its kind after another. `threads` are for questions to the reader; `now` is Unix ms."""

    kind: ClassVar[str]

    def __init__(
        self,
        config: Config,
        writer: Writer,
        reader: Reader,
        threads: Executor,
        now: Callable[[], int],
        *,
        tell: Callable[[str, str, str], object] = lambda _kind, _subject, _state: None,
    ) -> None:
        """`tell` is told that a task changed, for those who watch: kind, subject, state."""
        self.config = config
        self.writer = writer
        self.now = now
        self._reader = reader
        self._threads = threads
        self._tell = tell
        self._wake = asyncio.Event()
        self.running: tuple[int, Worker] | None = None
        """The task that is worked on, and its worker."""
        self.folder: Path = self.folder_of(config)

    @staticmethod
    def folder_of(config: Config) -> Path:
        """Returns where the files of such tasks lie."""
        return config.exports_folder

    @abstractmethod
    async def one(self, task: Process) -> None:
        """Does one task that was marked as running, and writes down what came of it."""

    async def after(self) -> None:  # noqa: B027 - most have nothing to clean up
        """Cleans up once nothing more is due."""

    def due(self) -> None:
        """There is something new to do."""
        self._wake.set()

    def cancelled(self, number: int) -> None:
        """Ends the worker of a task that was cancelled."""
        if self.running is not None and self.running[0] == number:
            self.running[1].kill()

    async def run(self) -> None:
        """Works until it is cancelled; its worker ends with it."""
        begun = False
        while True:
            self._wake.clear()
            pause = TROUBLE_S
            try:
                if not begun:
                    await self.begin()
                    begun = True
                pause = await self._work()
                await self.after()
            except (GatewayError, OSError) as error:
                log.error("tasks wait", kind=self.kind, error=str(error))  # noqa: TRY400
                begun = False  # one that was interrupted waits to go on
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def begin(self) -> None:
        """Clears what a crash has left: halves of files, work that counts as running."""
        await asyncio.to_thread(_made, self.folder)
        node = self.config.node
        await self.change(lambda unit: processes.again(unit.session, node, self.kind))

    async def change(self, work: Callable[[Any], R], *, bulk: bool = False) -> R:
        """Writes to the store; `bulk`: so much that a savepoint is dear."""
        return await self.writer.do(Change(work, f"task {self.kind}", bulk=bulk))

    async def ask(self, question: Callable[..., R]) -> R:
        """Asks the store, off the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._reader.ask, question)

    async def _work(self) -> float:
        """Does what is due; returns the seconds until something else is.

        After a restore nothing is done until a person releases the engines: what was asked for may be long over.
        """
        while True:
            if await self.ask(standing_still):
                return STILL_S
            waiting = await self.ask(partial(processes.waiting, node=self.config.node, kind=self.kind))
            ready = [one for one in waiting if one.due <= self.now() and one.state == "waiting"]
            if not ready:
                later = min((one.due for one in waiting), default=None)
                if later is None:
                    return LONGEST_S
                return min(LONGEST_S, max(0.1, (later - self.now()) / 1000))
            task = ready[0]
            if await self._begun(task):
                log.info("task begun", kind=self.kind, process=task.id)
                self.say(task, "running")
                await self.one(task)

    async def _begun(self, task: Process) -> bool:
        return await self.change(lambda unit: processes.begin(unit.session, task.id, self.now()))

    def say(self, task: Process, state: str) -> None:
        """Says to those who watch that account that a task changed."""
        self._tell("task", f"{task.account or '*'}/{self.kind}-{task.id}", state)

    async def done(
        self, task: Process, last: Mapping[str, Any], *, file: str | None, outcome: str | None = None
    ) -> None:
        """Writes down that it is done, as the `last` document of its worker says."""
        now = self.now()
        await self.change(
            lambda unit: processes.end(
                *(unit.session, task.id, "done", now),
                done=last["done"],
                file=file,
                octets=last["octets"],
                outcome=outcome,
            )
        )
        self.say(task, "done")

    async def failed(self, task: Process, reason: str, *, done: int = 0) -> None:
        """Writes down that it failed after so many rows, unless somebody has cancelled it."""
        found = await self.ask(partial(processes.process, scope=Scope.all(), number=task.id))
        if found.state == "cancelled":
            return
        log.error("task failed", kind=self.kind, process=task.id, error=reason)
        now = self.now()
        await self.change(
            lambda unit: processes.end(unit.session, task.id, "failed", now, done=done, reason=reason[:500])
        )
        self.say(task, "failed")


def _made(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
