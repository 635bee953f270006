"""The engine of imports: takes up what the process log says, one step after another, and reads sheets for who asks."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from gatewayd.billing.engine.acknowledgement import Outcomes
from gatewayd.config import Config
from gatewayd.imports.engine import deposited
from gatewayd.imports.engine.bills import steps_of
from gatewayd.imports.engine.process import Request, reader
from gatewayd.imports.engine.reading import CUSTOMERS
from gatewayd.numbers import Policy
from gatewayd.process.failpoints import hit
from gatewayd.store.contacts import imports
from gatewayd.store.contacts.imports import Import
from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Process
from gatewayd.store.port import Writer
from gatewayd.store.reader import Reader
from gatewayd.store.sending.causes import Withdrawal
from gatewayd.tasks.engine import TaskEngine
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError
from gatewayd.values.news import Kind
from spool.customers import CustomersDocument
from spool.errors import SpoolError
from spool.folders import Spool
from spool.intake import Taken

log = structlog.get_logger()

JUDGED_AT_ONCE: Final = 2


class Imports(TaskEngine):
    """Runs one step of an import after another."""

    kind = "import"

    def __init__(
        self,
        config: Config,
        writer: Writer,
        reader: Reader,
        threads: Executor,
        now: Callable[[], int],
        *,
        spool: Spool,
        tell: Callable[[Kind, str], object] = lambda _kind, _account: None,
    ) -> None:
        """`tell` is told that things of a kind changed in an account."""
        super().__init__(config, writer, reader, threads, now)
        self.tell = tell
        self._spool = spool
        self.outcomes: Outcomes | None = None
        """Of messages that had left before a sheet said that they are paid; the daemon's."""
        self._judging = asyncio.Semaphore(JUDGED_AT_ONCE)

    @staticmethod
    def folder_of(config: Config) -> Path:
        """Returns where sheets lie until nobody wants them."""
        return config.imports_folder

    @property
    def policy(self) -> Policy:
        """How telephone numbers are read."""
        config = self.config.numbers
        return Policy(config.region, config.home_area, config.assume_mobile)

    async def judge(
        self, path: Path, file: str, reading: Mapping[str, Any], language: str, kind: str = CUSTOMERS
    ) -> dict[str, Any]:
        """Returns how a sheet is read, its headers, examples and what they seem to be. SheetRefusedError."""
        async with self._judging, reader(Request(path, file, reading, self.policy, language, kind=kind)) as answers:
            return await answers.judgement()

    async def keep(self, source: Path, name: str) -> Path:
        """Keeps a sheet for its import under a name of our own; durable when this returns. OSError."""
        return await asyncio.to_thread(_kept, source, self.folder / name)

    def sheet(self, sha256: str) -> Path:
        """Returns where a sheet lies."""
        return self.folder / f"{sha256}.sheet"

    def back(self, number: int) -> Path:
        """Returns where the sheets of its refused rows lie, without their ending."""
        return self.folder / f"{number}-refused"

    async def begin(self) -> None:
        """Clears what a crash has left, and writes the summaries that it has kept from being written."""
        await super().begin()
        await asyncio.to_thread(_cleared, self.folder)
        for found in await self.ask(partial(imports.latest, node=self.config.node, origin=deposited.ORIGIN)):
            await self._tell_of(found)

    async def after(self) -> None:
        """Removes sheets that nobody wants any more."""
        await asyncio.to_thread(_forgotten, self.folder, time.time() - self.config.retention.exports)

    async def settled(self, withdrawal: Withdrawal) -> None:
        """Returns once what had left before a committed withdrawal has an outcome, or after ten seconds: then it is
        named in the log."""
        if self.outcomes is not None and withdrawal.causes:
            named = await self.outcomes.after(withdrawal)
            if named:
                log.warning(
                    "messages had left before a sheet withdrew them",
                    jobs=sorted({one.job for one in named}),
                    messages=[one.message_id for one in named],
                )

    async def one(self, task: Process) -> None:
        """Performs one step."""
        hit("import.begun")
        request, now = json.loads(task.request), self.now()
        try:
            work = await self.ask(partial(imports.one, scope=Scope.all(), number=request["import"]))
        except NotFoundError:
            reason = "gone"
            await self.change(lambda unit: processes.end(unit.session, task.id, "failed", now, reason=reason))
            return
        await steps_of(self, task, work, request).perform()
        hit("import.ended")
        log.info("import step over", process=task.id, step=request["step"])
        self.say(task, "over")
        await self._tell_of(await self.ask(partial(imports.one, scope=Scope.all(), number=work.id)))

    async def bring(self, taken: Taken, document: CustomersDocument) -> None:
        """Enters a sheet of the spool and has it run. JobFileError, GatewayError."""
        sheet, copy = taken.path / document.rows_file, taken.files[0]
        await deposited.bring(self, taken.account, document, sheet, sha256=copy.sha256, size=copy.identity.size)

    async def _tell_of(self, found: Import) -> None:
        """Writes what became of a sheet of the spool; a disk that is full is tried again at the next start."""
        try:
            await asyncio.to_thread(deposited.told, self._spool, found)
        except SpoolError as error:
            log.error("the summary of an import is not written", number=found.id, error=str(error))  # noqa: TRY400

    def say(self, task: Process, state: str) -> None:
        """Says that the task and customers of its account changed."""
        del state
        if task.account is not None:
            self.tell("task", task.account)
            self.tell("customer", task.account)


def _kept(source: Path, path: Path) -> Path:
    if path.exists():
        os.utime(path)
    else:
        part = path.with_name(f"{path.name}.part")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with source.open("rb") as data, part.open("wb") as file:
            shutil.copyfileobj(data, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return path


def _forgotten(folder: Path, before: float) -> None:
    """Removes sheets, and those of refused rows, that nobody has brought or made since a time (Unix s)."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def _cleared(folder: Path) -> None:
    """Removes halves of files."""
    for path in folder.glob("*.part"):
        path.unlink(missing_ok=True)
