"""A job's recipients as one table, wherever they come from: inline, CSV, XLSX, XLS or ODS.

    with open_recipients(document, folder) as table:
        table.columns                   # names of the variables, from the header
        for cells in table.rows: …      # texts, as many as there are columns; more in a ragged row

Rows count from 1; blank ones are no recipients. The list's bounds and the checks that the job asks for are kept here;
numbers and texts are judged by others. Blocks; a sheet wants a process with a memory limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from spool import columns as headers
from spool import csvfile, sheets
from spool.document import JobDocument
from spool.errors import JobFileError, operating_system

ROW_LIMIT: Final = 1_000_000
COLUMN_LIMIT: Final = 1_000

_ON_THE_SAFE_SIDE: Final = 16
"""Octets that tell a sheet from text."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One row with its names; `ragged` when it has more cells than there are columns, and so cannot be trusted."""

    row: int
    to: str
    ref: str | None
    values: Mapping[str, str]
    ragged: bool = False


class Recipients:
    """A table that is read once. A context manager; `close` lets go of the file."""

    def __init__(
        self, file: str, columns: tuple[str, ...], to: int, ref: int | None, rows: Iterator[list[str]]
    ) -> None:
        self.file: Final = file
        """Name of the file that holds the recipients, for errors."""
        self.columns: Final = columns
        self.to: Final = to
        """Place of the address."""
        self.ref: Final = ref
        self.rows: Final = rows
        """Cells by the place of their column; a row with more cells than columns is ragged.

        JobFileError when the list turns out unreadable, too long, or not the one that the job expects: only the end
        of it says that it is whole.
        """

    def __iter__(self) -> Iterator[Recipient]:
        width = len(self.columns)
        for row, cells in enumerate(self.rows, 1):
            ref = (cells[self.ref] or None) if self.ref is not None else None
            yield Recipient(row, cells[self.to], ref, dict(zip(self.columns, cells, strict=False)), len(cells) > width)

    def close(self) -> None:
        close = getattr(self.rows, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def open_recipients(document: JobDocument, folder: Path) -> Recipients:
    """The recipients of a job whose files lie in `folder`. JobFileError, SpoolUnavailableError."""
    if document.recipients_file is None:
        return inline(document)
    return open_list(
        folder / document.recipients_file,
        document.recipients_file,
        channel=document.channel,
        expected=document.recipients_rows,
    )


def inline(document: JobDocument) -> Recipients:
    """The recipients of the job file itself. One who lacks a column that others have takes it from `values`."""
    given = document.recipients or ()
    columns = tuple(dict.fromkeys(name for recipient in given for name in recipient))
    defaults = [(name, document.values.get(name, "")) for name in columns]
    rows = ([recipient.get(name, default) for name, default in defaults] for recipient in given)
    return _table(document.file, columns, document.channel, rows)


def open_list(path: Path, file: str, *, channel: str = "sms", expected: int | None = None) -> Recipients:
    """A list that lies at `path` and is called `file`; `expected` is how many recipients it should have."""
    with operating_system(file), path.open("rb") as stream:
        head = stream.read(_ON_THE_SAFE_SIDE)
    if sheets.is_sheet(head):
        rows, limit = sheets.read_rows(path, file), sheets.ROW_LIMIT
    else:
        with operating_system(file):
            form = csvfile.examine(path, file)
        rows, limit = csvfile.read_rows(path, file, form), ROW_LIMIT
    with operating_system(file):
        first = next(rows, None)
    if first is None:
        raise JobFileError("recipients_unreadable", "recipients_empty", file=file)
    if len(first) > COLUMN_LIMIT:
        raise JobFileError("too_large", "too_many_columns", file=file, limit=COLUMN_LIMIT)
    columns = headers.headerless(first)
    if columns is None:
        columns = headers.names(first)
    else:
        rows = chain([first], rows)
    return _table(file, columns, channel, _checked(rows, len(columns), file, limit, expected))


def _table(file: str, columns: tuple[str, ...], channel: str, rows: Iterator[list[str]]) -> Recipients:
    to = headers.to_column(columns, channel)
    if to is None and not all(name.isprintable() for name in columns):
        raise JobFileError("recipients_unreadable", "recipients_binary", file=file)
    if to is None:
        raise JobFileError(
            "recipients_unreadable", "recipients_column", file=file, field="to", columns=", ".join(columns)
        )
    return Recipients(file, columns, to, headers.ref_column(columns), rows)


def _checked(rows: Iterator[list[str]], width: int, file: str, limit: int, expected: int | None) -> Iterator[list[str]]:
    """The rows, as wide as the header unless they are ragged, and not more nor fewer than there should be."""
    number = 0
    with operating_system(file):
        for number, row in enumerate(rows, 1):
            if number > limit:
                raise JobFileError("too_large", "too_many_rows", file=file, limit=limit)
            if len(row) != width:
                _fit(row, width)
            yield row
    if expected is not None and number != expected:
        raise JobFileError(
            "recipients_mismatch", "mismatch_rows", file=file, field="recipients_rows", told=expected, found=number
        )


def _fit(row: list[str], width: int) -> None:
    """Fills a short row up; cuts a long one back to the width, or to its last cell that is not empty."""
    if len(row) < width:
        row.extend([""] * (width - len(row)))
    while len(row) > width and not row[-1]:
        row.pop()
