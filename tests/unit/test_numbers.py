"""How people and billing systems write numbers, row by row."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.numbers import FORMS, Number, NumberError, Numbers, Policy, render

AR = Numbers(Policy("AR"))
HOME = Numbers(Policy("AR", "11"))
MX = Numbers(Policy("MX"))
CL = Numbers(Policy("CL"))
CO = Numbers(Policy("CO"))

ASSUMED = True


@pytest.mark.parametrize(
    ("raw", "e164", "assumed"),
    [
        ("1159876543", "+5491159876543", ASSUMED),
        ("011-1559876543", "+5491159876543", False),
        ("541159876543", "+5491159876543", ASSUMED),
        ("+54 9 11 15 5987 6543", "+5491159876543", False),
        ("0351 15 412-3456", "+5493514123456", False),
        ("351154123456", "+5493514123456", False),
        ("2966412345", "+5492966412345", ASSUMED),
        ("02966 15 412345", "+5492966412345", False),
        ("1159876543.0", "+5491159876543", ASSUMED),
        ("1159876543,00", "+5491159876543", ASSUMED),
        ("5491159876543.0", "+5491159876543", False),
        ("1.159876543E9", "+5491159876543", ASSUMED),
        ("1,159876543E+09", "+5491159876543", ASSUMED),
        ("5.4911598765430E12", "+5491159876543", False),
        ("1.159.876.543", "+5491159876543", ASSUMED),
        ("1,159,876,543", "+5491159876543", ASSUMED),
        ("54 9 011 15 5987 6543", "+5491159876543", False),
        ("0054 9 11 5987-6543", "+5491159876543", False),
        ("(+54) 9 11 5987-6543", "+5491159876543", False),
        ("+54 (11) 5987-6543", "+5491159876543", ASSUMED),
        ("011/15-5987-6543", "+5491159876543", False),
        ("9 11 5987 6543", "+5491159876543", False),
        ("'1159876543", "+5491159876543", ASSUMED),
        ("\u202a+54 9 11 5987‑6543\u202c", "+5491159876543", False),
        ("１１５９８７６５４３", "+5491159876543", ASSUMED),
        ("\t1159876543 \u00a0", "+5491159876543", ASSUMED),
    ],
)
def test_argentine_mobiles_are_read_however_written(raw: str, e164: str, assumed: bool) -> None:
    assert AR.parse(raw) == Number(e164, assumed)


@pytest.mark.parametrize(
    ("raw", "assumed"), [("15-5987-6543", False), ("15 59876543", False), ("5987-6543", ASSUMED), ("59876543", ASSUMED)]
)
def test_a_number_without_area_is_one_of_the_home_area(raw: str, assumed: bool) -> None:
    assert HOME.parse(raw) == Number("+5491159876543", assumed)
    with pytest.raises(NumberError) as refused:
        AR.parse(raw)
    assert refused.value.reason == "number_invalid"


@pytest.mark.parametrize("home", ["11", "011"])
def test_the_home_area_may_be_written_with_its_trunk_zero(home: str) -> None:
    assert Numbers(Policy("ar", home)).parse("15-5987-6543").e164 == "+5491159876543"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "number_missing"),
        ("   ", "number_missing"),
        ("-", "number_missing"),
        ("0", "number_missing"),
        ("1159876543 (Juan)", "number_invalid"),
        ("Juan", "number_invalid"),
        ("11 5987 6543 / Juan", "number_invalid"),
        ("1159876543 int 5", "number_invalid"),
        ("11598765", "number_invalid"),
        ("1159876543.5", "number_invalid"),
        ("11598765431", "number_invalid"),
        ("1159876543+", "number_invalid"),
        ("1159876543@correo.com", "number_invalid"),
        ("9" * 300, "number_invalid"),
        ("1" * 40 + "\u0665", "number_invalid"),
        ("1.15988E+09", "number_rounded"),
        ("5.49116E+12", "number_rounded"),
        ("1111111111", "number_junk"),
        ("0000000000", "number_junk"),
        ("11 0000 0000", "number_junk"),
        ("+54 9 11 5555-5555", "number_junk"),
        ("0800-555-1234", "number_toll_free"),
        ("0609 555 1234", "number_premium"),
        ("+54 810 555 1234", "number_not_mobile"),
    ],
)
def test_what_is_no_mobile_is_refused_with_its_reason(raw: str, reason: str) -> None:
    with pytest.raises(NumberError) as refused:
        AR.parse(raw)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("11 5987 6543 / 11 4321 0000", "+5491159876543"),
        ("11 5987 6543; 11 4321 0000", "+5491159876543"),
        ("11 5987 6543 y 11 4321 0000", "+5491159876543"),
        ("11 5987 6543\n11 4321 0000", "+5491159876543"),
        ("4444-0000 / 11 5987 6543", "+5491159876543"),
    ],
)
def test_of_several_numbers_the_first_good_one_is_taken_and_flagged(raw: str, e164: str) -> None:
    assert AR.parse(raw) == Number(e164, ASSUMED, "several")


@pytest.mark.parametrize(
    "raw",
    [
        "10/11/2026",
        "10-11-2026",
        "10.11.2026",
        "10 11 2026",
        "1/2/2026",
        "31/12/26",
        "12-31-2026",
        "2026-11-10",
        "2026/11/10",
        "2026.1.2",
        "11/2026",
        "2026-11-10 09:30:00",
        "-34.603722",
        "\u221258,3815",
        "43.218.765",
        "30.123.456",
        "4.321.000",
        "43.218.765,00",
        "43,218,765.50",
        "1.500,50",
        "150050,5",
        "1500,50",
        "9.876.543-2",
        "96806980-2",
        "96.806.980-K",
        "20-30123456-7",
        "1159876543 / 10.11.2026",
    ],
)
def test_dates_amounts_and_numbers_of_documents_are_no_telephones(raw: str) -> None:
    for numbers in (HOME, Numbers(Policy("AR", "351")), Numbers(Policy("AR", "2966")), CL, MX, CO):
        for fixed in (False, True):
            with pytest.raises(NumberError) as refused:
                numbers.parse(raw, fixed=fixed)
            assert refused.value.reason == "number_invalid"


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("43218765", "+5491143218765"),
        ("4321-8765", "+5491143218765"),
        ("4321.8765", "+5491143218765"),
        ("43-21-87-65", "+5491143218765"),
        ("43 21 87 65", "+5491143218765"),
        ("11.4321.8765", "+5491143218765"),
        ("1.143.218.765,00", "+5491143218765"),
        ("43218765.0", "+5491143218765"),
        ('="1143218765"', "+5491143218765"),
        ("'1143218765'", "+5491143218765"),
        ('"1143218765"', "+5491143218765"),
        ("1143218765'", "+5491143218765"),
        ("1143218765\x1a", "+5491143218765"),
    ],
)
def test_groupings_and_guards_of_telephones_stay(raw: str, e164: str) -> None:
    assert HOME.parse(raw).e164 == e164


@pytest.mark.parametrize(
    "raw",
    [
        "4321-0000 / 15-5987-6543",
        "4321-0000, 15-5987-6543",
        "4321-0000\n15-5987-6543",
        "4321-0000 y 15-5987-6543",
        "4321-0000 ::: 15-5987-6543",
        "(011) 4321-0000/(011) 15-5987-6543",
        "011 4321-0000 / +54 9 11 5987-6543",
        "011/4321-0000 / 15-5987-6543",
        "15-5987-6543 / 4321-0000",
    ],
)
def test_of_several_numbers_one_that_says_it_is_a_mobile_goes_first(raw: str) -> None:
    assert HOME.parse(raw) == Number("+5491159876543", flag="several")


def test_all_numbers_of_a_cell_are_found_for_who_wants_none() -> None:
    both = HOME.every("4321-0000 / 15-5987-6543", fixed=True)
    assert [number.e164 for number in both] == ["+5491143210000", "+5491159876543"]
    assert [number.e164 for number in HOME.every("011/15-5987-6543", fixed=True)] == ["+5491159876543"]
    assert [number.e164 for number in HOME.every("1159876543")] == ["+5491159876543"]
    with pytest.raises(NumberError):
        HOME.every("Juan / 1159876543")


def test_of_several_numbers_elsewhere_the_mobile_is_taken() -> None:
    assert CL.parse("2 2345 6789 / 9 6123 4567").e164 == "+56961234567"
    assert CO.parse("601 234 5678 / 300 123 4567").e164 == "+573001234567"
    assert AR.parse("1159876543 ::: 1143210000") == Number("+5491159876543", ASSUMED, "several")


@pytest.mark.parametrize(
    "raw",
    ["2 2345 6789", "+56 2 2345 6780", "32 212 3456", "+56 41 223 4567", "045 2 234567", "223456789", "0056223456789"],
)
def test_a_chilean_landline_takes_no_message(raw: str) -> None:
    for numbers in (CL, AR) if raw.startswith(("+", "00")) else (CL,):
        with pytest.raises(NumberError) as refused:
            numbers.parse(raw)
        assert refused.value.reason == "number_not_mobile"
        assert numbers.parse(raw, fixed=True).e164.startswith("+56")


def test_without_the_assumption_a_number_needs_its_mark_of_a_mobile() -> None:
    strict = Numbers(Policy("AR", assume_mobile=False))
    assert strict.parse("011 15 5987 6543") == Number("+5491159876543")
    assert strict.parse("+5491159876543") == Number("+5491159876543")
    with pytest.raises(NumberError) as refused:
        strict.parse("1159876543")
    assert refused.value.reason == "number_not_mobile"
    assert strict.parse("1159876543", fixed=True) == Number("+541159876543")


@pytest.mark.parametrize(
    ("numbers", "raw", "expected"),
    [
        (MX, "+52 1 55 1234 5678", Number("+525512345678")),
        (MX, "0445512345678", Number("+525512345678")),
        (MX, "045 55 1234 5678", Number("+525512345678")),
        (MX, "01 55 1234 5678", Number("+525512345678")),
        (MX, "5215512345678", Number("+525512345678")),
        (MX, "525512345678", Number("+525512345678")),
        (MX, "5512345678", Number("+525512345678")),
        (Numbers(Policy("MX", "55")), "1234 5678", Number("+525512345678")),
        (CL, "98765432", Number("+56998765432", flag="old_form")),
        (CL, "+56 98765432", Number("+56998765432", flag="old_form")),
        (CL, "09 6123 4567", Number("+56961234567")),
        (CL, "+56 9 6123 4567", Number("+56961234567")),
        (CL, "56961234567", Number("+56961234567")),
        (CL, "961234567", Number("+56961234567")),
        (CO, "3001234567", Number("+573001234567")),
        (CO, "03 300 123 4567", Number("+573001234567")),
        (CO, "573001234567", Number("+573001234567")),
        (CO, "+57 300 123 4567", Number("+573001234567")),
        (Numbers(Policy("ES")), "612 34 56 78", Number("+34612345678")),
        (Numbers(Policy("US")), "(201) 555-0123", Number("+12015550123")),
        (Numbers(Policy("GB")), "07400 123456", Number("+447400123456")),
        # Numbers abroad follow the rules of their own country.
        (CL, "+54 11 5987 6543", Number("+5491159876543", ASSUMED)),
        (AR, "+52 1 55 1234 5678", Number("+525512345678")),
        (AR, "0056 9 6123 4567", Number("+56961234567")),
        (AR, "+1 201 555 0123", Number("+12015550123")),
    ],
)
def test_other_countries(numbers: Numbers, raw: str, expected: Number) -> None:
    assert numbers.parse(raw) == expected


def test_a_landline_takes_calls_but_no_messages() -> None:
    with pytest.raises(NumberError) as refused:
        CO.parse("601 234 5678")
    assert refused.value.reason == "number_not_mobile"
    assert CO.parse("601 234 5678", fixed=True).e164 == "+576012345678"
    with pytest.raises(NumberError):
        AR.parse("0800-555-1234", fixed=True)


def test_an_unknown_region_is_said_at_once() -> None:
    with pytest.raises(LookupError):
        Numbers(Policy("XX"))


@pytest.mark.parametrize(
    ("e164", "written"),
    [
        ("+5491159876543", ["5491159876543", "+541159876543", "1159876543", "0111559876543", "5491159876543"]),
        ("+5493514123456", ["5493514123456", "+543514123456", "3514123456", "0351154123456", "5493514123456"]),
        ("+5492966412345", ["5492966412345", "+542966412345", "2966412345", "0296615412345", "5492966412345"]),
        # 2202 is an area of its own, though 220 is one too.
        ("+5492202412345", ["5492202412345", "+542202412345", "2202412345", "0220215412345", "5492202412345"]),
        ("+5492204123456", ["5492204123456", "+542204123456", "2204123456", "0220154123456", "5492204123456"]),
        ("+541143210000", ["541143210000", "+541143210000", "1143210000", "01143210000", "541143210000"]),
    ],
)
def test_every_form_of_an_argentine_number(e164: str, written: list[str]) -> None:
    assert [render(e164, form, AR.policy) for form in FORMS] == [e164, *written]


def test_forms_elsewhere() -> None:
    assert render("+56961234567", "national10", CL.policy) == "961234567"
    assert render("+56961234567", "integer", CL.policy) == "56961234567"
    assert render("+525512345678", "national10", MX.policy) == "5512345678"
    assert render("+447400123456", "local15", Policy("GB")) == "07400123456"
    assert render("+56961234567", "local15", AR.policy) == "0056961234567"
    with pytest.raises(NumberError) as refused:
        render("+56961234567", "national10", AR.policy)
    assert refused.value.reason == "number_foreign"


def test_what_a_line_writes_is_read_back_as_the_same_number() -> None:
    for e164 in ("+5491159876543", "+5493514123456", "+5492966412345"):
        for form in FORMS:
            assert AR.parse(render(e164, form, AR.policy)).e164 == e164


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("541159876543", "+5491159876543"),
        ("1159876543", "+5491159876543"),
        ("0111559876543", "+5491159876543"),
        ("+541143210000", "+5491143210000"),
        ("+5215512345678", "+525512345678"),
        ("CLARO", "claro "),
        ("*611", "611"),
    ],
)
def test_networks_name_the_same_person_in_many_ways(a: str, b: str) -> None:
    assert AR.same_person(a, b)
    assert AR.key(a) == AR.key(b)


@pytest.mark.parametrize(
    ("a", "b"), [("+5491159876543", "+5491159876544"), ("7726", "7727"), ("CLARO", "PERSONAL"), ("7726", "")]
)
def test_different_people_stay_different(a: str, b: str) -> None:
    assert not AR.same_person(a, b)


cells = st.text(max_size=40) | st.text("0123456789 +-().,/eE'yo\u00a0\u202a٣", max_size=30)


@settings(max_examples=500, deadline=None)
@given(cells, st.sampled_from([AR, HOME, MX, CL, CO]), st.booleans())
def test_any_cell_is_a_number_that_reads_back_or_has_a_reason(raw: str, numbers: Numbers, fixed: bool) -> None:
    numbers.key(raw)
    try:
        number = numbers.parse(raw, fixed=fixed)
    except NumberError:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number.e164)
    assert numbers.parse(number.e164, fixed=fixed).e164 in {number.e164, number.e164.replace("+54", "+549", 1)}
    assert numbers.same_person(raw, number.e164)
