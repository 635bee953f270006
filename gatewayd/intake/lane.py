"""The daemon's end of one worker: spawned when there is something to read, asked, and missed when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog

from gatewayd.intake import answers, frames
from gatewayd.values.errors import UnavailableError

log = structlog.get_logger()

FRAME_S: Final = 300.0
"""For one answer: the largest sheet allowed takes some 20 s to unpack, and more on a busy machine at low priority."""
_BUFFER: Final = 1 << 20
"""Octets read ahead of the store; a thousand rows are some 250,000."""
_ROOT: Final = str(Path(__file__).parents[2])


class WorkerDiedError(UnavailableError):
    """The worker ended in the middle of a request, with this exit status (negative: by a signal). Try again."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        how = signal.Signals(-status).name if status is not None and status < 0 else f"with status {status}"
        super().__init__(f"the process that reads recipients ended {how}")


class Session:
    """One request to the worker. Ends with the answer after which nothing follows."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.over = False

    async def next(self) -> Any:
        """The next answer; what the worker failed with, or WorkerDiedError."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(FRAME_S):
                header = await self._process.stdout.readexactly(frames.HEADER)
                if frames.length(header) > frames.FRAME_MAX:
                    raise WorkerDiedError(await _ended(self._process, by_force=True))
                body = await self._process.stdout.readexactly(frames.length(header))
        except TimeoutError:
            raise WorkerDiedError(await _ended(self._process, by_force=True)) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise WorkerDiedError(await _ended(self._process)) from None
        try:
            answer = answers.answer(header[4:], body)
        except answers.AnswerError as error:
            log.error("what reads recipients answers nonsense; it is ended", error=str(error))  # noqa: TRY400
            raise WorkerDiedError(await _ended(self._process, by_force=True)) from error
        self.over = not isinstance(answer, frames.Begun | list)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def astray(self) -> WorkerDiedError:
        """Ends a worker whose answers make no sense together."""
        return WorkerDiedError(await _ended(self._process, by_force=True))

    async def ask(self, request: frames.Request) -> Any:
        """The first answer to `request`."""
        assert self._process.stdin is not None
        # A dead worker is known by what it does not answer; uvloop says RuntimeError of its pipe.
        with suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(frames.packed(request))
            await self._process.stdin.drain()
        return await self.next()


class Lane:
    """One worker at most, one request at a time."""

    def __init__(self, idle_s: float, memory: int) -> None:
        self._idle_s = idle_s
        self._memory = memory
        self._free = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Of the worker, while there is one."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    @asynccontextmanager
    async def session(self, request: frames.Request) -> AsyncIterator[tuple[Session, Any]]:
        """Puts a request when the lane is free: the session, and the first answer.

        A session that is left before its last answer has its worker killed.
        """
        async with self._free:
            # A worker that was there before may just have gone home; one spawned for this request has no such excuse.
            retry = self.pid is not None
            session = await self._session()
            try:
                try:
                    first = await session.ask(request)
                except WorkerDiedError as error:
                    if not retry or error.status != 0:
                        raise
                    session = await self._session()
                    first = await session.ask(request)
                yield session, first
            finally:
                if not session.over:
                    await self._end()

    async def close(self) -> None:
        """Ends the worker at once, whatever it is at; a session in the middle meets WorkerDiedError."""
        await self._end()

    async def _session(self) -> Session:
        if self._process is None or self._process.returncode is not None:
            self._process = await self._spawn()
        return Session(self._process)

    async def _spawn(self) -> asyncio.subprocess.Process:
        path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "gatewayd.intake.worker",
            str(os.getpid()),
            str(self._idle_s),
            str(self._memory),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_BUFFER,
            env={**os.environ, "PYTHONPATH": path},
        )

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await _ended(process, by_force=True)


async def _ended(process: asyncio.subprocess.Process, *, by_force: bool = False) -> int:
    """Waits for the end of a worker whose output is over, or is made to be; its status."""
    assert process.stdout is not None
    if by_force:
        with suppress(ProcessLookupError):
            process.kill()
    # Before 3.12.4 `wait` returns only once all that is left in the pipe has been read (CPython issue 119710). Should
    # somebody else be reading right now (`RuntimeError`), that will do.
    with suppress(RuntimeError):
        await process.stdout.read()
    return await process.wait()
