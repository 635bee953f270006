"""The words of a call's script that differ by recipient: found as templates at intake, put back before the call. Pure.

Both sides name them by their place in the script (`message[0]`, `steps[3].prompt[1]`), as they are kept with a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Script = Mapping[str, Any]
"""A job's `call.script`, as `spool.callplan` makes it."""

_Words = Callable[[str, str], str]
"""From a place and the words there to the words to put there."""


def templates(script: Script) -> dict[str, str]:
    """Place to template, of all words with something to fill in; the others stay as the script has them."""
    found: dict[str, str] = {}

    def keep(place: str, words: str) -> str:
        if "%" in words:
            found[place] = words
        return words

    _mapped(script, keep)
    return found


def texts(script: Script) -> list[str]:
    """All words of the script, with something to fill in or without."""
    found: list[str] = []

    def keep(_place: str, words: str) -> str:
        found.append(words)
        return words

    _mapped(script, keep)
    return found


def amount_words(script: Script) -> dict[str, str]:
    """Returns place to words of all amounts, with something to fill in or without."""
    pieces = {"message": script["message"]}
    found: dict[str, str] = {}
    for index, step in enumerate(script.get("steps", ())):
        if "amount" in step:
            found[f"steps[{index}].amount"] = step["amount"]
        pieces[f"steps[{index}].prompt"] = step.get("prompt", ())
    for place, given in pieces.items():
        found.update((f"{place}[{index}]", piece["amount"]) for index, piece in enumerate(given) if "amount" in piece)
    return found


def filled(script: Script, rendered: Mapping[str, str]) -> dict[str, Any]:
    """The script with this recipient's words."""
    return _mapped(script, rendered.get)


def _mapped(script: Script, words: _Words) -> dict[str, Any]:
    made = dict(script)
    made["message"] = _pieces(script["message"], "message", words)
    for name in ("menu_prompt", "goodbye"):
        if name in script:
            made[name] = words(name, script[name])
    if "confirm" in script:
        made["confirm"] = {action: words(f"confirm.{action}", text) for action, text in script["confirm"].items()}
    if "steps" in script:
        made["steps"] = [_step(step, f"steps[{index}]", words) for index, step in enumerate(script["steps"])]
    return made


def _pieces(pieces: list[Mapping[str, str]], place: str, words: _Words) -> list[dict[str, str]]:
    return [
        {kind: content if kind == "play" else words(f"{place}[{index}]", content) for kind, content in piece.items()}
        for index, piece in enumerate(pieces)
    ]


def _step(step: Mapping[str, Any], place: str, words: _Words) -> dict[str, Any]:
    made = dict(step)
    for name in ("say", "amount", "equals"):
        if name in step:
            made[name] = words(f"{place}.{name}", step[name])
    if "prompt" in step:
        made["prompt"] = _pieces(step["prompt"], f"{place}.prompt", words)
    return made
