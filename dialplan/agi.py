#!/usr/bin/env python3
"""The AGI script of calls with more steps than a menu: it runs on the Asterisk's machine, one process a call.

`gatewayd dialplan install` lays it down as `gatewayd_agi.py`, with the one module it needs (`asterisk.agi` of pyst2)
beside it; any Python from 3.7 on runs it. It imports nothing else of ours, for nothing else of ours is there.

The steps come with the call, in channel variables (`dialplan.steps` makes them); what happens goes back the same
way. `GW_SCRIPT` is the result: `running` until the end, then `done`, or `prompt` where a prompt could not be played.
Asterisk says SUCCESS of a script that crashed, so that nothing but `done` counts as a good end.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import zlib
from typing import Any

FOLDER = "gatewayd_agi"
"""Beside this file, of others' modules what it imports."""
OPERATIONS_MAX = 1000
"""Steps that lead round in a circle end here; a person who goes round by keys has the call's own limit."""

_PLAIN = re.compile(r"[A-Za-z0-9_./@:+*# -]*")
_PRESSED = re.compile(r"[0-9*#]*")


class PromptMissing(Exception):  # noqa: N818 - a signal between these few functions
    """Asterisk could not play a prompt."""


class Phone:
    """The person at the other end: what is said to them, what they press. Raises pyst2's errors when they hang up."""

    def __init__(self, agi: Any) -> None:
        self._agi = agi

    def play(self, prompt: str) -> None:
        self._run("Playback", _plain(prompt))
        if self.told("PLAYBACKSTATUS") != "SUCCESS":
            raise PromptMissing(prompt)

    def read(self, prompt: str, most: int, wait_s: int) -> str:
        """What is pressed, up to `most` digits or a `#`; empty after `wait_s` of nothing."""
        self.tell("GW_PRESSED", "")
        self._run("Read", f"GW_PRESSED,{_plain(prompt)},{int(most)},,1,{int(wait_s)}")
        if self.told("READSTATUS") == "ERROR":
            raise PromptMissing(prompt)
        pressed = self.told("GW_PRESSED")
        return pressed if _PRESSED.fullmatch(pressed) else ""

    def tell(self, name: str, value: str) -> None:
        self._agi.set_variable(_plain(name), _plain(value))

    def told(self, name: str) -> str:
        return str(self._agi.get_variable(_plain(name)))

    def _run(self, application: str, arguments: str) -> None:
        # Commas part arguments here, and only here: what is between them is plain.
        for argument in arguments.split(","):
            _plain(argument)
        self._agi.appexec(application, arguments)


def _plain(text: str) -> str:
    """pyst2 puts a value between quotes as it is: a line break would be a command of its own, a quote its end."""
    if not _PLAIN.fullmatch(text):
        raise ValueError("a value that no command may hold")
    return text


def load(phone: Phone) -> dict[str, Any]:
    """The program that came with the call."""
    count = int(phone.told("GW_STEPS"))
    packed = "".join(phone.told(f"GW_S{index}") for index in range(count))
    data = zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    program = json.loads(data.decode())
    assert isinstance(program, dict)
    return program


def run(program: dict[str, Any], phone: Phone) -> None:
    """Goes through the steps; each says which is next, and the one behind the last is the end."""
    steps = program["steps"]
    walk = Walk(phone, program["digits"])
    at = 0
    for _ in range(OPERATIONS_MAX):
        if at >= len(steps):
            return
        kind, given, following = steps[at]
        elsewhere = walk.step(kind, given)
        at = following if elsewhere is None else elsewhere
    raise RuntimeError("the steps lead round in a circle")


class Walk:
    """One call's way through the steps, and what was pressed on it."""

    def __init__(self, phone: Phone, digits: dict[str, str]) -> None:
        self._phone, self._digits = phone, digits
        self._answers: dict[str, str] = {}
        self._opted_out = False

    def step(self, kind: str, given: Any) -> int | None:
        """Takes one step; answers where to go on, None for the step that follows."""
        if kind == "play":
            self._phone.play(given)
        elif kind == "spell":
            for digit in self._answers.get(given, ""):
                self._phone.play(self._digits[digit])
        elif kind == "ask":
            return self._ask(given)
        elif kind == "if":
            return None if self._answers.get(given["name"]) == given["equals"] else int(given["else"])
        elif kind == "do":
            return self._do(given["action"], given["to"])
        elif kind != "go":
            raise ValueError(f"no such step: {kind}")
        return None

    def _ask(self, given: dict[str, Any]) -> int | None:
        low, high = given["digits"]
        keys = given["keys"]
        for _ in range(given["tries"]):
            pressed = self._phone.read(given["prompt"], high, given["wait_s"])
            if low <= len(pressed) <= high and (not keys or pressed in keys):
                break
        else:
            return int(given["else"])
        self._answers[given["name"]] = pressed
        self._phone.tell("GW_ANSWERS", " ".join(f"{name}:{value}" for name, value in sorted(self._answers.items())))
        if not keys:
            return None
        self._phone.tell("GW_KEY", pressed)
        return int(keys[pressed])

    def _do(self, action: str, to: str) -> int | None:
        # Who asked not to be called again is not forgotten for what they do next.
        self._opted_out = self._opted_out or action == "opt_out"
        self._phone.tell("GW_ACTION", "opt_out" if self._opted_out else action)
        if action != "transfer":
            return None
        self._phone.tell("GW_TO", to)
        return sys.maxsize  # the dial plan transfers the call, once we have ended


def main() -> int:
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), FOLDER))  # noqa: PTH118, PTH120
    from asterisk.agi import AGI, AGIAppError

    # pyst2 writes every command and the caller's number to its stderr, and Asterisk shows that on its console.
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        try:
            phone = Phone(AGI(stderr=nowhere))
            phone.tell("GW_SCRIPT", "running")
            try:
                run(load(phone), phone)
            except PromptMissing:
                phone.tell("GW_SCRIPT", "prompt")
                return 1
            phone.tell("GW_SCRIPT", "done")
        except AGIAppError:
            # They hung up: the dial plan's `h` tells what there is to tell.
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
