"""National rules that the library does not know: from the digits a person wrote to national significant numbers.

Each plan offers candidates, the best first; whether one exists is for the numbering metadata to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from phonenumbers import PhoneMetadata

from gatewayd.numbers.types import Flag, Policy


class Candidate(NamedTuple):
    """A national significant number as the library writes it (an Argentine mobile with its 9)."""

    national: str
    assumed_mobile: bool = False
    flag: Flag | None = None


Plan = Callable[[str, bool, Policy], Iterator[Candidate]]
"""(digits, whether the country code certainly leads them, policy) to candidates."""


def _national_prefix(region: str) -> re.Pattern[str]:
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.national_prefix_for_parsing is None:
        raise LookupError(f"no numbering metadata for {region}")
    return re.compile(metadata.national_prefix_for_parsing)


AR_AREA_15: Final = _national_prefix("AR")
"""`0?(?:(AREA)15)?`, AREA being every area code there is."""


def area_and_subscriber(national: str) -> tuple[str, str]:
    """Splits the ten digits of an Argentine number; area codes have two to four digits.

    220 and 2202 are both areas: the longer code wins, as in the numbering plan.
    """
    for length in (4, 3, 2):
        area = national[:length]
        match = AR_AREA_15.match(area + "15")
        if match is not None and match[1] == area:
            return area, national[length:]
    return national[:2], national[2:]


def argentina(digits: str, international: bool, policy: Policy) -> Iterator[Candidate]:
    """[54] [9] [0] area [15] subscriber: ten digits without trunk 0 and 15; a mobile's 9 goes before the area."""
    # No area code begins with 5, so twelve digits that do have the country code in front.
    rest = digits[2:] if international or (digits.startswith("54") and len(digits) >= 12) else digits
    rest = rest.removeprefix("0")
    mobile = rest.startswith("9") and len(rest) >= 11
    if mobile:
        rest = rest[1:].removeprefix("0")
    area_15 = AR_AREA_15.match(rest)
    if area_15 is not None and area_15[1] and len(rest) == 12:
        mobile, rest = True, area_15[1] + rest[area_15.end() :]
    home = (policy.home_area or "").removeprefix("0")
    if home:
        if rest.startswith("15") and len(home) + len(rest) == 12:
            mobile, rest = True, home + rest[2:]
        elif len(home) + len(rest) == 10:
            rest = home + rest
    if len(rest) == 10 and (mobile or policy.assume_mobile):
        yield Candidate("9" + rest, assumed_mobile=not mobile)
    if not mobile:
        yield Candidate(rest)


def mexico(digits: str, international: bool, policy: Policy) -> Iterator[Candidate]:
    """Ten digits since 2019: the mobile's 1 after 52, and the 044, 045 and 01 of old, are dropped."""
    rest = digits[2:] if international or (digits.startswith("52") and len(digits) >= 12) else digits
    for prefix in ("044", "045", "01", "1"):
        if rest.startswith(prefix) and len(rest) == 10 + len(prefix):
            rest = rest[len(prefix) :]
            break
    yield Candidate(_with_home_area(rest, 10, policy))


def chile(digits: str, international: bool, policy: Policy) -> Iterator[Candidate]:
    """Nine digits; mobiles of old had eight (from 4 to 9 on) and have got a 9 in front."""
    rest = digits[2:] if international or (digits.startswith("56") and len(digits) >= 11) else digits
    rest = rest.removeprefix("0")
    if len(rest) == 8 and rest[0] in "456789":
        yield Candidate("9" + rest, flag="old_form")
    yield Candidate(_with_home_area(rest, 9, policy))


def colombia(digits: str, international: bool, policy: Policy) -> Iterator[Candidate]:
    """Ten digits since 2021: mobiles begin with 3 (03 in front of old), landlines with 60 and the area's digit."""
    rest = digits[2:] if international or (digits.startswith("57") and len(digits) >= 12) else digits
    if rest.startswith("03") and len(rest) == 12:
        rest = rest[2:]
    yield Candidate(_with_home_area(rest.removeprefix("0"), 10, policy))


def _with_home_area(rest: str, length: int, policy: Policy) -> str:
    home = policy.home_area or ""
    return home + rest if len(home) + len(rest) == length else rest


PLANS: Final[dict[str, tuple[str, Plan]]] = {
    "AR": ("54", argentina),
    "MX": ("52", mexico),
    "CL": ("56", chile),
    "CO": ("57", colombia),
}
"""Country code and plan by region. Country codes are prefix-free, so digits after a plus name their plan for sure."""
