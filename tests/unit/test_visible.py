"""Nothing that a stranger wrote moves a terminal."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from gatewayd.cli import output
from gatewayd.cli.top_view import event_line
from gatewayd.values.visible import escaped, visible

HOSTILE = "a\x1b]0;title\x07\x1b[2J\x9b31m\u202exe\u2066\x7f\u2028\U000e0041\udcff\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ñandú 🙂 👩‍👩‍👧", "ñandú 🙂 👩‍👩‍👧"),
        ("\x1b[2J", "␛[2J"),
        ("a\nb\tc", "a␊b␉c"),
        ("\x9b31m", "<U+009B>31m"),
        ("gpj\u202eexe", "gpj<U+202E>exe"),
        ("caf\udce9.csv", "caf\\xe9.csv"),
    ],
)
def test_controls_are_marks(text: str, shown: str) -> None:
    assert visible(text) == shown


def quiet(text: str) -> bool:
    return visible(text.replace("\n", "")) == text.replace("\n", "")


def test_json_holds_the_same_and_no_control() -> None:
    text = escaped(json.dumps({"note": HOSTILE}, ensure_ascii=False))
    assert quiet(text)
    assert json.loads(text) == {"note": HOSTILE}


def test_tables_records_words_and_documents_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(["a"], [[HOSTILE]])
    output.record([("a", HOSTILE)])
    output.say(HOSTILE)
    output.say(HOSTILE, error=True)
    output.emit({"a": HOSTILE})
    said = capsys.readouterr()
    assert quiet(said.out)
    assert quiet(said.err)


def test_events_are_quiet() -> None:
    event = {"seq": 1, "at": "2026-11-30T10:00:00Z", "kind": "job", "subject": HOSTILE, "state": "refused",
             "reason": HOSTILE}  # fmt: skip
    assert quiet(event_line(event, ZoneInfo("UTC")).plain)
