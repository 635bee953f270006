"""The engine of uploaded lists of numbers: has a worker read the file, blocks its numbers, keeps what cannot be read.

A file is a legal register (what it does not name is off it in the end), or additions to a block list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, Final

import structlog

from gatewayd.store.commands import Block
from gatewayd.store.contacts import registers
from gatewayd.store.contacts.registers import RegisterView
from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Fault, Process
from gatewayd.tasks.engine import TaskEngine
from gatewayd.values.actor import Scope
from gatewayd.workers.launch import worker
from spool.folders import Spool
from spool.uploads import UploadError, find

log = structlog.get_logger()

MEMORY: Final = 1 << 30
FAULTS_MAX: Final = 1_000
"""Rows written down with their fault; all of them stand in the file of refused rows."""


class NumberUploads(TaskEngine):
    """Reads one file after another. After a crash a file is read again from its beginning, which blocks nobody twice:
    nobody is off a register before its file was read whole."""

    kind: ClassVar[str] = "numbers"

    def __init__(self, *given: Any, receipts_due: Callable[[Iterable[int]], object], **named: Any) -> None:
        """`receipts_due` is told of jobs whose messages were withdrawn."""
        super().__init__(*given, **named)
        self._receipts_due = receipts_due

    async def one(self, task: Process) -> None:
        request = json.loads(task.request)
        try:
            path = find(Spool(self.config.spool.path), request["holder"], request["upload"])
        except UploadError:
            return await self.failed(task, "upload_missing")
        numbers, name = self.config.numbers, f"{task.id}.csv"
        asked = {
            "path": str(path),
            "name": request["said"]["file"],
            "refused": str(self.folder / name),
            "language": request["language"],
            "heads": request["heads"],
            "policy": {
                "region": numbers.region,
                "home_area": numbers.home_area,
                "assume_mobile": numbers.assume_mobile,
            },
        }
        done = 0
        counts = {"added": 0, "known": 0, "cancelled": 0, "refused": 0, "gone": 0}
        began: RegisterView | None = None
        last: dict[str, Any] = {}
        async with worker("gatewayd.workers.numbers", MEMORY, asked) as one:
            self.running = task.id, one
            try:
                async for last in one.documents():
                    if "numbers" not in last:
                        continue
                    if began is None and request["register"] is not None:
                        began = await self._begun_register(request["register"])
                    if not await self._enter(task, request, began, last, counts):
                        return await self.failed(task, "another_import", done=done)
                    done = int(last["done"])
            finally:
                self.running = None
        if not last.get("over"):
            return await self.failed(task, str(last.get("error", "worker_died")), done=done)
        if began is not None and not await self._finished(task, began, counts):
            return await self.failed(task, "another_import" if _named(counts) else "register_empty", done=done)
        await self.done(task, last, file=name if last["octets"] else None, outcome=json.dumps(counts))
        log.info("numbers entered", process=task.id, **counts)
        return None

    async def _begun_register(self, said: dict[str, Any]) -> RegisterView:
        now = self.now()
        return await self.change(lambda unit: registers.begin(unit.session, now=now, **said))

    async def _enter(
        self,
        task: Process,
        request: dict[str, Any],
        began: RegisterView | None,
        document: dict[str, Any],
        counts: dict[str, int],
    ) -> bool:
        """Blocks the numbers of one portion; returns False where another import of the register has begun since."""
        numbers, faults = (
            document["numbers"],
            [Fault(row, "number", code, cell) for row, cell, code in document["faults"]],
        )
        kept = faults[: max(0, FAULTS_MAX - counts["refused"])]
        name, channel, now = "", "", self.now()
        if began is not None:
            if not await self.ask(partial(registers.still, begun=began)):
                return False
            name, channel, now = began.name, began.channel or "", max(now, began.imported_at)
        if numbers:
            source = request["source"] if began is None else began.source
            note, account = request["note"], request["account"]
            done = await self.writer.do(
                Block(numbers, source, note, now, account=account, register=name, channel=channel)
            )
            counts["added"] += done.added
            counts["known"] += len(numbers) - done.added
            counts["cancelled"] += done.cancelled
            if done.jobs:
                self._receipts_due(done.jobs)
        counts["refused"] += len(faults)

        def work(unit: Any) -> None:
            if name and numbers:
                registers.seen(unit.session, name, channel, numbers, now)
            processes.add_faults(unit.session, task.id, kept)
            processes.advance(unit.session, task.id, int(document["done"]))

        await self.change(work)
        self.say(task, "running")
        return True

    async def _finished(self, task: Process, began: RegisterView, counts: dict[str, int]) -> bool:
        """Takes off the register whom its file did not name; returns False where nobody is: the file named nobody,
        another import has begun since, or somebody has cancelled it."""
        after: str | None = ""
        stay = 0
        if not _named(counts):
            return False
        while after is not None:
            if not await self.ask(partial(registers.still, begun=began)):
                return False
            found = await self.ask(partial(processes.process, scope=Scope.all(), number=task.id))
            if found.state != "running":
                return False
            after, some = await self.change(partial(_sweep, began, after))
            stay += some
        counts["gone"] = max(began.numbers + counts["added"] - stay, 0)
        await self.change(lambda unit: registers.counted(unit.session, began, stay))
        return True


def _sweep(began: RegisterView, after: str, unit: Any) -> tuple[str | None, int]:
    return registers.sweep(unit.session, began.name, began.imported_at, after)


def _named(counts: dict[str, int]) -> int:
    return counts["added"] + counts["known"]
