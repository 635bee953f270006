"""`Numbers`: a cell's text to E.164, by the policy of this gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from gatewayd.numbers.plans import PLANS, Candidate
from gatewayd.numbers.quick import is_filler, quick
from gatewayd.numbers.reading import Reading, read
from gatewayd.numbers.types import Number, NumberError, Policy, Reason

_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_REACHABLE: Final = _MOBILE | {PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP, PhoneNumberType.UAN}
"""What a call may go to: people's lines, not services that one pays for or that answer for many."""

_REFUSED: Final[dict[int, Reason]] = {
    PhoneNumberType.TOLL_FREE: "number_toll_free",
    PhoneNumberType.PREMIUM_RATE: "number_premium",
    PhoneNumberType.SHARED_COST: "number_premium",
}
_WORTH: Final[tuple[Reason, ...]] = (
    "number_junk",
    "number_toll_free",
    "number_premium",
    "number_not_mobile",
    "number_invalid",
)
"""Of several reasons, the one that tells most."""

_CHILE: Final = 56
_NOT_DIGITS: Final = re.compile(r"[^0-9]")


class Numbers:
    """Reads numbers by one policy. Holds compiled patterns: make one and keep it; it has no other state."""

    def __init__(self, policy: Policy) -> None:
        """LookupError: there is no such region."""
        region = policy.region.upper()
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise LookupError(f"unknown region {policy.region!r}")
        home = (policy.home_area or "").lstrip("+").removeprefix("0") or None
        self.policy: Final = replace(policy, region=region, home_area=home)
        self._abroad = replace(self.policy, home_area=None)
        self.quick: Final = quick(self.policy)
        """`parse` for the shapes that most cells have; None for any other."""

    def parse(self, raw: str, *, fixed: bool = False) -> Number:
        """The number of a cell; with `fixed` (calls) landlines too. NumberError says why there is none."""
        return self.quick(raw) or self.parse_fully(raw, fixed=fixed)

    def parse_fully(self, raw: str, *, fixed: bool = False) -> Number:
        """`parse` without the quick way: every shape, and the reason of those that cannot be used."""
        error: NumberError | None = None
        assumed: Number | None = None
        for reading in read(raw):
            try:
                number = self._resolve(reading, fixed=fixed)
            except NumberError as refused:
                error = error or NumberError(refused.reason, raw)
                continue
            number = number._replace(flag="several") if reading.several else number
            if not number.assumed_mobile:
                return number
            assumed = assumed or number
        if assumed is not None:
            # None of them says that it is a mobile: the first is as good as another.
            return assumed
        raise error or NumberError("number_invalid", raw)

    def every(self, raw: str, *, fixed: bool = False) -> tuple[Number, ...]:
        """Returns all numbers of a cell: who asks not to be contacted means each of them. NumberError where there is
        none."""
        found: dict[str, Number] = {}
        error: NumberError | None = None
        for reading in read(raw):
            try:
                number = self._resolve(reading, fixed=fixed)
            except NumberError as refused:
                error = error or NumberError(refused.reason, raw)
                continue
            found.setdefault(number.e164, number)
            if not reading.several:
                break  # its pieces are no numbers of their own
        if not found:
            raise error or NumberError("number_invalid", raw)
        return tuple(found.values())

    def key(self, raw: str) -> str:
        """What is the same for all ways of writing one subscriber's number, for comparing what networks report.

        Digits with the country code, without an Argentine or Mexican mobile's mark; short codes and names of senders
        as they are, in lower case. Never raises.
        """
        try:
            e164 = self.parse(raw, fixed=True).e164
        except NumberError:
            digits = _NOT_DIGITS.sub("", raw)
            return digits if digits and not any(map(str.isalpha, raw)) else raw.strip().casefold()
        return "54" + e164[4:] if e164.startswith("+549") else e164[1:]

    def same_person(self, a: str, b: str) -> bool:
        """Whether two numbers, however written, reach the same subscriber."""
        return a == b or self.key(a) == self.key(b)

    def _resolve(self, reading: Reading, *, fixed: bool) -> Number:
        digits, international = reading.digits, reading.international
        if len(digits) > 5 and digits == digits[0] * len(digits):
            raise NumberError("number_junk")
        if not international and digits.startswith("00") and len(digits) > 10:
            digits, international = digits[2:], True
        reasons: set[Reason] = set()
        for candidate, text, region in self._candidates(digits, international):
            try:
                number = phonenumbers.parse(text, region)
            except phonenumbers.NumberParseException:
                continue
            kind = phonenumbers.number_type(number)
            if kind == PhoneNumberType.UNKNOWN:
                continue
            if is_filler(phonenumbers.national_significant_number(number)):
                reasons.add("number_junk")
            elif not fixed and _is_landline(number):
                reasons.add("number_not_mobile")
            elif kind in (_REACHABLE if fixed else _MOBILE):
                e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                return Number(e164, candidate.assumed_mobile, candidate.flag)
            else:
                reasons.add(_REFUSED.get(kind, "number_not_mobile"))
        raise NumberError(next((reason for reason in _WORTH if reason in reasons), "number_invalid"))

    def _candidates(self, digits: str, international: bool) -> Iterator[tuple[Candidate, str, str | None]]:
        """What the digits may mean, the best first: with the text and the region that the library shall read."""
        region = self.policy.region
        for plan_region, (code, plan) in PLANS.items():
            if digits.startswith(code) if international else plan_region == region:
                policy = self.policy if plan_region == region else self._abroad
                for candidate in plan(digits, international, policy):
                    yield candidate, f"+{code}{candidate.national}", None
                return
        if international:
            yield Candidate(digits), "+" + digits, None
            return
        yield Candidate(digits), digits, region
        if self.policy.home_area:
            yield Candidate(digits), self.policy.home_area + digits, region


def _is_landline(number: PhoneNumber) -> bool:
    """Whether the plan says so where the library says "either": Chile's mobiles begin with 9, and nothing else does."""
    return number.country_code == _CHILE and str(number.national_number)[0] != "9"
