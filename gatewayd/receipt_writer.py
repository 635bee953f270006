"""Receipts on their way from the store to the spool: segments of at most a second or 10,000 lines, and summaries.

A segment's bounds are recorded before its file is written, so a crash in between writes the very same bytes again. The
rows leave the store only when the file is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import structlog

from gatewayd.errors import GatewayError, NotFoundError
from gatewayd.failpoints import hit
from gatewayd.store.commands import CutSegments, Segment, SegmentsWritten
from gatewayd.store.port import Writer
from gatewayd.store.reader import Reader
from spool.errors import SpoolError
from spool.folders import Spool
from spool.receipts import write_segment, write_summary

log = structlog.get_logger()

CLOSE_S: Final = 1.0
"""A segment is closed this long after its first receipt."""

SEGMENTS: Final = 8
"""Cut and written in one go; bounds what a backlog takes of memory (8 x 10,000 lines)."""

TROUBLE_S: Final = 5.0
"""Between tries while the disk is full or the store refuses: receipts wait in the store meanwhile."""


class ReadStore(Protocol):
    """Runs a question to the reader off the loop."""

    async def __call__(self, question: Callable[[Reader], object], /) -> object: ...


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
        in_thread: Callable[..., asyncio.Future[None]],
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._spool = spool
        self._node = node
        self._now = now
        self._in_thread = in_thread
        self._dirty: set[int] = set()
        self._wake = asyncio.Event()
        self.stalled = False

    def due(self, jobs: Iterable[int]) -> None:
        """These jobs have, or are about to have, new receipts or a new state."""
        self._dirty.update(jobs)
        if self._dirty:
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled; begins with what a crash has left."""
        everything = True
        while True:
            if not everything:
                await self._wake.wait()
                await asyncio.sleep(CLOSE_S)
            try:
                await self.flush(everything=everything)
            except (GatewayError, SpoolError) as error:
                if not self.stalled:
                    log.error("receipts cannot be written; they wait in the store", error=str(error))  # noqa: TRY400
                self.stalled = True
                await asyncio.sleep(TROUBLE_S)
                continue
            if self.stalled:
                log.info("receipts are written again")
                self.stalled = False
            everything = False

    async def flush(self, *, everything: bool = False) -> None:
        """Writes what is due now, or (at start) whatever any job of this node has gathered."""
        jobs, self._dirty = self._dirty, set()
        self._wake.clear()
        try:
            touched = set(jobs)
            while True:
                cut = CutSegments(self._node, self._now(), None if everything else tuple(jobs), segments=SEGMENTS)
                segments = await self._writer.do(cut)
                if segments:
                    hit("receipts.cut")
                    await self._in_thread(self._write, segments)
                    hit("receipts.written")
                    # Before their rows go: after a crash, rows are what tells that a job has news.
                    await self._in_thread(self._summarise_written, segments)
                    hit("receipts.summarised")
                    touched.difference_update(each.job_id for each in segments)
                    await self._writer.do(
                        SegmentsWritten(tuple((each.job_id, each.first_seq, each.last_seq) for each in segments))
                    )
                    hit("receipts.dropped")
                if len(segments) < SEGMENTS:
                    break
            if touched:
                await self._in_thread(self._summarise, tuple(touched))
        except BaseException:
            self.due(jobs)
            raise

    def _write(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            lines = (line.encode() + b"\n" for line in segment.lines)
            write_segment(self._spool, segment.account, segment.job, segment.first_seq, lines)

    def _summarise_written(self, segments: Sequence[Segment]) -> None:
        """The jobs of these segments; one that goes on in the next lot is told with that one."""
        for job_id, last_seq in {each.job_id: each.last_seq for each in segments}.items():
            goes_on = len(segments) == SEGMENTS and job_id == segments[-1].job_id
            self._summarise((job_id,), last_seq if goes_on else None)

    def _summarise(self, jobs: Iterable[int], last_seq: int | None = None) -> None:
        """With `last_seq`, only if there is nothing beyond it."""
        now = self._now()
        for job_id in jobs:
            try:
                summary = self._reader.job_by_number(job_id, now)
            except NotFoundError:
                continue  # it has grown too old meanwhile; the others must not wait for it for ever
            if last_seq is None or summary.last_seq <= last_seq:
                write_summary(self._spool, summary.account, summary.job, summary.document())
