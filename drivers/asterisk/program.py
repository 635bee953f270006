"""A script's steps as the program that travels to the AGI script: labels become numbers, sounds prompts. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dialplan import steps as packed
from drivers.asterisk.script import DIGITS, END, Script, Step


def program(script: Script, prompts: Mapping[str, str], lengths: Mapping[str, int]) -> list[str]:
    """Returns the steps in pieces that fit channel variables; none where the script has no steps.

    `prompts` holds a path for every name of `Script.sounds`, `lengths` its ms where they are known. Raises ValueError
    when they are too long to travel.
    """
    if not script.steps:
        return []
    places = _places(script)
    made = []
    for index, step in enumerate(script.steps):
        onward = step.goto or step.then
        following = places[onward] if onward is not None else index + 1
        name = f"step{index}"
        made.append(packed.Step(_what(step, prompts.get(name, ""), lengths.get(name, 0), places), following))
    digits = {digit: prompts[f"digit{digit}"] for digit in DIGITS if f"digit{digit}" in prompts}
    return packed.packed(made, digits, opt_out(script))


def opt_out(script: Script) -> dict[str, int]:
    """Returns the digits that opt out at any moment of the steps, each with the step that does it.

    A digit counts that opts out at some question and means nothing else at any other.
    """
    places = _places(script)
    found: dict[str, int] = {}
    other: set[str] = set()
    for step in script.steps:
        for digit, label in step.keys.items():
            place = places[label]
            if place < len(script.steps) and script.steps[place].do == "opt_out":
                found.setdefault(digit, place)
            else:
                other.add(digit)
    return {digit: place for digit, place in found.items() if digit not in other}


def _places(script: Script) -> dict[str, int]:
    """Returns the number of each label's step."""
    places = {step.label: index for index, step in enumerate(script.steps) if step.label is not None}
    return {**places, END: len(script.steps)}


def _what(step: Step, prompt: str, prompt_ms: int, places: Mapping[str, int]) -> packed.Kind:
    if step.ask is not None:
        keys = {digit: places[label] for digit, label in step.keys.items()}
        digits = (1, 1) if keys else step.digits
        return packed.AskStep(
            step.ask, prompt, prompt_ms, digits, keys, step.wait_s, step.tries, places[step.otherwise]
        )
    if step.condition is not None:
        # What is compared is what can be pressed: "12.345.678" of a sheet is 12345678 on a telephone.
        wanted = re.sub(r"[^0-9*#]", "", step.equals or "")
        return packed.IfStep(step.condition, wanted or "none", places[step.otherwise])
    if step.do is not None:
        action, _, to = step.do.partition(":")
        return packed.DoStep(action, to)  # type: ignore[arg-type]  # the model's pattern has checked it
    if step.spell is not None:
        return packed.SpellStep(step.spell)
    return packed.PlayStep(prompt) if prompt else packed.GoStep()
