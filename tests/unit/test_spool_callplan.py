"""A call's script as a job file may hold it: what is meant is kept, what cannot be meant is refused by its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.asterisk.script import CallPlan
from spool.document import parse
from spool.errors import JobFileError

STEPS: list[dict[str, Any]] = [
    {"say": "Hola %nombre%."},
    {"label": "pregunta", "ask": "clave", "prompt": "Marque tres cifras", "digits": 3},
    {"if": "clave", "equals": "%clave%", "then": "menu", "else": "pregunta"},
    {"label": "menu", "ask": "opcion", "prompt": [{"play": "menu.wav"}], "keys": {"1": "si", "0": "venta"}},
    {"label": "si", "do": "promise"},
    {"spell": "clave"},
    {"amount": "%deuda%", "goto": "end"},
    {"label": "venta", "do": "transfer:ventas"},
]


def made(call: dict[str, Any]) -> Any:
    raw = {"job": "c", "channel": "call", "recipients": [{"to": "1"}], "call": call}
    return parse(json.dumps(raw).encode()).call


def refused(call: dict[str, Any]) -> JobFileError:
    with pytest.raises(JobFileError) as caught:
        made(call)
    assert caught.value.field is not None
    # Said in both languages, with nothing left to fill in.
    for locale in ("es", "en"):
        text = caught.value.text(locale)
        assert "{name}" not in text
        assert text
    return caught.value


def test_steps_are_kept_with_their_defaults() -> None:
    steps = made({"script": {"steps": STEPS}})["script"]["steps"]
    assert steps[0] == {"say": "Hola %nombre%."}
    assert steps[1] == {
        "label": "pregunta",
        "ask": "clave",
        "prompt": [{"say": "Marque tres cifras"}],
        "digits": [3, 3],
        "keys": {},
        "wait_s": 5,
        "tries": 3,
        "else": "end",
    }
    assert steps[2] == {"if": "clave", "equals": "%clave%", "then": "menu", "else": "pregunta"}
    assert steps[3]["digits"] == [1, 1]
    assert steps[6] == {"amount": "%deuda%", "goto": "end"}


def test_what_the_door_takes_the_driver_takes_too() -> None:
    script = {"steps": STEPS, "message": "Hola", "goodbye": "Chau", "language": "pt-BR", "voice": "pt-br"}
    for call in (
        {"script": script, "amd": "leave_message", "ring_s": 12.5, "limit_s": 60, "min_heard_s": 0},
        {"script": {"message": [{"play": "Grabación 1.wav"}, {"amount": 12}], "menu": {"1": "repeat"},
                    "menu_prompt": "Uno", "confirm": {"opt_out": "Listo"}, "goodbye": "Chau"}},
    ):  # fmt: skip
        CallPlan.model_validate(made(call))


def test_a_job_that_says_nothing_new_is_the_same_job() -> None:
    """Keys that came later are not there when they are not given: the hash of a recorded job stays."""
    assert made({"script": {"message": "Hola"}}) == {
        "script": {"message": [{"say": "Hola"}], "menu": {}, "language": "es", "voice": None},
        "amd": "off",
        "min_heard_s": 5.0,
        "ring_s": 30.0,
        "retries": {},
    }


def step(**keys: Any) -> dict[str, Any]:
    return {"script": {"steps": [{"ask": "a", "prompt": "x", "digits": 1}, keys]}}


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("call.script.menu", {"script": {"steps": STEPS, "menu": {"1": "repeat"}}}),
        ("call.script.menu_prompt", {"script": {"steps": STEPS, "menu_prompt": "x"}}),
        ("call.script.steps", {"script": {"steps": []}}),
        ("call.script.steps", {"script": {"steps": "say hello"}}),
        ("call.script.steps", {"script": {"steps": [{"say": "x"}] * 61}}),
        ("call.script.steps[0]", {"script": {"steps": ["say"]}}),
        ("call.script.steps[1]", step()),
        ("call.script.steps[1]", step(say="x", play="y.wav")),
        ("call.script.steps[1].shout", step(shout="x")),
        ("call.script.steps[1].keys", step(say="x", keys={"1": "end"})),
        ("call.script.steps[1].then", step(say="x", then="end")),
        ("call.script.steps[1].goto", step(goto="nowhere")),
        ("call.script.steps[1].goto", step(ask="b", prompt="x", digits=1, goto="end")),
        ("call.script.steps[1].label", step(say="x", label="END")),
        ("call.script.steps[1].label", step(say="x", label="end")),
        ("call.script.steps[1].play", step(play="../x.wav")),
        ("call.script.steps[1].spell", step(spell="b")),
        ("call.script.steps[1].if", {"script": {"steps": [{"say": "x"}, {"if": "a", "equals": "1"}]}}),
        ("call.script.steps[1].equals", {"script": {"steps": [STEPS[1], {"if": "clave", "then": "end"}]}}),
        ("call.script.steps[1].do", step(do="repeat")),
        ("call.script.steps[1].do", step(do="transfer:a,b")),
        ("call.script.steps[1].ask", step(ask="A b", prompt="x", digits=1)),
        ("call.script.steps[1].prompt", step(ask="b", digits=1)),
        ("call.script.steps[1].digits", step(ask="b", prompt="x")),
        ("call.script.steps[1].digits", step(ask="b", prompt="x", digits=0)),
        ("call.script.steps[1].digits", step(ask="b", prompt="x", digits=[4, 2])),
        ("call.script.steps[1].keys", step(ask="b", prompt="x", keys={})),
        ("call.script.steps[1].keys", step(ask="b", prompt="x", digits=1, keys={"1": "end"})),
        ("call.script.steps[1].keys.*", step(ask="b", prompt="x", keys={"*": "end"})),
        ("call.script.steps[1].keys.1", step(ask="b", prompt="x", keys={"1": "nowhere"})),
        ("call.script.steps[1].tries", step(ask="b", prompt="x", digits=1, tries=10)),
        ("call.script.steps[1].wait_s", step(ask="b", prompt="x", digits=1, wait_s=0)),
        ("call.script.message", {"script": {"steps": STEPS}, "amd": "leave_message"}),
        ("call.script.message", {"script": {"menu": {"1": "repeat"}}}),
        ("call.script.message", {"script": {"message": "x" * 5001}}),
        ("call.script.menu.*", {"script": {"message": "x", "menu": {"*": "repeat"}}}),
        ("call.script.menu.1", {"script": {"message": "x", "menu": {"1": "shout"}}}),
        ("call.script.menu.1", {"script": {"message": "x", "menu": {"1": "transfer:"}}}),
        ("call.script.confirm.repeat", {"script": {"message": "x", "confirm": {"repeat": "x"}}}),
        ("call.script.voice", {"script": {"message": "x", "voice": "-w /etc/passwd"}}),
        ("call.script.language", {"script": {"message": "x", "language": "Español"}}),
        ("call.limit_s", {"script": {"message": "x"}, "limit_s": 5}),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_place(field: str, call: dict[str, Any]) -> None:
    assert refused(call).field == field


jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["end", "a", "x.wav", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["say", "play", "ask", "if", "keys", "digits", "prompt", "goto", "label", "do", "1"]), inner
        )
    ),
    max_leaves=12,
)


@given(jsons)
def test_whatever_the_steps_are_they_are_taken_or_refused(steps: object) -> None:
    """And what is taken at the door is never refused by the driver."""
    try:
        plan = made({"script": {"steps": [{"ask": "a", "prompt": "x", "digits": 1}, steps]}})
    except JobFileError:
        return
    CallPlan.model_validate(plan)
