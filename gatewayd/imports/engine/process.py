"""A reader of one sheet as the daemon has it: a process that is asked once, and what it says, judged."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from gatewayd.billing.fields import Kind
from gatewayd.billing.lines import unfolded
from gatewayd.billing.portion import BillPortion
from gatewayd.billing.portion import judged as bills_judged
from gatewayd.customers.portion import ROWS_MAX, AstrayError, Portion, judged
from gatewayd.imports import frames
from gatewayd.imports.engine.reading import CUSTOMERS, Batch
from gatewayd.imports.rows import House
from gatewayd.numbers import Policy
from gatewayd.values.errors import GatewayError
from gatewayd.words.translation import gettext as _

MEMORY: Final = 1 << 30
"""Octets of a reader's address space: a sheet of 200,000 rows takes some 400 MB."""
SILENT_S: Final = 120.0
"""A reader that says nothing for so long is ended: the first rows of the largest sheet take some 30 s."""
PIPE: Final = 1 << 20
_ROOT: Final = str(Path(__file__).parents[3])


class SheetRefusedError(GatewayError):
    """The sheet cannot be read as it is; the text says why, for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ReaderDiedError(GatewayError):
    """The reader ended without a word."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a reader."""

    path: Path
    file: str
    """What the sheet is called."""
    reading: Mapping[str, Any]
    policy: Policy
    language: str
    mapping: Mapping[str, Any] | None = None
    """None: only how it is read is asked."""
    house: House = field(default_factory=lambda: House("AR"))
    kind: str = CUSTOMERS
    """What its rows are."""
    back: Path | None = None
    """Where the sheets of refused rows go, without their ending."""
    by_customer: int = 0
    """So many rows of invoices are put in the order of their customers together; 0: they come as the sheet has them."""

    def line(self) -> bytes:
        document = {
            "path": str(self.path),
            "file": self.file,
            "kind": self.kind,
            "reading": dict(self.reading),
            "mapping": None if self.mapping is None else dict(self.mapping),
            "policy": asdict(self.policy),
            "users": dict(self.house.users),
            "aliases": dict(self.house.aliases),
            "forgotten": sorted(self.house.forgotten),
            "back": None if self.back is None else str(self.back),
            "language": self.language,
            "by_customer": self.by_customer,
        }
        return json.dumps(document).encode() + b"\n"


class Answers:
    """What a reader says, in its order."""

    def __init__(self, output: asyncio.StreamReader, kind: str = CUSTOMERS, *, by_customer: bool = False) -> None:
        self._output = output
        self._kind = kind
        self._by_customer = by_customer
        self.ended: Mapping[str, Any] | None = None
        """How it ended, once all has come."""

    async def judgement(self) -> dict[str, Any]:
        """Returns how the sheet is read. SheetRefusedError, ReaderDiedError, AstrayError."""
        kind, content = await self._next()
        if kind != frames.JUDGED or not isinstance(content, dict) or not isinstance(content.get("header_key"), str):
            raise AstrayError("the reader of sheets gave no judgement")
        return content

    async def batches(self) -> AsyncIterator[Batch]:
        """Yields the rows. SheetRefusedError where the end of the sheet shows that it cannot be read."""
        after = 0
        while True:
            kind, content = await self._next()
            if kind == frames.ENDED:
                self.ended = content if isinstance(content, dict) else {}
                return
            if kind == frames.ALIVE:
                continue
            batch = _batch(kind, content, after, self._kind, by_customer=self._by_customer)
            after = batch.last
            yield batch

    async def _next(self) -> tuple[bytes, Any]:
        try:
            async with asyncio.timeout(SILENT_S):
                header = await self._output.readexactly(frames.HEADER)
                body = await self._output.readexactly(frames.length(header))
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            raise ReaderDiedError(
                _("the sheet could not be read to its end; it may be damaged, or too large")
            ) from None
        content = json.loads(body)
        if header[4:] == frames.REFUSED:
            found = content if isinstance(content, dict) else {}
            raise SheetRefusedError(str(found.get("code"))[:60], str(found.get("message"))[:1_000])
        return header[4:], content


def _batch(kind: bytes, content: Any, after: int, rows: str, *, by_customer: bool) -> Batch:
    if kind != frames.ROWS or not isinstance(content, list) or len(content) != 4:
        raise AstrayError("the reader of sheets gave no rows")
    last, count, portion, issues = content
    if type(last) is not int or type(count) is not int or last <= after or not 0 < count <= ROWS_MAX:
        raise AstrayError("the reader of sheets went back")
    # By customer the rows of a batch are any of the sheet's, and how far it is counts them.
    read = None if portion is None else _portion(portion, 0 if by_customer else after, rows)
    if read is not None and not by_customer and max(read.rows) > last:
        raise AstrayError("the reader of sheets gave a row too far")
    return Batch(last, count, read, frames.issues_of(issues))


def _portion(content: Any, after: int, rows: str) -> Portion | BillPortion:
    if rows == CUSTOMERS:
        return judged(content, after)
    if isinstance(content, list) and len(content) == 3 and isinstance(content[2], str):
        content = unfolded(content)
    return bills_judged(content, after, cast("Kind", rows))


@asynccontextmanager
async def reader(request: Request) -> AsyncIterator[Answers]:
    """Starts a reader, which ends with the block."""
    path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    command = (sys.executable, "-P", "-m", "gatewayd.imports.engine.worker", str(os.getpid()), str(MEMORY))
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        # A reader that is dead already is known by what it does not answer; uvloop says RuntimeError of its pipe.
        with suppress(ConnectionError, RuntimeError):
            process.stdin.write(request.line())
            await process.stdin.drain()
            process.stdin.close()
        yield Answers(process.stdout, request.kind, by_customer=request.by_customer > 0)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
