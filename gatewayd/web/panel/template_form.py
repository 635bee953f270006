"""What a template says, as the fields of a form, and back. Pure.

A call is written as people read it: a line is spoken; `importe: %deuda%` alone on a line is an amount, read out as one;
`audio: intro.wav` a recording. What the form has no field for stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sms": ("text", "encoding", "max_segments"),
    "email": ("subject", "text", "html", "area", "cc", "attachments"),
    "call": (
        *("message", "menu_prompt", "goodbye", "language", "voice", "steps", "amd", "ring_s"),
        *("its_me", "promise", "paid", "wrong_person", "opt_out", "times", "pause"),
        *(f"key{digit}" for digit in range(10)),
    ),
    "push": ("title", "text", "data", "ttl"),
    "whatsapp": ("text", "approved", "approved_language", "parameters"),
}
"""By channel, the names of its fields; `class` besides."""
TEXT_MAX: Final = 2_000_000
_CONFIRMED: Final = ("its_me", "promise", "paid", "wrong_person", "opt_out")
"""What a key says, after which the call says something."""
_AMOUNT: Final = ("importe:", "amount:")
_RECORDING: Final = ("audio:", "play:")
_WHOLE: Final = ("max_segments",)


def form_of(channel: str, content: Mapping[str, Any]) -> dict[str, str]:
    """Returns the values of the form's fields for a content."""
    found = dict.fromkeys((*FIELDS[channel], "class"), "")
    found["class"] = str(content.get("class") or "")
    for name in FIELDS[channel]:
        value = content.get(name)
        if isinstance(value, str | int):
            found[name] = str(value)
        elif isinstance(value, list):
            found[name] = "\n".join(map(str, value))
    if channel == "push":
        push = content.get("push") or {}
        data = "\n".join(f"{name}={value}" for name, value in (push.get("data") or {}).items())
        found |= {"title": push.get("title") or "", "ttl": push.get("ttl") or "", "data": data}
    if channel == "whatsapp":
        found |= _whatsapp_fields(content.get("whatsapp") or {})
    if channel == "call":
        found |= _call_fields(content)
    return found


def _whatsapp_fields(approved: Mapping[str, Any]) -> dict[str, str]:
    given = approved.get("parameters") or []
    lines = [f"{name}={value}" for name, value in given.items()] if isinstance(given, Mapping) else map(str, given)
    return {
        "approved": approved.get("template") or "",
        "approved_language": approved.get("language") or "",
        "parameters": "\n".join(lines),
    }


def _call_fields(content: Mapping[str, Any]) -> dict[str, str]:
    call = content.get("call") or {}
    script = call.get("script") or {}
    message = script.get("message", content.get("text") or "")
    retry: Mapping[str, Any] = next(iter((call.get("retries") or {}).values()), {})
    return {
        "message": message if isinstance(message, str) else "\n".join(map(_line, message)),
        "menu_prompt": script.get("menu_prompt") or "",
        "goodbye": script.get("goodbye") or "",
        "language": script.get("language") or "es",
        "voice": script.get("voice") or "",
        "steps": json.dumps(script["steps"], ensure_ascii=False, indent=2) if script.get("steps") else "",
        "amd": call.get("amd") or "off",
        "ring_s": str(call.get("ring_s") or ""),
        "times": str(retry.get("times") or ""),
        "pause": str(retry.get("pause") or ""),
        **{name: (script.get("confirm") or {}).get(name) or "" for name in _CONFIRMED},
        **{f"key{digit}": action for digit, action in (script.get("menu") or {}).items()},
    }


def _line(piece: Any) -> str:
    if not isinstance(piece, Mapping):
        return str(piece)
    kind, words = next(iter(piece.items()), ("say", ""))
    return {"amount": f"{_AMOUNT[0]} ", "play": f"{_RECORDING[0]} "}.get(kind, "") + str(words)


