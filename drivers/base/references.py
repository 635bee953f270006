"""When two references are one: services write the same id in more than one way. Pure."""

from __future__ import annotations

import re
from typing import Final

_HEX: Final = re.compile(r"(?:0x)?([0-9a-f]{1,32})", re.ASCII)
_LONGEST: Final = 256
"""Characters of a reference; a longer word is none, and only equal to itself."""


def folded(reference: str) -> str:
    """Returns the one form of a reference that was answered one way and is reported another.

    Blanks, quotes and braces around it, case and leading zeros make no difference. Digits with one of a to f among
    them are hexadecimal, and equal to the same number in decimal: an SMSC may answer with one and report with the
    other. An exact match comes first; of two that are folded alike, neither is meant.
    """
    if len(reference) > _LONGEST:
        return reference
    plain = reference.strip(" \t\r\n\"'{}<>").casefold()
    found = _HEX.fullmatch(plain)
    if found is None:
        return plain
    hexadecimal = plain.startswith("0x") or not found[1].isdecimal()
    return str(int(found[1], 16 if hexadecimal else 10))
