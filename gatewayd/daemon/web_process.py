"""The web process as the daemon sees it: a child that is started, watched, bounded, and started again when it ends.

It shares nothing with the daemon but files and a socket. Nothing that becomes of it concerns anybody else.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from gatewayd.config import Config
from gatewayd.config.publication import publish
from gatewayd.daemon.opened_store import password_of
from gatewayd.process.access_list import READ, WRITE, admit, number_of
from gatewayd.store.beside import share
from gatewayd.store.reading_role import let_read, role_of
from gatewayd.values.errors import UnavailableError

log = structlog.get_logger()

PAUSE_FIRST_S: Final = 0.2
PAUSE_MAX_S: Final = 60.0
AT_ONCE: Final = 5
"""So many that end one soon after the other are started again without delay: people wait, and chance is not a fault."""
SOUND_S: Final = 60.0
"""After one that ran for so long, all is as at first."""
MEMORY_MAX: Final = 512 << 20
"""Bytes that it may keep in memory: some 100 MB at rest, and a few uploads and long pages."""
LOOK_S: Final = 5.0
STOP_S: Final = 4.0
"""Its own time for answers in work is half of it."""
_ROOT: Final = str(Path(__file__).parents[2])
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_NOT_ITS_OWN: Final = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"})
"""What systemd gave the daemon alone."""


async def open_to_web(config: Config) -> None:
    """Writes down what the web process may know, and lets its user, where it has one, at the store and its socket.

    What fails is logged: no page is worth a line.
    """
    if config.web.address is None:
        return
    try:
        if not publish(config):
            log.error("the web process cannot read its settings: access lists fail here", path=str(config.published))
    except OSError as error:
        log.error("the web process's settings cannot be written", path=str(config.published), error=str(error))  # noqa: TRY400
    if config.store.sqlite_path is None and config.web.store_url is not None:
        await asyncio.to_thread(_let_read, config, role_of(config.web.store_url, config.web.user))
    uid = number_of(config.web.user)
    if uid is None:
        return
    try:
        with suppress(FileNotFoundError):  # it serves after the next start
            admit(config.web_socket, uid, READ | WRITE)
        if config.store.sqlite_path is not None:
            share(config.store.sqlite_path, uid)
    except OSError as error:
        log.error("the web process cannot be let at the store: access lists fail here", error=str(error))  # noqa: TRY400


def _let_read(config: Config, role: str) -> None:
    try:
        let_read(config.store.url, role, password=password_of(config))
    except UnavailableError as error:
        log.error("the web process cannot be let at the store", role=role, error=str(error))  # noqa: TRY400


Tell = Callable[[str, str | None], None]
"""Takes a word for what has happened, and the reason."""


@asynccontextmanager
async def web_process(config: Config, tell: Tell) -> AsyncIterator[None]:
    """The web process runs inside the block, again and again."""
    keeper = _Keeper(config, tell)
    task = asyncio.create_task(keeper.run(), name="web process")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Keeper:
    def __init__(self, config: Config, tell: Tell) -> None:
        self._arguments = ["web", "--published", str(config.published), "--parent", str(os.getpid())]
        self._password = (config.web_store_password or "").encode()
        self._tell = tell

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        short_lives = 0
        while True:
            began = loop.time()
            try:
                status = await self._one()
            except OSError as error:  # no memory or no descriptor for another process
                log.error("the web process cannot be started", error=str(error))  # noqa: TRY400
            else:
                log.warning("the web process ended", status=status)
                self._tell("web_ended", None)
            short_lives = 1 if loop.time() - began > SOUND_S else short_lives + 1
            await asyncio.sleep(pause_after(short_lives))

    async def _one(self) -> int:
        """Starts one and waits for its end; answers its status, negative where a signal ended it."""
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_ITS_OWN}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (_ROOT, environment.get("PYTHONPATH"))))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a folder `spool` where the daemon was started is no package of ours
            "-m",
            "gatewayd",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,  # a terminal's Ctrl-C goes to the daemon, which ends it when it has drained
        )
        try:
            assert process.stdin is not None
            process.stdin.write(self._password)
            process.stdin.close()
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        return await process.wait()
                if (size := resident(process.pid)) > MEMORY_MAX:
                    log.error("the web process keeps too much memory", bytes=size)
                    await _stop(process)
        finally:
            await _stop(process)


def pause_after(short_lives: int) -> float:
    """Returns the seconds until the next start, after so many that ended soon in a row."""
    return min(PAUSE_FIRST_S * 2.0 ** max(0, short_lives - AT_ONCE), PAUSE_MAX_S)


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def resident(pid: int) -> int:
    """Returns the bytes that a process keeps in memory (proc(5), statm); 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0
