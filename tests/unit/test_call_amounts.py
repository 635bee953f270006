"""Where a call would say an amount before a key has said "it's me"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from gatewayd.operations.template_defaults import DEFAULTS
from gatewayd.submission import bare, lay
from gatewayd.values.call_amounts import early
from spool.errors import JobFileError

if TYPE_CHECKING:
    from gatewayd.intake.reception import IntakeDesk


def found(script: dict[str, Any], **plan: Any) -> str | None:
    document = bare({"job": "j", "channel": "call", "call": {"script": script, **plan}})
    return early(document.text, document.call)


ASK = {"ask": "quien", "prompt": "Si es Ana, marque uno.", "keys": {"1": "soy", "2": "no"}, "else": "fin"}
ME = {"label": "soy", "do": "its_me"}
SAYS = {"label": "dice", "amount": "%deuda%"}
OTHER = {"label": "no", "do": "wrong_person", "goto": "fin"}
LAST = {"label": "fin", "say": "Gracias."}


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ({"message": "Su saldo es %deuda%"}, "call.script.message[0]"),
        ({"message": [{"say": "Su saldo es"}, {"amount": "1.500,50"}]}, "call.script.message[1]"),
        ({"message": "Hola", "menu": {"1": "repeat"}, "menu_prompt": "Debe %Deuda ($)%"}, "call.script.menu_prompt"),
        ({"message": "Hola", "goodbye": "Debe %monto%"}, "call.script.goodbye"),
        (
            {"message": "Hola", "menu": {"1": "promise"}, "confirm": {"promise": "Pague %deuda%"}},
            "call.script.confirm.promise",
        ),
        ({"message": "Hola", "menu": {"1": "its_me"}, "confirm": {"its_me": "Debe %deuda%"}}, None),
        ({"message": "Hola %nombre%, vence el %vencimiento%: 50% hoy y 20% mañana"}, None),
        ({"steps": [ASK, ME, SAYS, OTHER, LAST]}, None),
        # Whoever presses nothing is led to it.
        ({"steps": [{**ASK, "else": "dice"}, ME, SAYS, OTHER, LAST]}, "call.script.steps[2]"),
        # Another key leads past "it's me".
        ({"steps": [{**ASK, "keys": {"1": "soy", "3": "dice"}}, ME, SAYS, LAST]}, "call.script.steps[2]"),
        # It is said without anybody having pressed a key.
        ({"steps": [{"do": "its_me"}, {"say": "Debe %deuda%"}]}, "call.script.steps[1]"),
        ({"steps": [{**ASK, "prompt": [{"amount": "%deuda%"}]}, ME, OTHER, LAST]}, "call.script.steps[0]"),
        # Back again, once it was said.
        ({"steps": [ASK, ME, {**SAYS, "goto": "soy"}, OTHER, LAST]}, None),
        # Digits that were compared.
        (
            {
                "steps": [
                    {"ask": "doc", "prompt": "Documento", "digits": 3, "else": "fin"},
                    {"if": "doc", "equals": "%documento%", "then": "soy", "else": "fin"},
                    *(ME, SAYS, LAST),
                ]
            },
            None,
        ),
    ],
)
def test_an_amount_comes_behind_the_key(script: dict[str, Any], place: str | None) -> None:
    assert found(script) == place


def test_what_a_machine_is_left_says_no_amount() -> None:
    steps = [ASK, ME, SAYS, OTHER, LAST]
    assert found({"message": "Llámenos", "steps": steps}, amd="leave_message") is None
    assert found({"message": "Debe %deuda%", "steps": steps}, amd="leave_message") == "call.script.message[0]"


def test_a_call_without_a_script_says_its_text_to_anybody() -> None:
    assert early("Hola %nombre%", None) is None
    assert early("Debe %saldo%", None) == "text"


def test_the_calls_to_begin_with_may_be_a_rules() -> None:
    for default in DEFAULTS:
        if default.channel == "call":
            for content in default.content.values():
                document = bare({"job": "j", "channel": "call", **content})
                assert early(document.text, document.call) is None


async def test_a_job_of_the_gateways_own_that_says_one_is_never_laid() -> None:
    """Its template may have been changed since its rule was saved, or its campaign launched."""
    document = bare({"job": "j", "channel": "call", "call": {"script": {"message": "Debe %deuda%"}}})
    with pytest.raises(JobFileError) as refused:
        await lay(cast("IntakeDesk", None), "norte", document, b"{}")
    assert (refused.value.kind, refused.value.field) == ("value_amount_early", "call.script.message[0]")
