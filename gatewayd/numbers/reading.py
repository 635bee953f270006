"""From what stands in a cell to digits: floats, separators, several numbers, stray characters. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from gatewayd.numbers.types import NumberError

_LONGEST: Final = 200
"""Characters of a cell; no list of numbers that a person wrote is longer."""

# Soft hyphen, zero-width and bidirectional marks: address books put them around copied numbers.
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_EMPTY: Final = re.compile(r"[\s\-–—.+/']*|0")
_DECIMAL: Final = re.compile(r"(\d{6,})[.,](\d{1,6})")
_EXPONENT: Final = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_THOUSANDS: Final = re.compile(r"\d{1,3}([.,'])\d{3}(?:\1\d{3})+")
_SEVERAL: Final = re.compile(r"[/;|,\n]|\s[yYoO]\s")
_SEPARATORS: Final = re.compile(r"[\s().\-‐-―−·_\[\]]+")
_DIGITS: Final = re.compile(r"(\+?)([0-9]+)")
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
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", raw)).strip().lstrip("'").strip()
    if _EMPTY.fullmatch(text):
        raise NumberError("number_missing", raw)
    if (digits := _of_a_sheet(text, raw)) is not None:
        return [Reading(digits)]
    pieces = [_SEPARATORS.sub("", piece) for piece in _SEVERAL.split(text)]
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
    return readings


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
    if _THOUSANDS.fullmatch(text) is not None:
        return re.sub(r"\D", "", text)
    return None
