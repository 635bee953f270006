"""What servers mean by their words: a reason for people, and whose fault it may be. Pure.

The enhanced status (RFC 3463) decides where it says something; the text where it does not, or where a server is known
to say one thing by its number and another by its words. The words are those of Exim with cPanel, Plesk, Postfix, qmail,
Microsoft 365, Gmail, Yahoo and the block lists.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from drivers.base import Blame

TEXT_MAX: Final = 4096
"""Characters of an answer, or of a bounce's explanation, that are looked at."""

_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d]|\.\d)")
_CODE: Final = re.compile(r"(?<![\d.#:-])([45]\d\d)(?=[ -])")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    reason: str
    blame: Blame


_P, _L, _E = Blame.PERSON, Blame.LINE, Blame.EITHER

_BY_STATUS: Final[dict[str, Diagnosis]] = {
    "1.1": Diagnosis("unknown_recipient", _P),
    "1.2": Diagnosis("unknown_domain", _P),
    "1.3": Diagnosis("address_invalid", _P),
    "1.6": Diagnosis("unknown_recipient", _P),
    "1.10": Diagnosis("unknown_domain", _P),
    # Ours: the sender's mailbox and system (RFC 3463 §3.2), and Microsoft 365's limit of recipients a day.
    "1.7": Diagnosis("sender_refused", _L),
    "1.8": Diagnosis("sender_refused", _L),
    "1.90": Diagnosis("quota", _L),
    "2.1": Diagnosis("mailbox_disabled", _P),
    "2.2": Diagnosis("mailbox_full", _P),
    "2.3": Diagnosis("too_large", _P),
    "3.1": Diagnosis("server_full", _L),
    "3.2": Diagnosis("server_trouble", _E),
    "3.4": Diagnosis("too_large", _P),
    "3.5": Diagnosis("server_trouble", _L),
    "4.4": Diagnosis("unknown_domain", _P),
    "4.5": Diagnosis("quota", _L),
    "4.6": Diagnosis("mail_loop", _P),
    "4.7": Diagnosis("expired_in_network", _P),
    "7.1": Diagnosis("policy", _E),
    "7.8": Diagnosis("login_refused", _L),
    "7.9": Diagnosis("login_refused", _L),
    "7.23": Diagnosis("unauthenticated", _E),
    "7.26": Diagnosis("unauthenticated", _E),
    "7.27": Diagnosis("sender_refused", _E),
    "7.28": Diagnosis("quota", _L),
    "7.30": Diagnosis("unauthenticated", _E),
    "7.57": Diagnosis("login_missing", _L),
    "7.60": Diagnosis("sender_refused", _L),
    "7.64": Diagnosis("relay_denied", _L),
    "7.509": Diagnosis("unauthenticated", _E),
}
_TENANT: Final = re.compile(r"7\.(50[0-8]|51[0-3]|60[0-9]|6[1-9]\d|70[0-9]|71\d|7[2-5]\d|23[2-6])")
"""Microsoft 365 of an account or address that may send no more (its non-delivery codes 5.7.5xx, 5.7.6xx, 5.7.7xx)."""
_SAYS_LITTLE: Final = re.compile(r"[0-7]\.0|1\.10|2\.1|3\.2|4\.[123]|5\.[124]|7\.[17]")
"""Statuses behind which anything may stand; the words decide before them."""

_BY_CODE: Final = {
    452: Diagnosis("server_full", _E),
    503: Diagnosis("server_trouble", _E),
    552: Diagnosis("too_large", _P),
    556: Diagnosis("unknown_domain", _P),
}
"""Where neither status nor words say anything (RFC 5321 §4.2.3, RFC 7504)."""


def diagnose(status: str | None, text: str, code: int | None = None) -> Diagnosis | None:
    """Returns what `status`, else the words of `text`, else the plain code say; None where none of them does."""
    detail = status.partition(".")[2] if status else None
    if detail is not None and not _SAYS_LITTLE.fullmatch(detail):
        if _TENANT.fullmatch(detail):
            return Diagnosis("account_suspended", _L)
        known = _BY_STATUS.get(detail)
        spoken = _spoken(text)
        # A status of the person's with words about our own account is the account's: `5.2.2 Submission quota exceeded`.
        if known is not None and not (
            spoken is not None and spoken.blame is Blame.LINE and known.blame is Blame.PERSON
        ):
            return known
        if spoken is not None:
            return spoken
    else:
        spoken = _spoken(text)
        if spoken is not None:
            return spoken
        if detail is not None and detail in _BY_STATUS:
            return _BY_STATUS[detail]
    return _BY_CODE.get(code) if code is not None else None


@cache
def _words() -> Sequence[tuple[Diagnosis, tuple[str, ...]]]:
    """Reads the table beside this module, once, when the first answer has to be understood."""
    table = tomllib.loads(files("drivers.smtp").joinpath("phrases.toml").read_text(encoding="utf-8"))
    return [(Diagnosis(row["reason"], Blame(row["blame"])), tuple(row["phrases"])) for row in table["meaning"]]


def _spoken(text: str) -> Diagnosis | None:
    """Returns what the words of a text say; None where it has none that we know."""
    # Answers of several lines repeat the status in the middle of a sentence.
    folded = " ".join(_STATUS.sub(" ", text[:TEXT_MAX].casefold()).split())
    for diagnosis, phrases in _words():
        if any(phrase in folded for phrase in phrases):
            return diagnosis
    return None


def status_in(text: str) -> str | None:
    """Returns the first enhanced status code of a text, e.g. `5.1.1`."""
    found = _STATUS.search(text[:TEXT_MAX])
    return found[1] if found else None


def code_in(text: str) -> int | None:
    """Returns the first reply code of a text, e.g. 550."""
    found = _CODE.search(text[:TEXT_MAX])
    return int(found[1]) if found else None


def reason_of(status: str | None, code: int | None = None, text: str = "") -> str:
    """Returns a short word for it: `unknown_recipient`, else `smtp_554`, `status_5.6.0`, `undelivered`."""
    found = diagnose(status, text, code)
    if found is not None:
        return found.reason
    if code is not None:
        return f"smtp_{code}"
    return f"status_{status}" if status and not status.endswith(".0.0") else "undelivered"
