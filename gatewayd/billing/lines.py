"""Rows of invoices as lines of text: put in order as they stand, and sent to the daemon as one text. Pure.

A row in columns is a dozen objects, which lie anywhere once rows are in another order; as a line it is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.billing.portion import MONEY, BillPortion

SIGN: Final = "\x7f"
"""Between cells: none has it, for it is no letter of any text that is kept, and JSON writes it as it is."""
_WIDTH_MOST: Final = 24
_WIDTHS: Final = tuple(chr(0x20 + width) for width in range(_WIDTH_MOST + 1))
_OWN: Final = 3
"""Cells of a line that every one has: its customer, its bill, its row."""


@dataclass(frozen=True, slots=True)
class BillLines:
    """Some rows of invoices, a line each."""

    names: list[str]
    """Fields of the cells behind those that every line has."""
    said: Mapping[str, Any]
    """Fields that are the same in all rows."""
    lines: Sequence[str]


def lined(portions: Sequence[BillPortion]) -> BillLines:
    """Returns the rows of some portions of one sheet, those of customers with shorter ids first: numbers come in their
    own order then, which is mostly that in which customers were brought."""
    fields = dict.fromkeys(name for portion in portions for name in portion.columns if name != "customer")
    said = {name: value for name in fields for value in _same(portions, name)}
    names = [name for name in fields if name not in said]
    found: list[str] = []
    for portion in portions:
        cells = (_texts(name, portion.columns.get(name, ())) or [""] * len(portion.ids) for name in names)
        found += map(SIGN.join, zip(_keys(portion), portion.ids, map(str, portion.rows), *cells, strict=True))
    found.sort()
    if found and found[-1].startswith(_WIDTHS[-1]):
        # Of these one id may begin with another one, and the sign behind that comes after all letters.
        found.sort(key=owner)
    return BillLines(names, said, found)


def owner(line: str) -> str:
    """Returns whose bill a line is, as lines are sorted by it."""
    return line[: line.index(SIGN)]


def by_bill(lines: Iterable[str]) -> list[str]:
    """Returns lines in the order of their bills, whoever's they are."""
    return sorted(lines, key=lambda line: line.split(SIGN, 2)[1])


def plain(portion: BillLines) -> list[Any]:
    """Returns lines as JSON."""
    return [portion.names, dict(portion.said), SIGN.join(portion.lines)]


def unfolded(content: Any) -> list[Any] | None:
    """Returns what `plain` made as rows, ids and columns, which are to be judged; None for anything else."""
    names, said, text = content
    if not isinstance(names, list) or not isinstance(said, dict) or not isinstance(text, str):
        return None
    if not all(isinstance(name, str) for name in names) or len({*names, *said, "customer"}) <= len(names) + len(said):
        return None
    width = len(names) + _OWN
    cells = text.split(SIGN)
    if len(cells) % width:
        return None
    try:
        rows = list(map(int, cells[2::width]))
        columns = {name: _values(name, cells[at::width]) for at, name in enumerate(names, _OWN)}
    except ValueError:
        return None
    columns["customer"] = [cell[1:] for cell in cells[0::width]]
    return [rows, cells[1::width], {**columns, **said}]


def _same(portions: Sequence[BillPortion], name: str) -> list[Any]:
    """Returns what a field says in all rows; nothing where it says several things."""
    columns = [portion.columns.get(name) or [None] for portion in portions]
    first = columns[0][0]
    return [first] if all(column.count(first) == len(column) for column in columns) else []


def _keys(portion: BillPortion) -> Iterable[str]:
    return (_WIDTHS[min(len(name), _WIDTH_MOST)] + name for name in portion.columns["customer"])


def _texts(name: str, column: Sequence[Any]) -> Sequence[str]:
    if name in MONEY:
        return ["" if one is None else str(one) for one in column]
    return [one or "" for one in column] if None in column else column


def _values(name: str, cells: list[str]) -> list[Any]:
    if name in MONEY:
        return [int(cell) if cell else None for cell in cells]
    return [cell or None for cell in cells] if "" in cells else cells
