"""Files that exports are written into: CSV and XLSX, row by row, with no more than a portion in memory."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

SHEET_ROWS: Final = 1_048_576
"""Rows of a sheet, its head included (ECMA-376; Excel's specifications and limits)."""
CELL_MAX: Final = 32_767
"""Characters of a cell of XLSX."""
_BUFFER: Final = 1 << 20
_ACTIVE: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet program takes for the beginning of a formula (OWASP, CSV injection)."""


class Sheet(Protocol):
    """A file that rows are added to."""

    def add(self, rows: Iterable[Sequence[Any]]) -> None: ...

    def close(self) -> None:
        """Ends the file; it is whole on the disk when this returns."""


class CsvSheet:
    """CSV in UTF-8 with a byte order mark, as Excel expects it.

    Numbers stand without their `+`; other text that would begin a formula gets an apostrophe, which our own import
    takes off again.
    """

    def __init__(self, path: Path, heads: Sequence[str], numbers: frozenset[int], delimiter: str) -> None:
        """`numbers` are the places of columns whose cells are numbers or addresses."""
        self._file = path.open("w", encoding="utf-8", newline="", buffering=_BUFFER)
        self._file.write("\ufeff")
        self._writer = csv.writer(self._file, delimiter=delimiter, lineterminator="\r\n")
        self._writer.writerow(heads)
        self._places = [place for place in range(len(heads)) if place not in numbers]
        self._numbers = sorted(numbers)

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        if not columns:
            return
        for place in self._numbers:
            columns[place] = [_plain(cell) for cell in columns[place]]
        for place in self._places:
            columns[place] = [f"'{cell}" if cell[:1] in _ACTIVE and cell else cell for cell in columns[place]]
        self._writer.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _plain(cell: Any) -> Any:
    """Returns a number without its sign; what is no number is guarded as any text is."""
    if not isinstance(cell, str) or not cell or cell[0] not in _ACTIVE:
        return cell
    digits = cell[1:]
    return digits if cell[0] == "+" and digits.isascii() and digits.isdecimal() else f"'{cell}"


class XlsxSheet:
    """XLSX whose cells are text, but for columns of numbers; over as many sheets as it takes."""

    def __init__(
        self, path: Path, heads: Sequence[str], numbers: frozenset[int], title: str, *, rows_max: int = SHEET_ROWS
    ) -> None:
        """`numbers` are the places of columns of numbers; `title` names the sheets."""
        # Three megabytes that the daemon, which knows of sheets and writes none, need not keep.
        import xlsxwriter

        self._path = path
        self._heads = heads
        self._numbers = numbers
        self._title = title
        self._rows_max = rows_max
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_numbers": False,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "tmpdir": str(path.parent),
            },
        )
        self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        name = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for place, head in enumerate(self._heads):
            self._sheet.write_string(0, place, head)
        self._row = 1

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        numbers = self._numbers
        for cells in rows:
            if self._row == self._rows_max:
                self._begin()
            row, write = self._row, self._sheet.write_string
            for place, cell in enumerate(cells):
                if not cell and cell != 0:
                    continue
                if place in numbers:
                    self._sheet.write_number(row, place, float(cell))
                elif len(cell) > CELL_MAX:
                    write(row, place, cell[: CELL_MAX - 1] + "…")
                else:
                    write(row, place, cell)
            self._row += 1

    def close(self) -> None:
        self._book.close()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())
