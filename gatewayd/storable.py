"""Text as every store and every file can hold it, whatever a device or provider calls text. Pure.

JSON and UCS-2 can bear half a surrogate pair (RFC 8259 §8.2), and NUL is no character to PostgreSQL: one such letter
must not keep a message from being recorded, now and at each further try.
"""

from __future__ import annotations

import re
from typing import Final

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
