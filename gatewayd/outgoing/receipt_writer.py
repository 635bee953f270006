"""Receipts on their way from the store to the spool: segments of at most a second or 10,000 lines, and summaries.

A segment's bounds are recorded before its file is written, so a crash in between writes the very same bytes again. The
rows leave the store only when the file is durable. Jobs are written in portions, one of each account in turn; what
cannot be written for one job waits and keeps no other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from gatewayd.process.failpoints import hit
from gatewayd.store.commands import LINES_AT_ONCE, CutSegments, Segment, SegmentsWritten
from gatewayd.store.port import Writer
from gatewayd.store.reader import Reader
from gatewayd.values.errors import GatewayError, NotFoundError
from gatewayd.values.stalls import Stalls, Tell
from gatewayd.values.turns import Turns
from spool.errors import SpoolError
from spool.folders import Spool
from spool.receipts import write_segment, write_summary

log = structlog.get_logger()

CLOSE_S: Final = 1.0
"""A segment is closed this long after its first receipt."""

PORTION: Final = 8
"""Jobs written in one go; nobody's receipts wait for more of another account's than these."""
SEGMENTS: Final = 16
"""Cut and written in one go; the store bounds the lines of all."""

TROUBLE_S: Final = 5.0
"""Between tries while the store refuses: receipts wait there meanwhile."""

LOOK_S: Final = 60.0
"""Between looks at a store that other nodes write to as well."""

STOP_S: Final = 2.0
"""What the stop waits for receipts: those that are left are written at the next start."""


class ReceiptWriter:
    """Writes what `due` has named, for as long as it runs."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        spool: Spool,
        *,
        node: str,
        now: Callable[[], int],
        in_thread: Callable[..., asyncio.Future[Any]],
        tell: Tell | None = None,
        shared: bool = False,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        """`shared`: other nodes may work on the same store. `written` is called once segments are in the spool."""
        self._writer = writer
        self._reader = reader
        self._spool = spool
        self._node = node
        self._now = now
        self._shared = shared
        self._in_thread = in_thread
        self._written = written
        self._fresh: set[int] = set()
        """Due, and nobody has asked yet whose they are."""
        self._turns: Turns[int] = Turns()
        self._waiting: set[int] = set()
        """In `_turns`."""
        self._wake = asyncio.Event()
        self._all = True
        """Whether any job may have receipts that nobody has said to be due."""
        self.stalls: Stalls[int] = Stalls("receipts", self.due, tell)

    def due(self, jobs: Iterable[int]) -> None:
        """These jobs have, or are about to have, new receipts or a new state."""
        self._fresh.update(jobs)
        if self._fresh:
            self._wake.set()

    def look(self) -> None:
        """There may be receipts of any job."""
        self._all = True
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; begins with what a crash has left."""
        troubled = False
        looked = 0.0
        while True:
            if not self._all:
                await self._woken()
                await asyncio.sleep(CLOSE_S)
            now = time.monotonic()
            everything = self._all or (self._shared and now - looked >= LOOK_S)
            looked, self._all = now if everything else looked, False
            try:
                await self.flush(everything=everything)
            except (GatewayError, SpoolError) as error:
                self._all = self._all or everything
                if not troubled:
                    log.error("receipts cannot be written; they wait in the store", error=str(error))  # noqa: TRY400
                troubled = True
                await asyncio.sleep(TROUBLE_S)
                continue
            if troubled:
                log.info("receipts are written again")
                troubled = False

    async def _woken(self) -> None:
        """Returns when something is due, or when it is time to look what other nodes have told of our jobs."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S if self._shared else None):
                await self._wake.wait()

    async def finish(self) -> None:
        """Writes what can be written before the daemon ends."""
        try:
            async with asyncio.timeout(STOP_S):
                await self.flush()
        except (GatewayError, SpoolError, TimeoutError) as error:
            log.warning("receipts are left for the next start", error=str(error) or "no time left")
        self.stalls.close()

    async def flush(self, *, everything: bool = False) -> None:
        """Writes what is due now, and further jobs that become due meanwhile; with `everything`, whatever any job of
        this node has gathered. A job waits for a second after its turn, so that segments stay as long; not for the end
        of a flush that thousands of other jobs make long."""
        if everything:
            self.due(await self._ask(self._reader.unwritten_jobs, self._node))
        self._wake.clear()
        told: dict[int, float] = {}
        while True:
            await self._queue(told)
            portion = self._portion()
            if not portion:
                break
            try:
                segments, left = await self._write_portion(portion)
            except BaseException:
                self.due(portion)
                raise
            now = time.monotonic()
            # A new job's summary tells only that it is there: what then becomes of it is told as soon as it may be.
            told |= {job_id: now if job_id in segments or job_id in told else 0.0 for job_id in portion}
            self.due(left)
        self.due(())

    async def _queue(self, told: Mapping[int, float]) -> None:
        """Gives each job that became due its place in its account's turn; `told` is when it last had one (monotonic
        s)."""
        since = time.monotonic() - CLOSE_S
        early = {job_id for job_id in self._fresh if told.get(job_id, since) > since}
        fresh = self._fresh - self._waiting - early
        self._fresh = early
        if not fresh:
            return
        try:
            owners = await self._ask(self._reader.owners, sorted(fresh), self._node)
        except BaseException:
            self.due(fresh)
            raise
        # A job that is gone has none, and another node's is that one's to tell: receipts are written once.
        for job_id, account in owners.items():
            self._turns.put(account, job_id)
            self._waiting.add(job_id)

    def _portion(self) -> dict[int, str]:
        """The jobs whose turn is next, with their accounts."""
        portion: dict[int, str] = {}
        while len(portion) < PORTION and (found := self._turns.take()) is not None:
            account, job_id = found
            portion[job_id] = str(account)
            self._waiting.discard(job_id)
        return portion

    async def _write_portion(self, portion: Mapping[int, str]) -> tuple[Collection[int], Collection[int]]:
        """Answers the jobs of which a segment was cut and that have no more, and those that have, or may have."""
        segments = await self._writer.do(CutSegments(self._node, self._now(), tuple(portion), segments=SEGMENTS))
        full = len(segments) == SEGMENTS or sum(len(each.lines) for each in segments) >= LINES_AT_ONCE
        faults: dict[int, str] = {}
        if segments:
            hit("receipts.cut")
            await self._ask(self._write, segments, faults)
            hit("receipts.written")
        # Before their rows go: after a crash, rows are what tells that a job has news.
        await self._ask(self._summarise, tuple(portion), segments if full else (), faults)
        if segments:
            hit("receipts.summarised")
            written = tuple(
                (each.job_id, each.first_seq, each.last_seq) for each in segments if each.job_id not in faults
            )
            if written:
                await self._writer.do(SegmentsWritten(written))
                self._written()
            hit("receipts.dropped")
        for job_id, account in portion.items():
            if job_id in faults:
                self.stalls.failed(account, job_id, faults[job_id])
            else:
                self.stalls.over(account, job_id)
        if full:
            return (), [job_id for job_id in portion if job_id not in faults]
        return {each.job_id for each in segments}, ()

    async def _ask(self, work: Callable[..., Any], *arguments: object) -> Any:
        """Runs it in a thread, and does not leave before it has ended: a second writer would meet it."""
        future = self._in_thread(work, *arguments)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    def _write(self, segments: Iterable[Segment], faults: dict[int, str]) -> None:
        for segment in segments:
            if segment.job_id in faults:
                continue  # a job's segments come in their order
            lines = (line.encode() + b"\n" for line in segment.lines)
            try:
                write_segment(self._spool, segment.account, segment.job, segment.first_seq, lines, beside=True)
            except SpoolError as error:
                faults[segment.job_id] = str(error)

    def _summarise(self, jobs: Iterable[int], cut: Sequence[Segment], faults: dict[int, str]) -> None:
        """A job that goes on beyond what was cut of it (of a full lot) is told with its last segment."""
        reached = {each.job_id: each.last_seq for each in cut}
        now = self._now()
        for job_id in jobs:
            if job_id in faults:
                continue
            try:
                summary = self._reader.job_by_number(job_id, now)
            except NotFoundError:
                continue  # it has grown too old meanwhile; the others must not wait for it for ever
            if cut and summary.last_seq > reached.get(job_id, 0):
                continue
            try:
                write_summary(self._spool, summary.account, summary.job, summary.document())
            except SpoolError as error:
                faults[job_id] = str(error)
