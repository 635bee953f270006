"""Files of numbers that people bring: a column of a CSV or a sheet, judged before anything is done with it."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatewayd.contact.blockable import read
from gatewayd.values.errors import GatewayError
from gatewayd.words.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.numbers import Numbers

JUDGED: Final = 200
"""Rows that say what a file is."""
LEAST: Final = 0.5
"""Share of them that a column of numbers can be read of."""

LINE_MAX: Final = 1 << 16
"""Characters of a first line that is looked at."""
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SHEETS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NO_LISTS: Final = (b"<", b"{", b"[{", b"%PDF-")
"""Beginnings of pages, JSON and documents, in which a number may stand all the same."""
_TEXTS: Final = frozenset({9, 10, 12, 13, 27})
"""Control characters that a text may hold."""


def numbers_of(file: Path, numbers: Numbers, name: str = "") -> Iterator[tuple[int, str]]:
    """Returns (row from 1, number) of every row with one: of the column called like a number's, else of the only one
    that holds numbers. `name` is what the file is called to people. GatewayError: it is no list, or more than one
    column could be meant; while it is read, too."""
    called = name or str(file)
    rows = _rows(file, called)
    first = list(islice(rows, JUDGED))
    titled, column = _column(first, called, numbers)
    found = [
        (place, cells[column].strip())
        for place, cells in enumerate(first[titled:], start=1 + titled)
        if len(cells) > column and cells[column].strip()
    ]
    if not found:
        raise GatewayError(
            _("{file}: no row has a number or address; is it a list, and what is its column called?").format(
                file=called
            )
        )
    if _readable([number for _place, number in found], numbers) < LEAST:
        raise GatewayError(
            _("{file}: most rows have no number or address; is it a list, and what is its column called?").format(
                file=called
            )
        )
    others = (
        (place, cells[column].strip())
        for place, cells in enumerate(rows, start=1 + len(first))
        if len(cells) > column and cells[column].strip()
    )
    return chain(found, others)


def _column(first: Sequence[Sequence[str]], called: str, numbers: Numbers) -> tuple[bool, int]:
    """Returns whether the first row is a header, and the column of the numbers."""
    from spool.lists.choice import Choice, choose

    header = first[0] if first else []
    chosen = choose(header, "sms")
    if isinstance(chosen, Choice):
        return True, chosen.places[0]
    said = [cell for cell in header if cell.strip()]
    titled = not said or not _readable(said, numbers)
    width = max(map(len, first), default=0)
    columns = [
        [row[place] for row in first[titled:] if len(row) > place and row[place].strip()] for place in range(width)
    ]
    some = [place for place, cells in enumerate(columns) if cells and _readable(cells, numbers) >= LEAST]
    if len(some) > 1:
        raise GatewayError(
            _("{file}: more than one column could be the number; call the right one telefono in the first row").format(
                file=called
            )
        )
    return titled, some[0] if some else 0


def _readable(cells: Sequence[str], numbers: Numbers) -> float:
    return 1 - len(read(cells, numbers)[1]) / len(cells)


def _rows(file: Path, called: str) -> Iterator[list[str]]:
    with file.open("rb") as stream:
        head = stream.read(1 << 16)
    if head.startswith(_SHEETS):
        return _sheet(file, called)
    encoding = "utf-16" if head.startswith(_UTF16) else "utf-8-sig" if _is_utf8(file) else "cp1252"
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    binary = encoding != "utf-16" and any(octet < 32 and octet not in _TEXTS for octet in head)
    if binary or text.startswith(_NO_LISTS):
        raise GatewayError(_("{file}: not a list: neither text nor a sheet").format(file=called))
    return _text(file, encoding, called)


def _is_utf8(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8") as stream:
            while stream.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _text(file: Path, encoding: str, called: str) -> Iterator[list[str]]:
    # Line by line: a register of some million numbers is never whole in memory.
    with file.open(encoding=encoding, errors="replace", newline="") as stream:
        head = stream.readline(LINE_MAX)
        delimiter = max(";,\t|", key=head.count)
        stream.seek(0)
        try:
            yield from csv.reader(stream, delimiter=delimiter)
        except csv.Error as error:
            raise GatewayError(_("{file}: {why}").format(file=called, why=error)) from None


def _sheet(file: Path, called: str) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        rows: Iterable[Sequence[object]] = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).iter_rows()
    except (CalamineError, OSError, IndexError) as error:
        raise GatewayError(_("{file}: {why}").format(file=called, why=error)) from None
    for cells in rows:
        yield [_cell(cell) for cell in cells]


def _cell(cell: object) -> str:
    # A number that a sheet keeps as a float has no fraction.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
