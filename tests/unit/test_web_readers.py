"""Threads that read for pages: who came first is served first, and all that many ask for ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import pytest

from gatewayd.web.readers import PATIENCE_MIN, Readers, arrived


@pytest.fixture
def readers() -> Iterator[Readers]:
    one = Readers(1)
    yield one
    one.close()


class _Busy:
    """Keeps the only thread until it is let go."""

    def __init__(self) -> None:
        self._taken = threading.Event()
        self._over = threading.Event()

    def __call__(self) -> None:
        self._taken.set()
        assert self._over.wait(30)

    async def keep(self, readers: Readers) -> asyncio.Task[None]:
        task = asyncio.create_task(readers.run(self))
        await asyncio.to_thread(self._taken.wait, 30)
        return task

    def let_go(self) -> None:
        self._over.set()


async def _asks(readers: Readers, question: Callable[[], None], gate: asyncio.Event) -> None:
    arrived()
    await gate.wait()
    await readers.run(question)


async def test_what_came_first_is_answered_first_however_late_it_asks(readers: Readers) -> None:
    busy, served = _Busy(), list[int]()
    gates = [asyncio.Event() for _number in range(3)]
    people = [asyncio.create_task(_asks(readers, lambda n=n: served.append(n), gates[n])) for n in range(3)]  # type: ignore[misc]
    await asyncio.sleep(0)  # they have arrived, in this order
    kept = await busy.keep(readers)
    for gate in reversed(gates):
        gate.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    busy.let_go()
    await asyncio.gather(kept, *people)
    assert served == [0, 1, 2]


async def test_patience_falls_with_those_who_wait(readers: Readers) -> None:
    busy = _Busy()
    assert readers.patience == 1
    kept = await busy.keep(readers)
    waiting = [asyncio.create_task(readers.run(int)) for _number in range(8)]
    await asyncio.sleep(0)
    assert readers.patience == PATIENCE_MIN
    busy.let_go()
    assert await asyncio.gather(kept, *waiting) == [None, *([0] * 8)]
    assert readers.patience == 1


async def test_a_question_is_asked_in_the_context_of_its_task_and_its_fault_is_raised_there(readers: Readers) -> None:
    spoken: ContextVar[str] = ContextVar("spoken", default="")
    spoken.set("es")
    assert await readers.run(spoken.get) == "es"
    with pytest.raises(ZeroDivisionError):
        await readers.run(divmod, 1, 0)
    assert await readers.run(divmod, 7, 2) == (3, 1)


async def test_nobody_waits_for_what_its_asker_has_left(readers: Readers) -> None:
    busy, served = _Busy(), list[str]()
    kept = await busy.keep(readers)
    left = asyncio.create_task(readers.run(served.append, "left"))
    stays = asyncio.create_task(readers.run(served.append, "stays"))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    busy.let_go()
    await asyncio.gather(kept, stays)
    assert served == ["stays"]
