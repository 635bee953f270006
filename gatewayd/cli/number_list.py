"""Files of numbers that commands bring: a column of a CSV or a sheet, judged before anything is done with it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatewayd.errors import GatewayError
from gatewayd.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.config import NumbersConfig

JUDGED: Final = 200
"""Rows that say what a file is."""
LEAST: Final = 0.5
"""Share of them that a column of numbers can be read of."""

_SHEETS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_TEXTS: Final = frozenset({9, 10, 12, 13, 27})
"""Control characters that a text may hold."""


def numbers_of(file: Path, config: NumbersConfig) -> Iterator[tuple[int, str]]:
    """Returns (row from 1, number) of every row with one: of the column called like a number's, else of the only one
    that holds numbers. GatewayError: it is no list, or more than one column could be meant."""
    rows = _rows(file)
    first = list(islice(rows, JUDGED))
    titled, column = _column(first, file, config)
    found = [
        (place, cells[column].strip())
        for place, cells in enumerate(first[titled:], start=1 + titled)
        if len(cells) > column and cells[column].strip()
    ]
    if not found:
        raise GatewayError(
            _("{file}: no row has a number or address; is it a list, and what is its column called?").format(file=file)
        )
    if _readable([number for _place, number in found], config) < LEAST:
        raise GatewayError(
            _("{file}: most rows have no number or address; is it a list, and what is its column called?").format(
                file=file
            )
        )
    others = (
        (place, cells[column].strip())
        for place, cells in enumerate(rows, start=1 + len(first))
        if len(cells) > column and cells[column].strip()
    )
    return chain(found, others)


def _column(first: Sequence[Sequence[str]], file: Path, config: NumbersConfig) -> tuple[bool, int]:
    """Returns whether the first row is a header, and the column of the numbers."""
    from spool.lists.choice import Choice, choose

    header = first[0] if first else []
    chosen = choose(header, "sms")
    if isinstance(chosen, Choice):
        return True, chosen.places[0]
    said = [cell for cell in header if cell.strip()]
    titled = not said or not _readable(said, config)
    width = max(map(len, first), default=0)
    columns = [
        [row[place] for row in first[titled:] if len(row) > place and row[place].strip()] for place in range(width)
    ]
    numbers = [place for place, cells in enumerate(columns) if cells and _readable(cells, config) >= LEAST]
    if len(numbers) > 1:
        raise GatewayError(
            _("{file}: more than one column could be the number; call the right one telefono in the first row").format(
                file=file
            )
        )
    return titled, numbers[0] if numbers else 0


def _readable(cells: Sequence[str], config: NumbersConfig) -> float:
    from gatewayd.operations.blocklist import read_numbers

    return 1 - len(read_numbers(cells, config)[1]) / len(cells)


def _rows(file: Path) -> Iterator[list[str]]:
    with file.open("rb") as stream:
        head = stream.read(1 << 16)
    if head.startswith(_SHEETS):
        return _sheet(file)
    if any(octet < 32 and octet not in _TEXTS for octet in head):
        raise GatewayError(_("{file}: not a list: neither text nor a sheet").format(file=file))
    return _text(file)


def _text(file: Path) -> Iterator[list[str]]:
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    head = text[:4096].partition("\n")[0]
    delimiter = max(";,\t|", key=head.count)
    yield from csv.reader(text.splitlines(), delimiter=delimiter)


def _sheet(file: Path) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        rows: Iterable[Sequence[object]] = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).iter_rows()
    except (CalamineError, OSError, IndexError) as error:
        raise GatewayError(_("{file}: {why}").format(file=file, why=error)) from None
    for cells in rows:
        yield [_cell(cell) for cell in cells]


def _cell(cell: object) -> str:
    # A number that a sheet keeps as a float has no fraction.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
