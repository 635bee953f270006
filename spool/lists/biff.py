"""What an XLS says of its sheets beside their cells: a password, and which rows are hidden ([MS-XLS] §2.4).

Records follow one another as kind, length and content. Sheets are in the order of their BoundSheet8 records.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spool.lists.hidden import Span, add

_BOF: Final = 0x0809
_EOF: Final = 0x000A
_FILE_PASS: Final = 0x002F
_BOUND_SHEET: Final = 0x0085
_ROW: Final = 0x0208
_HIDDEN_ROW: Final = 0x0020
"""fDyZero of the Row record: hidden by hand, a filter or a folded group."""


class ProtectedError(ValueError):
    """A password protects the file."""


def hidden_rows(stream: bytes) -> list[list[Span]]:
    """Returns the spans of hidden rows of each sheet, in order. ProtectedError."""
    begins: list[int] = []
    for kind, content in _records(stream, 0):
        if kind == _FILE_PASS:
            raise ProtectedError
        if kind == _BOUND_SHEET and len(content) >= 4:
            begins.append(int.from_bytes(content[:4], "little"))
        elif kind == _EOF:
            break
    return [_of_sheet(stream, begin) for begin in begins]


def _of_sheet(stream: bytes, begin: int) -> list[Span]:
    spans: list[Span] = []
    depth = 0
    for kind, content in _records(stream, begin):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1  # of a chart within the sheet, or the sheet's own
            if depth <= 0:
                break
        elif kind == _ROW and depth == 1 and len(content) >= 16:
            height = int.from_bytes(content[6:8], "little") & 0x7FFF
            if int.from_bytes(content[12:14], "little") & _HIDDEN_ROW or not height:
                row = int.from_bytes(content[:2], "little") + 1
                add(spans, row, row)
    return spans


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    view = memoryview(stream)
    while at + 4 <= len(stream):
        kind, size = int.from_bytes(view[at : at + 2], "little"), int.from_bytes(view[at + 2 : at + 4], "little")
        yield kind, bytes(view[at + 4 : at + 4 + size]) if size < 64 or kind == _BOUND_SHEET else b""
        at += 4 + size
