"""The engine of exports: has a worker write what waits in the process log, keeps the files and removes them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from gatewayd.actor import Scope
from gatewayd.config import Config
from gatewayd.errors import GatewayError
from gatewayd.store.commands import Change
from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Process
from gatewayd.store.port import Writer
from gatewayd.store.reader import Reader
from gatewayd.store.sending.restoration import standing_still

log = structlog.get_logger()

R = TypeVar("R")

KIND: Final = "export"
MEMORY: Final = 1 << 30
"""Octets of address space of a worker; it uses a tenth of it."""
ADVANCE_S: Final = 1.0
"""Between two notes of how far it is: a page shows no more."""
LONGEST_S: Final = 3_600.0
"""Between looks when nothing is known to become due."""
SILENT_S: Final = 120.0
"""A worker that says nothing for so long is ended: it speaks twice a second."""
TROUBLE_S: Final = 5.0
STILL_S: Final = 60.0
"""Between looks whether the engines were released."""
FORGOTTEN_AT_ONCE: Final = 100
LINE_MAX: Final = 1 << 16
_ROOT: Final = str(Path(__file__).parents[1])


class Exports:
    """Runs one export after another. `threads` are for questions to the reader; `now` is Unix ms."""

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
        self._config = config
        self._writer = writer
        self._reader = reader
        self._threads = threads
        self._now = now
        self._tell = tell
        self._wake = asyncio.Event()
        self._running: tuple[int, asyncio.subprocess.Process] | None = None
        self.folder = config.exports_folder

    def due(self) -> None:
        """There is something new to do."""
        self._wake.set()

    def cancelled(self, number: int) -> None:
        """Ends the worker that writes an export which was cancelled."""
        if self._running is not None and self._running[0] == number:
            with suppress(ProcessLookupError):
                self._running[1].kill()

    async def run(self) -> None:
        """Works until it is cancelled; its worker ends with it."""
        begun = False
        while True:
            self._wake.clear()
            pause = TROUBLE_S
            try:
                if not begun:
                    await self._begin()
                    begun = True
                pause = await self._work()
                await self._forget()
            except (GatewayError, OSError) as error:
                log.error("exports failed", error=str(error))  # noqa: TRY400
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _begin(self) -> None:
        """Clears what a crash has left: halves of files, work that counts as running."""
        await asyncio.to_thread(_cleared, self.folder)
        node = self._config.node
        await self._change(lambda unit: processes.again(unit.session, node, KIND))

    async def _change(self, work: Callable[[Any], R]) -> R:
        return await self._writer.do(Change(work, "exports"))

    async def _work(self) -> float:
        """Does what is due; returns the seconds until something else is.

        After a restore nothing is done until a person releases the engines: what was asked for may be long over.
        """
        while True:
            if await self._ask(standing_still):
                return STILL_S
            waiting = await self._ask(partial(processes.waiting, node=self._config.node, kind=KIND))
            ready = [one for one in waiting if one.due <= self._now() and one.state == "waiting"]
            if not ready:
                later = min((one.due for one in waiting), default=None)
                if later is None:
                    return LONGEST_S
                return min(LONGEST_S, max(0.1, (later - self._now()) / 1000))
            await self._one(ready[0])

    async def _ask(self, question: Callable[..., R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._reader.ask, question)

    async def _one(self, export: Process) -> None:
        if not await self._change(lambda unit: processes.begin(unit.session, export.id, self._now())):
            return
        log.info("export begun", process=export.id)
        self._say(export, "running")
        request = json.loads(export.request)
        name = f"{export.id}.{request['format']}"
        store = self._config.store
        password = None if store.password is None else store.password.get_secret_value()
        whole = {**request, "path": str(self.folder / name), "url": store.url, "password": password}
        last = await self._written(export.id, whole)
        now = self._now()
        if "octets" in last:
            await self._change(
                lambda unit: processes.end(
                    unit.session, export.id, "done", now, done=last["done"], file=name, octets=last["octets"]
                )
            )
            log.info("export done", process=export.id, rows=last["done"])
            self._say(export, "done")
            return
        found = await self._ask(partial(processes.process, scope=Scope.all(), number=export.id))
        if found.state == "cancelled":
            return
        reason = str(last.get("error", "worker_died"))[:500]
        log.error("export failed", process=export.id, error=reason)
        await self._change(lambda unit: processes.end(unit.session, export.id, "failed", now, reason=reason))
        self._say(export, "failed")

    def _say(self, export: Process, state: str) -> None:
        """Says to those who watch that account that a task changed."""
        self._tell("task", f"{export.account or '*'}/export-{export.id}", state)

    async def _written(self, number: int, request: dict[str, Any]) -> dict[str, Any]:
        """Has a worker write one; returns the last document it gave."""
        path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
        command = (sys.executable, "-P", "-m", "gatewayd.workers.export", str(os.getpid()), str(MEMORY))
        worker = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_MAX,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._running = number, worker
        assert worker.stdin is not None
        assert worker.stdout is not None
        last: dict[str, Any] = {}
        noted = asyncio.get_running_loop().time()
        try:
            # A worker that is dead already is known by what it does not answer; uvloop says RuntimeError of its pipe.
            with suppress(ConnectionError, RuntimeError):
                worker.stdin.write(json.dumps(request).encode() + b"\n")
                await worker.stdin.drain()
            while line := await asyncio.wait_for(worker.stdout.readline(), SILENT_S):
                last = json.loads(line)
                loop_now = asyncio.get_running_loop().time()
                if "done" in last and loop_now - noted >= ADVANCE_S:
                    noted = loop_now
                    done = int(last["done"])
                    await self._advance(number, done)
        except (TimeoutError, ValueError) as error:
            last = {"error": f"worker: {type(error).__name__}"}
        finally:
            self._running = None
            with suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()
        return last

    async def _forget(self) -> None:
        """Removes files that are older than `[retention] exports`."""
        before = self._now() - int(self._config.retention.exports * 1000)
        question = partial(processes.kept_files, node=self._config.node, before=before, limit=FORGOTTEN_AT_ONCE)
        for old in await self._ask(question):
            if old.file is not None:
                await asyncio.to_thread((self.folder / old.file).unlink, missing_ok=True)
            await self._forget_one(old.id)

    async def _forget_one(self, number: int) -> None:
        await self._change(lambda unit: processes.forget_file(unit.session, number))

    async def _advance(self, number: int, done: int) -> None:
        await self._change(lambda unit: processes.advance(unit.session, number, done))


def _cleared(folder: Path) -> None:
    """Makes the folder where it is missing, and removes halves of files."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.glob("*.part"):
        path.unlink(missing_ok=True)
