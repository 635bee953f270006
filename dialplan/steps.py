"""The steps of a call as they travel to the AGI script: a program of few words, packed into channel variables. Pure.

`dialplan.agi` runs it. A step is `[kind, given, following]`; steps are named by their number, and the number behind the
last is the end of the call.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

CHUNK: Final = 900
"""Letters of one variable: a manager header holds 1,024 bytes, its name included."""
CHUNKS_MAX: Final = 60
"""An action holds 128 headers."""


@dataclass(frozen=True, slots=True)
class PlayStep:
    prompt: str


@dataclass(frozen=True, slots=True)
class SpellStep:
    """Says back what was pressed, digit by digit."""

    name: str


@dataclass(frozen=True, slots=True)
class AskStep:
    """Takes from `digits[0]` to `digits[1]` digits as `name`; `keys` says where each one leads."""

    name: str
    prompt: str
    prompt_ms: int
    """How long the prompt takes to say: waiting for a key is not hearing."""
    digits: tuple[int, int]
    keys: Mapping[str, int]
    wait_s: int
    tries: int
    otherwise: int
    """Where it goes on when nothing fit in all the tries."""


@dataclass(frozen=True, slots=True)
class IfStep:
    name: str
    equals: str
    otherwise: int


@dataclass(frozen=True, slots=True)
class DoStep:
    action: Literal["promise", "paid", "wrong_person", "its_me", "opt_out", "transfer"]
    to: str = ""


@dataclass(frozen=True, slots=True)
class GoStep:
    """Nothing but the way on."""


Kind = PlayStep | SpellStep | AskStep | IfStep | DoStep | GoStep


@dataclass(frozen=True, slots=True)
class Step:
    what: Kind
    following: int
    """The number of the step after it."""


def packed(steps: Sequence[Step], digits: Mapping[str, str], opt_out: Mapping[str, int] | None = None) -> list[str]:
    """Returns the program in pieces of plain letters.

    `digits` are the prompts of 0 to 9, `*` and `#` for what is spelled; `opt_out` the digits that opt out at any
    moment, each with the step where it goes on then. Raises ValueError when it is too long to travel.
    """
    program: dict[str, Any] = {"steps": [[*_word(step.what), step.following] for step in steps], "digits": dict(digits)}
    if opt_out:
        program["opt_out"] = dict(opt_out)
    data = zlib.compress(json.dumps(program, separators=(",", ":")).encode(), 9)
    letters = base64.urlsafe_b64encode(data).decode().rstrip("=")
    pieces = [letters[at : at + CHUNK] for at in range(0, len(letters), CHUNK)]
    if len(pieces) > CHUNKS_MAX:
        raise ValueError("the steps are too many to travel with the call")
    return pieces


def _word(what: Kind) -> tuple[str, Any]:
    match what:
        case PlayStep():
            return "play", what.prompt
        case SpellStep():
            return "spell", what.name
        case AskStep():
            return "ask", {
                "name": what.name,
                "prompt": what.prompt,
                "ms": what.prompt_ms,
                "digits": list(what.digits),
                "keys": dict(what.keys),
                "wait_s": what.wait_s,
                "tries": what.tries,
                "else": what.otherwise,
            }
        case IfStep():
            return "if", {"name": what.name, "equals": what.equals, "else": what.otherwise}
        case DoStep():
            return "do", {"action": what.action, "to": what.to}
        case GoStep():
            return "go", None
