"""What the store says of customers, held against an oracle that was told the same: whole histories, with merges."""

from __future__ import annotations

import pytest

from tests.conformance.house import House
from tests.rig.collections.generator import draw
from tests.rig.collections.stored import StoredLife


@pytest.mark.parametrize("seed", [1, 6, 7, 31, 36])
def test_what_is_decided_from_the_store_is_what_the_oracle_says(seed: int, house: House) -> None:
    life = StoredLife(draw(seed), house)
    life.live()
    assert [str(one) for one in life.disagreements] == []
    assert life.auditor.wrong == []


@pytest.mark.fault
def test_two_hundred_histories_from_the_store(house: House) -> None:
    for seed in range(200):
        life = StoredLife(draw(seed), house)
        life.live()
        assert [str(one) for one in life.disagreements] == [], seed
        assert life.auditor.wrong == [], seed
