"""Jobs as the daemon gets them: small ones read at once, big ones streamed from a worker process.

    document = await feed.read(taken)             # JobFileError
    async with feed.open(request) as stream:      # JobFileError: unknown variable, unreadable recipients …
        …                                         # stream.content_hash
        async for rows in stream: …               # JobFileError, WorkerDiedError
        …                                         # stream.totals

A small job neither spawns a process nor waits for a big one. Big ones go through one of two lanes, so that a list of a
few thousand does not wait for one of a million.
"""

from __future__ import annotations

import asyncio
import signal
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from gatewayd.intake.frames import Begun, Load, ReadDocument
from gatewayd.intake.lane import Lane, Session, WorkerDiedError
from gatewayd.intake.loading import Loading, Source, Template
from gatewayd.intake.rendering import Most, Row, Totals
from gatewayd.numbers import NumberError, Numbers, Policy
from gatewayd.store.commands import NewMessage
from spool.document import JobDocument
from spool.errors import JobFileError, operating_system
from spool.intake import Taken, read

AT_ONCE: Final = 8 << 10
"""Octets of a job that is read on the loop itself: some 2 ms at most, less than a thread's detour."""
SMALL: Final = 64 << 10
"""Octets of a job that is read in a thread of the daemon: some 30 ms of work that yields to the loop."""
LARGE: Final = 1 << 20
"""Octets of a job that goes through the lane of the large ones: some 25,000 rows, a second of work with its writes."""
IDLE_S: Final = 10.0
"""A worker without work ends: campaigns come in bursts, and its memory is better given back."""
MEMORY: Final = 1 << 30
"""Octets of a worker's address space: a sheet of 200,000 rows takes some 400 MB."""

