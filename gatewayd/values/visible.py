"""Text of strangers for people to see: what would move a cursor, colour a line or turn its letters round is a mark.

A note, a sender, the name of a file may hold terminal escapes (ECMA-48), their 8-bit forms (C1) and the controls by
which Unicode reorders text (UAX #9). Nothing of it reaches a terminal as itself.
"""

from __future__ import annotations

import re
from typing import Final

_DANGEROUS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_IN_JSON: Final = re.compile(_DANGEROUS.pattern.replace("\x00-\x1f", ""))
"""What JSON writes as an escape already left out."""


def visible(text: str) -> str:
    """One line of text with a mark for each control: ␛ for an escape, <U+202E> for a turn of direction."""
    return _DANGEROUS.sub(_mark, text)


def visible_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(visible, text.split("\n")))


def escaped(json_text: str) -> str:
    """JSON with the same content, in which no control stands as itself."""
    return _IN_JSON.sub(_escape, json_text)


def _mark(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no text, in the name of a file
        return f"\\x{code - 0xDC00:02x}"
    return f"<U+{code:04X}>"


def _escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
