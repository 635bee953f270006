"""Amounts as billing systems write them, and what is said: one reading or none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.asterisk.amounts import Amount, AmountError, read, spoken

SAID = [
    # thousands and hundredths, in the ways of the country and of its spreadsheets
    ("1.500,50", "1500 con 50", "1500 point 50"),
    ("1,500.50", "1500 con 50", "1500 point 50"),
    ("$ 1.500,50", "1500 con 50", "1500 point 50"),
    ("1500", "1500", "1500"),
    ("1.500", "1500", "1500"),
    ("1.500,00", "1500", "1500"),
    ("12.345.678", "12345678", "12345678"),
    ("12,345,678.9", "12345678 con 90", "12345678 point 90"),
    ("10,000.5", "10000 con 50", "10000 point 50"),
    ("1'500.50", "1500 con 50", "1500 point 50"),
    ("1’500’000", "1500000", "1500000"),
    ("$1'500.000", "1500000", "1500000"),
    ("1'500.000,50", "1500000 con 50", "1500000 point 50"),
    ("1'234,567.89", "1234567 con 89", "1234567 point 89"),
    ("1’234.567.890", "1234567890", "1234567890"),
    ("1\u00a0500,50", "1500 con 50", "1500 point 50"),
    ("1\u202f500,50", "1500 con 50", "1500 point 50"),
    ("1 500 000", "1500000", "1500000"),
    ("$1.500.-", "1500", "1500"),
    ("1500,-", "1500", "1500"),
    # two decimals, whatever stands there
    ("1500.5", "1500 con 50", "1500 point 50"),
    ("1500,5", "1500 con 50", "1500 point 50"),
    ("0,05", "0 con 05", "0 point 05"),
    (".5", "0 con 50", "0 point 50"),
    ("0.990", "0 con 99", "0 point 99"),
    # half a cent is rounded up, and never makes thousands of hundredths
    ("1.500,505", "1500 con 51", "1500 point 51"),
    ("1500.505", "1500 con 51", "1500 point 51"),
    ("1500.504", "1500 con 50", "1500 point 50"),
    ("1 500.505", "1500 con 51", "1500 point 51"),
    ("1499.995", "1500", "1500"),
    ("0000001500.50", "1500 con 50", "1500 point 50"),
    # what the person is owed
    ("1.500,50-", "1500 con 50 a favor", "1500 point 50 in your favor"),
    ("(1.500,50)", "1500 con 50 a favor", "1500 point 50 in your favor"),
    ("($ 1.500,50)", "1500 con 50 a favor", "1500 point 50 in your favor"),
    ("\u22121500,50", "1500 con 50 a favor", "1500 point 50 in your favor"),
    ("-1500.5", "1500 con 50 a favor", "1500 point 50 in your favor"),
    ("-$ 5", "5 a favor", "5 in your favor"),
    ("$ -5", "5 a favor", "5 in your favor"),
    ("1.500,50 CR", "1500 con 50 a favor", "1500 point 50 in your favor"),
    ("1.500,50cr", "1500 con 50 a favor", "1500 point 50 in your favor"),
    ("1.500,50 DR", "1500 con 50", "1500 point 50"),
    ("-0,00", "0", "0"),
    # currencies
    ("USD 12", "12 dólares", "12 dollars"),
    ("12 USD", "12 dólares", "12 dollars"),
    ("U$S 1.500,50", "1500 dólares con 50", "1500 dollars and 50"),
    ("US$ 1", "1 dólar", "1 dollar"),
    ("-USD 12,5", "12 dólares con 50 a favor", "12 dollars and 50 in your favor"),
    ("€ 12", "12 euros", "12 euros"),
    ("R$ 2", "2 reales", "2 reais"),
    ("1.500,50 pesos", "1500 pesos con 50", "1500 pesos and 50"),
    ("ARS 1.500", "1500 pesos", "1500 pesos"),
    ("COP $ 85.000", "85000 pesos", "85000 pesos"),
    ("CLP$25.990", "25990 pesos", "25990 pesos"),
    ("$1,500.00 M.N.", "1500 pesos", "1500 pesos"),
    ("$U 1.290", "1290 pesos", "1290 pesos"),
    ("$UY 1.290", "1290 pesos", "1290 pesos"),
    ("50 dls.", "50 dólares", "50 dollars"),
    ("G. 150.000", "150000 guaraníes", "150000 guaranies"),
    ("S/. 12.50", "12 soles con 50", "12 soles and 50"),
    ("Gs. 150.000", "150000 guaraníes", "150000 guaranies"),
]


@pytest.mark.parametrize(("text", "spanish", "english"), SAID)
def test_an_amount_is_said(text: str, spanish: str, english: str) -> None:
    assert spoken(read(text), "es") == spanish
    assert spoken(read(text), "es-AR") == spanish
    assert spoken(read(text), "en") == english


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", "$", "mucho", "r2", "150050 centavos", "12.34.56", "1,2,3", "1..5", "1,500.505,5", "5.", "1e5",
        "2026-11-30", "12:30", "50%", "$$5", "--5", "(-5)", "-5-", "(5) CR", "CR 5", "USD 5 ARS", "NaN", "#N/A",
        "9" * 13, "0," + "0" * 16, "٣", "１２", "1.500,50\n", "1\n500", "12 34", "1 50", "1'5", "1.500 a 2.000",
        "0x10", "½", "1.5.00", "1 500.500 00", "0'500.000", "1'50.000", "1'500.000'000",
        "UF 1,5", "Bs.S 350", "5 CRUCES",
    ],
)  # fmt: skip
def test_what_is_no_amount_or_could_be_two_is_refused(text: str) -> None:
    if text == "1.500,50\n":
        # White space around it is none of its own.
        assert read(text) == Amount(150050)
        return
    with pytest.raises(AmountError):
        read(text)


@given(st.integers(0, 10**12 - 1), st.integers(0, 99), st.booleans())
def test_every_amount_comes_back_from_each_way_of_writing_it(whole: int, cents: int, credit: bool) -> None:
    expected = Amount(whole * 100 + cents, credit and whole * 100 + cents > 0)
    sign = "-" if credit else ""
    grouped = f"{whole:,}"
    for text in (
        f"{sign}{whole}.{cents:02d}",
        f"{sign}{grouped}.{cents:02d}",
        f"{sign}{grouped.replace(',', '.')},{cents:02d}",
        f"{grouped.replace(',', ' ')},{cents:02d}{sign}",
        f"({grouped}.{cents:02d})" if credit else f"$ {whole},{cents:02d}",
    ):
        assert read(text) == expected, text


@given(st.text())
def test_anything_is_an_amount_or_refused(text: str) -> None:
    try:
        said = spoken(read(text))
    except AmountError:
        return
    assert said.isprintable()
    assert len(said) < 60


@pytest.mark.parametrize(
    "text",
    ["1." * 50_000, "1,500" * 20_000, "(" * 100_000, "-" * 100_000, "$" * 63 + "1", "1 " * 100_000, "\u00a0" * 10**6],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    with pytest.raises(AmountError):
        read(text)
    assert time.process_time() - began < 0.05
