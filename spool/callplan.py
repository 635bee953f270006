"""The `call` of a job: what the person hears, what keys do, and when to try again. Shapes only, as `fields`.

A script either says a `message` and takes one key (`menu`), or goes through `steps`: speak, ask for digits, compare
them, act, go on elsewhere. What the result holds is JSON of the job file's own shape with its defaults filled in; keys
that came later than the first release are left out when they are not given, so that a job known by its hash stays the
same job.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from spool import fields
from spool.fields import invalid

DISPOSITIONS: Final = ("machine", "busy", "no_answer", "congestion", "rejected", "failed")
"""What may be tried again, by `retries`."""

SPEECH_LIMIT: Final = 5_000
"""Characters of one spoken text: more than five minutes."""
STEPS_MAX: Final = 60
"""More is no telephone call; and all of them travel to Asterisk with it."""
END: Final = "end"
"""The label that every script has: say goodbye, hang up."""

_PLAN: Final = ("script", "amd", "min_heard_s", "ring_s", "limit_s", "retries")
_SCRIPT: Final = ("message", "menu", "menu_prompt", "confirm", "goodbye", "steps", "language", "voice")
_PIECES: Final = ("say", "play", "amount")
_VERBS: Final = (*_PIECES, "spell", "ask", "if", "do", "goto")
_ASK: Final = ("prompt", "digits", "keys", "wait_s", "tries", "else")
_IF: Final = ("equals", "then", "else")
SAID: Final = ("promise", "paid", "wrong_person", "its_me")
"""What a person says of a debt by a key: it promises, has paid, is another person, or is the one who is meant."""
_CONFIRMED: Final = (*SAID, "opt_out")

_ACTION: Final = re.compile(rf"repeat|{'|'.join(SAID)}|opt_out|transfer:[A-Za-z0-9_-]{{1,40}}")
_VOICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LABEL: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")


def call(raw: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """Returns a call's plan with its defaults filled in; None when the job has none."""
    plan = fields.table(raw, key, _PLAN)
    if plan is None:
        return None
    path = f"{key}."
    script = _script(plan, "script", path)
    found: dict[str, Any] = {
        "script": script,
        "amd": fields.choice(plan, "amd", ("off", "detect", "leave_message"), "off", path),
        "min_heard_s": fields.seconds(plan, "min_heard_s", 5.0, low=0, high=3600, path=path),
        "ring_s": fields.seconds(plan, "ring_s", 30.0, low=1, high=300, path=path),
        "retries": _retries(plan, "retries", path),
    }
    if plan.get("limit_s") is not None:
        found["limit_s"] = fields.whole(plan, "limit_s", None, low=10, high=3600, path=path)
    if found["amd"] == "leave_message" and script and "steps" in script and not script["message"]:
        raise invalid("value_left_message", f"{path}script.message")
    return found


def _script(plan: Mapping[str, Any], key: str, path: str) -> dict[str, Any] | None:
    script = fields.table(plan, key, _SCRIPT, path)
    if script is None:
        return None
    path = f"{path}{key}."
    stepped = script.get("steps") is not None
    if stepped and (alien := next((k for k in ("menu", "menu_prompt", "confirm") if script.get(k) is not None), None)):
        raise invalid("value_with_steps", path + alien)
    found: dict[str, Any] = {
        "message": [] if stepped and script.get("message") is None else _spoken(script, "message", path),
        "menu": _menu(script, "menu", path),
        "language": _matching(fields.string(script, "language", "es", path), _LANGUAGE, f"{path}language"),
        "voice": _matching(fields.string(script, "voice", None, path), _VOICE, f"{path}voice"),
    }
    for name in ("menu_prompt", "goodbye"):
        if script.get(name) is not None:
            found[name] = fields.text(script[name], path + name, SPEECH_LIMIT)
    if script.get("confirm") is not None:
        given = fields.table(script, "confirm", _CONFIRMED, path) or {}
        found["confirm"] = {k: fields.text(v, f"{path}confirm.{k}", SPEECH_LIMIT) for k, v in given.items()}
    if stepped:
        found["steps"] = _steps(script["steps"], f"{path}steps")
    return found


def _matching(value: str | None, pattern: re.Pattern[str], field: str) -> str | None:
    if value is not None and not pattern.fullmatch(value):
        raise invalid("value_voice" if pattern is _VOICE else "value_call_language", field)
    return value


def _spoken(script: Mapping[str, Any], key: str, path: str) -> list[dict[str, str]]:
    """Returns a text, or a list of pieces, as a list of pieces."""
    value, field = script.get(key), path + key
    if value is None:
        raise invalid("value_missing", field)
    if isinstance(value, str):
        return [{"say": fields.text(value, field, SPEECH_LIMIT)}]
    if not isinstance(value, list) or not value:
        raise invalid("value_message", field)
    pieces = []
    for index, piece in enumerate(value):
        place = f"{field}[{index}]"
        if not isinstance(piece, dict) or len(piece) != 1:
            raise invalid("value_message", place)
        fields.known(piece, _PIECES, f"{place}.")
        [(kind, content)] = piece.items()
        pieces.append({kind: _piece(kind, content, f"{place}.{kind}")})
    return pieces


def _piece(kind: str, content: Any, field: str) -> str:
    if kind == "play":
        return fields.bare(content, field)
    if kind == "amount":
        # A fixed amount may well be written as a number.
        return fields.cell(content, field)
    return fields.text(content, field, SPEECH_LIMIT)


