"""The writer: one thread that owns the store's one writing connection and commits in groups.

It takes everything that has gathered while it was busy, applies it in one transaction, and wakes all who wait with one
call into their loop. Callers that wait are woken before the log is checkpointed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from gatewayd.store.checkpoint import Checkpointer
from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    Block,
    Command,
    DropJob,
    HoldQueue,
    Prune,
    PublishJob,
    Sweep,
    bare,
)
from gatewayd.store.transactions import More, Transactions, is_bulk
from gatewayd.store.writer_stats import WriterStats
from gatewayd.values.errors import DamagedError, GatewayError, UnavailableError

_log: Final = logging.getLogger(__name__)

R = TypeVar("R")

LINGER_S: Final = 0.01
"""How long a posted or patient command waits for company. What a posted one tells is in doubt after a crash until it is
committed; a send takes a hundred times as long."""

BATCH: Final = 256
"""Most commands of one transaction: so many outcomes take some tens of milliseconds."""

WEIGHT: Final = 512
"""Most parts of one transaction beside that of its last command: one long text to many people is thousands, and
everybody else's messages would wait for the commit."""

TOGETHER: Final = 16
"""Most portions of engines in one transaction, while nobody else waits: each page that several of them change is
written once, and whoever comes waits for the one that is under way and the commit."""
TOGETHER_S: Final = 0.4
"""How old such a transaction may be for another portion: an engine's own are told only then."""

RETRY_S: Final = (0.05, 0.2, 1.0, 5.0)
"""Pauses before a stalled store is tried again; the last repeats. A full disk is freed by a person."""

KEPT: Final = 50_000
"""Most posted commands kept while the store is stalled. Lines stop at their next point of no return, which needs the
store: each has only what it was at."""

_INTAKE: Final = (BeginJob, AddMessages, PublishJob, DropJob)
"""These keep their order among themselves."""
_HEAVY: Final = (AddMessages, DropJob, Sweep, Prune, Block)
"""At most one of these a transaction, so that no line waits for more than one portion of a big file. The messages of a
small job are none: it would wait for a commit of its own behind each list's portion."""


@dataclass(slots=True)
class _Entry:
    command: Command[Any]
    future: asyncio.Future[Any] | None
    at: float


def _fill(entries: Iterable[_Entry]) -> bool:
    """Returns whether these are as much as one transaction takes."""
    weight = 0
    for count, entry in enumerate(entries, 1):
        weight += entry.command.weight
        if count >= BATCH or weight >= WEIGHT:
            return True
    return False


def _newest(entries: Iterable[_Entry]) -> list[_Entry]:
    """`entries` without what later ones undo: a line that comes and goes while nothing can be written holds and frees
    its queues each time, and only the last word counts."""
    seen: set[int] = set()
    left: list[_Entry] = []
    for entry in reversed(list(entries)):
        command = entry.command
        if isinstance(command, HoldQueue):
            if command.queue_id in seen:
                continue
            seen.add(command.queue_id)
        left.append(entry)
    left.reverse()
    return left


