"""XLSX and ODS as archives: measured before they are laid out, and what they say of sheets beside their cells.

A sheet is small as a file and large in memory. Everything here reads bytes as they unpack and keeps little of them.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import IO, Final

from spool.errors import JobFileError
from spool.lists.hidden import Span, Spreadsheet, Worksheet

ZIP: Final = b"PK\x03\x04"

CELL_LIMIT: Final = 10_000_000
"""Cells of the rectangle from the first to the last cell in use: about 350 MB while it is read."""
UNPACKED_LIMIT: Final = 768 << 20
"""Bytes of a sheet's parts when unpacked: 200,000 rows of 20 columns in the wordiest of the formats, ODS."""

_CHUNK: Final = 1 << 20
_OVERLAP: Final = 64
"""Longer than a cell's place, so that none is cut in two."""
_CELL_OVERLAP: Final = 1000
"""Longer than the beginning of a cell."""
_BOOK_LIMIT: Final = 8 << 20
"""Bytes of the parts that name the sheets."""

_PARTS: Final = re.compile(r"xl/(?:worksheets/.+|sharedStrings|styles|workbook)\.xml|content\.xml", re.IGNORECASE)
_WORKSHEET: Final = re.compile(r"xl/worksheets/.+\.xml", re.IGNORECASE)
_PLACE: Final = re.compile(rb"""\sr=["']([A-Z]{1,4})(\d{1,9})["']""")
_FAR: Final = re.compile(rb""" r="([A-Z]{2,4})(\d{1,9})\"""")
_ANY: Final = re.compile(rb""" r="[A-Z]{0,4}(\d{1,9})\"""")
_ODD_PLACES: Final = (b"r='", b"\tr=", b"\nr=", b"\rr=")
_NEAR: Final = 26
"""Columns of one letter: they are taken to be in use, so that a usual sheet is measured fast."""
_VALUED: Final = re.compile(
    rb"""<(?:\w{1,20}:)?c(?=\s)[^<>]*\sr=["']([A-Z]{1,4})(\d{1,9})["'][^<>]*>\s{0,9}"""
    rb"""<(?:\w{1,20}:)?(?:v|is|f)(?=[\s>])[^<>]*>(?!\s{0,9}</)"""
)
_SHEET: Final = re.compile(rb"<(?:\w{1,20}:)?sheet(?=\s)([^<>]*)>")
_RELATION: Final = re.compile(rb"<(?:\w{1,20}:)?Relationship(?=\s)([^<>]*)>")
_ID: Final = re.compile(rb"""\b\w{1,20}:id\s{0,3}=\s{0,3}["']([^"'<>]{1,300})["']""")
_PLAIN_ID: Final = re.compile(rb"""\bId\s{0,3}=\s{0,3}["']([^"'<>]{1,300})["']""")
_TARGET: Final = re.compile(rb"""\bTarget\s{0,3}=\s{0,3}["']([^"'<>]{1,1000})["']""")


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What is known of one sheet before its cells are read."""

    hidden: Sequence[Span] = ()
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class BookFacts:
    """What is known of a workbook's sheets, by their place in it."""

    sheets: Sequence[SheetFacts] = field(default=())
    rest: SheetFacts = SheetFacts()
    """Of sheets that could not be told from one another."""

    def of(self, place: int) -> SheetFacts:
        return self.sheets[place] if place < len(self.sheets) else self.rest


