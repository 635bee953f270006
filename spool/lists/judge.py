"""Judges a list by its first rows and opens it: everything is sure, or said by the job, before a row is given.

Nothing is guessed that could reach a stranger. What may be read in two ways is refused with what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from spool.columns import names, ref_column
from spool.errors import JobFileError, operating_system
from spool.lists import sheets, text
from spool.lists.choice import Choice
from spool.lists.encoding import doubled
from spool.lists.header import Header, Mobile, find, in_names
from spool.lists.instructions import AS_IT_SAYS, Instructions
from spool.lists.judgement import Judgement
from spool.lists.people import PEOPLE, find_people
from spool.lists.rows import Prefix, Rows
from spool.lists.shape import shape_of_sheet, shape_of_text
from spool.lists.stream import Bounds, checked
from spool.lists.workbook import find_sheet, hidden_below

ROW_LIMIT: Final = 1_000_000
COLUMN_LIMIT: Final = 1_000

_ON_THE_SAFE_SIDE: Final = 64
"""Octets that tell a sheet from text."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The rows of a list, and the places of what every row has."""

    choice: Choice
    """Of the address."""
    ref: int | None
    rows: Iterator[list[str]]
    source: Rows | None = None
    """Where in the file the last row began; None where they are in the job file itself."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a list is for, and what its job says of it."""

    file: str
    """What it is called, for errors."""
    channel: str = "sms"
    """`people` (`spool.lists.people`): it is a sheet of people, whichever column is what."""
    expected: int | None = None
    """How many recipients it should have."""
    said: Instructions = AS_IT_SAYS
    mobile: Mobile | None = None
    """Tells numbers of mobiles from others, where that is known."""


def judge(path: Path, task: Task) -> tuple[Judgement, Opened]:
    """Returns how the list at `path` is read, and its rows. JobFileError."""
    with operating_system(task.file):
        with path.open("rb") as stream:
            head = stream.read(_ON_THE_SAFE_SIDE)
        if sheets.is_behind(head):
            raise JobFileError("recipients_unreadable", "recipients_repair", file=task.file)
        return _of_sheet(path, task) if sheets.is_sheet(head) else _of_text(path, task)


def judge_inline(task: Task, columns: tuple[str, ...], rows: Iterator[list[str]]) -> tuple[Judgement, Opened]:
    """Returns how the recipients of a job file are read, whose keys are `columns`."""
    header = in_names(columns, task.file, task.channel, task.said)
    judgement = Judgement(
        file=task.file,
        format="json",
        columns=columns,
        headers=columns,
        to=tuple(columns[place] for place in header.choice.places),
        ref=_name(columns, _ref(header, columns)),
        said=_said(task.said),
    )
    return judgement, Opened(header.choice, _ref(header, columns), rows)


def _of_text(path: Path, task: Task) -> tuple[Judgement, Opened]:
    said, file = task.said, task.file
    for field, value in (("sheet", said.sheet), ("hidden_rows", said.hidden_rows)):
        if value is not None:
            raise JobFileError("value_invalid", "key_of_sheets", file=file, field=field)
    form = text.examine(path, file, said.encoding)
    rows = text.read_rows(path, file, form)
    try:
        prefix = Prefix.of(rows)
        header = _header(task, prefix)
        rows.width, rows.judged = len(header.cells), True
        shape = shape_of_text(header, prefix.visible, file, form)
    except BaseException:
        rows.close()
        raise
    each = checked(prefix, header.line, shape, Bounds(file, ROW_LIMIT, task.expected))
    judgement = _judgement(task, header, prefix, "csv", encoding=form.encoding, delimiter=form.delimiter)
    return judgement, _opened(header, judgement.columns, each, rows)


def _of_sheet(path: Path, task: Task) -> tuple[Judgement, Opened]:
    said, file = task.said, task.file
    if said.encoding is not None:
        raise JobFileError("value_invalid", "key_of_texts", file=file, field="recipients_encoding")
    with sheets.Book(path, file) as book:
        found = find_sheet(book, file, said, partial(_header, task))
        header = found.header
        _refuse_doubled(found.prefix, file)
        shape = shape_of_sheet(header, found.prefix.visible)
        bounds = Bounds(file, sheets.ROW_LIMIT, task.expected, is_text=False)
        rows = checked(found.prefix, header.line, shape, bounds)
        judgement = _judgement(
            task,
            header,
            found.prefix,
            book.kind,
            sheet=found.rows.sheet.name,
            other_sheets=found.others,
            hidden_rows=len(hidden_below(found)),
            hidden=said.hidden_rows,
        )
    return judgement, _opened(header, judgement.columns, rows, found.rows)


def _refuse_doubled(prefix: Prefix, file: str) -> None:
    """Refuses a sheet whose letters were read in a wrong encoding before it became one."""
    for row in prefix.visible:
        for cell in row.cells:
            if (pair := doubled(cell)) is not None:
                raise JobFileError(
                    "recipients_unreadable", "sheet_doubled", file=file, line=row.line, found=pair[0], meant=pair[1]
                )


def _header(task: Task, prefix: Prefix) -> Header:
    rows = prefix.visible
    if not rows:
        raise JobFileError("recipients_unreadable", "recipients_empty", file=task.file)
    if max(len(row.cells) for row in rows) > COLUMN_LIMIT:
        raise JobFileError("too_large", "too_many_columns", file=task.file, limit=COLUMN_LIMIT)
    if task.channel == PEOPLE:
        return find_people(rows, task.file, task.said)
    return find(rows, task.file, task.channel, task.said, task.mobile)


def _opened(header: Header, columns: tuple[str, ...], rows: Iterator[list[str]], source: Rows) -> Opened:
    return Opened(header.choice, _ref(header, columns), rows, source)


def _judgement(
    task: Task,
    header: Header,
    prefix: Prefix,
    form: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    other_sheets: tuple[str, ...] = (),
    hidden_rows: int = 0,
    hidden: str | None = None,
) -> Judgement:
    columns = names(header.cells)
    return Judgement(
        file=task.file,
        format=form,
        columns=columns,
        headers=() if header.line is None else header.cells,
        to=tuple(columns[place] for place in header.choice.places),
        ref=_name(columns, _ref(header, columns)),
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        other_sheets=other_sheets,
        header_row=header.line,
        rows_above=tuple(row.line for row in prefix.visible if header.line is not None and row.line < header.line),
        hidden_rows=hidden_rows,
        hidden=hidden,
        said=_said(task.said),
    )


def _ref(header: Header, columns: tuple[str, ...]) -> int | None:
    return header.ref if header.ref is not None else ref_column(columns)


def _name(columns: tuple[str, ...], place: int | None) -> str | None:
    return None if place is None else columns[place]


def _said(said: Instructions) -> tuple[str, ...]:
    keys = {
        "columns": said.to or said.ref,
        "sheet": said.sheet,
        "header_row": said.header_row,
        "hidden_rows": said.hidden_rows,
        "recipients_encoding": said.encoding,
    }
    return tuple(key for key, value in keys.items() if value is not None and value != ())
