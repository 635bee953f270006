"""Characters that nobody sees."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.values.characters import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana\tMaría", "Ana María"),
        ("Ana\u00a0Mar\u202fía\u3000", "Ana Mar ía "),
        ("Lu\x07i\x1bs\x00\x7f\x85", "Luis"),
        ("\ufeffEva\u200b \u200eLuis\u200f", "Eva Luis"),
        ("a\u00adb\u2060c\u202ed\u202c\u2066e\u2069", "abcde"),
        ("uno\ndos\r\ntres\vcuatro\u2028cinco\u2029", "uno\ndos\r\ntres\ncuatro\ncinco\n"),
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467 fa\u200dmilia",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467 familia",
        ),
        ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f Gb\U000e0067", "\U0001f3f4\U000e0067\U000e0062\U000e007f Gb"),
        ("Peña, “Ñandú” — €", "Peña, “Ñandú” — €"),
        ("", ""),
    ],
)
def test_what_nobody_sees_goes(text: str, expected: str) -> None:
    assert visible(text) == expected
    assert visible(expected) == expected


@given(st.text())
def test_nothing_is_left_that_a_terminal_would_obey(text: str) -> None:
    categories = {unicodedata.category(letter) for letter in visible(text) if letter not in "\n\r"}
    assert not categories & {"Cc", "Zl", "Zp"}
    assert [letter for letter in visible(text) if letter.isalpha()] == [
        letter for letter in text if letter.isalpha() and visible(letter)
    ]
