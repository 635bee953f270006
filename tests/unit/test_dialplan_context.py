"""The context and its variables: nothing a value holds is ever taken apart by the dial plan."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.context import Flow, Key, render, variables


def test_every_place_jumped_to_exists() -> None:
    text = render()
    labels = set(re.findall(r"n\((\w+)\)", text))
    jumps = re.findall(r"Goto\((\w+)\)", text)
    for pair in re.findall(r"GotoIf\(.*\?([\w:]+)\)", text):
        jumps += pair.split(":")
    assert set(jumps) <= labels
    assert labels <= set(jumps) | {"message"}


def test_the_outcome_is_told_from_h_alone() -> None:
    text = render("cobranza", "agentes")
    assert text.startswith("[cobranza]\n")
    assert "@agentes/n" in text
    before, after = text.split("exten => h,1,")
    assert "UserEvent" not in before
    assert after.count("UserEvent(GatewaydCall,") == 1
    assert "OutgoingSpoolFailed" in after


@pytest.mark.parametrize("name", ["", "a b", "a]\n[b", "a,b", "x" * 80])
def test_a_context_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="context"):
        render(name)


@given(st.text(), st.text(), st.text())
def test_a_variable_is_plain_or_refused(prompt: str, digit: str, to: str) -> None:
    try:
        made = variables(Flow("01JD", prompt, menu={digit: Key("transfer", to)}, goodbye=prompt))
    except ValueError:
        return
    for each in made:
        assert re.fullmatch(r"GW_[A-Za-z0-9_]+=[A-Za-z0-9_./@+-]+", each)
    assert digit in "0123456789"


def test_what_a_call_does_not_need_is_not_sent() -> None:
    assert variables(Flow("01JD", "/p/a")) == [
        "GW_ID=01JD",
        "GW_MESSAGE=/p/a",
        "GW_AMD=off",
        "GW_WAIT=5",
        "GW_LIMIT=300",
    ]
