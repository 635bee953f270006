"""From the cell of a list to the address that a message is sent to, by channel. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from gatewayd.numbers import NumberError, Numbers
from gatewayd.values import addresses
from gatewayd.values.addresses import AddressError
from spool.lists.cells import is_date, unquoted

Address = Callable[[str], tuple[str, str | None]]
"""A cell to the address as it is kept, and its detail (JSON); AddressError or NumberError when it is none."""

as_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_quoted: Final = json.encoder.encode_basestring
"""A text alone, as `as_json` writes it."""


def readers_of(channel: str, numbers: Numbers) -> Address:
    """Returns what reads the addresses of a channel."""
    if channel == "email":
        return _of(addresses.email)
    if channel == "push":
        return _of(addresses.push)
    fixed = channel != "sms"  # people have calls, and WhatsApp, on landlines too
    quick = numbers.quick

    def number(raw: str) -> tuple[str, str | None]:
        # A date is no longer than ten signs, but for a time of day behind a blank or a T.
        if (len(raw) <= 10 or " " in raw or "T" in raw) and is_date(raw):
            raise NumberError("number_invalid", raw)
        e164, assumed, flag = quick(raw) or numbers.parse(unquoted(raw), fixed=fixed)
        if e164 == raw:
            return e164, None
        noticed = f',"flag":"{flag}"' if flag else ""
        mobile = ',"assumed_mobile":true' if assumed else ""
        return e164, f'{{"raw":{_quoted(raw)}{mobile}{noticed}}}'

    return number


def _of(read: Callable[[str], str]) -> Address:
    """An address that is no number; what stood there is kept where it was written otherwise."""

    def address(raw: str) -> tuple[str, str | None]:
        found = read(raw)
        return found, None if found == raw else as_json({"raw": raw})

    return address


def is_email(text: str) -> bool:
    """Returns whether a text is a mail address."""
    try:
        addresses.email(text)
    except AddressError:
        return False
    return True
