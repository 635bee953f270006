"""Lists of recipients as text: format and delimiter found out, rows streamed.

What cannot be read in one certain way is refused with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

from spool.errors import JobFileError
from spool.lists import cells, words
from spool.lists.encoding import encoding_of, is_odd
from spool.lists.rows import Rows

DELIMITERS: Final = (";", ",", "\t", "|")
"""The one that Spanish spreadsheets write comes first: it wins where two divide a list equally well."""

_SAMPLE: Final = 64 << 10
_SAMPLE_ROWS: Final = 100
_LAST_LINE: Final = 4 << 10
_READ: Final = 1 << 16
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[a-zA-Z!?/]")
_XML_SHEET: Final = ("urn:schemas-microsoft-com:office:spreadsheet", "urn:oasis:names:tc:opendocument")
_OTHERS: Final = ("{\\rtf", "%!ps")
_MAIL_PAGE: Final = ("mime-version:", "content-type: multipart/related", "from: <saved by")
_MARK_AT_BEGINNING: Final = re.compile('(?:"[\ufeff\u200b\u2060]+"|[\ufeff\u200b\u2060])')


@dataclass(frozen=True, slots=True)
class Format:
    """How a list is written."""

    encoding: str
    delimiter: str
    skip: int = 0
    """Lines before the first row."""
    end: int | None = None
    """Bytes of the file that are text; None for all."""
    odd: bool = False
    """Some cells may have guards, control characters or invisible ones around their values."""
    width: int | None = None
    """Cells of most rows of the sample."""
    blanks: bool = False
    """Blanks follow delimiters within the sample: a delimiter may be part of a text."""
    last: tuple[str, ...] = ()
    """Cells of the last line where it has no end: its writer may not have come to it."""


def examine(path: Path, file: str, encoding: str | None = None) -> Format:
    """Returns how the list at `path` is written. `encoding` is the job's word for it.

    JobFileError, naming it `file`, when it is no text or could be read in several ways.
    """
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    if not head.strip():
        raise JobFileError("recipients_unreadable", "recipients_empty", file=file)
    _refuse_pages(head, file)
    name, end = encoding_of(path, file, head, encoding)
    text, marked = _unmarked(codecs.getincrementaldecoder(name)("replace").decode(head[:end]))
    odd = marked or is_odd(path, name, end)
    whole = end if end < path.stat().st_size else None
    small = len(head) < _SAMPLE
    if separator := _SEPARATOR_LINE.match(text):
        delimiter, skip = separator[1], 1
        text = text[separator.end() :]
    else:
        delimiter, skip = _delimiter(text, whole=small), 0
    width = _merit(_lines(text, whole=small), delimiter)[2] or None
    blanks = re.search(re.escape(delimiter) + r"[ \xa0]\w", text) is not None
    last = _last(path, name, end, delimiter) if whole is None else ()
    return Format(name, delimiter, skip, whole, odd, width, blanks, last)


def _last(path: Path, encoding: str, end: int, delimiter: str) -> tuple[str, ...]:
    """Returns the cells of a last line without an end; none where it has one, or is no line of its own."""
    with path.open("rb") as stream:
        if encoding == "utf-16":
            encoding = "utf-16-le" if stream.read(2) == codecs.BOM_UTF16_LE else "utf-16-be"
        # Even, so that no letter of two bytes is cut in its middle.
        stream.seek(max(0, (end - _LAST_LINE) & ~1))
        tail = stream.read(_LAST_LINE + 1).decode(encoding, "replace")
    if tail.endswith(("\n", "\r")) or "\n" not in tail:
        return ()
    line = tail.rpartition("\n")[2]
    if '"' in line:
        return ()
    return tuple(cells.cleaned(line.split(delimiter)))


def read_rows(path: Path, file: str, form: Format) -> Rows:
    """Opens the list's rows: those that are not blank, cells as values. JobFileError with the line of a fault."""
    rows = Rows()
    rows.width = form.width
    rows.each = _read(path, file, form, rows)
    return rows


def _read(path: Path, file: str, form: Format, rows: Rows) -> Iterator[list[str]]:
    line = form.skip
    with _opened(path, form) as stream:
        try:
            for _ in range(form.skip):
                next(stream)
            # Strict: a quote that never closes would swallow recipients without a word.
            reader = csv.reader(
                _from_beginning(stream), delimiter=form.delimiter, skipinitialspace=form.delimiter != "\t", strict=True
            )
            nothing, odd = cells.USUAL_NOTHING, form.odd
            for row in reader:
                rows.line = line + 1
                line = form.skip + reader.line_num
                if line != rows.line:
                    _refuse_swallowed(row, rows, file, form.delimiter)
                values = cells.cleaned(row) if odd else list(map(str.strip, row))
                if not odd and not nothing.isdisjoint(values):
                    values = cells.cleaned(values)
                if any(values):
                    yield values
        except csv.Error as error:
            kind = "recipients_field" if "field limit" in str(error) else "recipients_quote"
            raise JobFileError(
                "recipients_unreadable", kind, file=file, line=line + 1, limit=csv.field_size_limit()
            ) from None
        except UnicodeDecodeError:
            raise JobFileError("recipients_unreadable", "recipients_encoding", file=file, line=line + 1) from None


