"""Pieces of work of one round: one that cannot be done holds up no other, and its fault is told at the end."""

from __future__ import annotations

import pytest

from gatewayd.process.rounds import FAULTS, Apart
from gatewayd.values.errors import StoreError


def tried(broken: set[int], count: int = 4) -> list[int]:
    """Returns which of so many were done."""
    tries, done = Apart("it waits"), []
    for place in range(count):
        with tries.one(str(place)):
            if place in broken:
                raise StoreError(f"no {place}")
            done.append(place)
    tries.end()
    return done


def test_one_that_cannot_be_done_holds_up_no_other() -> None:
    done = []
    tries = Apart("it waits")
    for place in range(3):
        with tries.one(str(place)):
            if place == 0:
                raise StoreError("no 0")
            done.append(place)
    assert done == [1, 2]
    with pytest.raises(StoreError, match="no 0"):
        tries.end()
    assert tried(set()) == [0, 1, 2, 3]


def test_many_that_cannot_be_done_are_the_stores_fault_and_other_errors_are_not_kept() -> None:
    with pytest.raises(StoreError, match=f"no {FAULTS - 1}"):
        tried(set(range(FAULTS + 3)), FAULTS + 3)
    with pytest.raises(ZeroDivisionError), Apart("it waits").one("0"):
        raise ZeroDivisionError
