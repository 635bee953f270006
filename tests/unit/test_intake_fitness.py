"""Jobs that ask for what cannot be: a line that is not there, a time that is over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatewayd.intake.fitness import judge
from spool.document import JobDocument, parse
from spool.errors import JobFileError

NOW_S = 1_795_000_000.0


def document(**keys: Any) -> JobDocument:
    raw = {"job": "j", "channel": "sms", "text": "Hola", "recipients": [{"to": "1159876543"}], **keys}
    return parse(json.dumps(raw).encode(), "j.json")


@pytest.mark.parametrize(
    ("keys", "field", "words"),
    [
        ({"lines": ["claro-2", "carlo-1"]}, "lines", "¿Quiso decir claro-1?"),
        ({"lines": ["zzz"]}, "lines", "claro-1, claro-2"),
        ({"not_after": "2020-01-01T00:00:00Z"}, "not_after", "ya pasó"),
    ],
)
def test_it_is_refused_with_what_to_write(keys: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(JobFileError) as refusal:
        judge(document(**keys), {"claro-1", "claro-2"}, NOW_S)
    assert (refusal.value.code, refusal.value.file, refusal.value.field) == ("value_invalid", "j.json", field)
    assert words in refusal.value.text("es")


def test_what_can_be_is_not() -> None:
    judge(document(lines=["claro-1"], not_after="2099-01-01T00:00:00Z"), {"claro-1"}, NOW_S)
    judge(document(), set(), NOW_S)
