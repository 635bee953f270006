"""What an answer of the Cloud API means for the message. Pure.

Source: Meta's list of Cloud API error codes. It is no contract, and codes come and go: a line's `errors` reads any of
them otherwise, and a code that is not known here is judged by its status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from drivers.base import Accepted, Blame, NotSent, Outcome, Refused, Uncertain
from drivers.http.answer import Answer
from drivers.http.verdict import ServerErrors, judge
from drivers.whatsapp.options import Reading
from drivers.whatsapp.timing import Timing

PERSON: Final = {
    131008: "parameter_missing",
    131009: "parameter_invalid",
    131021: "to_oneself",
    131026: "not_on_whatsapp",
    131047: "window_closed",
    131049: "too_many_for_person",
    131050: "opted_out",
    131051: "type_unsupported",
    131052: "media_failed",
    131053: "media_failed",
    132000: "template_parameters",
    132001: "template_unknown",
    132005: "too_long",
    132007: "template_policy",
    132012: "template_parameters",
    132015: "template_paused",
    132016: "template_disabled",
    132068: "flow_blocked",
    132069: "flow_throttled",
    130472: "experiment",
    130497: "country_restricted",
}
"""Refusals of this very message: its person, or what its job says. The jobs of others are not concerned."""
EITHER: Final = {
    100: "parameter_invalid",
    131030: "not_a_test_recipient",
    135000: "unspecific_error",
}
"""Refusals that may be this message's alone; the same to several people is the line's, and the others wait."""
LATER: Final = {
    2: "unavailable",
    4: "rate_limit",
    80007: "rate_limit",
    130429: "rate_limit",
    131016: "unavailable",
    131048: "spam_limit",
    131056: "pair_limit",
    131057: "maintenance",
    133004: "unavailable",
    133016: "rate_limit",
}
"""Turned away, come again; all but the limit of a pair are the account's."""
ACCOUNT: Final = {
    0: "unauthorized",
    3: "forbidden",
    10: "forbidden",
    190: "unauthorized",
    368: "account_blocked",
    131005: "forbidden",
    131031: "account_locked",
    131037: "name_not_approved",
    131042: "payment",
    131045: "not_registered",
    133000: "not_registered",
    133005: "pin_wrong",
    133006: "not_registered",
    133008: "pin_wrong",
    133009: "pin_wrong",
    133010: "not_registered",
    133015: "not_registered",
}
"""The account, the number or the token is to blame: every message would meet the same."""
UNKNOWN: Final = {1: "unknown_error", 131000: "unknown_error"}
"""It broke, and nobody says where."""

PAIR_LIMIT: Final = 131056
NO_SUCH_OBJECT: Final = 33
"""Subcode of 100: the number's id is wrong, or the token has no right to it (Graph API, "Error codes")."""
OPTED_OUT: Final = 131050


@dataclass(frozen=True, slots=True)
class ApiError:
    code: int
    subcode: int | None = None

    @property
    def reason(self) -> str:
        """A word for receipts: one of ours, else `error_` with the code."""
        if self.code == 100 and self.subcode == NO_SUCH_OBJECT:
            return "phone_unknown"
        for table in (PERSON, EITHER, LATER, ACCOUNT, UNKNOWN):
            if self.code in table:
                return table[self.code]
        if 200 <= self.code <= 299:
            return "forbidden"
        return f"error_{self.code}"

    @property
    def of_account(self) -> bool:
        """Whether it would meet every message to anybody until a person acts."""
        missing = self.code == 100 and self.subcode == NO_SUCH_OBJECT
        return missing or self.code in ACCOUNT or 200 <= self.code <= 299

    @property
    def blame(self) -> Blame:
        """Of a refusal."""
        return Blame.PERSON if self.code in PERSON else Blame.EITHER

    @property
    def refused(self) -> Refused:
        """One number of ours may be kept from a country that another one reaches."""
        return Refused(self.reason, self.blame, elsewhere=self.reason == "country_restricted")


def api_error(said: Any) -> ApiError | None:
    """Returns the error of an answer, or of a status in a call."""
    error = said.get("error") if isinstance(said, dict) and "error" in said else said
    if not isinstance(error, dict) or type(error.get("code")) is not int:
        return None
    subcode = error.get("error_subcode")
    return ApiError(error["code"], subcode if isinstance(subcode, int) else None)


def reading(error: ApiError, errors: Mapping[str, Reading]) -> Reading | None:
    """Returns how the code is read; None where only the status can tell."""
    own = errors.get(str(error.code))
    if own is not None:
        return own
    if error.of_account:
        return "line"
    if error.code in PERSON or error.code in EITHER:
        return "refused"
    if error.code in LATER:
        return "retry"
    return "uncertain" if error.code in UNKNOWN else None


def read(
    answer: Answer,
    now: float,
    *,
    reported: bool,
    errors: Mapping[str, Reading],
    server_errors: ServerErrors,
    timing: Timing,
) -> Outcome:
    """Returns what the answer to a send means; `reported`: whether states can come. `now` is Unix time."""
    said = answer.json if isinstance(answer.json, dict) else {}
    if answer.status == 200:
        reference = message_id(said)
        if reference is not None:
            return Accepted({1: reference}, reported=reported)
        return judge(answer, now, server_errors)
    error = api_error(said) if "error" in said else None
    if error is None:
        return judge(answer, now, server_errors)
    match reading(error, errors):
        case "refused":
            return error.refused
        case "retry":
            if error.code == PAIR_LIMIT:
                return NotSent(error.reason, timing.pair_s, blame=Blame.PERSON)
            return NotSent(error.reason, answer.retry_after_s(now) or timing.limit_s, blame=Blame.LINE)
        case "line":
            return NotSent(error.reason, answer.retry_after_s(now), blame=Blame.LINE)
        case "uncertain":
            return Uncertain(error.reason)
    verdict = judge(answer, now, server_errors)
    return error.refused if isinstance(verdict, Refused) else verdict


def message_id(said: Mapping[str, Any]) -> str | None:
    """`messages[0].id`."""
    messages = said.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    found = first.get("id") if isinstance(first, dict) else None
    return found if isinstance(found, str) and found else None
