"""The ledger's arithmetic, and times and money as receipts bear them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.store.credit.ledger import Kind, Pots
from gatewayd.store.public_ids import Stamps
from gatewayd.store.sending.early import same_recipient
from gatewayd.values.model import ulid, ulid_number

moves = st.lists(st.tuples(st.sampled_from(Kind), st.integers(-100, 1000)), max_size=30)


@given(moves)
def test_whatever_moves_the_sum_stands_and_no_pot_is_below_zero(steps: list[tuple[Kind, int]]) -> None:
    pots = Pots()
    for kind, amount in steps:
        before = (pots.balance, pots.held, pots.charged, pots.granted)
        try:
            pots.move(kind, amount)
        except ValueError:
            assert before == (pots.balance, pots.held, pots.charged, pots.granted)
        assert pots.sums_up
        assert min(pots.balance, pots.held, pots.charged, pots.granted) >= 0


def test_the_way_of_a_price() -> None:
    pots = Pots()
    pots.move(Kind.GRANT, 10)
    pots.move(Kind.HOLD, 4)
    assert (pots.balance, pots.held) == (6, 4)
    pots.move(Kind.CHARGE, 3)
    pots.move(Kind.RELEASE, 1)
    assert (pots.balance, pots.held, pots.charged, pots.granted) == (7, 0, 3, 10)
    with pytest.raises(ValueError, match="below zero"):
        pots.move(Kind.HOLD, 8)


def test_times_bear_their_offset() -> None:
    assert Stamps(UTC, 1).at(1_795_003_201_123) == "2026-11-18T12:00:01.123Z"
    assert (
        Stamps(ZoneInfo("America/Argentina/Buenos_Aires"), 1).at(1_795_003_201_009) == "2026-11-18T09:00:01.009-03:00"
    )
    assert Stamps(ZoneInfo("America/Santiago"), 1).at(1_782_820_800_000).endswith("-04:00")


@given(st.lists(st.integers(0, 4_000_000_000_000), max_size=200))
def test_remembered_seconds_change_no_time(times: list[int]) -> None:
    stamps = Stamps(UTC, 1)
    assert [stamps.at(time) for time in times] == [Stamps(UTC, 1).at(time) for time in times]


@given(st.integers(0, 2**47), st.integers(0, 0xFFFF), st.integers(1, 2**63 - 1))
def test_a_public_id_leads_back_to_its_row(ms: int, salt: int, number: int) -> None:
    public = Stamps(UTC, salt).public(ms, number)
    assert public == ulid(ms, salt, number)
    assert ulid_number(public) == number


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        (None, True),
        ("+5491159876543", True),
        ("5491159876543", True),
        ("1159876543", True),
        ("59876543", True),
        ("011 15-5987-6543", True),
        ("+5491159876544", False),
        ("9876543", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_recipients_are_compared_by_their_last_digits(theirs: str | None, same: bool) -> None:
    assert same_recipient("+5491159876543", theirs) is same


def test_short_numbers_and_addresses_are_compared_whole() -> None:
    assert same_recipient("7070", "7070")
    assert not same_recipient("7070", "17070")
    assert not same_recipient("ana@example.com", "eva@example.com")
