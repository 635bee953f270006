"""What a customer is found by: words of the name, and marks of what one filters by. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from gatewayd.customers.document import Customer

TAG, PORTFOLIO, PORTFOLIO_NAME, ASSIGNED = "#", "$", "=", "@"
"""Signs before a mark; no word of a name begins with one."""

WORDS_MAX: Final = 8
WORD_LONGEST: Final = 32
KEY_LONGEST: Final = 120
_SIGNS: Final = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """Returns a text in lower case, without accents, for comparing."""
    if text.isascii():
        return text.lower()
    return "".join(
        [letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter)]
    )


def words_of(text: str) -> tuple[str, ...]:
    """Returns the words of a name or of what somebody looks for, as they are compared, without repeats."""
    found = _SIGNS.sub(" ", folded(text)).split()
    return tuple(dict.fromkeys([word[:WORD_LONGEST] for word in found]))


def name_key(name: str) -> str:
    """Returns what names are sorted by."""
    return " ".join(_SIGNS.sub(" ", folded(name)).split())[:KEY_LONGEST]


def document_key(number: str | None) -> str | None:
    """Returns the letters and digits of a document's number; None where it has none."""
    return (_SIGNS.sub("", folded(number)).upper()[:64] or None) if number else None


def mark(sign: str, value: str | int) -> str:
    """Returns the word by which a tag, a portfolio or an assigned person is found."""
    return sign + folded(str(value))[:KEY_LONGEST]


def marks(customer: Customer) -> list[str]:
    """Returns all that a customer is found by, but its ids and addresses, which have indexes of their own."""
    found = list(words_of(customer.name)[:WORDS_MAX])
    found += [mark(TAG, tag) for tag in customer.tags]
    if customer.portfolio_type:
        found.append(mark(PORTFOLIO, customer.portfolio_type))
    if customer.portfolio_name:
        found.append(mark(PORTFOLIO_NAME, customer.portfolio_name))
    if customer.assigned is not None:
        found.append(mark(ASSIGNED, customer.assigned))
    return list(dict.fromkeys(found))
