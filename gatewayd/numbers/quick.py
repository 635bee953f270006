"""The quick way for the shapes that most cells have; what it does not know, it leaves to the full one.

The library parses some 17,000 numbers a second. Its metadata are patterns, though, and a number whose shape leaves no
doubt needs but one of them. What this module accepts is what `Numbers` would say the long way; a property test holds
the two together for every region.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

from gatewayd.numbers.plans import AR_AREA_15
from gatewayd.numbers.types import Number, Policy

Quick = Callable[[str], Number | None]
"""A cell's text to its mobile number, or None: of no common shape, no mobile, or with something to tell about it."""

_SERVICES: Final = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
"""Kinds that the library looks for before it asks whether a number is a mobile."""

# No dot: "1159876543.0" is a float, not eleven digits.
_JOINTS: Final = {ord(character): None for character in " -()\u00a0"}

_MX_SHAPE: Final = re.compile(r"(?:\+?521?|04[45]|01|1)?([0-9]{10})")
_CL_SHAPE: Final = re.compile(r"(?:\+?56)?0?(9[0-9]{8})")
_CO_SHAPE: Final = re.compile(r"(?:\+?57)?([0-9]{10})")
_AR_AREA: Final = AR_AREA_15.pattern.removeprefix("0?").removesuffix("?")
_AR_SHAPE: Final = re.compile(
    r"(?:(\+?549|9)|\+?54|0)?([0-9]{10})"
    rf"|(?:\+?549?)?0?(?=[1-9][0-9]{{11}}\Z){_AR_AREA}([0-9]+)"
)
"""Ten digits, or twelve with their 15."""


_number: Final[Callable[[tuple[str, bool, None]], Number]] = partial(tuple.__new__, Number)
"""`Number._make`, without a call of Python."""


def is_filler(national: str) -> bool:
    """Whether the last eight digits are all the same: nobody's number, typed to get past a form."""
    return national[-8:] == national[-1:] * 8


def quick(policy: Policy) -> Quick:
    """The quick way of this policy; for a region that offers none, one that never knows."""
    mobile = _mobile_pattern(policy.region)
    if mobile is None:
        return _never
    match policy.region:
        case "AR":
            return _argentina(mobile, assume_mobile=policy.assume_mobile)
        case "MX":
            return _plain("52", _MX_SHAPE, mobile)
        case "CL":
            return _plain("56", _CL_SHAPE, mobile)
        case "CO":
            return _plain("57", _CO_SHAPE, mobile)
    return _elsewhere(policy.region, mobile)


def _joined(raw: str) -> str:
    """The digits alone; nothing for a number with a check digit (96806980-2), which is no telephone."""
    return "" if raw.rstrip()[-2:-1] == "-" else raw.translate(_JOINTS)


def _never(_raw: str) -> None:
    return None


def _argentina(mobile: re.Pattern[str], *, assume_mobile: bool) -> Quick:
    shape, is_mobile = _AR_SHAPE.fullmatch, mobile.match

    def parse(raw: str) -> Number | None:
        text = raw if raw[1:].isdigit() else _joined(raw)
        match = shape(text)
        if match is None:
            return None
        marked, national, area, subscriber = match.groups()
        if area is not None:
            assumed, national = False, area + subscriber
        else:
            assumed = marked is None
            if assumed and not assume_mobile:
                return None
        if is_mobile("9" + national) is None or is_filler(national):
            return None
        return _number(("+549" + national, assumed, None))

    return parse


def _plain(country_code: str, shape: re.Pattern[str], mobile: re.Pattern[str]) -> Quick:
    matches, is_mobile, plus = shape.fullmatch, mobile.match, "+" + country_code

    def parse(raw: str) -> Number | None:
        match = matches(raw if raw[1:].isdigit() else _joined(raw))
        if match is None or is_mobile(match[1]) is None or is_filler(match[1]):
            return None
        return _number((plus + match[1], False, None))

    return parse


def _elsewhere(region: str, mobile: re.Pattern[str]) -> Quick:
    """Regions without a plan of ours: the bare national number, with the national prefix, or after +CC.

    Only where the library would neither strip nor rewrite anything else, and for the main country of a shared code.
    """
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.country_code is None:
        return _never
    if COUNTRY_CODE_TO_REGION_CODE[metadata.country_code][0] != region:
        return _never
    prefix, parsed_prefix = metadata.national_prefix or "", metadata.national_prefix_for_parsing
    # Of a rule's alternatives the first that matches is stripped ("0|180020").
    dialled = f"|{prefix}" if prefix and (parsed_prefix or "").split("|")[0] == prefix else ""
    never = [rule for rule in (parsed_prefix, metadata.international_prefix) if rule]
    unless = f"(?!{'|'.join(never)})" if never else ""
    plus = f"+{metadata.country_code}"
    shape = re.compile(rf"(?:\+{metadata.country_code}{dialled})?({unless}[0-9]{{4,15}})")
    return _plain(plus[1:], shape, mobile)


def _mobile_pattern(region: str) -> re.Pattern[str] | None:
    """Matches the national significant numbers that the library takes for (possibly) mobile; None: there are none."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.mobile is None or (pattern := _pattern(metadata.mobile)) is None:
        return None
    lengths = metadata.mobile.possible_length
    if not lengths and metadata.general_desc is not None:
        lengths = metadata.general_desc.possible_length
    length = "|".join(rf"\d{{{n}}}" for n in lengths)
    services = "|".join(rule for rule in (_pattern(getattr(metadata, kind)) for kind in _SERVICES) if rule)
    no_service = rf"(?!(?:{services})\Z)" if services else ""
    return re.compile(rf"(?=(?:{length})\Z){no_service}(?:{pattern})\Z")


def _pattern(description: PhoneNumberDesc | None) -> str | None:
    return None if description is None else description.national_number_pattern
