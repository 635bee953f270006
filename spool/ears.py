"""inotify's queues: every watched folder has one of its own while there are enough, so that a flood in one folder
neither delays nor drowns what is told of another."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import Final

from asyncinotify import Inotify, Mask, Watch

QUEUES: Final = 48
"""A user may have 128 (`fs.inotify.max_user_instances`), and other programs of his want some."""
TURN_S: Final = 0.002
"""Time for the events of one queue; then the loop's other work gets its turn. Not so many of them: each asks the system
for files, and on a machine with much to do that takes ten times as long."""

_READ: Final = 64 << 10
"""Octets of events read at once: some fifteen hundred."""
_EVENT: Final = Struct("iIII")
"""inotify(7): watch, mask, cookie, length of the name."""

Hear = Callable[[Watch | None, int, str], None]
"""Is told of an event: whose it is (None for all, or of a folder that is watched no more), its mask, and the name."""


@dataclass(slots=True, eq=False)
class _Queue:
    inotify: Inotify
    watches: list[Watch] = field(default_factory=list)
    events: deque[tuple[Watch | None, int, str]] = field(default_factory=deque)
    """Read and not told yet."""

    def read(self) -> None:
        """Reads what there is; the loop has said that there is something."""
        data, at = os.read(self.inotify.fd, _READ), 0
        watches = {watch.wd: watch for watch in self.watches}
        while at < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size
            name = os.fsdecode(data[at : at + length].rstrip(b"\0"))
            at += length
            self.events.append((watches.get(number), mask, name))


class Ears:
    """Calls `hear` on the event loop with each event of the folders that it watches."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._queues: list[_Queue] = []

    def watch(self, folder: Path, mask: Mask) -> Watch:
        """Begins to listen to a folder. OSError."""
        queue = self._free()
        watch = queue.inotify.add_watch(folder, mask)
        queue.watches.append(watch)
        return watch

    def leave(self, watch: Watch) -> None:
        """Listens no more."""
        for queue in self._queues:
            if any(each is watch for each in queue.watches):
                queue.inotify.rm_watch(watch)
        self.forget(watch)

    def forget(self, watch: Watch) -> None:
        """Forgets a watch that the system has ended because its folder is gone."""
        for queue in self._queues:
            queue.watches = [each for each in queue.watches if each is not watch]

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        queues, self._queues = self._queues, []
        for queue in queues:
            loop.remove_reader(queue.inotify.fd)
            queue.inotify.close()

    def _free(self) -> _Queue:
        """Returns a queue that nobody has, or the one with the fewest folders."""
        least = min(self._queues, key=lambda queue: len(queue.watches), default=None)
        if least is not None and (not least.watches or len(self._queues) >= QUEUES):
            return least
        try:
            queue = _Queue(Inotify())
        except OSError:
            if least is None:
                raise
            return least  # other programs have the rest
        self._queues.append(queue)
        asyncio.get_running_loop().add_reader(queue.inotify.fd, self._readable, queue)
        return queue

    def _readable(self, queue: _Queue) -> None:
        """Called by the loop when there are events; those of before come first."""
        if not queue.events:
            queue.read()
            self._drain(queue)

    def _drain(self, queue: _Queue) -> None:
        until = time.monotonic() + TURN_S
        while queue.events and queue in self._queues:
            self._hear(*queue.events.popleft())
            if time.monotonic() > until:
                asyncio.get_running_loop().call_soon(self._drain, queue)
                return
