"""What an answer to a posted event means. Pure.

Source: Standard Webhooks 1.0.0: any 2xx acknowledges, 410 ends the endpoint, redirects are failures, whatever else is
tried again; `Retry-After` (RFC 9110 §10.2.3) is honoured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Final

from gatewayd.webhooks.schedule import bounded

REDIRECTED: Final = "redirected"
_DIGITS_MAX: Final = 9


class Fate(Enum):
    ACKNOWLEDGED = auto()
    AGAIN = auto()
    GONE = auto()
    """The receiver wants nothing more, ever."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a try ended. `reason` is a code of one word: what the receiver wrote is shown to nobody."""

    fate: Fate
    status: int | None = None
    reason: str | None = None
    retry_after_s: float | None = None


ACKNOWLEDGED: Final = Verdict(Fate.ACKNOWLEDGED)


def of_answer(status: int, headers: Mapping[str, str], now: float) -> Verdict:
    """Judges an answer by its status; `now` is Unix time in seconds, header names are in lower case."""
    if 200 <= status < 300:
        return Verdict(Fate.ACKNOWLEDGED, status)
    if status == 410:
        return Verdict(Fate.GONE, status, "endpoint_gone")
    if 300 <= status < 400:
        return Verdict(Fate.AGAIN, status, REDIRECTED)
    return Verdict(Fate.AGAIN, status, f"http_{status:03d}", _retry_after(headers.get("retry-after", ""), now))


def of_failure(reason: str) -> Verdict:
    """Judges a try that brought no answer."""
    return Verdict(Fate.AGAIN, None, reason)


def _retry_after(value: str, now: float) -> float | None:
    """Returns `Retry-After` in seconds from `now`; None where there is none to be read."""
    said = value.strip()[:64]
    if not said:
        return None
    try:
        if said.isascii() and said.isdecimal():
            return bounded(float(said[:_DIGITS_MAX]))
        return bounded(parsedate_to_datetime(said).timestamp() - now)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
