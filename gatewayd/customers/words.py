"""What a customer is found by: words of the name, and marks of what one filters by. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from gatewayd.customers.document import Customer

TAG, PORTFOLIO, PORTFOLIO_NAME, ASSIGNED = "#", "$", "=", "@"
"""Signs before a mark; no word of a name begins with one."""

WORDS_MAX: Final = 8
WORD_LONGEST: Final = 32
KEY_LONGEST: Final = 120
_SIGNS: Final = re.compile(r"[^\w\n]+|_+")
_BMP: Final = 0x10000


@lru_cache(maxsize=1)
def _combining() -> re.Pattern[str]:
    """Matches accents that stand as letters of their own."""
    return re.compile(
        "[" + "".join(chr(code) for code in range(0x300, _BMP) if unicodedata.combining(chr(code))) + "]+"
    )


def folded(text: str) -> str:
    """Returns a text in lower case, without accents, for comparing."""
    if text.isascii():
        return text.lower()
    return _combining().sub("", unicodedata.normalize("NFKD", text.casefold()))


def words_of(text: str) -> tuple[str, ...]:
    """Returns the words of a name or of what somebody looks for, as they are compared, without repeats."""
    found = _SIGNS.sub(" ", folded(text)).split()
    return tuple(dict.fromkeys([word[:WORD_LONGEST] for word in found]))


def name_key(name: str) -> str:
    """Returns what names are sorted by."""
    return " ".join(_SIGNS.sub(" ", folded(name)).split())[:KEY_LONGEST]


def name_keys(names: Sequence[str]) -> list[str]:
    """Returns `name_key` of many names, none of which has a line break: as one text, a tenth of the work."""
    keys = _SIGNS.sub(" ", folded("\n".join(names))).split("\n")
    return [" ".join(key.split())[:KEY_LONGEST] for key in keys]


def named(key: str) -> list[str]:
    """Returns the words that a name is found by; `key` is what it is sorted by, which every row bears."""
    found = key.split(" ")
    if len(found) <= WORDS_MAX and len(key) <= WORD_LONGEST and len(set(found)) == len(found):
        return found if key else []
    return list(dict.fromkeys([word[:WORD_LONGEST] for word in key.split()]))[:WORDS_MAX]


def document_key(number: str | None) -> str | None:
    """Returns the letters and digits of a document's number; None where it has none."""
    if number and number.isalnum() and number.isascii() and len(number) <= 64:
        return number.upper()
    return (_SIGNS.sub("", folded(number)).replace("\n", "").upper()[:64] or None) if number else None


@lru_cache(maxsize=10_000)
def mark(sign: str, value: str | int) -> str:
    """Returns the word by which a tag, a portfolio or an assigned person is found."""
    return sign + folded(str(value))[:KEY_LONGEST]


def marks(customer: Customer) -> list[str]:
    """Returns all that a customer is found by, but its ids and addresses, which have indexes of their own."""
    found = named(name_key(customer.name))
    found += [mark(TAG, tag) for tag in customer.tags]
    if customer.portfolio_type:
        found.append(mark(PORTFOLIO, customer.portfolio_type))
    if customer.portfolio_name:
        found.append(mark(PORTFOLIO_NAME, customer.portfolio_name))
    if customer.assigned is not None:
        found.append(mark(ASSIGNED, customer.assigned))
    return list(dict.fromkeys(found))
