"""inotify's queues: every watched folder has one of its own while there are enough, so that a flood in one folder
neither delays nor drowns what is told of another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from asyncinotify import Event, Inotify, Mask, Watch

QUEUES: Final = 48
"""A user may have 128 (`fs.inotify.max_user_instances`), and other programs of his want some."""
_BURST: Final = 256
"""Events handled in one go; the loop's other work gets its turn in between."""


@dataclass(slots=True, eq=False)
class _Queue:
    inotify: Inotify
    watches: list[Watch] = field(default_factory=list)


class Ears:
    """Calls `hear` on the event loop with each event of the folders that it watches."""

    def __init__(self, hear: Callable[[Event], None]) -> None:
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
            # Never blocks: the loop says when there is something to read.
            queue = _Queue(Inotify(sync_timeout=0, cache_size=64))
        except OSError:
            if least is None:
                raise
            return least  # other programs have the rest
        self._queues.append(queue)
        asyncio.get_running_loop().add_reader(queue.inotify.fd, self._drain, queue)
        return queue

    def _drain(self, queue: _Queue) -> None:
        """Reads the events there are; called by the loop."""
        for _ in range(_BURST):
            if queue not in self._queues or (event := queue.inotify.sync_get()) is None:
                return
            self._hear(event)
        # The library may have read more than it has given out, of which the descriptor says nothing.
        asyncio.get_running_loop().call_soon(self._drain, queue)