_CRASHES: Final = frozenset({-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE})
_SHEETS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX and ODS, and XLS, begin: they unpack to any size, so they are never read inside the daemon."""


@dataclass(frozen=True, slots=True)
class Request:
    """A job whose files lie in the private folder `path`."""

    document: JobDocument
    path: Path
    policy: Policy
    prefixes: Sequence[str] = ()
    """Every prefix that some line has."""
    hashes: Mapping[str, str] | None = None
    """SHA-256 (hex) of the files that the job names, for `Stream.content_hash`."""
    apart: bool = False
    """By a worker in any case."""
    own: bool = False
    """Whether the daemon itself brings the job."""
    most: Most = field(default_factory=dict)
    """How many parts its lines take."""


class Stream(ABC):
    """The rows of one job, in chunks of at most 1,000, once."""

    def __init__(self, content_hash: str | None) -> None:
        self.content_hash: Final = content_hash
        """Of the job, where the request has `hashes`."""
        self.totals: Totals | None = None
        """Once all rows have come."""

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[list[NewMessage]]:
        """JobFileError, SpoolUnavailableError, WorkerDiedError."""


class _Streamed(Stream):
    """From a worker."""

    def __init__(self, content_hash: str | None, session: Session) -> None:
        super().__init__(content_hash)
        self._session = session

    async def __aiter__(self) -> AsyncIterator[list[NewMessage]]:
        count = 0
        while not isinstance(answer := await self._session.next(), Totals):
            # Numbered from 1 without a gap: so a worker gone astray is found out, and cannot go on without end.
            if not isinstance(answer, list) or not answer or answer[0].row != count + 1:
                raise await self._session.astray()
            count += len(answer)
            yield answer
        self.totals = answer


class _Local(Stream):
    """Read in the daemon, in a thread unless it is tiny."""

    def __init__(self, loading: Loading, in_thread: bool) -> None:
        super().__init__(loading.content_hash)
        self._loading = loading
        self._in_thread = in_thread

    async def __aiter__(self) -> AsyncIterator[list[NewMessage]]:
        chunks = self._loading.chunks()
        while True:
            rows = await asyncio.to_thread(_chunk, chunks) if self._in_thread else _chunk(chunks)
            if rows is None:
                break
            yield rows
        self.totals = self._loading.totals


def _chunk(chunks: Iterator[list[Row]]) -> list[NewMessage] | None:
    rows = next(chunks, None)
    return None if rows is None else [NewMessage._make(row) for row in rows]


class Feed:
    """Reads jobs from their private copies. One a daemon; lives on one event loop."""

    def __init__(self, *, idle_s: float = IDLE_S, memory: int = MEMORY) -> None:
        self._numbers: tuple[Policy, Numbers] | None = None
        self._lanes = {large: Lane(idle_s, memory) for large in (False, True)}

    def warm(self, policy: Policy) -> None:
        """Loads what the first small job would have to wait for. LookupError: unknown region."""
        numbers = self.numbers(policy)
        for raw in ("0", "+12015550123"):
            with suppress(NumberError):
                numbers.parse_fully(raw)

    @property
    def pids(self) -> list[int]:
        """Of the workers that run now."""
        return [pid for pid in (lane.pid for lane in self._lanes.values()) if pid is not None]

    async def read(self, taken: Taken, *, apart: bool = False) -> JobDocument:
        """The job that was taken; of a large one the inline recipients are left out (empty) and `Stream` has the hash.

        `apart`: by a worker, however small. JobFileError: it is no job.
        """
        folder, job, size = str(taken.path), taken.name, taken.identity.size
        if taken.obstacle is not None or (size <= AT_ONCE and not apart):
            return read(taken)
        if size <= SMALL and not apart:
            return await asyncio.to_thread(read, taken)
        with _judged(job):
            async with self._lanes[size > LARGE].session(ReadDocument(folder, job)) as (session, answer):
                if not isinstance(answer, JobDocument):
                    raise await session.astray()
                return replace(answer, file=job)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Stream]:
        """The job's rows. JobFileError when they cannot be used, WorkerDiedError when the worker ended.

        Leaving before the end is allowed, and ends the worker.
        """
        document, path = request.document, request.path
        prefixes, template = tuple(request.prefixes), Template.of(document)
        source = Source(
            *(str(path), document.file, request.policy, prefixes, request.hashes, template, request.own, request.most)
        )
        size = _octets(request)
        if self.reads_itself(request):
            in_thread = size > AT_ONCE
            arguments = document, source, self.numbers(request.policy)
            with await asyncio.to_thread(Loading, *arguments) if in_thread else Loading(*arguments) as loading:
                yield _Local(loading, in_thread)
            return
        file = document.recipients_file or document.file
        async with _opened(self._lanes[size > LARGE], Load(source), file) as stream:
            yield stream

    def reads_itself(self, request: Request) -> bool:
        """Whether the daemon reads the job's rows without a worker."""
        if request.apart or _octets(request) > SMALL:
            return False
        with operating_system(str(request.path)):
            return not _is_sheet(request.path, request.document)

    async def chunks(self, request: Request) -> AsyncIterator[list[NewMessage]]:
        """The rows alone; errors as in `open` and `Stream`. Close it (`aclosing`) where it may be left early."""
        async with self.open(request) as stream:
            async for rows in stream:
                yield rows

    async def close(self) -> None:
        """Ends the workers at once; a stream in the middle meets WorkerDiedError."""
        for lane in self._lanes.values():
            await lane.close()

    def numbers(self, policy: Policy) -> Numbers:
        if self._numbers is None or self._numbers[0] != policy:
            self._numbers = policy, Numbers(policy)
        return self._numbers[1]


@asynccontextmanager
async def _opened(lane: Lane, request: Load, file: str) -> AsyncIterator[Stream]:
    with _judged(file):
        async with lane.session(request) as (session, begun):
            if not isinstance(begun, Begun):
                raise await session.astray()
            yield _Streamed(begun.content_hash, session)


@contextmanager
def _judged(file: str) -> Iterator[None]:
    """Refuses a file over which a worker ended in a way that it would end in again."""
    try:
        yield
    except WorkerDiedError as error:
        if error.status == -signal.SIGPROF:
            raise JobFileError("too_large", "reader_slow", file=file) from error
        # A library of compiled code that runs out of memory, or stumbles over a damaged sheet, takes its process with
        # it; read again, the file would do so again.
        if error.status == -signal.SIGABRT:
            raise JobFileError("too_large", "too_many_cells", file=file) from error
        if error.status in _CRASHES:
            raise JobFileError("recipients_unreadable", "recipients_damaged", file=file, reason=str(error)) from error
        raise


def _octets(request: Request) -> int:
    names = {request.document.file, request.document.recipients_file or request.document.file}
    with operating_system(str(request.path)):
        return sum((request.path / name).stat().st_size for name in names)


def _is_sheet(path: Path, document: JobDocument) -> bool:
    if document.recipients_file is None:
        return False
    with (path / document.recipients_file).open("rb") as file:
        return file.read(4) in _SHEETS
