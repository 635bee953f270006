#!/usr/bin/env python3
"""The AGI script of calls with more steps than a menu: it runs on the Asterisk's machine, one process a call.

`gatewayd dialplan install` writes it as `gatewayd_agi.py`, with the one module it needs (`asterisk.agi` of pyst2)
beside it; any Python from 3.7 on runs it. It imports nothing else of ours, for nothing else of ours is there.

The steps come with the call, in channel variables (`dialplan.steps` makes them); what happens goes back the same
way. `GW_SCRIPT` is the result: `running` until the end, then `done`, or `prompt` where a prompt could not be played.
Asterisk says SUCCESS of a script that crashed, so that nothing but `done` counts as a good end. A promise or an opt-out
goes into Asterisk's database at once, as the context does it: nobody may be listening when the call ends.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
import zlib
from typing import Any

FOLDER = "gatewayd_agi"
"""Beside this file, of others' modules what it imports."""
OPERATIONS_MAX = 1000
"""Steps that lead round in a circle end here; a person who goes round by keys has the call's own limit."""

_PLAIN = re.compile(r"[A-Za-z0-9_./@:+*#= -]*")
_PRESSED = re.compile(r"[0-9*#]*")


class PromptMissing(Exception):  # noqa: N818 - a signal between these few functions
    """Asterisk could not play a prompt."""


class Phone:
    """The person at the other end: what is said to them, what they press. Raises pyst2's errors when they hang up."""

    def __init__(self, agi: Any) -> None:
        self._agi = agi
        self._heard = ""

    def play(self, prompt: str, stop: str = "") -> str:
        """Says it to its end, or until one of the digits `stop` is pressed; returns that digit."""
        self._begin(0)
        pressed = ""
        if stop:
            answer = self._agi.execute("STREAM FILE", f'"{_plain(prompt)}"', f'"{_plain(stop)}"')["result"]
            pressed = chr(int(answer[0])) if answer[0] != "0" else ""
            missing = not pressed and answer[1].strip() == "endpos=0"
        else:
            self._run("Playback", _plain(prompt))
            missing = self.variable("PLAYBACKSTATUS") != "SUCCESS"
        self._end()
        if missing:
            raise PromptMissing(prompt)
        return pressed

    def read(self, prompt: str, most: int, wait_s: int, prompt_ms: int = 0) -> str:
        """Returns what is pressed, up to `most` digits or a `#`; empty after `wait_s` of nothing."""
        self.set("GW_PRESSED", "")
        self._begin(prompt_ms)
        self._run("Read", f"GW_PRESSED,{_plain(prompt)},{int(most)},,1,{int(wait_s)}")
        self._end()
        if self.variable("READSTATUS") == "ERROR":
            raise PromptMissing(prompt)
        pressed = self.variable("GW_PRESSED")
        return pressed if _PRESSED.fullmatch(pressed) else ""

    def keep(self, key: str, action: str) -> None:
        """Writes a key into Asterisk's database, where the gateway finds it whatever happens to either."""
        line, call = self.variable("GW_LINE"), self.variable("GW_ID")
        if line:
            begun = (
                f"at={int(time.time())} to={self.variable('GW_NUMBER')} amd={self.variable('GW_AMDSTATUS')} key={key}"
            )
            value = f"{begun} action={action} played=SUCCESS script=running heard={self._heard}"
            self._agi.set_variable(f"DB(gatewayd/{_plain(line)}/{_plain(call)})", _plain(value))

    def _begin(self, most_ms: int) -> None:
        """Something begins to be said, which takes `most_ms` where that is known; hanging up meanwhile ends it."""
        self._most, self._from = most_ms, _now_ms()
        self.set("GW_MS", str(most_ms or ""))
        self.set("GW_FROM", str(self._from))

    def _end(self) -> None:
        self._heard += f"+{self._from}-{_now_ms()}-{self._most or ''}"
        self.set("GW_HEARD", self._heard)
        self.set("GW_FROM", "")

    def set(self, name: str, value: str) -> None:
        self._agi.set_variable(_plain(name), _plain(value))

    def variable(self, name: str) -> str:
        return str(self._agi.get_variable(_plain(name)))

    def _run(self, application: str, arguments: str) -> None:
        # Commas part arguments here, and only here: what is between them is plain.
        for argument in arguments.split(","):
            _plain(argument)
        self._agi.appexec(application, arguments)


