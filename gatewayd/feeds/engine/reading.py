"""One reading of one feed: what the process says is judged, and written a portion at a time as any list's rows are."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast

from gatewayd.billing import fields
from gatewayd.billing.engine import desk as billing_desk
from gatewayd.billing.fields import BillRow, Kind
from gatewayd.config import Config
from gatewayd.config.feeds import FeedConfig
from gatewayd.customers.faults import FieldError
from gatewayd.feeds.documents import document
from gatewayd.feeds.faults import SENTENCES, name_of
from gatewayd.feeds.source import own
from gatewayd.imports.engine import deposited
from gatewayd.process.failpoints import hit
from gatewayd.store.billing.loads import Load
from gatewayd.workers.launch import Worker, worker
from spool.customers import CustomersDocument
from spool.errors import JobFileError

MEMORY: Final = 1 << 30
MODULE: Final = "gatewayd.workers.feed"
SOURCE: Final = "feed"
OVERLAP: Final = timedelta(minutes=10)
"""What is asked for with `:since` begins so much before the last reading: what was being written then is not missed."""
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS_MAX: Final = 60
ROWS_AT_ONCE: Final = 500

R = TypeVar("R")


class FeedFaultError(Exception):
    """A reading came to no end: a code of `gatewayd.feeds.faults`, and a name."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class House(Protocol):
    """What a reading needs of the engine."""

    config: Config
    now: Callable[[], int]
    withdrawn: Callable[[Sequence[int]], object]
    """Is told which jobs have receipts now, for messages of theirs that were withdrawn."""
    sheets: Any
    """The engine of imports, for customers."""

    async def change(self, work: Callable[[Any], R], *, bulk: bool = False) -> R: ...


@dataclass(slots=True)
class Brought:
    """What came of a reading."""

    as_of: int
    kinds: dict[str, dict[str, Any]] = field(default_factory=dict)


class Reading:
    """One reading. `before` is how the one before it was (Unix ms), `sheet` the SHA-256 of its customers."""

    def __init__(
        self, house: House, feed: FeedConfig, account_id: int, zone: tzinfo, *, before: int | None, sheet: str | None
    ) -> None:
        self._house = house
        self._feed = feed
        self._account_id = account_id
        self._zone = zone
        self._sheet = sheet
        since = EVER if before is None else datetime.fromtimestamp(before / 1000, UTC) - OVERLAP
        self._since = f"{since.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        # What the database says is at least so new; a payment between this moment and its snapshot counts twice
        # against a debt until the next reading, which harms nobody.
        self._began = house.now()
        self._brought = Brought(self._began)

    async def perform(self) -> Brought:
        """Reads all. FeedFaultError; GatewayError where the store is away."""
        feed = self._feed
        url = feed.url.get_secret_value()
        if own(url, self._house.config.store.url):
            raise FeedFaultError("own_store")
        request = {
            "url": url,
            "queries": dict(feed.queries),
            "since": self._since,
            "rows": feed.rows,
            "seconds": math.ceil(feed.timeout),
        }
        try:
            async with asyncio.timeout(feed.timeout), worker(MODULE, MEMORY, request) as process:
                await self._hear(_documents(process))
        except TimeoutError:
            raise FeedFaultError("too_slow") from None
        return self._brought

    async def _hear(self, documents: AsyncIterator[dict[str, Any]]) -> None:
        taking: _Taking | None = None
        async for said in documents:
            if "kind" in said:
                taking = await self._taking(str(said["kind"]), said.get("columns"))
            elif "rows" in said and taking is not None:
                await taking.add(_rows(said["rows"], len(taking.columns)))
            elif "end" in said and taking is not None:
                self._brought.kinds[taking.kind] = await taking.end()
                taking = None
            elif "done" in said:
                return
        raise FeedFaultError("reader_ended")

    async def _taking(self, kind: str, columns: Any) -> _Taking:
        if kind not in self._feed.queries or kind in self._brought.kinds or not _are_texts(columns):
            raise FeedFaultError("reader_ended")
        if kind == "customers":
            return _Customers(self._house, self._feed, columns, self._sheet)
        load = partial(
            billing_desk.load,
            account_id=self._account_id,
            kind=cast("Kind", kind),
            source=SOURCE,
            as_of=self._began,
            now=self._began,
            importing=True,
        )
        how = await self._house.change(load)
        bills = _Bills(self._house, kind, columns, how, self._zone)
        bills.closes = kind == "invoices" and self._feed.closes
        return bills


