"""Why a phone did not send: whose fault each of Android's results is. Pure.

Source: the results of `android.telephony.SmsManager` (API level 35). SMSGate tells them by their names, some versions
by their numbers. Android has no result for a SIM without credit: most networks make it `GENERIC_FAILURE`, as they do
one bad number, so that the same one to several people tells the SIM's fault from a person's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from drivers.base import Blame

LINE: Final = frozenset(
    {
        *("RADIO_OFF", "NO_SERVICE", "LIMIT_EXCEEDED", "RADIO_NOT_AVAILABLE", "RIL_RADIO_NOT_AVAILABLE"),
        *("RIL_NETWORK_NOT_READY", "RIL_INVALID_MODEM_STATE", "RIL_ACCESS_BARRED", "RIL_NO_NETWORK_FOUND"),
        *("NO_MEMORY", "NO_RESOURCES", "RIL_NO_MEMORY", "RIL_NO_RESOURCES", "RIL_REQUEST_RATE_LIMITED"),
        *("RIL_BLOCKED_DUE_TO_CALL", "SMS_BLOCKED_DURING_EMERGENCY", "UNEXPECTED_EVENT_STOP_SENDING"),
        *("NO_DEFAULT_SMS_APP", "USER_NOT_ALLOWED", "FDN_CHECK_FAILURE", "AIRPLANE"),
        *("SIM_ABSENT", "RIL_SIM_ABSENT", "RIL_NO_SUBSCRIPTION", "RIL_SUBSCRIPTION_NOT_AVAILABLE", "RIL_DEVICE_IN_USE"),
        *("INVALID_SMSC_ADDRESS", "RIL_INVALID_SMSC_ADDRESS", "NO_BLUETOOTH_SERVICE", "BLUETOOTH_DISCONNECTED"),
        *("INVALID_BLUETOOTH_ADDRESS",),
    }
)
"""The phone has refused before anything went over the air, as it would any message: radio, SIM, rights, limits."""
WHOLE: Final = frozenset({"NO_DEFAULT_SMS_APP", "USER_NOT_ALLOWED", "SIM_ABSENT", "RIL_SIM_ABSENT"})
"""Of these, what cannot change between two parts of a message: none has left."""
CALLED: Final = "sendSMS:"
"""SMSGate's prefix of what Android answered at once to the call itself, before any part was queued."""
PERSON: Final = frozenset(
    {
        *("NULL_PDU", "INVALID_ARGUMENTS", "RIL_INVALID_ARGUMENTS", "INVALID_SMS_FORMAT", "RIL_INVALID_SMS_FORMAT"),
        *("ENCODING_ERROR", "RIL_ENCODING_ERR", "SHORT_CODE_NOT_ALLOWED", "SHORT_CODE_NEVER_ALLOWED"),
    }
)
"""This number, or this text."""
NUMBERS: Final = {
    1: "GENERIC_FAILURE",
    2: "RADIO_OFF",
    3: "NULL_PDU",
    4: "NO_SERVICE",
    5: "LIMIT_EXCEEDED",
    6: "FDN_CHECK_FAILURE",
    7: "SHORT_CODE_NOT_ALLOWED",
    8: "SHORT_CODE_NEVER_ALLOWED",
    9: "RADIO_NOT_AVAILABLE",
    10: "NETWORK_REJECT",
    32: "NO_DEFAULT_SMS_APP",
    33: "USER_NOT_ALLOWED",
}
"""Results by their numbers, those that are met."""
SIGNS: Final = (
    ("permission", "permission_missing"),
    ("securityexception", "permission_missing"),
    ("no sims found", "no_sim"),
    ("sim selection", "sim_invalid"),
)
"""Words of errors that are no result: the app itself could not ask Android."""

_NAME: Final = re.compile(r"\b(?:RESULT_)?(?:ERROR_)?([A-Z][A-Z_]{4,60})\b")
_NUMBER: Final = re.compile(r"\bresult(?: code)?:? ?(\d{1,3})\b", re.IGNORECASE)
_NO_SIM: Final = re.compile(r"\bsim \d{1,2} not found\b")
_LONGEST: Final = 1000
_DIGITS: Final = re.compile(r"\d{5,}")
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a message failed."""

    reason: str
    blame: Blame
    whole: bool = False
    """Certain that no part of it left, however many it has."""


def cause(error: str | None) -> Cause:
    """Returns what the app's error means."""
    found = _cause((error or "")[:_LONGEST])
    called = error is not None and error.startswith(CALLED) and found.blame is Blame.LINE
    return replace(found, whole=found.whole or called)


def _cause(text: str) -> Cause:
    for found in _NAME.finditer(text):
        name = found[1]
        if name in LINE:
            return Cause(_reason(name), Blame.LINE, name in WHOLE)
        if name in PERSON:
            return Cause(_reason(name), Blame.PERSON)
        if text.startswith(found[0]) and "RESULT_" in found[0]:
            return Cause(_reason(name), Blame.EITHER)
    number = _NUMBER.search(text)
    if number is not None and (known := NUMBERS.get(int(number[1]))) is not None:
        return _cause(f"RESULT_{known}")
    lower = text.lower()
    if _NO_SIM.search(lower):
        return Cause("no_sim", Blame.LINE)
    for sign, reason in SIGNS:
        if sign in lower:
            return Cause(reason, Blame.LINE)
    return Cause(word(text), Blame.EITHER)


def _reason(name: str) -> str:
    return "no_sim" if name in ("SIM_ABSENT", "RIL_SIM_ABSENT") else name.removeprefix("RIL_").lower()


def word(error: str | None) -> str:
    """Returns the app's error as a reason: lower case, words joined, no digits that may be a number."""
    text = _DIGITS.sub("", (error or "")[:_LONGEST]).lower().replace("result_error_", "").replace("result_", "")
    return _NO_WORD.sub("_", text).strip("_")[:60] or "phone_failed"
