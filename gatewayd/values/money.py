"""Money: whole millionths of the currency inside, decimal strings at the edges. No floats anywhere."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

MICROS: Final = 1_000_000
"""How many of the smallest unit make one of the currency."""

MAX: Final = 10**12 * MICROS
"""Largest amount taken from outside: far above any balance, far below 64 bits, so that sums cannot overflow."""

_AMOUNT: Final = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?", re.ASCII)


def parse_money(text: str) -> int:
    """Millionths of a decimal string such as "0.85" or "-12"; the point is the decimal mark, nothing groups digits.

    ValueError for anything else, for more than six decimals (rounding money in silence is a lie), and beyond `MAX`.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    sign, whole, decimals = match.group(1), match.group(2), (match.group(3) or "").rstrip("0")
    if len(decimals) > 6:
        raise ValueError(f"more than six decimals: {text!r}")
    micros = int(whole) * MICROS + int(decimals.ljust(6, "0"))
    if micros > MAX:
        raise ValueError(f"too large: {text!r}")
    return -micros if sign == "-" else micros


@lru_cache(1024)
def format_money(micros: int) -> str:
    """The decimal string of `micros`: exact, at least two decimals ("0.85", "3.00", "0.005")."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"


def to_decimal(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-6)
