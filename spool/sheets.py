"""Lists of recipients as sheets: XLSX, ODS and XLS, read by calamine, which runs no formula and no macro.

A sheet is small as a file and large in memory, so it is measured before it is opened. That finds what is damaged or
silly and says so; what is hostile enough may still end the process, so sheets are read in one of their own, under a
memory limit.
"""

from __future__ import annotations

import errno
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any, Final

from spool import compound
from spool.errors import JobFileError

ROW_LIMIT: Final = 200_000
"""Rows of a sheet, its header not counted."""
CELL_LIMIT: Final = 10_000_000
"""Cells of the rectangle from the first to the last cell in use: about 350 MB while it is read."""
UNPACKED_LIMIT: Final = 768 << 20
"""Bytes of a sheet's parts when unpacked: 200,000 rows of 20 columns in the wordiest of the formats, ODS."""
XLS_LIMIT: Final = 128 << 20
"""Bytes of an XLS; it holds 65,536 rows and is not packed."""

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_CHUNK: Final = 1 << 20
_OVERLAP: Final = 64
"""Longer than a cell's place, so that none is cut in two."""

_PARTS: Final = re.compile(r"xl/(?:worksheets/.+|sharedStrings|styles|workbook)\.xml|content\.xml", re.IGNORECASE)
_WORKSHEET: Final = re.compile(r"xl/worksheets/.+\.xml", re.IGNORECASE)
_PLACE: Final = re.compile(rb"""\sr=["']([A-Z]{1,4})(\d{1,9})["']""")
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")


def is_sheet(head: bytes) -> bool:
    return head.startswith((ZIP, OLE))


def read_rows(path: Path, file: str) -> Iterator[list[str]]:
    """The rows of the first visible sheet that has any, blank ones left out, cells as text (see `cell_text`).

    JobFileError `too_large` or `recipients_unreadable`, naming the list `file`.
    """
    _measure(path, file)
    # Not at the top: the daemon imports this module, and only its worker needs the library.
    import python_calamine as calamine

    try:
        with path.open("rb") as stream, calamine.CalamineWorkbook.from_filelike(stream) as book:
            for row in _first_sheet(book, calamine, file):
                cells = [cell.strip() if type(cell) is str else cell_text(cell) for cell in row]
                if any(cells):
                    _refuse_nul(cells, file)
                    yield cells
    except calamine.PasswordError:
        raise JobFileError("recipients_unreadable", "recipients_password", file=file) from None
    except (calamine.CalamineError, ValueError) as error:
        raise _damaged(file, error) from None
    except MemoryError:
        raise JobFileError("too_large", "too_many_cells", file=file) from None
    except BaseException as error:
        # A defect in calamine's compiled part comes as a PanicException, which no module exports.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(file, error) from None


def _refuse_nul(cells: list[str], file: str) -> None:
    if "\0" in "".join(cells):
        raise JobFileError("recipients_unreadable", "recipients_nul", file=file)


def _damaged(file: str, error: BaseException) -> JobFileError:
    return JobFileError("recipients_unreadable", "recipients_damaged", file=file, reason=str(error).partition("\n")[0])


def _first_sheet(book: Any, calamine: Any, file: str) -> Iterator[list[Any]]:
    """The rows of the first sheet that a person sees and that has some."""
    for index, meta in enumerate(book.sheets_metadata):
        if meta.visible == calamine.SheetVisibleEnum.Visible and meta.typ == calamine.SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_index(index)
            if sheet.height * sheet.width > CELL_LIMIT:
                raise JobFileError("too_large", "too_many_cells", file=file)
            if sheet.height:
                rows: Iterator[list[Any]] = sheet.iter_rows()
                return rows
    raise JobFileError("recipients_unreadable", "recipients_empty", file=file)


def cell_text(cell: float | bool | date | time | timedelta | None) -> str:
    """A cell that is no text, as text: whole numbers without a point, others as typed, dates ISO 8601."""
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
    return text


# ----------------------------------------------------------------------------------------------------------- measuring


def _measure(path: Path, file: str) -> None:
    """JobFileError unless the sheet stays within bounds when it is unpacked and laid out."""
    try:
        with path.open("rb") as stream:
            if stream.read(len(OLE)) == OLE:
                _measure_container(stream, file)
            else:
                _measure_archive(stream, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise _damaged(file, error) from None
    except OSError as error:
        # What an archive says of a part's place may be before the file's beginning: seeking there is EINVAL.
        if error.errno != errno.EINVAL:
            raise
        raise _damaged(file, zipfile.BadZipFile("a part lies outside the file")) from None


def _measure_container(stream: IO[bytes], file: str) -> None:
    stream.seek(0)
    data = stream.read(XLS_LIMIT + 1)
    if len(data) > XLS_LIMIT:
        raise JobFileError("too_large", "too_many_bytes", file=file, limit=f"{XLS_LIMIT >> 20} MiB")
    # A protected XLSX is wrapped in the old container; calamine would only say that it does not know the format.
    if _ENCRYPTED in data[:_CHUNK]:
        raise JobFileError("recipients_unreadable", "recipients_password", file=file)
    compound.check(data)


def _measure_archive(stream: IO[bytes], file: str) -> None:
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        names = {member.filename for member in members}
        if "xl/workbook.xml" not in names and "content.xml" not in names:
            raise JobFileError("recipients_unreadable", "recipients_format", file=file)
        unpacked = 0
        for member in members:
            if not _PARTS.fullmatch(member.filename):
                continue
            if member.flag_bits & 1:
                raise JobFileError("recipients_unreadable", "recipients_password", file=file)
            extent = _Extent(file)
            for chunk in _unpacked(stream, member):
                unpacked += len(chunk)
                if unpacked > UNPACKED_LIMIT:
                    raise JobFileError("too_large", "too_many_cells", file=file)
                if _WORKSHEET.fullmatch(member.filename):
                    extent.places(chunk)
            extent.check()


def _unpacked(stream: IO[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part's bytes. Unlike ZipExtFile's, their number does not depend on what the archive says of itself."""
    stream.seek(member.header_offset)
    header = stream.read(30)
    if header[:4] != ZIP or len(header) < 30:
        raise zipfile.BadZipFile("no local header")
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    left = member.compress_size
    inflate = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
    if inflate is None and member.compress_type != zipfile.ZIP_STORED:
        raise zipfile.BadZipFile("packed in an unusual way")
    while left > 0 and (packed := stream.read(min(_CHUNK >> 3, left))):
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed:
            yield inflate.decompress(packed, _CHUNK)
            packed = inflate.unconsumed_tail
    if left:
        raise EOFError("cut off")


class _Extent:
    """The size of the rectangle that an XLSX sheet's cells span, gathered as its XML passes by.

    ODS has no places, only repeats, which are mostly of nothing: there the memory limit has to do.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._tail = b""
        self._columns: set[bytes] = set()
        self._rows = 0

    def places(self, chunk: bytes) -> None:
        """Every cell may say where it is, and one far off stretches the sheet."""
        chunk = self._tail + chunk
        found = _PLACE.findall(chunk)
        if found:
            self._columns.update({column for column, _ in found})
            # Rows go downward within a sheet, save in hostile ones, which the memory limit catches.
            self._rows = max(self._rows, int(found[0][1]), int(found[-1][1]))
        self._tail = chunk[-_OVERLAP:]

    def check(self) -> None:
        columns = max((_column_number(column) for column in self._columns), default=1)
        if self._rows * columns > CELL_LIMIT:
            raise JobFileError("too_large", "too_many_cells", file=self._file)


def _column_number(letters: bytes) -> int:
    """`A` is 1, `Z` 26, `AA` 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
