"""Amounts, dates and switches as sheets write them. Pure.

A mark that may be decimal or may group digits is settled by the other cells of its column; so is the order of a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from gatewayd.customers.faults import FieldError
from gatewayd.values.money import MAX, MICROS

_POINT_MARKS: Final = frozenset({"MX", "US", "PE", "PR", "GT", "HN", "SV", "NI", "PA", "DO", "GB", "CA"})
_MONEY_SIGNS: Final = re.compile(
    r"[\s\u00a0\u202f$€£]|AR\$|U\$S|US\$|[A-Z]{3}(?=[\s\d-])|(?<=[\s\d])[A-Z]{3}$", re.ASCII
)
_PLAIN: Final = re.compile(r"([+-]?)(\d+)(?:\.(\d{1,6}))?", re.ASCII)
_DAY: Final = re.compile(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?:[ T].*)?", re.ASCII)
_YES: Final = frozenset({"1", "si", "sí", "s", "yes", "y", "true", "verdadero", "x", "sim"})
_NO: Final = frozenset({"0", "no", "n", "false", "falso", "nao", "não"})


def decimal_mark(cells: Iterable[str], region: str) -> str:
    """Returns the mark before the cents in a column's cells: what some of them show, else the country's."""
    for cell in cells:
        point, comma = cell.rfind("."), cell.rfind(",")
        if point >= 0 and comma >= 0:
            return "." if point > comma else ","
        mark = "." if point >= 0 else "," if comma >= 0 else ""
        if mark and cell.count(mark) == 1 and len(cell.rstrip(" $").rpartition(mark)[2]) in {1, 2}:
            return mark
    return "." if region in _POINT_MARKS else ","


def amount(cell: str, mark: str) -> int:
    """Returns an amount in millionths; `mark` is the one before the cents. FieldError."""
    whole, _mark, cents = cell.partition(mark)
    if whole.isdecimal() and whole.isascii() and len(whole) < 12 and (len(cents) == 2 or not cents) and cell.isascii():
        if not cents:
            return int(whole) * MICROS
        if cents.isdecimal():
            return int(whole + cents) * (MICROS // 100)
    text = cell
    match = _PLAIN.fullmatch(text)
    if match is None or (match[3] is not None and len(match[3]) == 3):
        text = _written(cell, mark)
        match = _PLAIN.fullmatch(text)
    if match is None:
        raise FieldError("debt.balance", "amount_invalid", cell)
    micros = int(match[2]) * MICROS + int((match[3] or "").ljust(6, "0"))
    if micros > MAX:
        raise FieldError("debt.balance", "amount_invalid", cell)
    return -micros if match[1] == "-" else micros


def _written(cell: str, mark: str) -> str:
    """Returns an amount as digits with a point, whatever marks it is written with."""
    text = _MONEY_SIGNS.sub("", cell).replace("'", "")
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    if text.endswith("-"):
        text = "-" + text[:-1]
    point, comma = text.rfind("."), text.rfind(",")
    if point >= 0 and comma >= 0:
        mark = "." if point > comma else ","
    elif max(point, comma) >= 0:
        own = "." if point >= 0 else ","
        behind = len(text.rpartition(own)[2])
        if text.count(own) > 1:
            mark = "," if own == "." else "."
        elif behind != 3:
            mark = own
    other = "," if mark == "." else "."
    whole, _mark, cents = text.replace(other, "").partition(mark)
    return f"{whole}.{cents}" if cents else whole


def day_first(cells: Iterable[str], region: str) -> bool:
    """Returns whether dates of a column begin with the day: what some of them show, else the country's order."""
    for cell in cells:
        match = _DAY.fullmatch(cell)
        if match is None or len(match[1]) > 2:
            continue
        if int(match[1]) > 12:
            return True
        if int(match[2]) > 12:
            return False
    return region != "US"


def day(cell: str, first: bool) -> str:
    """Returns a date as YYYY-MM-DD; `first` where the day comes before the month. FieldError."""
    match = _DAY.fullmatch(cell)
    found = None if match is None else _date(match[1], match[2], match[3], first)
    if found is None or not 1990 <= found.year <= 2099:
        raise FieldError("debt.due", "date_invalid", cell)
    return found.isoformat()


def _date(a: str, b: str, c: str, first: bool) -> date | None:
    if len(a) == 4:
        year, month, of_month = int(a), int(b), int(c)
    else:
        year = int(c) + 2000 if len(c) == 2 else int(c)
        month, of_month = (int(b), int(a)) if first else (int(a), int(b))
    try:
        return date(year, month, of_month)
    except ValueError:
        return None


def switch(cell: str) -> bool:
    """Returns yes or no. FieldError."""
    word = cell.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise FieldError("no_claim", "switch_invalid", cell)
