"""The context and its variables: nothing a value holds is ever taken apart by the dial plan."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.context import Flow, Key, render, variables


def contexts() -> dict[str, str]:
    """The text of each context, by its name."""
    parts = re.split(r"^\[([\w-]+)\]$", render(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_place_jumped_to_exists() -> None:
    found = contexts()
    for name, text in found.items():
        # The labels of an extension are its own; only the first context jumps among several hundred lines.
        labels = set(re.findall(r"n\((\w+)\)", text))
        jumps = set(re.findall(r"Goto\((\w+)\)", text))
        for pair in re.findall(r"GotoIf\(.*\?([\w:]+)\)", text):
            jumps.update(pair.split(":"))
        assert jumps <= labels, name
    own = set(re.findall(r"n\((\w+)\)", found["gatewayd"]))
    for text in found.values():
        for context, extension, label in re.findall(r"Goto\(([\w-]+),(\w+),(\w+)\)", text):
            assert context == "gatewayd"
            assert (extension, label) == ("h", "1") or label in own


def test_the_outcome_is_told_from_h_alone() -> None:
    text = render("cobranza", "agentes")
    assert text.startswith("[cobranza]\n")
    assert "@agentes/n" in text
    before, after = text.split("exten => h,1,", 1)
    assert "UserEvent(GatewaydCall," not in before
    assert after.count("UserEvent(GatewaydCall,") == 1
    assert "OutgoingSpoolFailed" in after


def test_who_hangs_up_in_any_context_is_told_of() -> None:
    """A call may be in any of them but those that run on channels of their own."""
    for name, text in contexts().items():
        if name not in {"gatewayd-listen", "gatewayd-check"}:
            assert text.count("exten => h,1,") == 1, name


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
