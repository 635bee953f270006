"""Nearest text in the GSM default alphabet, for senders who prefer a cheap message to an exact one."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from drivers.gsm.tables import DEFAULT_CHARACTERS

UNKNOWN: Final = "?"

_QUOTES = dict.fromkeys("‘’‚‛′`´ʹʻʼˈ", "'") | dict.fromkeys("“”„‟″«»〝〞", '"') | {"‹": "<", "›": ">"}
_DASHES = dict.fromkeys("‐‑‒–—―−⁃﹘﹣－", "-")
_SPACES = dict.fromkeys(
    "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
)
_LINES = dict.fromkeys("\v\x85\u2028\u2029", "\n")
_SIGNS = {
    "…": "...",
    "•": "*",
    "·": ".",
    "∙": ".",
    "◦": "*",
    "×": "x",
    "÷": "/",
    "⁄": "/",
    "∕": "/",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "→": "->",
    "←": "<-",
    "↔": "<->",
    "⇒": "=>",
    "¢": "c",
    "₡": "C",
    "₲": "Gs",
    "₱": "P",
    "₿": "BTC",
    "°": "o",
    "º": "o",
    "ª": "a",
    "©": "(c)",
    "®": "(R)",
    "™": "TM",
    "℗": "(P)",
    "¦": "|",
    "¬": "-",
    "¶": "\n",
    "†": "+",
    "‡": "+",
    "¸": ",",
    "˜": "~",
    "ˆ": "^",
    "¨": '"',
    "¯": "-",
    "\ufffc": "",
}  # fmt: skip
_LETTERS = {
    "ç": "c",
    "ð": "d",
    "Ð": "D",
    "đ": "d",
    "Đ": "D",
    "þ": "th",
    "Þ": "Th",
    "ł": "l",
    "Ł": "L",
    "œ": "oe",
    "Œ": "OE",
    "ħ": "h",
    "Ħ": "H",
    "ı": "i",
    "ŋ": "n",
    "Ŋ": "N",
    "ŧ": "t",
    "Ŧ": "T",
    "ĸ": "k",
    "ẞ": "SS",
}
# Greek capitals that the alphabet lacks look like Latin ones; phones have always sent them so.
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγδεζηθικλμνξοπρσςτυφχψω", "ABEZHIKMNOPTYXABΓΔEZHΘIKΛMNΞOΠPΣΣTYΦXΨΩ", strict=True))
_CURATED: Final = _QUOTES | _DASHES | _SPACES | _LINES | _SIGNS | _LETTERS | _GREEK

_LOOK_ALIKES: Final = str.maketrans(
    dict.fromkeys("‘’‚‛′`´ʹʻʼˈ", "'")
    | dict.fromkeys("“”„‟″〝〞", '"')
    | _DASHES
    | _SPACES
    | _LINES
    | {sign: _SIGNS[sign] for sign in "•·∙⁄∕"}
    | {"\ufe0e": "", "\ufe0f": ""}
)
"""What a reader takes for the plain sign, or does not see at all."""

_JOINS = "\u200d"
_PICTURE = (
    "[\u231a-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_MODIFIERS = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
_PICTURES: Final = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{1,2}}|{_PICTURE}{_MODIFIERS}(?:{_JOINS}{_PICTURE}{_MODIFIERS})*"
)
"""One emoji as a reader sees it: a flag, or pictures joined by ZWJ, with their modifiers (roughly UTS 51)."""


class _Nearest(dict[int, str]):
    """For `str.translate`: what is not curated is decomposed, and remembered where that helped."""

    def __missing__(self, code: int) -> str:
        nearest = _decomposed(chr(code))
        if nearest != UNKNOWN:  # the few thousand that decompose are worth keeping; a million unknowns are not
            self[code] = nearest
        return nearest


def _decomposed(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] == "M" or category in ("Cc", "Cf"):
        return ""  # marks, joiners and controls show nothing by themselves
    nearest = ""
    for piece in unicodedata.normalize("NFKD", char):
        if piece in DEFAULT_CHARACTERS:
            nearest += piece
        elif piece in _CURATED:
            nearest += _CURATED[piece]
        elif unicodedata.category(piece)[0] != "M":
            return UNKNOWN
    return nearest or UNKNOWN


_NEAREST: Final = _Nearest(
    {ord(char): char for char in DEFAULT_CHARACTERS} | {ord(c): near for c, near in _CURATED.items()}
)


def transliterate(text: str) -> str:
    """`text` in characters of the default alphabet and its extension only.

    A letter loses the accent that the alphabet lacks (á→a; é, ñ and ü stay), typographic signs become plain ones, an
    emoji and whatever is unknown becomes one `?`. A text that fits comes back unchanged; never raises.
    """
    if DEFAULT_CHARACTERS.issuperset(text):
        return text
    # Composed first: n followed by a combining tilde is ñ, and must not become n.
    return _PICTURES.sub(UNKNOWN, unicodedata.normalize("NFC", text)).translate(_NEAREST)


def without_look_alikes(text: str, ellipsis: str = "...") -> str:
    """Returns the text with curly quotes, long dashes, ellipses, bullets and odd blanks as a keyboard has them.

    Letters stay as they are, accents and all, and so does every sign that a reader would miss.
    """
    return text.replace("…", ellipsis).translate(_LOOK_ALIKES)


def lost(text: str) -> tuple[str, ...]:
    """Returns what `transliterate` makes a `?` of: each emoji, letter or sign once, in order."""
    if DEFAULT_CHARACTERS.issuperset(text):
        return ()
    composed = unicodedata.normalize("NFC", text)
    found = {match.start(): match[0] for match in _PICTURES.finditer(composed)}
    rest = _PICTURES.sub(lambda match: " " * len(match[0]), composed)
    found |= {place: char for place, char in enumerate(rest) if char != UNKNOWN and _NEAREST[ord(char)] == UNKNOWN}
    return tuple(dict.fromkeys(found[place] for place in sorted(found)))
