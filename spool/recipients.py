"""A job's recipients as one table, wherever they come from: inline, CSV, XLSX, XLS or ODS.

    with open_recipients(document, folder) as table:
        table.judgement                 # how the list is read
        table.columns                   # names of the variables, from the header
        for cells in table.rows: …      # texts, as many as there are columns; more in a row that cannot be trusted

Rows count from 1; blank ones are no recipients. The list's bounds and the checks that the job asks for are kept here;
numbers and texts are judged by others. Blocks; a sheet wants a process with a memory limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from spool.document import JobDocument
from spool.lists.cells import USUAL_NOTHING, is_nothing
from spool.lists.choice import Choice
from spool.lists.header import Mobile
from spool.lists.instructions import AS_IT_SAYS, Instructions
from spool.lists.judge import Opened, Task, judge, judge_inline
from spool.lists.judgement import Judgement


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
        self,
        file: str,
        columns: tuple[str, ...],
        to: int,
        ref: int | None,
        rows: Iterator[list[str]],
        *,
        choice: Choice | None = None,
        judgement: Judgement | None = None,
    ) -> None:
        self.file: Final = file
        """Name of the file that holds the recipients, for errors."""
        self.columns: Final = columns
        self.to: Final = to
        """Place of the address."""
        self.choice: Final = choice or Choice((to,))
        """Places of all addresses, further ones for rows where the first has none."""
        self.ref: Final = ref
        self.rows: Final = rows
        """Cells by the place of their column; a row with more cells than columns is ragged, or hidden (`rows.HIDDEN`).

        JobFileError when the list turns out unreadable, too long, or not the one that the job expects: only the end
        of it says that it is whole.
        """
        self.judgement: Final = judgement
        """How the list is read."""

    @classmethod
    def of(cls, judgement: Judgement, opened: Opened) -> Self:
        """Makes the table of a list that has been judged."""
        return cls(
            judgement.file,
            judgement.columns,
            opened.choice.places[0],
            opened.ref,
            opened.rows,
            choice=opened.choice,
            judgement=judgement,
        )

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


def open_recipients(document: JobDocument, folder: Path, mobile: Mobile | None = None) -> Recipients:
    """Returns the recipients of a job whose files lie in `folder`. `mobile` tells numbers of mobiles from others.

    JobFileError, SpoolUnavailableError.
    """
    if document.recipients_file is None:
        return inline(document)
    return open_list(
        folder / document.recipients_file,
        document.recipients_file,
        channel=document.channel,
        expected=document.recipients_rows,
        said=document.reading,
        mobile=mobile,
    )


def inline(document: JobDocument) -> Recipients:
    """Returns the recipients of the job file itself. One who lacks a column that others have takes it from `values`."""
    given = document.recipients or ()
    columns = tuple(dict.fromkeys(name for recipient in given for name in recipient))
    defaults = [(name, document.values.get(name, "")) for name in columns]
    rows = (_row(recipient, defaults) for recipient in given)
    task = Task(document.file, document.channel, said=document.reading)
    return Recipients.of(*judge_inline(task, columns, rows))


def _row(recipient: Mapping[str, str], defaults: list[tuple[str, str]]) -> list[str]:
    row = [recipient.get(name, default) for name, default in defaults]
    return row if USUAL_NOTHING.isdisjoint(row) else ["" if is_nothing(cell) else cell for cell in row]


def open_list(
    path: Path,
    file: str,
    *,
    channel: str = "sms",
    expected: int | None = None,
    said: Instructions = AS_IT_SAYS,
    mobile: Mobile | None = None,
) -> Recipients:
    """Returns a list that lies at `path` and is called `file`; `expected` is how many recipients it should have."""
    return Recipients.of(*judge(path, Task(file, channel, expected, said, mobile)))
