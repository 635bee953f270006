"""Reasons: one word each for programs, and words of the person's language on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

import pytest

from drivers.gsm.causes import _CME, _CMS
from drivers.gsm.radio import Registration
from gatewayd.numbers.types import Reason
from gatewayd.words import translation
from gatewayd.words.reasons import MEANINGS, explained, meaning, system_words


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    spoken = translation.language()
    yield
    translation.set_language(spoken)


def test_every_code_is_one_word() -> None:
    codes = {*MEANINGS, *get_args(Reason), *(cause.reason for table in (_CMS, _CME) for cause in table.values())}
    assert not [code for code in codes if not re.fullmatch(r"[a-z0-9_]+", code)]


def test_what_a_person_must_mend_is_in_words() -> None:
    stop = {"pin_required", "pin_wrong", "puk_required", "no_sim", "sim_failure", "no_smsc", "no_network"}
    states = {Registration(stat).word for stat in (0, 2, 3)}
    assert {*get_args(Reason), *stop, *states} <= MEANINGS.keys()


def test_both_languages_and_the_unknown() -> None:
    translation.set_language("es")
    assert meaning("pin_wrong") == "PIN incorrecto, no se reintenta"
    assert explained("pin_wrong") == "PIN incorrecto, no se reintenta (pin_wrong)"
    translation.set_language("en")
    assert meaning("credit") == "not enough credit"
    assert explained("cms_500") == "the network answers error 500 (cms_500)"
    assert meaning("http_503") == "the server answers HTTP 503"
    assert meaning("word_of_a_strange_driver") == explained("word_of_a_strange_driver") == "word_of_a_strange_driver"
    assert meaning(None) == explained(None) == ""


def test_words_fit_a_column() -> None:
    for language in translation.LANGUAGES:
        translation.set_language(language)
        assert max(len(meaning(code)) for code in MEANINGS) <= 44


def test_what_the_system_says_is_spoken_too() -> None:
    translation.set_language("es")
    assert system_words("job.json: Permission denied") == "job.json: permiso denegado"
    assert system_words("/a: b") == "/a: b"
    translation.set_language("en")
    assert system_words("Is a directory") == "Is a directory"
