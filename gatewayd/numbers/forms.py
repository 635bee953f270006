"""E.164 in the form that a line, a provider or a trunk wants."""

from __future__ import annotations

from typing import Final, Literal, get_args

import phonenumbers
from phonenumbers import PhoneMetadata

from gatewayd.numbers.plans import area_and_subscriber
from gatewayd.numbers.types import NumberError, Policy

Form = Literal["e164", "digits", "e164_no9", "national10", "local15", "integer"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)


def render(e164: str, form: Form, policy: Policy) -> str:
    """Writes a number that `Numbers.parse` gave.

    `e164`: as kept. `digits`, `integer`: without the plus. `e164_no9`: an Argentine mobile without its 9 (SMS into
    Argentina from abroad). `national10`: the national number without trunk prefix and mobile mark, which providers and
    billing systems keep. `local15`: as dialled on a landline of the policy's region (Argentina: 0, area, 15,
    subscriber); numbers abroad after the international prefix 00.

    NumberError `number_foreign`: `national10` of another country would be somebody else's number here.
    """
    match form:
        case "e164":
            return e164
        case "digits" | "integer":
            return e164[1:]
        case "e164_no9":
            return "+54" + e164[4:] if e164.startswith("+549") else e164
        case "national10":
            return _national(e164, policy)
        case "local15":
            return _dialled(e164, policy)


def _national(e164: str, policy: Policy) -> str:
    national = _of_region(e164, policy)
    if national is None:
        raise NumberError("number_foreign", e164)
    return national[1:] if e164.startswith("+549") else national


def _dialled(e164: str, policy: Policy) -> str:
    national = _of_region(e164, policy)
    if national is None:
        return "00" + e164[1:]
    if e164.startswith("+549"):
        area, subscriber = area_and_subscriber(national[1:])
        return f"0{area}15{subscriber}"
    metadata = PhoneMetadata.metadata_for_region(policy.region.upper())
    return ((metadata.national_prefix if metadata else None) or "") + national


def _of_region(e164: str, policy: Policy) -> str | None:
    """The national significant number, if the number has the country code of the policy's region."""
    code = f"+{phonenumbers.country_code_for_region(policy.region.upper())}"
    return e164[len(code) :] if e164.startswith(code) else None
