"""What a cell says as an address of mail or of a push. Pure; telephone numbers have a room of their own.

One address has one form, so that repeats show and the do-not-contact list holds.
"""

from __future__ import annotations

import json
import re
from typing import Final

NUMBERED: Final = frozenset({"sms", "call", "whatsapp"})
"""Channels that reach a telephone number, which others may share or have had."""
MISSING: Final = "address_missing"
INVALID: Final = "address_invalid"

PUSH_LIMIT: Final = 2048
"""Characters of a push token or subscription: several times those in use, and what an index of the store can hold
(PostgreSQL: 2,704 octets an entry)."""
EMAIL_LIMIT: Final = 254

# Sane, not RFC 5321 in full: one @, no space or control, a domain with a dot, 64 and 254 octets at most.
_EMAIL: Final = re.compile(r"[^\s@<>(),;:\\\"\x00-\x20\x7f]{1,64}@[^\W_](?:[\w-]*\.)+[^\W\d_][\w-]*[^\W_]")


class AddressError(ValueError):
    """The cell holds no such address; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def email(raw: str) -> str:
    """In lower case: nobody tells Ana@ from ana@, and the do-not-contact list must not either. AddressError."""
    text = raw.strip()
    if not text:
        raise AddressError(MISSING)
    if len(text) > EMAIL_LIMIT or _EMAIL.fullmatch(text) is None or ".." in text:
        raise AddressError(INVALID)
    return text.casefold()


def push(raw: str) -> str:
    """A device's token, a topic, or a browser's subscription; opaque but for the last. AddressError."""
    text = raw.strip()
    if not text:
        raise AddressError(MISSING)
    if text.startswith("{"):
        text = _subscription(text)
    if len(text) > PUSH_LIMIT or not text.isascii() or not text.isprintable() or " " in text:
        raise AddressError(INVALID)
    return text


def _subscription(text: str) -> str:
    """`endpoint` and `keys` alone and in one order, however the page or a database wrote them (W3C Push API §7.5)."""
    try:
        given = json.loads(text)
        keys = {name: given["keys"][name] for name in ("auth", "p256dh")}
        kept = {"endpoint": given["endpoint"], "keys": keys}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise AddressError(INVALID) from None
    if not all(isinstance(value, str) and value for value in (kept["endpoint"], *keys.values())):
        raise AddressError(INVALID)
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
