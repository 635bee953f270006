"""Octets of a service as text, whatever charset it names or forgets to name. Pure."""

from __future__ import annotations

import codecs
from typing import Final

_NAME_MAX: Final = 40
_PLAIN: Final = frozenset(
    {
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii"),
        *("cp437", "cp850", "cp858", "mac-roman", "koi8-r", "koi8-u"),
        *("big5", "gbk", "gb2312", "gb18030", "shift_jis", "euc_jp", "euc_kr"),
    }
)
_FAMILIES: Final = ("iso8859", "cp125")


def known(name: str) -> str | None:
    """Returns Python's name of a charset in which texts are written, None for any other codec: some of Python's take
    the square of a text's length, and which one is used is the service's word."""
    if not name or len(name) > _NAME_MAX:
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _PLAIN or found.startswith(_FAMILIES) else None


def decoded(body: bytes, declared: str, configured: str = "") -> str:
    """Returns the text of `body`: by the charset it came with, else as UTF-8, else by the one of the configuration.
    The first that fits wins; where none does, what is no character becomes U+FFFD."""
    names = [name for name in map(known, (declared, "utf-8", configured)) if name is not None]
    for name in names:
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    return body.decode(names[0], "replace")
