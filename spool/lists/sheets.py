"""Lists of recipients as sheets: XLSX, ODS and XLS, read by calamine, which runs no formula and no macro.

A sheet is measured before it is opened. That finds what is damaged or silly and says so; what is hostile enough may
still end the process, so sheets are read in one of their own, under a memory limit.
"""

from __future__ import annotations

import errno
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any, Final, Literal

from spool.errors import JobFileError
from spool.lists import archive, biff, cells, compound
from spool.lists.archive import ZIP, BookFacts, SheetFacts
from spool.lists.hidden import rows_of
from spool.lists.rows import HIDDEN, Rows

ROW_LIMIT: Final = 200_000
"""Rows of a sheet, its header not counted."""
XLS_LIMIT: Final = 128 << 20
"""Bytes of an XLS; it holds 65,536 rows and is not packed."""

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

Kind = Literal["xlsx", "ods", "xls"]

_CHUNK: Final = 1 << 20
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_LIKE_THOUSANDS: Final = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")
_BEFORE: Final = b"\xef\xbb\xbf\0 \t\r\n"


def is_sheet(head: bytes) -> bool:
    return head.startswith((ZIP, OLE))


def is_behind(head: bytes) -> bool:
    """Returns whether something stands before the beginning of a sheet, as where a program writes into a web page."""
    return not is_sheet(head) and is_sheet(head.lstrip(_BEFORE))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that people see and that has rows; `place` is its place in the workbook."""

    name: str
    place: int
    facts: SheetFacts


class Book:
    """A workbook that has been measured; a context manager. JobFileError `too_large` or `recipients_unreadable`."""

    def __init__(self, path: Path, file: str) -> None:
        self._path, self._file = path, file
        self._book: Any = None
        self._stream: IO[bytes] | None = None
        self.kind: Kind
        self.kind, self._facts = _measure(path, file)

    def __enter__(self) -> Book:
        # Not at the top: the daemon imports this module, and only its worker needs the library.
        import python_calamine as calamine

        self._stream = self._path.open("rb")
        try:
            with _faults(self._file):
                self._book = calamine.CalamineWorkbook.from_filelike(self._stream)
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()
        self._book = None

    def sheets(self) -> list[Sheet]:
        """Returns the worksheets that a person sees."""
        import python_calamine as calamine

        return [
            Sheet(meta.name, place, self._facts.of(place))
            for place, meta in enumerate(self._book.sheets_metadata)
            if meta.visible == calamine.SheetVisibleEnum.Visible and meta.typ == calamine.SheetTypeEnum.WorkSheet
        ]

    def rows(self, sheet: Sheet, *, mark: bool) -> SheetRows:
        """Opens a sheet's rows: those that are not blank, cells as values; with `mark`, hidden ones with a mark."""
        with _faults(self._file):
            opened = self._book.get_sheet_by_index(sheet.place)
            if opened.height * opened.width > archive.CELL_LIMIT:
                raise JobFileError("too_large", "too_many_cells", file=self._file)
            return SheetRows(opened, sheet, self._file, mark=mark)


class SheetRows(Rows):
    """The rows of one sheet. `hidden` has those, with something in them, that the sheet does not show."""

    __slots__ = ("_file", "_marked", "_sheet", "hidden", "sheet")

    def __init__(self, opened: Any, sheet: Sheet, file: str, *, mark: bool) -> None:
        super().__init__()
        self._sheet, self._file = opened, file
        self.sheet = sheet
        spans = sheet.facts.hidden
        marked = rows_of(spans, opened.end[0] + 1) if spans and opened.height else frozenset()
        self.hidden: frozenset[int] = frozenset()
        if marked:
            with _faults(file):
                numbered = enumerate(opened.iter_rows(), 1)
                self.hidden = frozenset(number for number, row in numbered if number in marked and _values(row))
        self._marked = self.hidden if mark else frozenset()
        self.each = self._read() if opened.height else iter(())

    def check(self) -> None:
        """Raises JobFileError where the sheet is damaged in a way that the library ignores."""
        if self.sheet.facts.damaged:
            reason = "a cell points at no text of the table"
            raise JobFileError("recipients_unreadable", "recipients_damaged", file=self._file, reason=reason)

    def _read(self) -> Iterator[list[str]]:
        with _faults(self._file):
            for number, row in enumerate(self._sheet.iter_rows(), 1):
                if values := _values(row):
                    self.line = number
                    if "\0" in "".join(values):
                        raise JobFileError("recipients_unreadable", "recipients_nul", file=self._file, line=number)
                    if number in self._marked:
                        values.append(HIDDEN)
                    yield values