def _menu(script: Mapping[str, Any], key: str, path: str) -> dict[str, str]:
    menu = fields.table(script, key, frozenset("0123456789"), path) or {}
    return {digit: _action(action, f"{path}{key}.{digit}") for digit, action in menu.items()}


def _action(value: Any, field: str) -> str:
    if not isinstance(value, str) or not _ACTION.fullmatch(value):
        raise invalid("value_action", field)
    return value


def _retries(plan: Mapping[str, Any], key: str, path: str) -> dict[str, dict[str, int]]:
    rules = {}
    for disposition in fields.table(plan, key, DISPOSITIONS, path) or {}:
        place = f"{path}{key}."
        rule = fields.table(plan[key], disposition, {"times", "pause"}, place)
        if rule is None:
            continue
        place += f"{disposition}."
        rules[disposition] = {
            "times": fields.whole(rule, "times", 1, low=0, high=20, path=place) or 0,
            "pause_s": fields.duration(rule, "pause", 600, path=place) or 0,
        }
    return rules


# ------------------------------------------------------------------------------------------------------------- steps


def _steps(value: Any, field: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value:
        raise invalid("value_list", field)
    if len(value) > STEPS_MAX:
        raise invalid("value_steps", field, limit=STEPS_MAX)
    steps = [_step(raw, f"{field}[{index}]") for index, raw in enumerate(value)]
    labels: set[str] = {END}
    for index, step in enumerate(steps):
        if "label" in step:
            if step["label"] in labels:
                raise invalid("value_repeated", f"{field}[{index}].label")
            labels.add(step["label"])
    asked = {step["ask"] for step in steps if "ask" in step}
    for index, step in enumerate(steps):
        for place, target in _targets(step):
            if target not in labels:
                raise invalid("value_label", f"{field}[{index}].{place}", name=target)
        for verb in ("spell", "if"):
            if verb in step and step[verb] not in asked:
                raise invalid("value_asked", f"{field}[{index}].{verb}", name=step[verb])
    return steps


def _targets(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields where a step may lead, each with its place within the step."""
    for key in ("goto", "then", "else"):
        if step.get(key) is not None:
            yield key, step[key]
    for digit, target in step.get("keys", {}).items():
        yield f"keys.{digit}", target


def _step(raw: Any, field: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise invalid("value_object", field)
    path = f"{field}."
    fields.known(raw, {"label", *_VERBS, *_ASK, *_IF}, path)
    # `goto` alone is a verb; behind another one it says where to go on.
    verbs = [verb for verb in _VERBS if raw.get(verb) is not None and verb != "goto"] or ["goto"]
    if len(verbs) != 1 or raw.get(verbs[0]) is None:
        raise invalid("value_step", field)
    [verb] = verbs
    more = {"ask": _ASK, "if": _IF}.get(verb, () if verb == "goto" else ("goto",))
    fields.known(raw, {"label", verb, *more}, path)
    step: dict[str, Any] = {}
    if raw.get("label") is not None:
        step["label"] = _label(raw["label"], f"{path}label")
    if verb in _PIECES:
        step[verb] = _piece(verb, raw[verb], path + verb)
    elif verb == "do":
        step["do"] = _action(raw["do"], f"{path}do")
        if step["do"] == "repeat":
            raise invalid("value_repeat", f"{path}do")
    else:
        step[verb] = _label(raw[verb], path + verb)
    if verb == "ask":
        step |= _ask(raw, path)
    if verb == "if":
        step["equals"] = fields.cell(raw["equals"], f"{path}equals") if raw.get("equals") is not None else None
        if step["equals"] is None:
            raise invalid("value_missing", f"{path}equals")
        step["else"] = _label(raw["else"], f"{path}else") if raw.get("else") is not None else END
    for key in ("goto", "then"):
        if key != verb and raw.get(key) is not None:
            step[key] = _label(raw[key], path + key)
    return step


def _label(value: Any, field: str) -> str:
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        raise invalid("value_label_form", field)
    return value


def _ask(raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    keys = fields.table(raw, "keys", frozenset("0123456789"), path)
    if keys is not None and (not keys or raw.get("digits") is not None):
        raise invalid("value_keys", f"{path}keys")
    return {
        "prompt": _spoken(raw, "prompt", path),
        "digits": [1, 1] if keys else _digits(raw, "digits", path),
        "keys": {digit: _label(target, f"{path}keys.{digit}") for digit, target in (keys or {}).items()},
        "wait_s": fields.whole(raw, "wait_s", 5, low=1, high=60, path=path),
        "tries": fields.whole(raw, "tries", 3, low=1, high=9, path=path),
        "else": _label(raw["else"], f"{path}else") if raw.get("else") is not None else END,
    }


def _digits(raw: Mapping[str, Any], key: str, path: str) -> list[int]:
    """Returns how many digits are asked for: an exact number, or the least and the most."""
    value = raw.get(key)
    if isinstance(value, list) and len(value) == 2:
        low, high = (fields.whole({key: n}, key, None, low=1, high=20, path=path) or 0 for n in value)
        if 0 < low <= high:
            return [low, high]
    elif value is not None and not isinstance(value, list):
        number = fields.whole(raw, key, None, low=1, high=20, path=path) or 1
        return [number, number]
    raise invalid("value_digits", path + key)
