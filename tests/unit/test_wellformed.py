"""What every store and file can hold, of whatever a device calls text."""

from __future__ import annotations

import pytest

from drivers.base import Accepted, Refused
from gatewayd.outcomes import Terms, resolve
from gatewayd.storable import maybe, wellformed
from tests.unit.test_outcomes import work


@pytest.mark.parametrize(
    ("text", "holdable"),
    [
        ("Hola", "Hola"),
        ("Ñandú 😀", "Ñandú 😀"),
        ("a\0b", "a\ufffdb"),
        ("ñ\0", "ñ\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("\ude00x\ud83d", "\ufffdx\ufffd"),
        ("\ud83d\ud83d\ude00", "\ufffd😀"),
    ],
)
def test_half_pairs_are_joined_or_replaced(text: str, holdable: str) -> None:
    assert wellformed(text) == holdable
    assert maybe(text) == holdable
    holdable.encode()


def test_unknown_stays_unknown() -> None:
    assert maybe(None) is None


def test_an_answer_is_recorded_whatever_it_holds() -> None:
    terms = Terms(4, 1000)
    taken = resolve(work(), Accepted({1: "id\ud800"}), line="p", passed=frozenset({1}), terms=terms, now=1)
    assert taken.parts[1].reference == "id\ufffd"
    refused = resolve(work(), Refused("no\0"), line="p", passed=frozenset({1}), terms=terms, now=1)
    assert (refused.reason, refused.parts[1].reason) == ("no\ufffd", "no\ufffd")
