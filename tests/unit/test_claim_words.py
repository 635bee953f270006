"""The words for somebody who may be another person: a job of every channel takes them, in the account's language."""

from __future__ import annotations

import json

import pytest

from gatewayd.dunning import wording
from gatewayd.dunning.policy import CHANNELS
from spool.document import parse


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_neutral_words_are_a_job_of_their_channel(channel: str, language: str) -> None:
    words = wording.neutral(channel, language)
    to = "ana@norte.example" if channel == "email" else "+5491150000001"
    job = {"job": "d-1.1", "channel": channel, **words, "values": {"empresa": "Norte"}, "recipients": [{"to": to}]}
    parse(json.dumps(job).encode(), "d-1.1.json")
    said = json.dumps(words, ensure_ascii=False)
    assert "%empresa%" in said
    assert ("awaits" in said) == (language == "en")
    assert "%deuda%" not in said
    assert "%nombre%" not in said
