"""The form of a template and its content are two spellings of one thing."""

from __future__ import annotations

from typing import Any

import pytest

from gatewayd.operations.template_defaults import DEFAULTS
from gatewayd.operations.template_words import faults_of
from gatewayd.web.panel.template_form import content_of, field_of, form_of
from gatewayd.web.panel.template_marks import changes, compared, runs

CONTENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sms", {"text": "Hola %nombre%\nadiós", "encoding": "gsm7", "max_segments": 3, "class": "notice"}),
    ("email", {"subject": "a", "html": "<p>a</p>", "cc": ["a@b.example", "%c%@d.example"], "area": "tickets"}),
    ("push", {"text": "a", "push": {"title": "b", "data": {"x": "1=2"}, "ttl": "4h"}}),
    ("whatsapp", {"whatsapp": {"template": "a", "language": "es", "parameters": {"uno": "%nombre%"}}}),
    (
        "call",
        {
            "call": {
                "script": {
                    "message": [{"say": "Hola"}, {"amount": "%deuda%"}, {"play": "a.wav"}],
                    "steps": [{"say": "x"}],
                    "language": "es",
                },
                "min_heard_s": 7,
                "amd": "detect",
                "ring_s": 20,
                "retries": {one: {"times": 2, "pause": "10m"} for one in ("busy", "no_answer", "congestion")},
            }
        },
    ),
)


@pytest.mark.parametrize(("channel", "content"), CONTENTS)
def test_what_a_form_shows_says_the_same_again(channel: str, content: dict[str, Any]) -> None:
    assert content_of(channel, form_of(channel, content), content) == content
    assert faults_of(channel, content) == []


def test_the_templates_to_begin_with_fit_the_form() -> None:
    for one in DEFAULTS:
        for content in one.content.values():
            said = dict(content)
            if said.get("area") == "all":
                del said["area"]
            assert content_of(one.channel, form_of(one.channel, said), said) == said, one.key


@pytest.mark.parametrize("channel", ["sms", "email", "push", "whatsapp", "call"])
def test_a_hostile_form_is_judged_and_never_breaks(channel: str) -> None:
    hostile = "{[%<script>\u202e😀=,\n" * 3
    names = [*form_of(channel, {}), "class"]
    content = content_of(channel, dict.fromkeys(names, hostile), {})
    faults = faults_of(channel, content)
    assert faults
    assert field_of(faults[0]["key"]) in names


def test_a_fault_is_shown_at_its_field() -> None:
    assert field_of("content.call.script.menu.7") == "key7"
    assert field_of("content.call.script.message[0].amount") == "message"
    assert field_of("content.cc[1]") == "cc"


def test_dear_letters_are_marked_where_they_stand() -> None:
    found = runs("Su día {1}", [[4, 5, "í"]], [[7, 8, "{"], [9, 10, "}"]])
    assert [(one.text, one.kind) for one in found] == [
        *(("Su d", ""), ("í", "dear"), ("a ", ""), ("{", "double"), ("1", ""), ("}", "double")),
    ]
    assert runs("", [], []) == []


def test_versions_are_compared_word_by_word() -> None:
    kinds = [(one.kind, one.text) for one in changes("Hola Ana, debe 5", "Hola Ana, ya debe 7")]
    assert ("come", "7") in kinds
    assert ("gone", "5") in kinds
    assert "".join(text for kind, text in kinds if kind != "gone") == "Hola Ana, ya debe 7"
    assert [place for place, _runs in compared({"text": "a", "cc": ["x"]}, {"text": "a", "cc": ["y"]})] == ["cc[0]"]
