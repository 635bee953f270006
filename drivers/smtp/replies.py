"""What a server's answer means for a message, and for the line. Pure.

Codes by RFC 5321 §4.2: a 5xx is over, a 4xx may be tried again. Whose fault either may be is in its words, for most
servers that a line hands its mails to speak of the person and of our own account with the same numbers.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from drivers.base import Blame, NotSent, Refused
from drivers.smtp.diagnosis import diagnose, reason_of, status_in

Stage = Literal["mail", "rcpt", "data", "end"]
"""Where the answer came: to MAIL, to RCPT, to DATA, or after the message's end."""

GREYLIST_S: Final = 300.0
"""Rest after a greylisting that tells no time: the usual five minutes. Also after an answer about our own account."""
_REST_MAX_S: Final = 4 * 3600.0
"""A greylisting's own word is believed up to here."""

_GREYLISTED: Final = re.compile(r"gr[ea]y-?list", re.IGNORECASE)
_REST: Final = re.compile(r"(?<!\d)(\d{1,5})\s?(s\b|sec|min)", re.IGNORECASE)
_ACCOUNT: Final = frozenset({530, 534, 535, 538})
"""Answers that are about our login, whatever the message (RFC 4954 §6)."""


def outcome_of(code: int, text: str, stage: Stage) -> NotSent | Refused:
    """Returns the outcome of an answer that is not the one hoped for; certain, for the server has spoken."""
    status = status_in(text)
    if 400 <= code <= 499 and _GREYLISTED.search(text[:1000]):
        return NotSent("greylisted", retry_after=_rest_s(text[:1000]))
    found = diagnose(status, text, code)
    reason = found.reason if found is not None else reason_of(status, code, text)
    blame = found.blame if found is not None else Blame.EITHER
    if stage == "mail" and found is None and code < 500:
        # To MAIL, "later" can only be the server's own state, or the sender's.
        blame = Blame.LINE
    if code in _ACCOUNT or blame is Blame.LINE:
        return NotSent(reason, retry_after=GREYLIST_S, counts=False, blame=Blame.LINE)
    if 500 <= code <= 599:
        return Refused(reason, blame)
    if code == 421:
        return NotSent("server_closing", counts=False, blame=Blame.LINE)
    return NotSent(reason, blame=blame)


def _rest_s(text: str) -> float:
    found = _REST.search(text)
    if found is None:
        return GREYLIST_S
    seconds = float(found[1]) * (60 if found[2].lower() == "min" else 1)
    return min(max(seconds, 1.0), _REST_MAX_S)
