"""What may stand on a list of people who are not to be contacted: numbers, mail addresses, tokens. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gatewayd.values.addresses import AddressError, push

if TYPE_CHECKING:
    from gatewayd.numbers import Numbers

TOKEN_MIN: Final = 20
"""Characters; a shorter word with letters is a number mistyped rather than a device's token."""


def addresses_in(cell: str, numbers: Numbers) -> tuple[str, ...]:
    """Returns E.164 of the numbers of any kind in a cell (landlines are called, so they are blocked too), a mail
    address in lower case, or a push token or subscription. NumberError."""
    text = cell.strip()
    if "@" in text and not text.startswith("{"):
        return (text.casefold(),)
    if text.startswith("{") or (len(text) >= TOKEN_MIN and any(map(str.isalpha, text))):
        try:
            return (push(text),)
        except AddressError:
            pass  # then it may be a number after all, or else is told as one that is none
    return tuple(number.e164 for number in numbers.every(text, fixed=True))


def read(cells: Iterable[str], numbers: Numbers) -> tuple[tuple[str, ...], list[tuple[int, str, str]]]:
    """Returns the addresses in cells, each once, and what cannot be read: place, cell and reason."""
    from gatewayd.numbers import NumberError

    found: dict[str, None] = {}
    refused: list[tuple[int, str, str]] = []
    for place, cell in enumerate(cells):
        try:
            found |= dict.fromkeys(addresses_in(cell, numbers))
        except NumberError as error:
            refused.append((place, cell, error.reason))
    return tuple(found), refused
