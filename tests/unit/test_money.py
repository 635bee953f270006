from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.values.money import MAX, format_money, parse_money, to_decimal


@pytest.mark.parametrize(
    ("text", "micros"),
    [("0.85", 850_000), ("0", 0), ("-12", -12_000_000), ("+1.5", 1_500_000), ("0.000001", 1), ("1.2500000", 1_250_000)],
)
def test_reads_decimal_strings(text: str, micros: int) -> None:
    assert parse_money(text) == micros


@pytest.mark.parametrize(
    "text", ["", "1,50", "1.500,50", "1e3", ".5", "5.", "0.0000001", "NaN", "inf", "1 000", "٣", "1" * 20, "$5"]
)
def test_refuses_what_is_not_plainly_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals|large"):
        parse_money(text)


@pytest.mark.parametrize(
    ("micros", "text"), [(850_000, "0.85"), (3_000_000, "3.00"), (5_000, "0.005"), (-1, "-0.000001")]
)
def test_writes_at_least_two_decimals(micros: int, text: str) -> None:
    assert format_money(micros) == text


@given(st.integers(-MAX, MAX))
def test_an_amount_comes_back_exactly(micros: int) -> None:
    assert parse_money(format_money(micros)) == micros
    assert Decimal(format_money(micros)) == to_decimal(micros)
