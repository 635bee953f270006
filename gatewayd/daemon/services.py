"""The daemon's services as one: started, and all ended with the daemon, or the daemon with one that fails."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from gatewayd.values.errors import GatewayError

log = structlog.get_logger()

DESCRIPTORS: Final = 65_536
"""As `systemd/gatewayd.service` has it."""


def raise_descriptors() -> None:
    """Asks for as many descriptors as may be had: lines, files, the store and HTTP share them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a confined service may not, and has its unit's
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Services:
    """The daemon's services: each is to run for ever, and one that ends by a defect takes the daemon down, loudly."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._owner: asyncio.Task[Any] | None = None
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Services:
        self._owner = asyncio.current_task()
        return self

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception() or RuntimeError(f"{task.get_name()} ended")
        log.critical("a service ended", service=task.get_name(), error=repr(error), exc_info=error)
        if self._failure is None and self._owner is not None:
            self._failure = error
            self._owner.cancel()

    async def __aexit__(self, *_: object) -> None:
        self._owner = None
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._failure is not None:
            raise GatewayError(f"a service ended: {self._failure!r}") from self._failure
