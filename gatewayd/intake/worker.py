"""The process that reads recipients, so that neither a big file nor a hostile sheet troubles the daemon.

It answers one request after another (`frames`) and ends when its standard input does, when it has been idle for a
while, or when its parent dies. It writes no faster than it is read. It knows neither store nor network.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from gatewayd.intake import frames
from gatewayd.intake.loading import Loading, Source, read_document
from gatewayd.numbers import Numbers, Policy
from gatewayd.workers.confinement import confine
from spool.document import JobDocument
from spool.errors import JobFileError, SpoolUnavailableError

CPU_S: Final = 60.0
"""For whatever is unpacked: the largest sheet allowed takes some 20 s."""
CPU_S_A_MIB: Final = 10.0
"""Ten times what a plain list takes."""
_COLLECT_AFTER: Final = 100_000
"""Allocations between two collections: rows make no cycles, and walking a big job again and again costs a fifth."""


def main() -> int:
    """`worker PARENT IDLE_S MEMORY`: the parent's pid, seconds, octets of address space."""
    parent, idle_s, memory = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    confine(parent, memory)
    gc.set_threshold(_COLLECT_AFTER)
    # Whatever a library prints must not get between the frames.
    output = os.dup(1)
    os.dup2(2, 1)
    worker = _Worker()
    while select.select([0], [], [], idle_s)[0]:
        request = frames.read(lambda count: os.read(0, count))
        if request is None:
            break
        signal.setitimer(signal.ITIMER_PROF, _allowance(request))
        try:
            for answer in worker.answers(request):
                _write(output, _bounded(answer))
        except BrokenPipeError:
            break
        signal.setitimer(signal.ITIMER_PROF, 0)
    return 0


def _allowance(request: frames.Request) -> float:
    """Seconds of CPU time for a request, by what its files take on the disk. SIGPROF ends the process when they are
    used up, whatever it is at."""
    folder = Path(request.folder if isinstance(request, frames.ReadDocument) else request.source.folder)
    octets = sum(path.lstat().st_blocks * 512 for path in folder.iterdir())
    return CPU_S + CPU_S_A_MIB * octets / (1 << 20)


def _bounded(answer: frames.Answer) -> bytes:
    try:
        return frames.packed(answer)
    except frames.FrameTooLargeError:
        return frames.packed(JobFileError("too_large"))


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class _Worker:
    """Answers requests. Keeps what the next one is likely to ask again: the job just read, the compiled patterns."""

    def __init__(self) -> None:
        self._kept: tuple[str, str, JobDocument] | None = None
        self._numbers: tuple[Policy, Numbers] | None = None

    def answers(self, request: frames.Request) -> Iterator[frames.Answer]:
        """The last one is the document, the totals or `Failed`."""
        name = "?"
        try:
            match request:
                case frames.ReadDocument(folder, name):
                    document = read_document(folder, name)
                    self._kept = folder, name, document
                    yield document if document.recipients is None else replace(document, recipients=())
                case frames.Load(source):
                    name = source.job
                    yield from self._load(source)
        except (JobFileError, SpoolUnavailableError) as error:
            yield error
        except MemoryError:
            yield JobFileError("too_large", "too_many_cells", file=name)

    def _load(self, source: Source) -> Iterator[frames.Answer]:
        kept, self._kept = self._kept, None
        if kept is not None and kept[:2] == (source.folder, source.job):
            document = kept[2]
        else:
            document = read_document(source.folder, source.job)
        if self._numbers is None or self._numbers[0] != source.policy:
            self._numbers = source.policy, Numbers(source.policy)
        with Loading(document, source, self._numbers[1]) as loading:
            yield frames.Begun(loading.content_hash)
            yield from loading.chunks()
            yield loading.totals


if __name__ == "__main__":
    sys.exit(main())
