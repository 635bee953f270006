"""Threads that read the store for pages, whoever came first before all others.

A page asks several questions, one after another. Were each to join the end of the line, whoever opens a page while many
do would wait once for each of its questions; so what an earlier request asks goes before what later ones ask.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from itertools import count
from typing import Any, Final, TypeVar

PATIENCE_MIN: Final = 0.25

R = TypeVar("R")

_came: Final = count(1)
_arrival: Final[ContextVar[int | None]] = ContextVar("arrival", default=None)
"""When the request that is being answered came, by its number."""


def arrived() -> None:
    """Says that a request begins in this task: its questions have the place that it has."""
    _arrival.set(next(_came))


class Readers:
    """So many threads. Closed by their owner, once nobody asks any more."""

    def __init__(self, threads: int) -> None:
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"reader-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Waits for what is being read; what has not been begun is not."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    @property
    def patience(self) -> float:
        """How much of the time that a search may take it has now, that all may go on: 1 where nobody waits."""
        return max(PATIENCE_MIN, 1 / (1 + len(self._waiting) / len(self._threads)))

    async def run(self, question: Callable[..., R], *arguments: Any) -> R:
        """Returns what a question answers that is asked in a thread, in the context of the task that asks: what is not
        found is said in the language of the person it serves."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        context = copy_context()

        def tell(how: Callable[[Any], None], what: Any) -> None:
            if not answer.done():  # whoever asked may have gone
                how(what)

        def ask() -> None:
            if answer.cancelled():
                return
            try:
                found = context.run(question, *arguments)
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked
                loop.call_soon_threadsafe(tell, answer.set_exception, error)
            else:
                loop.call_soon_threadsafe(tell, answer.set_result, found)

        with self._changed:
            assert not self._closed, "nobody reads any more"
            came = _arrival.get()
            heapq.heappush(self._waiting, (next(_came) if came is None else came, next(self._order), ask))
            self._changed.notify()
        return await answer

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                _came, _order, ask = heapq.heappop(self._waiting)
            ask()
            del ask  # what was asked for is not kept until the next comes
