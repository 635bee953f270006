"""The attempt's id in the form a provider takes. Pure, so that the same attempt always has the same id."""

from __future__ import annotations

import hashlib
from typing import Final

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ATTEMPT_LENGTH: Final = 26

FOREIGN_MAX: Final = 255
"""Characters of an id; `id_length` goes no further."""

ALPHABETS: Final = {
    "alphanumeric": CROCKFORD,
    "digits": "0123456789",
    "hex": "0123456789abcdef",
    "uuid": "0123456789abcdef",
}


def foreign_id(attempt: str, alphabet: str, length: int) -> str:
    """`attempt` (26 characters of Crockford base 32) in an alphabet of `ALPHABETS`, at most `length` characters.

    As it is where it fits; else its 128 bits written with other digits; where these are too many, a hash of it.
    """
    if alphabet == "uuid":
        digits = f"{_number(attempt):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
    if alphabet == "alphanumeric" and len(attempt) <= length:
        return attempt
    letters = ALPHABETS[alphabet]
    written = _written(_number(attempt), letters)
    if len(written) <= length:
        return written
    digest = int.from_bytes(hashlib.sha256(attempt.encode()).digest(), "big")
    return _written(digest % len(letters) ** length, letters).rjust(length, letters[0])


def attempt_of(foreign: str, alphabet: str, length: int) -> str | None:
    """The attempt behind an id that `foreign_id` made, where it can be told; else None. Blanks around it, its case, and
    leading zeros of a number are the provider's to change."""
    if len(foreign) > FOREIGN_MAX:
        return None
    foreign = foreign.strip()
    foreign = foreign.upper() if alphabet == "alphanumeric" else foreign.lower()
    if alphabet == "uuid":
        foreign = foreign.strip("{}").replace("-", "")
    letters = ALPHABETS[alphabet]
    if not foreign or any(char not in letters for char in foreign):
        return None
    if alphabet == "alphanumeric":
        return foreign if len(foreign) == ATTEMPT_LENGTH <= length and foreign[0] <= "7" else None
    if (alphabet == "digits" and length < 39) or (alphabet == "hex" and length < 32):
        return None
    number = 0
    for char in foreign:
        number = number * len(letters) + letters.index(char)
    return _written(number, CROCKFORD).rjust(ATTEMPT_LENGTH, "0") if number < 1 << 128 else None


def _number(attempt: str) -> int:
    number = 0
    for char in attempt:
        number = number * 32 + CROCKFORD.index(char)
    return number


def _written(number: int, letters: str) -> str:
    said = ""
    while number:
        number, digit = divmod(number, len(letters))
        said = letters[digit] + said
    return said or letters[0]
