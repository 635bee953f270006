"""References as networks spell them: the report may write another way what the answer wrote. Pure.

Seen of one message: `00A1B2` and `a1b2`, `4711` with a blank behind it, `10595762` and `A1ADB2` (providers keep
numbers, and write them in either base).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

LEAST: Final = 6
"""Digits of a number that may be meant in another base: shorter ones are too often somebody else's."""
MOST: Final = 20
"""Digits of the largest number of 64 bits."""

_DECIMAL: Final = re.compile(r"[0-9]+")
_HEX: Final = re.compile(r"[0-9a-fA-F]+")


def folded(reference: str) -> str:
    """The reference without what spellings differ in: case (of ASCII), leading zeros, blanks around it. As the store's
    index has it."""
    return reference.strip().translate(_LOWER).lstrip("0")


def respelled(reference: str) -> Iterator[str]:
    """The same number in the other base; nothing where the reference is no number, or a short one."""
    plain = folded(reference)
    if not LEAST <= len(plain) <= MOST:
        return
    if _DECIMAL.fullmatch(plain):
        yield f"{int(plain):x}"
    if _HEX.fullmatch(plain):
        yield str(int(plain, 16))


_LOWER: Final = {ord("A") + n: ord("a") + n for n in range(26)}