def content_of(channel: str, form: Mapping[str, str], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the fields say; `kept` is what was saved last, for what the form has no field for."""
    given = {name: form.get(name, "").replace("\r\n", "\n") for name in (*FIELDS[channel], "class")}
    content: dict[str, Any] = {name: value for name, value in kept.items() if name not in {*FIELDS[channel], "class"}}
    plain = [name for name in ("text", "subject", "html", "encoding", "area") if name in FIELDS[channel]]
    content |= {name: given[name] for name in plain if given[name].strip()}
    content |= {name: _whole(given[name]) for name in _WHOLE if given.get(name, "").strip()}
    content |= {name: _lines(given[name]) for name in ("cc", "attachments") if _lines(given.get(name, ""))}
    if given["class"]:
        content["class"] = given["class"]
    if content.get("encoding") == "auto":
        del content["encoding"]
    if channel == "push":
        content = _pushed(content, given)
    if channel == "whatsapp":
        content = _approved(content, given)
    if channel == "call":
        content = _called(content, given, kept)
    return content


def _whole(text: str) -> int | str:
    return int(text) if text.strip().isascii() and text.strip().isdigit() and len(text) < 9 else text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _pairs(text: str) -> dict[str, str]:
    return {name.strip(): value.strip() for name, _equals, value in (line.partition("=") for line in _lines(text))}


def _pushed(content: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    push: dict[str, Any] = {}
    if given["title"].strip():
        push["title"] = given["title"].strip()
    if pairs := _pairs(given["data"]):
        push["data"] = pairs
    if given["ttl"].strip():
        push["ttl"] = given["ttl"].strip()
    content.pop("push", None)
    return content | ({"push": push} if push else {})


def _approved(content: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    content.pop("whatsapp", None)
    if not given["approved"].strip():
        return content
    lines = _lines(given["parameters"])
    named = all("=" in line for line in lines)
    approved: dict[str, Any] = {"template": given["approved"].strip()}
    if given["approved_language"].strip():
        approved["language"] = given["approved_language"].strip()
    if lines:
        approved["parameters"] = _pairs(given["parameters"]) if named else lines
    return content | {"whatsapp": approved}


def _called(content: dict[str, Any], given: Mapping[str, str], kept: Mapping[str, Any]) -> dict[str, Any]:
    before = kept.get("call") or {}
    call = {name: value for name, value in before.items() if name not in {"script", "amd", "ring_s", "retries"}}
    script: dict[str, Any] = {}
    message = [_piece(line) for line in _lines(given["message"])]
    if message:
        script["message"] = message
    script |= {
        name: given[name].strip() for name in ("menu_prompt", "goodbye", "language", "voice") if given[name].strip()
    }
    menu = {str(digit): given[f"key{digit}"].strip() for digit in range(10) if given[f"key{digit}"].strip()}
    if menu:
        script["menu"] = menu
    confirm = {name: given[name].strip() for name in _CONFIRMED if given[name].strip()}
    if confirm:
        script["confirm"] = confirm
    if given["steps"].strip():
        script["steps"] = _steps(given["steps"])
    call["script"] = script
    if given["amd"] and given["amd"] != "off":
        call["amd"] = given["amd"]
    if given["ring_s"].strip():
        call["ring_s"] = _whole(given["ring_s"])
    if given["times"].strip():
        rule = {"times": _whole(given["times"])} | ({"pause": given["pause"].strip()} if given["pause"].strip() else {})
        call["retries"] = dict.fromkeys(("busy", "no_answer", "congestion"), rule)
    content.pop("text", None)
    return content | {"call": call}


def _piece(line: str) -> dict[str, str]:
    for kind, beginnings in (("amount", _AMOUNT), ("play", _RECORDING)):
        for beginning in beginnings:
            if line.lower().startswith(beginning):
                return {kind: line[len(beginning) :].strip()}
    return {"say": line}


def _steps(text: str) -> Any:
    """Returns the steps; the text itself where it is no JSON, so that the one judgement says so."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def field_of(key: str) -> str:
    """Returns the form's field for the place of a fault in a content: `content.call.script.menu.1` is `key1`."""
    place = key.removeprefix("content.")
    for beginning, name in _PLACES:
        if place.startswith(beginning):
            return name.format(place[len(beginning) :][:1])
    return place.partition("[")[0].partition(".")[0]


_PLACES: Final = (
    ("call.script.menu.", "key{}"),
    ("call.script.menu_prompt", "menu_prompt"),
    ("call.script.goodbye", "goodbye"),
    ("call.script.language", "language"),
    ("call.script.voice", "voice"),
    ("call.script.steps", "steps"),
    *((f"call.script.confirm.{name}", name) for name in _CONFIRMED),
    ("call.script", "message"),
    ("call.amd", "amd"),
    ("call.ring_s", "ring_s"),
    ("call.retries", "times"),
    ("push.title", "title"),
    ("push.data", "data"),
    ("push.ttl", "ttl"),
    ("whatsapp.template", "approved"),
    ("whatsapp.language", "approved_language"),
    ("whatsapp.parameters", "parameters"),
)
