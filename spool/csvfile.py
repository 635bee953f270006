"""Lists of recipients as text: encoding and delimiter found out, rows streamed.

The whole file is looked through before the first row is given (it is fast, and a wrong guess found at row 500,000 is
found too late): UTF-8 is strict or it is not UTF-8. What cannot be read in one certain way is refused with its line.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spool import columns
from spool.errors import JobFileError

DELIMITERS: Final = (";", ",", "\t", "|")
"""The one that Spanish spreadsheets write comes first: it wins where two divide a list equally well."""

_CHUNK: Final = 1 << 20
_SAMPLE: Final = 64 << 10
_SAMPLE_ROWS: Final = 100
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ASCII: Final = bytes(range(128))
_SINGLE_BYTE: Final = ("cp1252", "cp850", "mac_roman", "latin_1")
"""What Spanish lists that are not Unicode come in; DOS programs of billing write 850 to this day."""
_SPANISH: Final = frozenset("áéíóúüñÁÉÍÓÚÜÑ¿¡ºª°€")
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
_HTML: Final = re.compile(rb"\s*<(?:!doctype|html|head|body|table|\?xml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Format:
    """How a list is written."""

    encoding: str
    delimiter: str
    skip: int = 0
    """Lines before the first row."""


def examine(path: Path, file: str) -> Format:
    """How the list at `path` is written; JobFileError (naming it `file`) when it is no text or cannot be told."""
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    if not head.strip():
        raise JobFileError("recipients_unreadable", "recipients_empty", file=file)
    if _HTML.match(head.removeprefix(codecs.BOM_UTF8)):
        raise JobFileError("recipients_unreadable", "recipients_html", file=file)
    encoding = _encoding(path, head, file)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    if separator := _SEPARATOR_LINE.match(text):
        return Format(encoding, separator[1], skip=1)
    return Format(encoding, _delimiter(text, whole=len(head) < _SAMPLE))


def read_rows(path: Path, file: str, form: Format) -> Iterator[list[str]]:
    """The rows that are not blank, cells without the spaces around them. JobFileError with the line of a fault."""
    line = form.skip
    with path.open(encoding=form.encoding, newline="") as stream:
        try:
            for _ in range(form.skip):
                next(stream)
            # Strict: a quote that never closes would swallow recipients without a word.
            reader = csv.reader(stream, delimiter=form.delimiter, skipinitialspace=form.delimiter != "\t", strict=True)
            for row in reader:
                line = form.skip + reader.line_num
                cells = list(map(str.strip, row))
                if any(cells):
                    yield cells
        except csv.Error as error:
            kind = "recipients_field" if "field limit" in str(error) else "recipients_quote"
            raise JobFileError(
                "recipients_unreadable", kind, file=file, line=line + 1, limit=csv.field_size_limit()
            ) from None
        except UnicodeDecodeError:
            raise JobFileError("recipients_unreadable", "recipients_encoding", file=file, line=line + 1) from None


# ------------------------------------------------------------------------------------------------------------ encoding


def _encoding(path: Path, head: bytes, file: str) -> str:
    for bom, marked in _MARKS:
        if head.startswith(bom):
            if not _decodes(path, marked, file):
                raise JobFileError("recipients_unreadable", "recipients_encoding", file=file)
            return marked
    if name := _utf16_without_mark(head):
        if _decodes(path, name, file):
            return name
    elif _decodes(path, "utf-8", file):
        return "utf-8"
    return _single_byte(path)


def _decodes(path: Path, encoding: str, file: str) -> bool:
    """Whether all of the file is text in this encoding; NUL characters are nobody's text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(_CHUNK):
                text = decoder.decode(chunk)
                if "\0" in text:
                    line += text.count("\n", 0, text.index("\0"))
                    raise JobFileError("recipients_unreadable", "recipients_nul", file=file, line=line)
                line += text.count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 that lacks its mark shows by its NULs, all in the even or all in the odd places."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) // 4 and not odd else None


def _single_byte(path: Path) -> str:
    """The encoding in which the bytes beyond ASCII are Spanish letters, as far as that can be told."""
    used: dict[int, int] = {}
    sample = bytearray()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            for byte in chunk.translate(None, _ASCII):
                used[byte] = used.get(byte, 0) + 1
            if len(sample) < _SAMPLE:
                sample += b"\n".join(line for line in chunk.splitlines() if not line.isascii())[:_SAMPLE]
    scores = {name: score for name in _SINGLE_BYTE if (score := _spanish(used, name)) is not None}
    best = max(scores.values())
    leaders = [name for name, score in scores.items() if score == best]
    if len(leaders) == 1 or best == sum(used.values()):
        return leaders[0]
    from charset_normalizer import from_bytes

    match = from_bytes(bytes(sample), cp_isolation=leaders).best()
    return match.encoding if match is not None and match.encoding in leaders else leaders[0]


def _spanish(used: dict[int, int], encoding: str) -> int | None:
    """How many of the bytes are letters that Spanish uses; None when some are nothing at all in this encoding."""
    try:
        return sum(count for byte, count in used.items() if bytes([byte]).decode(encoding) in _SPANISH)
    except UnicodeDecodeError:
        return None


# ----------------------------------------------------------------------------------------------------------- delimiter


def _delimiter(text: str, *, whole: bool) -> str:
    """The delimiter that divides the rows best: into cells that are headers or addresses, then most evenly."""
    lines = text.splitlines(keepends=True)
    if not whole and len(lines) > 1:
        lines.pop()  # cut off by the sample's end
    return max(DELIMITERS, key=lambda delimiter: _merit(lines, delimiter))


def _merit(lines: list[str], delimiter: str) -> tuple[bool, float, int]:
    rows = []
    try:
        for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t"):
            if any(row):
                rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error:
        return False, 0.0, 0
    if not rows or len(rows[0]) < 2:
        return False, 0.0, 0
    first = rows[0]
    speaks = columns.to_column(columns.names(first), "sms") is not None or any(map(columns.looks_like_address, first))
    even = sum(len(row) == len(first) for row in rows) / len(rows)
    return speaks, even, len(first)
