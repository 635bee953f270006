"""The quick way says what the full one says, in every region."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from gatewayd.numbers import Number, NumberError, Numbers, Policy
from gatewayd.numbers.quick import quick
from gatewayd.numbers.types import Reason

NUMBERS = {region: Numbers(Policy(region)) for region in ("AR", "MX", "CL", "CO", "ES", "US", "BR", "GB")}
STRICT = Numbers(Policy("AR", assume_mobile=False))
AREAS = ("11", "351", "220", "2202", "2966", "3327", "800", "609", "12")


def fully(numbers: Numbers, raw: str) -> Number | Reason:
    try:
        return numbers.parse_fully(raw)
    except NumberError as refused:
        return refused.reason


def assert_agrees(numbers: Numbers, raw: str) -> bool:
    """Whether the quick way knew it; if so it said the same."""
    number = quick(numbers.policy)(raw)
    if number is not None:
        assert fully(numbers, raw) == number, raw
    return number is not None


digits = st.text("0123456789", min_size=5, max_size=11)
argentine = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "+", "00"]),
    st.sampled_from(["", "54", "549", "5409", "9", "0"]),
    st.sampled_from(["", "0"]),
    st.sampled_from(AREAS),
    st.sampled_from(["", "15", " 15 ", "-15-"]),
    digits,
)
prefixed = st.builds(
    "{}{}".format,
    st.sampled_from(["", "+", "+52", "52", "521", "044", "045", "01", "1", "56", "+56", "09", "0", "57", "+57", "03"]),
    digits,
)


@settings(max_examples=1500, deadline=None)
@given(argentine)
def test_argentina(raw: str) -> None:
    assert_agrees(NUMBERS["AR"], raw)
    assert_agrees(STRICT, raw)


@settings(max_examples=1500, deadline=None)
@given(prefixed | st.text("0123456789+-() .", max_size=16), st.sampled_from(sorted(NUMBERS)))
def test_any_digits_anywhere(raw: str, region: str) -> None:
    assert_agrees(NUMBERS[region], raw)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_example_numbers_of_every_region(region: str) -> None:
    numbers = Numbers(Policy(region))
    known = 0
    for kind in PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        national = phonenumbers.national_significant_number(example)
        for changed in (national, national[:-1] + "7", national[:-1], national + "1", national[0] + national):
            for raw in (
                changed,
                "0" + changed,
                f"+{example.country_code}{changed}",
                f"{example.country_code}{changed}",
                f"(0{changed[:2]}) {changed[2:]}",
            ):
                known += assert_agrees(numbers, raw)
        assert_agrees(numbers, phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL))
        assert_agrees(numbers, phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL))
    mobile = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    main = phonenumbers.region_code_for_country_code(phonenumbers.country_code_for_region(region))
    # The library's example of a Chilean mobile is a landline.
    assert (known > 0) == (mobile is not None and main == region and region != "CL")


@pytest.mark.parametrize(
    ("region", "raw"),
    [
        ("AR", "1159876543"),
        ("AR", "011-15-5987-6543"),
        ("AR", "+54 9 351 412-3456"),
        ("AR", "549 11 5987-6543"),
        ("MX", "55 1234 5678"),
        ("MX", "0445512345678"),
        ("CL", "+56 9 6123 4567"),
        ("CO", "300 123 4567"),
        ("ES", "612 345 678"),
        ("GB", "07400 123456"),
    ],
)
def test_the_common_shapes_take_the_quick_way(region: str, raw: str) -> None:
    assert assert_agrees(NUMBERS[region], raw)
