"""What an answer to a send means where the service's own words do not say more. Pure.

Judged with the promise in mind: nothing is called sent that may not be, nothing is called unsent that may have left.
"""

from __future__ import annotations

from typing import Final, Literal

from drivers.base import Blame, NotSent, Outcome, Refused, Uncertain
from drivers.http.answer import Answer

ServerErrors = Literal["uncertain", "retry"]
"""How a 5xx is read that says nothing of the message: the service had it when it broke, so it may have been taken."""

LINE_CODES: Final = {
    401: "unauthorized",
    402: "no_credit",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    407: "proxy_authentication",
}
"""Refusals of the account, the address or the way to it: they would meet every message alike. A provider that means
the message by one of them gets a rule."""
TOO_LARGE: Final = (413, 414)
"""Refusals of this message's length (RFC 9110 §15.5.14, §15.5.15)."""
MOVED: Final = "moved_to_https"
"""The address is plain http and the server wants https: a person changes it, and until then nothing is taken."""


def judge(answer: Answer, now: float, server_errors: ServerErrors) -> Outcome:
    """Never `Accepted`: what that looks like the service itself must say. `now` is Unix time."""
    status = answer.status
    reason = f"http_{status}"
    if status in LINE_CODES:
        return NotSent(LINE_CODES[status], answer.retry_after_s(now), blame=Blame.LINE)
    if status in (408, 429):
        # Not received whole, or not let in: nothing was taken (RFC 9110 §15.5.9, RFC 6585 §4).
        return NotSent(reason, answer.retry_after_s(now), blame=Blame.LINE)
    if status in TOO_LARGE:
        return Refused("too_large", blame=Blame.PERSON, elsewhere=True)
    if 400 <= status <= 499:
        return Refused(reason)
    if 200 <= status <= 299:
        return Uncertain("html_page" if answer.html else "answer_too_long" if answer.truncated else "answer_unknown")
    if status == 503 and (pause := answer.retry_after_s(now)) is not None:
        # It turned the request away and says when to come again (RFC 9110 §15.6.4).
        return NotSent(reason, pause, blame=Blame.LINE)
    if answer.upgraded:
        return NotSent(MOVED, blame=Blame.LINE)
    if status >= 500 and server_errors == "retry":
        return NotSent(reason, answer.retry_after_s(now), blame=Blame.LINE)
    return Uncertain(reason)