class Writer:
    """Give it commands from the thread of `loop`; it owns `transactions` from `start` until `close` is done.

    `on_lost` is called (in the loop's thread) for a posted command that the store refused for good.
    """

    def __init__(
        self,
        transactions: Transactions,
        *,
        checkpointer: Checkpointer | None = None,
        on_lost: Callable[[Command[Any], Exception], None] | None = None,
    ) -> None:
        self._transactions = transactions
        self._checkpointer = checkpointer
        self._on_lost = on_lost
        self.unheard: Callable[[], object] = lambda: None
        """Called (in the loop's thread) when nobody may have learnt that a command was applied: the store did not say
        so, or whoever had asked waits no more."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._inbox: deque[_Entry] = deque()
        # One token wakes the thread; `_rung` keeps a second from being put beside it.
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._rung = False
        self._portion = False
        self._timer: asyncio.TimerHandle | None = None
        self._kept: deque[_Entry] = deque()
        self._stalls = 0
        self._damaged = False
        self._closing = False
        self._closed: asyncio.Future[None] | None = None
        self.stats = WriterStats()

    @property
    def stalled(self) -> bool:
        """The store cannot be written now: posted commands are kept and tried again, awaited ones fail."""
        return self._stalls > 0

    @property
    def damaged(self) -> bool:
        """The store's own pages have proven damaged: what lies on them is neither read nor written any more."""
        return self._damaged

    @property
    def waiting(self) -> int:
        """Commands not applied yet."""
        return len(self._inbox) + len(self._kept)

    @property
    def salt(self) -> int:
        return self._transactions.salt

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._closed = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def do(self, command: Command[R], *, patient: bool = False) -> asyncio.Future[R]:
        """Returns the command's answer, once it is durable. To be called in the loop's thread.

        A `patient` one may wait `LINGER_S` for company, as what is posted does. A future that is cancelled leaves the
        command as it is: it may be applied all the same.
        """
        loop = self._loop
        assert loop is not None, "the writer has not been started"
        future: asyncio.Future[R] = loop.create_future()
        if self._closing:
            future.set_exception(UnavailableError("the store is being closed"))
            return future
        self._inbox.append(_Entry(command, future, time.perf_counter()))
        if patient:
            self._ring_soon(loop)
        else:
            self._ring()
        return future

    def post(self, command: Command[Any]) -> None:
        """Applies it with the next commit, at the latest after `LINGER_S`; nobody waits for it."""
        if self._closing and self._thread is None:
            raise UnavailableError("the store is closed")
        assert self._loop is not None, "the writer has not been started"
        self._inbox.append(_Entry(command, None, time.perf_counter()))
        self._ring_soon(self._loop)

    async def close(self) -> None:
        """Applies what has gathered and ends. Closing twice, or before the start, is no harm."""
        if self._thread is None or self._closed is None:
            self._closing = True
            return
        self._closing = True
        self._ring()
        await asyncio.shield(self._closed)
        self._thread.join()
        self._thread = None

    def _ring_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None and not self._rung:
            self._timer = loop.call_later(LINGER_S, self._ring)

    def _ring(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._rung:
            self._rung = True
            self._bell.put(None)

    # ------------------------------------------------------------------------------------------- in the writer's thread

    def _run(self) -> None:
        try:
            while True:
                self._wait()
                if not self._turn() and self._closing:
                    break
            if self._checkpointer is not None:
                self._checkpointer.finish()
        finally:
            # Reached by an error of the writer's own, too: nobody must wait for it any more.
            self._closing = True
            left = [*self._kept, *self._inbox]
            for entry in left:
                _log.error("not recorded before the end: %s", type(entry.command).__name__)
            ended = UnavailableError("the store has been closed")
            answers = [(entry.future, ended) for entry in left if entry.future is not None]
            assert self._loop is not None
            assert self._closed is not None
            self._loop.call_soon_threadsafe(self._wake, answers, [])
            self._loop.call_soon_threadsafe(self._closed.set_result, None)

    def _wait(self) -> None:
        """Until something has come, the time for another try is there, or the store may be tidied."""
        if self._closing or (self._inbox and not self._stalls):
            return
        if self._kept:
            timeout: float | None = RETRY_S[min(self._stalls, len(RETRY_S)) - 1]
        else:
            timeout = self._checkpointer.idle_s if self._checkpointer is not None else None
        try:
            self._bell.get(timeout=timeout)
        except Empty:
            if not self._kept and self._checkpointer is not None:
                self._checkpointer.idle()
        self._rung = False

    def _turn(self) -> bool:
        """Runs one transaction; returns whether there was anything that could be done."""
        batch = self._gather()
        if not batch:
            return False
        begin = time.perf_counter()
        together = [entry.command for entry in batch]

        def more() -> Command[Any] | None:
            entry = self._following(len(batch)) if time.perf_counter() - begin < TOGETHER_S else None
            if entry is not None:
                batch.append(entry)
                together.append(entry.command)
            return None if entry is None else entry.command

        results = self._apply(together, more)
        end = time.perf_counter()
        self.stats.committed(len(batch), end - begin)
        stalled = self._sort_out(batch, results, end)
        if stalled:
            if self._checkpointer is not None:
                # What is left in the log may be the very room that the disk lacks.
                self._checkpointer.relieve()
            return bool(self._inbox) or not self._closing
        if self._stalls:
            _log.warning("the store can be written again")
        self._stalls = 0
        if self._checkpointer is not None and self._checkpointer.after_commit(bulk=is_bulk(together)):
            self.stats.checkpoints += 1
        return True

    def _gather(self) -> list[_Entry]:
        """Returns what has come, in order, kept ones first. Heavy commands after the first wait for the next turn."""
        batch: list[_Entry] = []
        later: list[_Entry] = []
        heavy = intake = False
        portion = self._portion  # whoever came during one does not wait for the next one too
        weight = 0
        inbox = self._inbox
        for source in (self._kept, inbox):
            while source and len(batch) < BATCH and weight < WEIGHT:
                entry = source.popleft()
                if entry.future is not None and entry.future.cancelled():
                    continue
                command = bare(entry.command)
                is_heavy = isinstance(command, _HEAVY) and not (isinstance(command, AddMessages) and command.is_small)
                is_portion = is_bulk((command,))
                if (heavy and is_heavy) or (intake and isinstance(command, _INTAKE)) or (portion and is_portion):
                    later.append(entry)
                    intake = intake or isinstance(command, _INTAKE)
                    continue
                heavy, portion = heavy or is_heavy, portion or is_portion
                batch.append(entry)
                weight += command.weight
        if not batch and later:
            batch.append(later.pop(0))
        self._portion = any(is_bulk((entry.command,)) for entry in batch)
        inbox.extendleft(reversed(later))
        return batch

    def _following(self, count: int) -> _Entry | None:
        """Returns an engine's next portion, for a transaction of `count` others, where that is all that waits: whoever
        else comes has the transaction end."""
        inbox = self._inbox
        while inbox and count < TOGETHER and is_bulk([one.command for one in inbox.copy()]):
            entry = inbox.popleft()
            if entry.future is None or not entry.future.cancelled():
                return entry
        return None

    def _apply(self, batch: list[Command[Any]], more: More) -> list[Any]:
        try:
            return self._transactions.apply(batch, more)
        except Exception as error:  # noqa: BLE001 - the edge of the writer's requests: the caller gets the error
            _log.exception("%d commands failed", len(batch))
            return [UnavailableError(f"the store failed: {error}")] * len(batch)

    def _sort_out(self, batch: list[_Entry], results: list[Any], now: float) -> bool:
        """Tells those who wait, keeps what was posted and could not be written; whether the store is stalled."""
        stats = self.stats
        answers: list[tuple[asyncio.Future[Any], Any]] = []
        lost: list[tuple[Command[Any], Exception]] = []
        again: list[_Entry] = []
        stalled = False
        for entry, result in zip(batch, results, strict=True):
            failed = isinstance(result, Exception)
            if isinstance(result, DamagedError) and not self._damaged:
                self._damaged = True
                _log.critical("%s", result)
            if entry.future is not None:
                answers.append((entry.future, result))
                stats.awaited += 1
                stats.waited += now - entry.at
                stats.latencies.append(now - entry.at)
                stalled = stalled or isinstance(result, UnavailableError)
            elif isinstance(result, UnavailableError) and len(self._kept) + len(again) < KEPT:
                stalled = True
                again.append(entry)
            elif failed:
                lost.append((entry.command, result))
            stats.failures += isinstance(result, GatewayError)
        self._kept.extendleft(reversed(again))  # in their order, before what was kept behind them
        if stalled:
            self._kept = deque(_newest(self._kept))
            why = next(r for r in results if isinstance(r, UnavailableError))
            if not self._stalls:
                _log.error("the store cannot be written: %s", why)
            self._stalls += 1  # before anyone is told
            # Where all of a batch is kept, what is beyond it would not be tried, nor told, until there is room.
            beyond = len(self._inbox) if _fill(self._kept) else 0
            for entry in [self._inbox.popleft() for _ in range(beyond)]:
                if entry.future is not None:
                    answers.append((entry.future, why))
                elif len(self._kept) < KEPT:
                    self._kept.append(entry)
                else:
                    lost.append((entry.command, why))
            self._kept = deque(_newest(self._kept))
        if answers or lost:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._wake, answers, lost)
        return stalled

    # --------------------------------------------------------------------------------------------- in the loop's thread

    def _wake(self, answers: list[tuple[asyncio.Future[Any], Any]], lost: list[tuple[Command[Any], Exception]]) -> None:
        for future, result in answers:
            if future.done() or isinstance(result, UnavailableError):
                self.unheard()
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        for command, error in lost:
            _log.error("the store refused %s: %s", type(command).__name__, error)
            if self._on_lost is not None:
                self._on_lost(command, error)