def _opened(path: Path, form: Format) -> io.TextIOWrapper:
    if form.end is None:
        return path.open(encoding=form.encoding, newline="")
    window = io.BufferedReader(_Window(path, form.end), _READ)
    return io.TextIOWrapper(window, encoding=form.encoding, newline="")


class _Window(io.RawIOBase):
    """A file up to a certain byte."""

    def __init__(self, path: Path, end: int) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self._left = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)[: self._left]  # type: ignore[arg-type]
        count = self._file.readinto(view) if view else 0
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _from_beginning(lines: Iterator[str]) -> Iterator[str]:
    """Returns the lines, without the marks that some programs put before the first."""
    return chain([_unmarked(first)[0] for first in islice(lines, 1)], lines)


def _unmarked(text: str) -> tuple[str, bool]:
    """Returns a text without byte order marks and quotes around them at its beginning, and whether there were some."""
    marked = False
    while match := _MARK_AT_BEGINNING.match(text):
        text, marked = text[match.end() :], True
    return text, marked


# -------------------------------------------------------------------------------------------------------------- quotes


def _refuse_swallowed(row: Sequence[str], rows: Rows, file: str, delimiter: str) -> None:
    """Refuses a quoted cell that holds whole rows: its quote closed one that was opened by mistake above.

    A cell may hold lines, and delimiters. It is rows where what lies behind its line breaks has as many delimiters as
    a row, or where it ends in the column that makes the whole come out even.
    """
    width = rows.width or len(row)
    for place, cell in enumerate(row):
        if "\n" not in cell and "\r" not in cell:
            continue
        first, *others = [part.count(delimiter) for part in cell.splitlines()] or [0]
        if not others:
            continue
        last = others[-1]
        whole = any(count >= max(1, width - 1) for count in others)
        even = first == width - 1 - place and first + last > 0 and len(row) == width + place - last
        lone = width == 1 and len([part for part in cell.splitlines() if part.strip()]) > 1 and rows.judged
        if whole or even or lone:
            raise JobFileError("recipients_unreadable", "recipients_swallowed", file=file, line=rows.line)


# --------------------------------------------------------------------------------------------------------------- format


def _refuse_pages(head: bytes, file: str) -> None:
    """Refuses pages of the web and sheets in XML, which programs save under the names of sheets."""
    text = _beginning(head)
    lower = text.lower()
    if _MARKUP.match(text):
        xml = any(name in lower for name in _XML_SHEET)
        raise JobFileError("recipients_unreadable", "recipients_xml" if xml else "recipients_html", file=file)
    if lower.startswith(_OTHERS):
        raise JobFileError("recipients_unreadable", "recipients_format", file=file)
    if lower.startswith(_MAIL_PAGE):
        raise JobFileError("recipients_unreadable", "recipients_html", file=file)


def _beginning(head: bytes) -> str:
    encoding = "utf-8"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif head[:1] == b"<" and head[1:2] == b"\0":
        encoding = "utf-16-le"
    elif head[:2] == b"\0<":
        encoding = "utf-16-be"
    return head[: 8 << 10].decode(encoding, "replace").lstrip("\ufeff\u200b \t\r\n")


# ----------------------------------------------------------------------------------------------------------- delimiter


def _delimiter(text: str, *, whole: bool) -> str:
    """Returns the delimiter that divides the rows best: into cells that are headers or addresses, then most evenly."""
    lines = _lines(text, whole=whole)
    return max(DELIMITERS, key=lambda delimiter: _merit(lines, delimiter))


def _lines(text: str, *, whole: bool) -> list[str]:
    lines = text.splitlines(keepends=True)
    if not whole and len(lines) > 1:
        lines.pop()  # cut off by the sample's end
    return lines


def _merit(lines: list[str], delimiter: str) -> tuple[bool, float, int]:
    rows = []
    try:
        for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t"):
            if any(row):
                rows.append(cells.cleaned(row))
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error:
        return False, 0.0, 0
    if not rows:
        return False, 0.0, 0
    lengths = [len(row) for row in rows]
    usual = max(set(lengths), key=lambda length: (lengths.count(length), length))
    if usual < 2 and len(rows[0]) < 2:
        return False, 0.0, 0
    # Titles may stand above the header, which then is not the first row.
    speaks = any(len(row) > 1 and any(map(_speaks, row)) for row in rows[:10])
    width = usual if usual > 1 else len(rows[0])
    return speaks, lengths.count(width) / len(rows), width


def _speaks(cell: str) -> bool:
    """Returns whether a cell is an address or its header; one that holds another delimiter may be several cells."""
    if cells.is_address_like(cell):
        return True
    return len(cell) <= 60 and not any(map(cell.__contains__, DELIMITERS)) and words.sense(cell).kind != ""
