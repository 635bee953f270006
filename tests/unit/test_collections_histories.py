"""The engine of claims held against an oracle written from the facts alone: worked out by hand, and at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatewayd.dunning.decide import decide
from tests.rig.collections.examples import EXAMPLES, Example
from tests.rig.collections.moment import differences, situation
from tests.rig.collections.oracle import judge
from tests.rig.collections.planted import FAULTS, QUICK, ZONE, finding, in_histories

PORTION = 30


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_engine_says_what_was_worked_out_by_hand(example: Example) -> None:
    book = example.book()
    day, now = example.now.day, example.now.ms(ZONE)
    decided = {one.currency: one for one in decide(situation(book, "ana", ZONE), day, now, ZONE)}
    expected = judge(book, "ana", example.currency, example.now)
    assert differences(expected, decided.get(example.currency)) == []


@pytest.mark.parametrize("portion", range(10))
def test_the_engine_decides_as_the_oracle_does(portion: int) -> None:
    assert in_histories(decide, portion * PORTION, (portion + 1) * PORTION) == ""


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    (fault,) = [one for one in FAULTS if one.name == name]
    assert finding(fault, tmp_path, 100)
