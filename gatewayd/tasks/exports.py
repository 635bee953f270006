"""The engine of exports: has a worker write what waits in the process log, keeps the files and removes them."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

import structlog

from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Process
from gatewayd.tasks.engine import ADVANCE_S, TaskEngine
from gatewayd.workers.launch import worker

log = structlog.get_logger()

MEMORY: Final = 1 << 30
"""Octets of address space of a worker; it uses a tenth of it."""
FORGOTTEN_AT_ONCE: Final = 100


class Exports(TaskEngine):
    """Runs one export after another."""

    kind: ClassVar[str] = "export"

    async def one(self, task: Process) -> None:
        request = json.loads(task.request)
        name = f"{task.id}.{request['format']}"
        store = self.config.store
        password = None if store.password is None else store.password.get_secret_value()
        whole = {**request, "path": str(self.folder / name), "url": store.url, "password": password}
        last = await self._written(task.id, whole)
        if "octets" not in last:
            return await self.failed(task, str(last.get("error", "worker_died")))
        await self.done(task, last, file=name)
        log.info("export done", process=task.id, rows=last["done"])
        return None

    async def _written(self, number: int, request: dict[str, Any]) -> dict[str, Any]:
        """Has a worker write one; returns the last document it gave."""
        await asyncio.to_thread(_cleared, self.folder, number)
        last: dict[str, Any] = {}
        noted = asyncio.get_running_loop().time()
        async with worker("gatewayd.workers.export", MEMORY, request) as one:
            self.running = number, one
            try:
                async for last in one.documents():
                    loop_now = asyncio.get_running_loop().time()
                    if "done" in last and loop_now - noted >= ADVANCE_S:
                        noted = loop_now
                        await self._advance(number, int(last["done"]))
            finally:
                self.running = None
        return last

    async def after(self) -> None:
        """Removes files that are older than `[retention] exports`."""
        before = self.now() - int(self.config.retention.exports * 1000)
        question = partial(processes.kept_files, node=self.config.node, before=before, limit=FORGOTTEN_AT_ONCE)
        for old in await self.ask(question):
            if old.file is not None:
                await asyncio.to_thread((self.folder / old.file).unlink, missing_ok=True)
            await self._forget_one(old.id)

    async def _forget_one(self, number: int) -> None:
        await self.change(lambda unit: processes.forget_file(unit.session, number))

    async def _advance(self, number: int, done: int) -> None:
        await self.change(lambda unit: processes.advance(unit.session, number, done))


def _cleared(folder: Path, number: int) -> None:
    """Removes the half that a crash has left of an export."""
    for path in folder.glob(f"{number}.*.part"):
        path.unlink(missing_ok=True)