class _Taking(ABC):
    """Takes the rows of one query."""

    def __init__(self, house: House, kind: str, columns: Sequence[str]) -> None:
        self.house = house
        self.kind = kind
        self.columns = columns
        self.count = 0

    @abstractmethod
    async def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Takes rows, in the order in which they were read."""

    @abstractmethod
    async def end(self) -> dict[str, Any]:
        """Returns what became of the rows."""


class _Bills(_Taking):
    closes = False
    """Whether what it lacks is closed."""

    def __init__(self, house: House, kind: str, columns: Sequence[str], how: Load, zone: tzinfo) -> None:
        super().__init__(house, kind, columns)
        self._how = how
        self._zone = zone
        self._judge = fields.invoice if kind == "invoices" else fields.payment
        self._counts: dict[str, int] = {}
        self._reasons: dict[str, int] = {}

    async def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            read = self._read(rows[start : start + ROWS_AT_ONCE])
            if read:
                await self._record(read)
            hit("feed.applied")

    def _read(self, rows: Sequence[Sequence[Any]]) -> list[BillRow]:
        """Returns the rows that can be; one that cannot never drops the rest."""
        found = []
        for row in rows:
            self.count += 1
            try:
                found.append(self._judge(document(self.columns, row, self._zone), row=self.count))
            except FieldError as error:
                self._refused(error.reason)
        return found

    def _refused(self, reason: str) -> None:
        self._counts["refused"] = self._counts.get("refused", 0) + 1
        self._reasons[reason] = self._reasons.get(reason, 0) + 1

    async def _record(self, rows: Sequence[BillRow]) -> None:
        how, kind = self._how, cast("Kind", self.kind)
        recorded = await self.house.change(
            lambda unit: billing_desk.record(unit, how, kind, rows),
            bulk=True,
        )
        for name, count in recorded.written.counts().items():
            if name != "refused":
                self._counts[name] = self._counts.get(name, 0) + count
        for fault in recorded.written.faults:
            if fault.reason != "row_same":
                self._refused(fault.reason)
        if recorded.withdrawal.jobs:
            self.house.withdrawn(recorded.withdrawal.jobs)

    async def end(self) -> dict[str, Any]:
        how, kind = self._how, cast("Kind", self.kind)
        refused = self._counts.get("refused", 0)
        found: dict[str, Any] = {"rows": self.count, **self._counts}
        if self._reasons:
            found["reasons"] = self._reasons

        def finish(unit: Any) -> billing_desk.Absence | None:
            billing_desk.finish(unit, how, kind)
            if not self.closes:
                return None
            return billing_desk.absence(unit, how, how.now, rows=self.count, faulty=refused)

        absent = await self.house.change(finish)
        hit("feed.finished")
        if absent is not None and absent.asks is not None:
            found["asks"] = absent.asks
            found["missing"] = absent.missing
        elif absent is not None:
            found["closed"] = await self._close()
        return found

    async def _close(self) -> int:
        how, total = self._how, 0

        def close(unit: Any) -> int | None:
            return billing_desk.close_absent(unit, how.account_id, how.as_of, how.now)

        while (count := await self.house.change(close, bulk=True)) is not None:
            total += count
            hit("feed.closed")
        return total


class _Customers(_Taking):
    """Customers are imported as any sheet of them: what a query gives is written as one."""

    def __init__(self, house: House, feed: FeedConfig, columns: Sequence[str], last: str | None) -> None:
        super().__init__(house, "customers", columns)
        self._feed = feed
        self._last = last
        folder = house.config.imports_folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / f"{feed.account}.{feed.name}.part"
        self._add(self._path, [columns], "w")

    @staticmethod
    def _add(path: Path, rows: Sequence[Sequence[Any]], mode: str) -> None:
        with path.open(mode, encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(
                [[cell.replace("\0", "") if isinstance(cell, str) else cell for cell in row] for row in rows]
            )

    async def add(self, rows: Sequence[Sequence[Any]]) -> None:
        self.count += len(rows)
        await asyncio.to_thread(self._add, self._path, rows, "a")

    async def end(self) -> dict[str, Any]:
        """Returns what was brought. The same sheet as the last time is not brought again."""
        digest, size = await asyncio.to_thread(_digest, self._path)
        found: dict[str, Any] = {"rows": self.count, "sheet": digest}
        if digest != self._last and self.count:
            name = f"{self._feed.name}-{self.house.now()}"
            sheet = CustomersDocument(name, name, "customers.csv", reading={"encoding": "utf-8"})
            try:
                await deposited.bring(
                    self.house.sheets, self._feed.account, sheet, self._path, sha256=digest, size=size
                )
            except JobFileError as error:
                raise FeedFaultError("refused", name_of(error.kind or error.code)) from None
        with suppress(FileNotFoundError):
            self._path.unlink()
        return found


def _digest(path: Path) -> tuple[str, int]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest(), path.stat().st_size


async def _documents(process: Worker) -> AsyncIterator[dict[str, Any]]:
    """Yields what the process says, but for what ends a reading."""
    async for said in process.documents():
        if not isinstance(said, dict) or "error" in said:
            break
        if "fault" in said:
            code = str(said["fault"])
            raise FeedFaultError(code if code in SENTENCES else "failed", name_of(str(said.get("detail", ""))))
        yield said


def _are_texts(columns: Any) -> bool:
    return (
        isinstance(columns, list)
        and 0 < len(columns) <= COLUMNS_MAX
        and all(isinstance(one, str) and len(one) <= 200 for one in columns)
    )


def _rows(rows: Any, width: int) -> list[list[Any]]:
    """Returns rows as a process may give them: what took it over has not taken over the daemon."""
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == width and all(one is None or isinstance(one, str | bool) for one in row)
        for row in rows
    ):
        raise FeedFaultError("reader_ended")
    return rows
