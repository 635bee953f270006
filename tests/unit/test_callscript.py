"""The words of a script: found, rendered, and put back in their places."""

from __future__ import annotations

from typing import Any

from gatewayd.values.callscript import filled, templates

SCRIPT: dict[str, Any] = {
    "message": [{"say": "Hola %nombre%"}, {"play": "%intro%.wav"}, {"amount": "%deuda%"}, {"say": "fijo"}],
    "menu": {"1": "repeat"},
    "menu_prompt": "Uno, %nombre%",
    "confirm": {"promise": "Gracias %nombre%", "opt_out": "Listo"},
    "goodbye": "100%",
    "steps": [
        {"say": "%a%"},
        {"ask": "x", "prompt": [{"say": "y"}, {"amount": "%b%"}], "digits": [1, 2], "keys": {}},
        {"if": "x", "equals": "%c%", "else": "end"},
        {"play": "%d%.wav"},
    ],
    "language": "es",
    "voice": None,
}


def test_only_what_may_differ_is_a_template() -> None:
    assert templates(SCRIPT) == {
        "message[0]": "Hola %nombre%",
        "message[2]": "%deuda%",
        "menu_prompt": "Uno, %nombre%",
        "confirm.promise": "Gracias %nombre%",
        "goodbye": "100%",
        "steps[0].say": "%a%",
        "steps[1].prompt[1]": "%b%",
        "steps[2].equals": "%c%",
    }


def test_words_go_back_where_they_came_from() -> None:
    rendered = {place: f"<{place}>" for place in templates(SCRIPT)}
    made = filled(SCRIPT, rendered)
    assert templates({**made, "message": [], "steps": []}) == {}
    assert made["message"] == [
        {"say": "<message[0]>"},
        {"play": "%intro%.wav"},
        {"amount": "<message[2]>"},
        {"say": "fijo"},
    ]
    assert made["steps"][1]["prompt"] == [{"say": "y"}, {"amount": "<steps[1].prompt[1]>"}]
    assert made["steps"][2] == {"if": "x", "equals": "<steps[2].equals>", "else": "end"}
    assert made["confirm"] == {"promise": "<confirm.promise>", "opt_out": "Listo"}
    assert {**SCRIPT, **{key: made[key] for key in ("menu", "language", "voice")}} == SCRIPT
    assert filled(SCRIPT, {}) == SCRIPT
