"""Characters that nobody sees, and what becomes of them in a message. Pure."""

from __future__ import annotations

import re
from typing import Final

_CONTROLS: Final = "\x00-\x08\x0c\x0e-\x1f\x7f-\x9f"
"""All but tab, line feed, vertical tab (a word processor's line break) and carriage return."""
_ZERO_WIDTH: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Soft hyphens, joiners, marks of direction, byte order marks, fillers, tags."""
_PICTURES: Final = "\u203c-\u3299\ufe0f\U0001f000-\U0001faff"

# A flag's tags and what joins pictures are kept: they are part of the picture. What goes, goes a run at a time.
_INVISIBLE: Final = re.compile(
    f"(\U0001f3f4[\U000e0020-\U000e007f]{{1,10}})"
    f"|(?:(?!(?<=[{_PICTURES}])\u200d(?=[{_PICTURES}]))[{_CONTROLS}{_ZERO_WIDTH}])+"
)
_BLANKS: Final = "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_PLAIN: Final = str.maketrans(dict.fromkeys(_BLANKS, " ") | dict.fromkeys("\v\u2028\u2029", "\n"))


def visible(text: str) -> str:
    """Returns the text without control and zero-width characters, every blank a plain one; line breaks stay."""
    if text.isprintable():  # none of them is
        return text
    return _INVISIBLE.sub(r"\1", text).translate(_PLAIN)
