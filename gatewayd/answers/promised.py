"""Which day a text promises: "PAGO 15/11", "pago el viernes", "15 de noviembre". Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from gatewayd.answers.keywords import words

BEGINNINGS: Final = (
    *("voy a pagar", "voy a abonar", "prometo pagar", "prometo", "promesa de pago", "promesa", "pagare", "pago"),
    *("abonare", "abono", "lo pago", "la pago", "yo pago", "i will pay", "ill pay", "will pay", "promise", "pay"),
)
"""How a promise begins; the longest first where one is the beginning of another."""

_FILLERS: Final = frozenset(
    {"el", "la", "para", "en", "dia", "de", "del", "proximo", "este", "on", "by", "the", "next"}
)
_DAYS: Final = {"hoy": 0, "today": 0, "manana": 1, "tomorrow": 1, "pasado": 2}
_WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        [
            *(("lunes", "monday"), ("martes", "tuesday"), ("miercoles", "wednesday"), ("jueves", "thursday")),
            *(("viernes", "friday"), ("sabado", "saturday"), ("domingo", "sunday")),
        ]
    )
    for name in names
}
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        [
            *(("enero", "january", "ene", "jan"), ("febrero", "february", "feb"), ("marzo", "march", "mar")),
            *(("abril", "april", "abr", "apr"), ("mayo", "may"), ("junio", "june", "jun"), ("julio", "july", "jul")),
            *(("agosto", "august", "ago", "aug"), ("septiembre", "setiembre", "september", "sep", "set")),
            *(("octubre", "october", "oct"), ("noviembre", "november", "nov"), ("diciembre", "december", "dic", "dec")),
        ],
        start=1,
    )
    for name in names
}
_NUMBERS: Final = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})(?:[/.\- ](\d{4}|\d{2}))?(?!\d)")
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")


def promise_in(text: str, today: date, *, month_first: bool = False) -> tuple[bool, date | None]:
    """Returns whether a text promises to pay, and until when; None: it does not say, or says no such day."""
    said = words(text)
    for beginning in sorted(BEGINNINGS, key=len, reverse=True):
        if said == beginning:
            return True, None
        if said.startswith(f"{beginning} "):
            rest = _behind(text, beginning)
            found = day_in(rest, today, month_first=month_first)
            return (True, found) if found is not None or _is_date(rest) else (False, None)
    return False, None


def day_in(text: str, today: date, *, month_first: bool = False) -> date | None:
    """Returns the day that a text names and nothing else, today or later; None where it names none."""
    plain = words(text)
    said = " ".join(word for word in plain.split() if word not in _FILLERS)
    if said in _DAYS:
        return today + timedelta(days=_DAYS[said])
    if said in {"pasado manana", "day after tomorrow"}:
        return today + timedelta(days=2)
    if said in _WEEKDAYS:
        return today + timedelta(days=(_WEEKDAYS[said] - today.weekday() - 1) % 7 + 1)
    return _named(said, today) or _written(text, today, month_first=month_first)


def _named(said: str, today: date) -> date | None:
    """`15 noviembre`, `noviembre 15 2027`, or the day of a month alone."""
    pieces = said.split()
    numbers = [int(piece) for piece in pieces if piece.isascii() and piece.isdecimal() and len(piece) <= 4]
    months = [_MONTHS[piece] for piece in pieces if piece in _MONTHS]
    if len(numbers) + len(months) != len(pieces):
        return None
    if len(months) == 1 and len(numbers) in {1, 2}:
        year = numbers[1] if len(numbers) == 2 else None
        return _at(numbers[0], months[0], year, today)
    if len(pieces) == 1 and numbers and numbers[0] <= 31:
        this = _at(numbers[0], today.month, today.year, today)
        following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        return this or _at(numbers[0], following.month, following.year, today)
    return None


def _written(text: str, today: date, *, month_first: bool) -> date | None:
    bare = " ".join(word for word in text.split() if words(word) not in _FILLERS).strip(" .,;!¡")
    if (iso := _ISO.fullmatch(bare)) is not None:
        return _at(int(iso[3]), int(iso[2]), int(iso[1]), today)
    found = _NUMBERS.fullmatch(bare)
    if found is None:
        return None
    day, month = int(found[1]), int(found[2])
    if month_first:
        day, month = month, day
    year = None if found[3] is None else int(found[3]) + (2000 if len(found[3]) == 2 else 0)
    return _at(day, month, year, today)


def _at(day: int, month: int, year: int | None, today: date) -> date | None:
    """Returns that day where there is one that is not over; without a year, the next one."""
    for candidate in [year] if year is not None else [today.year, today.year + 1]:
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _behind(text: str, beginning: str) -> str:
    """Returns the text behind its first words."""
    count = len(beginning.split())
    return " ".join(text.split()[count:])


def _is_date(text: str) -> bool:
    """Whether it is written like a date, though there is no such day, or it is over."""
    bare = " ".join(word for word in text.split() if words(word) not in _FILLERS).strip(" .,;!¡")
    return _NUMBERS.fullmatch(bare) is not None or _ISO.fullmatch(bare) is not None
