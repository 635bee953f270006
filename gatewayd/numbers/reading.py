"""From what stands in a cell to digits: floats, separators, several numbers, stray characters. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from gatewayd.numbers.types import NumberError

_LONGEST: Final = 200
"""Characters of a cell; no list of numbers that a person wrote is longer."""

# Soft hyphen, zero-width and bidirectional marks: address books put them around copied numbers. Controls but tab and
# line feed: old programs leave them at the end of a file.
_INVISIBLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_QUOTES: Final = " \t\n\"'`´‘’“”"
_EMPTY: Final = re.compile(r"[\s\-–—.+/']*|0")
_DECIMAL: Final = re.compile(r"(\d{6,})[.,](\d{1,6})")
_EXPONENT: Final = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_THOUSANDS: Final = re.compile(r"\d{1,3}([.,'])\d{3}(?:\1\d{3})+(?:[.,](\d{1,2}))?")
_AMOUNT: Final = re.compile(r"\d{1,5}[.,]\d{1,2}|\d{1,3}[.,']\d{3}[.,]\d{1,2}")
_COORDINATE: Final = re.compile(r"[-−]\d{1,3}[.,]\d{3,}")
"""A degree of latitude or longitude, or an amount below zero."""
_A_NUMBER: Final = 9
"""Digits from which on a number with thousands is a telephone that a sheet has written as an amount."""
_DAY_FIRST: Final = re.compile(r"(\d{1,2})\s?([-/. ])\s?(\d{1,2})\s?\2\s?(\d{4}|(?<! )\d{2})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})([-/. ])(\d{1,2})\2(\d{1,2})")
_MONTH: Final = re.compile(r"(\d{1,2})[-/.](\d{4})")
_SEVERAL: Final = re.compile(r"[/;|,\n]|:::|\s[yYoO]\s")
_SEPARATORS: Final = re.compile(r"[\s().\-‐-―−·_\[\]]+")
_DIGITS: Final = re.compile(r"(\+?)([0-9]+)")
_HYPHENS: Final = frozenset("-‐‑‒–—−")
_AREA_AT_MOST: Final = 5
"""Digits of an area code with its trunk zero: a piece as short is not a number by itself."""


class Reading(NamedTuple):
    """One number as digits; `international` when a plus stood before them, `several` when it is one of many."""

    digits: str
    international: bool = False
    several: bool = False


def read(raw: str) -> list[Reading]:
    """The numbers that may stand in a cell, the likeliest first; never empty.

    NumberError: `number_missing` for an empty cell, `number_rounded` for a float that has lost digits,
    `number_invalid` for anything that is not digits, separators and a leading plus.
    """
    if len(raw) > _LONGEST:
        raise NumberError("number_invalid", raw[:_LONGEST])
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", raw)).strip(_QUOTES).removeprefix("=").strip(_QUOTES)
    if _EMPTY.fullmatch(text):
        raise NumberError("number_missing", raw)
    if (digits := _of_a_sheet(text, raw)) is not None:
        return [Reading(digits)]
    if is_something_else(text):
        raise NumberError("number_invalid", raw)
    written = _SEVERAL.split(text)
    if len(written) > 1 and any(is_something_else(piece.strip()) for piece in written):
        raise NumberError("number_invalid", raw)
    pieces = [_SEPARATORS.sub("", piece) for piece in written]
    pieces = [piece for piece in pieces if piece]
    matches = [_DIGITS.fullmatch(piece) for piece in pieces]
    if not pieces or not all(matches):
        raise NumberError("number_invalid", raw)
    readings = [Reading(match[2], bool(match[1]), len(pieces) > 1) for match in matches if match]
    first = readings[0]
    if len(pieces) > 1 and len(first.digits) <= _AREA_AT_MOST:
        # "011/4321-0000": what a slash divides may still be one number
        joined = "".join(reading.digits for reading in readings)
        readings.insert(0, Reading(joined, first.international))
        if len(pieces) > 2:
            # "011/4321-0000 / 15-5987-6543"
            readings.insert(1, Reading(first.digits + readings[2].digits, first.international, several=True))
    return readings


def is_something_else(text: str) -> bool:
    """Whether digits and separators are a date, an amount, or a number with its check digit (RUT, CUIT)."""
    if _COORDINATE.fullmatch(text) is not None:
        return True
    if text[-2:-1] in _HYPHENS and text[-1:].isalnum():
        return True
    if _AMOUNT.fullmatch(text) is not None or _THOUSANDS.fullmatch(text) is not None:
        return True
    if (match := _DAY_FIRST.fullmatch(text)) is not None:
        return _is_date(match[4], match[3], match[1]) or _is_date(match[4], match[1], match[3])
    if (match := _YEAR_FIRST.fullmatch(text)) is not None:
        return _is_date(match[1], match[3], match[4])
    match = _MONTH.fullmatch(text)
    return match is not None and _is_date(match[2], match[1], "1")


def _is_date(year: str, month: str, day: str) -> bool:
    sensible = len(year) == 2 or 1900 <= int(year) <= 2099
    return sensible and 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _of_a_sheet(text: str, raw: str) -> str | None:
    """Digits of a number that a sheet wrote as a number: 1159876543.0, 1.159876543E9, 1.159.876.543."""
    if (match := _DECIMAL.fullmatch(text)) is not None:
        if match[2].strip("0"):
            raise NumberError("number_invalid", raw)
        return match[1]
    if (match := _EXPONENT.fullmatch(text)) is not None:
        fraction, exponent = match[2] or "", int(match[3])
        if len(fraction) < exponent:
            # 1.15988E+09 may have been any of ten thousand numbers
            raise NumberError("number_rounded", raw)
        if fraction[exponent:].strip("0"):
            raise NumberError("number_invalid", raw)
        return match[1] + fraction[:exponent]
    if (match := _THOUSANDS.fullmatch(text)) is not None:
        whole = text[: match.start(2) - 1] if match[2] else text
        digits = re.sub(r"\D", "", whole)
        # 43.218.765 is an amount, or a document's number; 1.159.876.543,00 is a telephone.
        if len(digits) >= _A_NUMBER and not (match[2] or "").strip("0"):
            return digits
    return None
