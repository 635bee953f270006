"""What is kept of a text that somebody sent: its verdict and its bare words. Pure.

How a text is judged, with its hundreds of phrases, is `gatewayd.contact.optout`; the store needs only the answer.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from itertools import groupby
from typing import Final

_TRIPLED: Final = re.compile(r"([a-z])\1{2,}")
_PLUS: Final = re.compile(r"(?<=\s)\+(?=\s|[a-z])|(?<=\bno)\+(?=\s|[a-z!.]|\Z)")
"""How "more" is written in a hurry: `no + sms`."""


class Verdict(Enum):
    """What a text says about further messages to its sender."""

    YES = "yes"
    NO = "no"
    DOUBTFUL = "doubtful"


def words_of(text: str) -> str:
    """Returns the words of a text alone: lower case, no accents, no signs, one blank between them.

    Letters that stand apart are one word (`B A J A`, `S.T.O.P`), and so are those that are drawn out (`bajaaaa`).
    """
    letters = _PLUS.sub(" mas ", unicodedata.normalize("NFKD", text).lower())
    plain = "".join(each if each.isalnum() else " " for each in letters if not unicodedata.combining(each))
    words: list[str] = []
    for single, group in groupby(plain.split(), lambda word: len(word) == 1 and word.isalpha()):
        run = list(group)
        words += ["".join(run)] if single and len(run) > 2 else run
    return " ".join(_TRIPLED.sub(r"\1", word) for word in words)