def measure(stream: IO[bytes], file: str) -> BookFacts:
    """Returns what an archive says of its sheets. JobFileError unless it stays within bounds when it is laid out."""
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        names = {member.filename for member in members}
        if "xl/workbook.xml" not in names and "content.xml" not in names:
            usual = (name.replace("\\", "/").lstrip("/").lower() for name in names)
            kind = "recipients_repair" if any(name.startswith("xl/") for name in usual) else "recipients_format"
            raise JobFileError("recipients_unreadable", kind, file=file)
        unpacked = 0
        worksheets: dict[str, Worksheet] = {}
        spreadsheet = Spreadsheet()
        book: dict[str, bytes] = {}
        for member in members:
            name = member.filename
            is_book = name in {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
            if not is_book and not _PARTS.fullmatch(name):
                continue
            if member.flag_bits & 1:
                raise JobFileError("recipients_unreadable", "recipients_password", file=file)
            extent, worksheet = _Extent(), Worksheet() if _WORKSHEET.fullmatch(name) else None
            for chunk in _unpacked(stream, member):
                unpacked += len(chunk)
                if unpacked > UNPACKED_LIMIT:
                    raise JobFileError("too_large", "too_many_cells", file=file)
                if worksheet is not None:
                    extent.places(chunk)
                    worksheet.feed(chunk)
                elif name == "content.xml":
                    spreadsheet.feed(chunk)
                elif is_book and len(book.get(name, b"")) < _BOOK_LIMIT:
                    book[name] = book.get(name, b"") + chunk
            if worksheet is not None:
                worksheet.close()
                worksheets[name] = worksheet
                if extent.cells > CELL_LIMIT and _valued(stream, member) > CELL_LIMIT:
                    raise JobFileError("too_large", "too_many_cells", file=file)
        spreadsheet.close()
    if "xl/workbook.xml" in names:
        return _facts(book, worksheets)
    return BookFacts(tuple(SheetFacts(tuple(spans)) for spans in spreadsheet.hidden))


def _facts(book: dict[str, bytes], worksheets: dict[str, Worksheet]) -> BookFacts:
    """Returns the facts of each sheet in the order of the workbook, by the relations that name their parts."""
    targets: dict[bytes, str] = {}
    for match in _RELATION.finditer(book.get("xl/_rels/workbook.xml.rels", b"")):
        name, target = _PLAIN_ID.search(match[1]), _TARGET.search(match[1])
        if name and target:
            targets[name[1]] = _part(unescape(target[1].decode("utf-8", "replace")))
    parts = {name.lower(): SheetFacts(tuple(each.hidden), each.damaged) for name, each in worksheets.items()}
    every = SheetFacts(
        tuple(sorted(span for each in parts.values() for span in each.hidden)),
        any(each.damaged for each in parts.values()),
    )
    sheets = []
    for match in _SHEET.finditer(book.get("xl/workbook.xml", b"")):
        name = _ID.search(match[1])
        part = targets.get(name[1]) if name else None
        sheets.append(parts.get(part.lower(), SheetFacts()) if part else every)
    return BookFacts(tuple(sheets), every)


def _part(target: str) -> str:
    target = target.removeprefix("./")
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _unpacked(stream: IO[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yields a part's bytes. Unlike ZipExtFile's, their number does not depend on what the archive says of itself."""
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

    def __init__(self) -> None:
        self._tail = b""
        self._columns = _NEAR
        self._rows = 0

    def places(self, chunk: bytes) -> None:
        """Every cell may say where it is, and one far off stretches the sheet."""
        chunk = self._tail + chunk
        odd = any(each in chunk for each in _ODD_PLACES)
        for column, row in set((_PLACE if odd else _FAR).findall(chunk)):
            self._columns = max(self._columns, _column_number(column))
            self._rows = max(self._rows, int(row))
        # Rows go downward within a sheet, save in hostile ones, which the memory limit catches.
        for at in (chunk.find(b' r="'), chunk.rfind(b' r="')):
            if at >= 0 and (match := _ANY.match(chunk, at)):
                self._rows = max(self._rows, int(match[1]))
        self._tail = chunk[-_OVERLAP:]

    @property
    def cells(self) -> int:
        return self._rows * self._columns


def _valued(stream: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Returns the cells of the rectangle that those with a value span: a stray format far off stretches nothing."""
    columns, rows, tail = 1, 0, b""
    for chunk in _unpacked(stream, member):
        block = tail + chunk
        for column, row in _VALUED.findall(block):
            columns, rows = max(columns, _column_number(column)), max(rows, int(row))
        tail = block[-_CELL_OVERLAP:]
    return rows * columns


def _column_number(letters: bytes) -> int:
    """`A` is 1, `Z` 26, `AA` 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
