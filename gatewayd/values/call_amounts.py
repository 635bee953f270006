"""Where a call would say an amount before the person has said by a key that it is the one who is meant. Pure.

Who picks up may be anybody, and an answering machine is heard by all: an amount comes behind the key, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gatewayd.values.templates import named_in
from spool.names import variable_name

SPEAKING: Final = frozenset({"deuda", "monto", "saldo"})
"""Variables that are amounts."""
ITS_ME: Final = "its_me"
END: Final = "end"


def early(text: str | None, plan: Mapping[str, Any] | None) -> str | None:
    """Returns the first place of a call at which an amount is said too early, as people write it; None: there is none.

    `plan` is a call as `spool.callplan` reads it, `text` what is said where it has no script.
    """
    script = (plan or {}).get("script")
    if script is None:
        return "text" if _speaks(text or "") else None
    # It is said before anything is pressed, and what a machine is left is this.
    for index, piece in enumerate(script["message"]):
        if _piece(piece):
            return f"call.script.message[{index}]"
    for name in ("menu_prompt", "goodbye"):
        if _speaks(script.get(name, "")):
            return f"call.script.{name}"
    for action, words in script.get("confirm", {}).items():
        if action != ITS_ME and _speaks(words):
            return f"call.script.confirm.{action}"
    found = min(_in_steps(script.get("steps", ())), default=None)
    return None if found is None else f"call.script.steps[{found}]"


def _in_steps(steps: list[Mapping[str, Any]]) -> Iterator[int]:
    """Yields the steps that say an amount and are reached by somebody who has pressed no key for "it's me"."""
    places = {one["label"]: index for index, one in enumerate(steps) if "label" in one}
    seen: set[tuple[int, bool]] = set()
    ways = [(0, False)]
    while ways:
        # `pressed`: the way here leads over a key.
        index, pressed = ways.pop()
        if index >= len(steps) or (index, pressed) in seen:
            continue
        seen.add((index, pressed))
        step = steps[index]
        if any(_speaks(step[name]) for name in ("say",) if name in step) or "amount" in step:
            yield index
        if any(map(_piece, step.get("prompt", ()))):
            yield index
        if step.get("do") == ITS_ME and pressed:
            continue  # whatever is behind it is for that person
        following = places.get(step["goto"], len(steps)) if "goto" in step else index + 1
        if "ask" in step:
            ways += [(places.get(target, len(steps)), True) for target in step.get("keys", {}).values()]
            ways.append((places.get(step.get("else", END), len(steps)), pressed))
            if not step.get("keys"):
                ways.append((index + 1, True))
            continue
        if "if" in step:
            ways.append((places.get(step["then"], len(steps)) if "then" in step else index + 1, pressed))
            ways.append((places.get(step.get("else", END), len(steps)), pressed))
            continue
        ways.append((following, pressed))


def _piece(piece: Mapping[str, str]) -> bool:
    return "amount" in piece or _speaks(piece.get("say", ""))


def _speaks(words: str) -> bool:
    return any(variable_name(name) in SPEAKING for name in named_in(words))
