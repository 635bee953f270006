"""What a server's answer means for a message. Pure.

Codes by RFC 5321 §4.2, enhanced ones by RFC 3463. The code decides whether it is over or may be tried again; the
enhanced code and the text only find a better reason.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from drivers.base import Blame, NotSent, Refused

Stage = Literal["mail", "rcpt", "data", "end"]
"""Where the answer came: to MAIL, to RCPT, to DATA, or after the message's end."""

GREYLIST_S: Final = 300.0
"""Rest after a greylisting that tells no time: the usual five minutes."""
_REST_MAX_S: Final = 4 * 3600.0
"""A greylisting's own word is believed up to here."""

_ENHANCED: Final = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_GREYLISTED: Final = re.compile(r"gr[ea]y-?list", re.IGNORECASE)
_REST: Final = re.compile(r"(\d{1,5})\s*(s\b|sec|min)", re.IGNORECASE)
_REASONS: Final = {
    "1.1": "unknown_recipient",
    "1.2": "unknown_domain",
    "1.3": "address_invalid",
    "1.6": "unknown_recipient",
    "1.10": "unknown_domain",
    "2.1": "mailbox_disabled",
    "2.2": "mailbox_full",
    "2.3": "too_large",
    "3.4": "too_large",
    "4.4": "unknown_domain",
    "4.5": "quota",
    "4.7": "expired_in_network",
    "7.1": "policy",
}
_CODES: Final = {452: "mailbox_full", 552: "too_large"}
_ACCOUNT: Final = frozenset({530, 535, 538})
"""Answers that are about our login, whatever the message (RFC 4954 §6)."""


def enhanced(text: str) -> str | None:
    """The enhanced status code at the beginning of an answer's text, e.g. `5.1.1`."""
    found = _ENHANCED.match(text)
    return found[1] if found else None


def reason_of(status: str | None, code: int | None = None) -> str:
    """A short word for an enhanced code, else for the plain one: `unknown_recipient`, `smtp_554`, `status_5.6.0`."""
    if status is not None:
        known = _REASONS.get(status.partition(".")[2])
        if known is not None:
            return known
    if code is not None:
        return _CODES.get(code, f"smtp_{code}")
    return f"status_{status}" if status else "undelivered"


def outcome_of(code: int, text: str, stage: Stage) -> NotSent | Refused:
    """The outcome of an answer that is not the one hoped for; certain, for the server has spoken."""
    status = enhanced(text)
    # The account's own day is over (5.4.5), or it must log in: that refuses the line, not the message.
    if code in _ACCOUNT or (status or "").endswith(".4.5"):
        return NotSent(reason_of(status, code), retry_after=GREYLIST_S, counts=False, blame=Blame.LINE)
    if 500 <= code <= 599:
        return Refused(reason_of(status, code))
    if 400 <= code <= 499 and _GREYLISTED.search(text):
        return NotSent("greylisted", retry_after=_rest_s(text))
    if code == 421:
        return NotSent("server_closing", counts=False, blame=Blame.LINE)
    return NotSent(reason_of(status, code), blame=Blame.LINE if stage == "mail" else Blame.PERSON)


def _rest_s(text: str) -> float:
    found = _REST.search(text)
    if found is None:
        return GREYLIST_S
    seconds = float(found[1]) * (60 if found[2].lower() == "min" else 1)
    return min(max(seconds, 1.0), _REST_MAX_S)