def _now_ms() -> int:
    return int(time.time() * 1000)


def _plain(text: str) -> str:
    """pyst2 puts a value between quotes as it is: a line break would be a command of its own, a quote its end."""
    if not _PLAIN.fullmatch(text):
        raise ValueError("a value that no command may hold")
    return text


def load(phone: Phone) -> dict[str, Any]:
    """Returns the program that came with the call."""
    count = int(phone.variable("GW_STEPS"))
    packed = "".join(phone.variable(f"GW_S{index}") for index in range(count))
    data = zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    program = json.loads(data.decode())
    assert isinstance(program, dict)
    return program


def run(program: dict[str, Any], phone: Phone) -> None:
    """Goes through the steps; each says which is next, and the number behind the last is the end."""
    steps = program["steps"]
    walk = Walk(phone, program["digits"], program.get("opt_out", {}))
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

    def __init__(self, phone: Phone, digits: dict[str, str], opt_out: dict[str, int]) -> None:
        """`opt_out`: digits that opt out at any moment, and the step where it goes on then."""
        self._phone, self._digits, self._opt_out = phone, digits, opt_out
        self._stop = "".join(sorted(opt_out))
        self._answers: dict[str, str] = {}
        self._key = ""
        self._opted_out = False

    def step(self, kind: str, given: Any) -> int | None:
        """Takes one step; returns where to go on, None for the step that follows."""
        if kind == "play":
            return self._say(given)
        if kind == "spell":
            for digit in self._answers.get(given, ""):
                elsewhere = self._say(self._digits[digit])
                if elsewhere is not None:
                    return elsewhere
            return None
        if kind == "ask":
            return self._ask(given)
        if kind == "if":
            return None if self._answers.get(given["name"]) == given["equals"] else int(given["else"])
        if kind == "do":
            return self._do(given["action"], given["to"])
        if kind != "go":
            raise ValueError(f"no such step: {kind}")
        return None

    def _say(self, prompt: str) -> int | None:
        pressed = self._phone.play(prompt, "" if self._opted_out else self._stop)
        return self._leave(pressed) if pressed else None

    def _leave(self, digit: str) -> int:
        """Goes where the digit that opts out leads, wherever it was pressed."""
        self._key = digit
        self._phone.set("GW_KEY", digit)
        return int(self._opt_out[digit])

    def _ask(self, given: dict[str, Any]) -> int | None:
        low, high = given["digits"]
        keys = given["keys"]
        for _ in range(given["tries"]):
            pressed = self._phone.read(given["prompt"], high, given["wait_s"], given.get("ms", 0))
            if low <= len(pressed) <= high and (not keys or pressed in keys):
                break
            if keys and pressed in self._opt_out:
                return self._leave(pressed)
        else:
            return int(given["else"])
        self._answers[given["name"]] = pressed
        self._phone.set("GW_ANSWERS", " ".join(f"{name}:{value}" for name, value in sorted(self._answers.items())))
        if not keys:
            return None
        self._key = pressed
        self._phone.set("GW_KEY", pressed)
        return int(keys[pressed])

    def _do(self, action: str, to: str) -> int | None:
        # A person who asked not to be called again has done so, whatever they do next.
        self._opted_out = self._opted_out or action == "opt_out"
        done = "opt_out" if self._opted_out else action
        self._phone.set("GW_ACTION", done)
        self._phone.keep(self._key, done)
        if action != "transfer":
            return None
        self._phone.set("GW_TO", to)
        return sys.maxsize  # the dial plan transfers the call, once we have ended


def main() -> int:
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), FOLDER))  # noqa: PTH118, PTH120
    from asterisk.agi import AGI, AGIAppError

    # pyst2 writes every command and the caller's number to its stderr, and Asterisk shows that on its console.
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        try:
            phone = Phone(AGI(stderr=nowhere))
            phone.set("GW_SCRIPT", "running")
            try:
                run(load(phone), phone)
            except PromptMissing:
                phone.set("GW_SCRIPT", "prompt")
                return 1
            phone.set("GW_SCRIPT", "done")
        except AGIAppError:
            # They hung up: the dial plan's `h` reports what there is to report.
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
