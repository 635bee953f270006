"""Tokens of programs as text: `gwd_live_…` and `gwd_test_…`, with a checksum by which a mistyped one is known at once.

The beginning lets a scanner of leaked secrets know whose it is. After it come 32 random letters and digits (190 bits)
and six that check all before them (CRC-32).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from typing import Final, Literal

TokenKind = Literal["live", "test"]

_LETTERS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM: Final = 32
CHECK: Final = 6
"""62^6 is above 2^32."""
SHOWN: Final = 4
"""Random characters by which a person knows a token in a list."""

_FORM: Final = re.compile(rf"gwd_(live|test)_[0-9A-Za-z]{{{RANDOM + CHECK}}}", re.ASCII)


def make_token(kind: TokenKind) -> str:
    """Returns a new token."""
    start = f"gwd_{kind}_" + "".join(secrets.choice(_LETTERS) for _ in range(RANDOM))
    return start + _check(start)


def wellformed_token(text: str) -> bool:
    """Returns whether the text can be a token of ours: right in form and checksum."""
    return _FORM.fullmatch(text) is not None and text[-CHECK:] == _check(text[:-CHECK])


def token_prefix(token: str) -> str:
    """Returns the beginning that may be shown."""
    return token[: len("gwd_live_") + SHOWN]


def digest(secret: str) -> str:
    """Returns the hash of a secret of many random bits, which needs no salt and no work factor (SHA-256, hex)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check(text: str) -> str:
    left, letters = zlib.crc32(text.encode()), ""
    for _ in range(CHECK):
        left, place = divmod(left, len(_LETTERS))
        letters = _LETTERS[place] + letters
    return letters