def _values(row: list[Any]) -> list[str]:
    """Returns a row's cells as values; empty for a blank row."""
    values = [cell.strip() if type(cell) is str else cell_text(cell) for cell in row]
    joined = "".join(values)
    if not joined:
        return []
    odd = not joined.isprintable() or "'" in joined or "=" in joined
    if odd or not cells.USUAL_NOTHING.isdisjoint(values):
        values = cells.cleaned(values)
        return values if any(values) else []
    return values


def cell_text(cell: float | bool | date | time | timedelta | None) -> str:
    """Returns a cell that is no text, as text: whole numbers without a point, others as typed, dates ISO 8601."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float():
            return _number_text(cell)
        case datetime():
            if cell.time() == time():
                return cell.date().isoformat()
            return cell.replace(microsecond=0).isoformat(" ", "seconds" if cell.second else "minutes")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("seconds" if cell.second else "minutes")
        case _:
            return str(cell)


def _number_text(number: float) -> str:
    if not math.isfinite(number):
        return ""
    if number.is_integer():
        return str(int(number))
    # Sheets keep 15 digits; the sixteenth and on are the binary fraction's noise (0.1 + 0.2).
    text = f"{number:.15g}"
    if "e" in text:
        text = f"{number:.20f}".rstrip("0").rstrip(".")
    # "19.239" would be read as thousands, in a text and in a call: 15.90 with tax is no nineteen thousand.
    return text + "0" if _LIKE_THOUSANDS.fullmatch(text) else text


# ----------------------------------------------------------------------------------------------------------- measuring


@contextmanager
def _faults(file: str) -> Iterator[None]:
    """Turns the library's errors into ours."""
    import python_calamine as calamine

    try:
        yield
    except calamine.PasswordError:
        raise JobFileError("recipients_unreadable", "recipients_password", file=file) from None
    except (calamine.CalamineError, ValueError, OverflowError) as error:
        raise _damaged(file, error) from None
    except MemoryError:
        raise JobFileError("too_large", "too_many_cells", file=file) from None
    except BaseException as error:
        # A defect in calamine's compiled part comes as a PanicException, which no module exports.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(file, error) from None


def _damaged(file: str, error: BaseException) -> JobFileError:
    return JobFileError("recipients_unreadable", "recipients_damaged", file=file, reason=str(error).partition("\n")[0])


def _measure(path: Path, file: str) -> tuple[Kind, BookFacts]:
    """Returns the format and what the book says of its sheets. JobFileError unless it stays within bounds."""
    try:
        with path.open("rb") as stream:
            if stream.read(len(OLE)) == OLE:
                return "xls", _measure_container(stream, file)
            facts = archive.measure(stream, file)
            with zipfile.ZipFile(stream) as opened:
                return "xlsx" if "xl/workbook.xml" in opened.namelist() else "ods", facts
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _damaged(file, error) from None
    except OSError as error:
        # What an archive says of a part's place may be before the file's beginning: seeking there is EINVAL.
        if error.errno != errno.EINVAL:
            raise
        raise _damaged(file, zipfile.BadZipFile("a part lies outside the file")) from None


def _measure_container(stream: IO[bytes], file: str) -> BookFacts:
    stream.seek(0)
    data = stream.read(XLS_LIMIT + 1)
    if len(data) > XLS_LIMIT:
        raise JobFileError("too_large", "too_many_bytes", file=file, limit=f"{XLS_LIMIT >> 20} MiB")
    # A protected XLSX is wrapped in the old container; calamine would only say that it does not know the format.
    if _ENCRYPTED in data[:_CHUNK]:
        raise JobFileError("recipients_unreadable", "recipients_password", file=file)
    compound.check(data)
    book = compound.stream(data, "Workbook", "Book")
    try:
        spans = biff.hidden_rows(book or b"")
    except biff.ProtectedError:
        raise JobFileError("recipients_unreadable", "recipients_password", file=file) from None
    return BookFacts(tuple(SheetFacts(tuple(each)) for each in spans))
