"""What every store and file can hold, of whatever a device calls text."""

from __future__ import annotations

import pytest

from drivers.base import Accepted, Refused
from gatewayd.outcomes import Terms, resolve
from gatewayd.values.storable import KEY_MOST, bounded, bounded_maybe, maybe, wellformed, wellformed_document
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


def test_every_text_of_a_request_can_be_held() -> None:
    asked = {"note\0": ["a\0", {"x": "\ud800"}, 5, None, True], "account": "norte"}
    assert wellformed_document(asked) == {"note\ufffd": ["a\ufffd", {"x": "\ufffd"}, 5, None, True], "account": "norte"}


def test_what_an_index_cannot_hold_is_told_apart_all_the_same() -> None:
    assert bounded("a" * KEY_MOST) == "a" * KEY_MOST
    long = bounded("ñ" * 4096)
    assert long.startswith("ñññ")
    assert len(long.encode()) <= KEY_MOST
    assert long == bounded("ñ" * 4096) != bounded("ñ" * 4097)
    assert bounded_maybe(None) is None
