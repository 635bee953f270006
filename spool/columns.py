"""Columns of a list of recipients: how headers become variable names, and which column holds the address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from spool.names import column_name

PHONE: Final = ("celular", "móvil", "movil", "mobile", "telefono", "teléfono", "phone", "number", "numero", "número")
"""Headers of a telephone number, the likeliest to be a mobile first: lists often have the house's telephone too."""
EMAIL: Final = ("email", "e-mail", "correo", "mail")
TOKEN: Final = ("token", "push_token", "fcm_token", "subscription", "suscripcion", "suscripción", "topic", "tema")
"""Headers of a push address: a device's token, a browser's subscription, a topic."""
REF: Final = ("ref", "id", "codigo", "código", "cliente")

_LOOKS_LIKE_NUMBER: Final = re.compile(r"[+(]?[\d\s().+/E-]{6,40}", re.IGNORECASE)
_LOOKS_LIKE_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def names(header: Sequence[str]) -> tuple[str, ...]:
    """Names for a whole header: one without a name is `col3` by its place, a repeated one gets `_2`, `_3` …"""
    taken: set[str] = set()
    result = []
    for place, cell in enumerate(header, 1):
        wanted = column_name(cell) or f"col{place}"
        name, count = wanted, 1
        while name in taken:
            count += 1
            name = f"{wanted}_{count}"
        taken.add(name)
        result.append(name)
    return tuple(result)


def to_column(columns: Sequence[str], channel: str) -> int | None:
    """Place of the address: a column `to`, else the best header for the channel; None when there is none."""
    preferred: tuple[str, ...]
    match channel:
        case "email":
            preferred = (*EMAIL, *PHONE)
        case "push":
            # Neither a telephone number nor a mail address is ever one of a push.
            preferred = TOKEN
        case "whatsapp":
            preferred = ("whatsapp", *PHONE, *EMAIL)
        case _:
            preferred = (*PHONE, *EMAIL)
    return _first(columns, ("to", *preferred))


def ref_column(columns: Sequence[str]) -> int | None:
    return _first(columns, REF)


def _first(columns: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((columns.index(name) for name in wanted if name in columns), None)


def looks_like_address(cell: str) -> bool:
    """Whether a cell may be a telephone number or an e-mail address, and so is no header."""
    cell = cell.strip()
    if _LOOKS_LIKE_EMAIL.fullmatch(cell):
        return True
    return _LOOKS_LIKE_NUMBER.fullmatch(cell) is not None and sum(letter.isdigit() for letter in cell) >= 6


def headerless(first: Sequence[str]) -> tuple[str, ...] | None:
    """Column names of a list whose `first` row is a recipient already; None when it is a header.

    The first cell that looks like an address is `to`, the others are `col1`, `col2` … by their place.
    """
    named = names(first)
    if to_column(named, "sms") is not None or ref_column(named) is not None:
        return None
    place = next((index for index, cell in enumerate(first) if looks_like_address(cell)), None)
    if place is None:
        return None
    return tuple("to" if index == place else f"col{index + 1}" for index in range(len(first)))
