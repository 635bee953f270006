"""Rows on their way from a file: an iterator that knows where in the file it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

PREFIX: Final = 200
"""Rows by which a list is judged."""

HIDDEN: Final = "\0hidden"
"""The last cell, one too many, of a row that the sheet hides and the job leaves out. No file holds a NUL."""
SHORT: Final = "\0short"
"""The same of a row that has lost a cell, so that nobody knows which is which."""


class Rows:
    """Rows as cells, and the line (of a sheet: the row) where the last one began."""

    __slots__ = ("each", "judged", "line", "width")

    def __init__(self) -> None:
        self.each: Iterator[list[str]] = iter(())
        self.line = 0
        self.width: int | None = None
        """Cells of a row, once it is known."""
        self.judged = False
        """The header has been found; before, a cell of several lines may be one."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[str]:
        return next(self.each)

    def close(self) -> None:
        close = getattr(self.each, "close", None)
        if close is not None:
            close()


@dataclass(frozen=True, slots=True)
class Row:
    """One of the first rows, and where it stands in the file."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first rows of a list, and the others behind them."""

    rows: tuple[tuple[int, list[str]], ...]
    rest: Rows

    @classmethod
    def of(cls, rows: Rows) -> Prefix:
        """Reads them."""
        return cls(tuple((rows.line, cells) for cells in islice(rows, PREFIX)), rows)

    @property
    def visible(self) -> list[Row]:
        """Those that a person sees."""
        return [Row(line, cells) for line, cells in self.rows if cells[-1] is not HIDDEN]

    def below(self, line: int | None) -> Iterator[list[str]]:
        """Yields the rows below a header, or all of them; `rest.line` says where the last one was."""
        for at, cells in self.rows:
            if line is None or at > line:
                self.rest.line = at
                yield cells
        yield from self.rest.each

    def close(self) -> None:
        self.rest.close()
