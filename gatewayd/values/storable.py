"""Text as every store and every file can hold it, whatever a device or provider calls text. Pure.

JSON and UCS-2 can bear half a surrogate pair (RFC 8259 §8.2), and NUL is no character to PostgreSQL: one such letter
must not keep a message from being recorded, now and at each further try.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

_UNHOLDABLE: Final = re.compile("[\0\ud800-\udfff]")
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def wellformed(text: str) -> str:
    """The same text; pairs of halves joined, U+FFFD for half a pair and for NUL."""
    if text.isascii() and "\0" not in text:
        return text
    joined = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _UNHOLDABLE.sub("\ufffd", joined)


def maybe(text: str | None) -> str | None:
    """The same, for what may be unknown."""
    return None if text is None else wellformed(text)


def wellformed_document(value: Any) -> Any:
    """Returns JSON with every text in it as `wellformed` has it."""
    if isinstance(value, str):
        return wellformed(value)
    if isinstance(value, dict):
        return {wellformed_document(key): wellformed_document(item) for key, item in value.items()}
    return [wellformed_document(item) for item in value] if isinstance(value, list) else value


KEY_MOST: Final = 512
"""Octets of a key, a reference or a sender. PostgreSQL's index rows hold 2,704, and two of these stand in one."""
ADDRESS_MOST: Final = 2_048
"""Octets of an address: the longest are push tokens."""
_HASHED: Final = 96


def bounded(text: str, most: int = KEY_MOST) -> str:
    """Returns a text that an index can hold: the same one, or its beginning and a hash of the whole."""
    if len(text) <= most and text.isascii() and "\0" not in text:
        return text
    text = wellformed(text)
    octets = text.encode()
    if len(octets) <= most:
        return text
    return octets[:_HASHED].decode(errors="ignore") + "#" + hashlib.sha256(octets).hexdigest()


def bounded_maybe(text: str | None) -> str | None:
    """The same, for what may be unknown."""
    return None if text is None else bounded(text)


_LINE_ENDS: Final = {letter: f"\\u{letter:04x}" for letter in (0x85, 0x2028, 0x2029)}


def one_line(text: str) -> str:
    """Returns JSON that is one line for every reader: some take U+0085, U+2028 and U+2029 for the end of one
    (Unicode 5.8)."""
    return text if text.isascii() else text.translate(_LINE_ENDS)
