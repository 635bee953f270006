"""A job file that is refused says in our own words, in both languages, what is wrong and what was probably meant."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from spool.document import parse
from spool.errors import JobFileError
from spool.spelling import OTHER_WORDS, probably

PERSON = [{"to": "1159876543"}]


def refusal(data: bytes | dict[str, Any]) -> JobFileError:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    with pytest.raises(JobFileError) as caught:
        parse(raw, "trabajo.json")
    return caught.value


@pytest.mark.parametrize(
    ("text", "kind", "line", "column"),
    [
        ("", "json_empty", 1, 1),
        (" \n ", "json_empty", 2, 2),
        ("{", "json_ends", 1, 2),
        ('{"channel": "sms"', "json_ends", 1, 18),
        ('{"channel": "sms",\n', "json_ends", 2, 1),
        ('{"text": "Hola', "json_open", 1, 10),
        ('{"text": "Hola\nAna"}', "json_break", 1, 15),
        ('{"text": "C:\\x"}', "json_escape", 1, 13),
        ('{"channel": "sms",}', "json_trailing", 1, 19),
        ('{"lines": ["a", ]}', "json_trailing", 1, 17),
        ('{"a": 1}\n{"b": 2}', "json_extra", 2, 1),
        ('{"a" 1}', "json_colon", 1, 6),
        ('{"a": 1 "b": 2}', "json_comma", 1, 9),
        ('{"text": "dijo "hola" y"}', "json_comma", 1, 17),
        ("{channel: 1}", "json_key", 1, 2),
        ('{"a": }', "json_value", 1, 7),
        ('{"a": True}', "json_word", 1, 7),
        ('{"a": None}', "json_word", 1, 7),
        ("{“channel”: 1}", "json_quotes", 1, 2),
        ("{'channel': 1}", "json_quotes", 1, 2),
        ('{"a": «x»}', "json_quotes", 1, 7),
        ('{"a": 1, // uno\n "b": 2}', "json_comment", 1, 10),
    ],
)
def test_what_is_no_json_is_told_in_our_words(text: str, kind: str, line: int, column: int) -> None:
    error = refusal(text.encode())
    assert (error.code, error.kind, error.line, error.column) == ("json_invalid", kind, line, column)
    for locale in ("es", "en"):
        assert "Expecting" not in error.text(locale)
        assert "?" not in error.text(locale).replace("copió entero?", "").replace("copied?", "")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"texto": "x"}, "text"),
        ({"mensaje": "x"}, "text"),
        ({"canal": "sms"}, "channel"),
        ({"Channel": "sms"}, "channel"),
        ({"recipents": PERSON}, "recipients"),
        ({"destinatarios": PERSON}, "recipients"),
        ({"not_befor": "x"}, "not_before"),
        ({"channel": "email", "asunto": "x"}, "subject"),
        ({"script": {}}, "call.script"),
        ({"title": "x"}, "push.title"),
        ({"language": "es"}, "whatsapp.language"),
        ({"channel": "call", "recipients": PERSON, "call": {"retrys": {}}}, "call.retries"),
        ({"channel": "call", "recipients": PERSON, "call": {"script": {"mesage": "x"}}}, "call.script.message"),
        ({"channel": "whatsapp", "recipients": PERSON, "whatsapp": {"plantilla": "x"}}, "whatsapp.template"),
        ({"channel": "sms", "recipients": PERSON, "columns": {"Ref": "x"}}, "columns.ref"),
    ],
)
def test_an_unknown_key_says_what_was_probably_meant(written: dict[str, Any], meant: str) -> None:
    error = refusal(written)
    assert (error.code, error.kind) == ("key_unknown", "key_meant")
    assert error.text("es").endswith(f"¿Quiso decir {meant}?")
    assert error.text("en").endswith(f"Did you mean {meant}?")


@pytest.mark.parametrize("key", ["zzz", "", "%%%", "x" * 100_000, "\ud800"])
def test_nothing_is_guessed_for_a_key_that_is_like_none(key: str) -> None:
    error = refusal(json.dumps({key: 1}).encode())
    assert "key_meant" not in error.kind


def test_other_words_are_names_and_lead_to_another() -> None:
    assert all(re.fullmatch(r"[a-z_]+", word) and word != meant for word, meant in OTHER_WORDS.items())
    assert probably("Título", {"subject", "title"}) == "subject"


@pytest.mark.parametrize(
    ("job", "field", "named"),
    [
        ({"channel": "sms"}, "text", {"text"}),
        ({"channel": "call"}, "call.script", {"text", "call", "script"}),
        ({"channel": "email", "subject": "x"}, "text", {"text", "html"}),
        ({"channel": "push"}, "text", {"text"}),
        ({"channel": "whatsapp"}, "whatsapp.template", {"whatsapp", "template", "text"}),
    ],
)
def test_a_job_that_says_nothing_is_shown_the_key_of_its_channel(
    job: dict[str, Any], field: str, named: set[str]
) -> None:
    error = refusal({**job, "recipients": PERSON})
    assert (error.code, error.field) == ("value_invalid", field)
    for locale in ("es", "en"):
        assert named <= set(re.findall(r"\w+", error.text(locale)))
        assert ("template" in error.text(locale)) == (job["channel"] == "whatsapp")
