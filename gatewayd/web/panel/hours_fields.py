"""Rules of contact as fields of a form, and what a form says as a document. Pure.

Only what differs from the rules one begins with is kept, so that everything else follows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

CLASSES: Final = ("collections", "notice", "transactional", "reply")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
KINDS: Final = ("count", "channels", "apart")
CHANNELS: Final = ("sms", "call", "email", "push", "whatsapp")
NUMBERS: Final = ("most", "days", "direct_days")
NEW: Final = "nuevo"
"""The cap that is added; its name in the rules is the first `own-N` that is free."""
TEXT_MAX: Final = 400
DATES_MAX: Final = 20_000

Rules = Mapping[str, Any]
"""A whole document of rules, as `contact.rules` has it."""


def fields_of(rules: Rules, preset: str) -> dict[str, Any]:
    """Returns the values of the form's fields that show these rules."""
    fields: dict[str, Any] = {"preset": preset, "basis": preset}
    for klass in CLASSES:
        hours = rules["hours"][klass]
        fields[f"always.{klass}"] = "1" if hours is None else ""
        for day in DAYS:
            fields[f"h.{klass}.{day}"] = "" if hours is None else hours[day] or ""
        fields[f"asday.{klass}"] = "1" if hours is not None and hours["holiday"] is None else ""
    for name, cap in rules["caps"].items():
        fields[f"cap.{name}.off"] = ""
        fields |= {f"cap.{name}.{key}": str(cap[key]) for key in NUMBERS}
    fields |= {f"cap.{NEW}.{key}": "" for key in NUMBERS}
    fields |= {f"cap.{NEW}.kind": "", f"cap.{NEW}.channels": [], f"cap.{NEW}.classes": ["collections"]}
    held = rules["holidays"]
    fields |= {"country": held["country"] or "", "own": "\n".join(held["own"])}
    fields |= {"working": "\n".join(held["working"]), "unanswered": "1" if rules["unanswered"] else ""}
    return fields | {"default_class": rules["default_class"]}


def given_of(form: Any, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields that a form sent, each as `shown` has it: a list, or a text (of an empty box, none)."""
    given: dict[str, Any] = {}
    for name, value in shown.items():
        if isinstance(value, list):
            given[name] = [str(one)[:40] for one in form.getlist(name)][:10]
        else:
            given[name] = str(form.get(name, ""))[: DATES_MAX if name in {"own", "working"} else TEXT_MAX].strip()
    return given


def document_of(
    given: Mapping[str, Any], was: Rules, old: Rules, own: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Returns what an account says of its own with these fields; None: nothing.

    `was` are the rules that the form showed, `old` those they began with: what was like them follows the preset that is
    chosen now. `own` is what the account said before.
    """
    document: dict[str, Any] = {"preset": given["preset"]} if given["preset"] else {}
    parts = {
        "hours": _hours(given, old["hours"]),
        "caps": _caps(given, was["caps"], old["caps"], (own or {}).get("caps") or {}),
        "holidays": _holidays(given, old["holidays"], (own or {}).get("holidays") or {}),
    }
    document |= {key: part for key, part in parts.items() if part}
    if (given["unanswered"] == "1") != old["unanswered"]:
        document["unanswered"] = given["unanswered"] == "1"
    if given["default_class"] and given["default_class"] != old["default_class"]:
        document["default_class"] = given["default_class"]
    return document or None


def _hours(given: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for klass in CLASSES:
        base = old[klass]
        if given[f"always.{klass}"]:
            if base is not None:
                made[klass] = "always"
            continue
        days: dict[str, Any] = {}
        for day in DAYS:
            value: str | None = given[f"h.{klass}.{day}"]
            if day == "holiday" and given[f"asday.{klass}"]:
                value = None
            if base is None or value != base[day]:
                days[day] = "as_day" if value is None else value
        if days:
            made[klass] = days
    return made


def _caps(
    given: Mapping[str, Any], was: Mapping[str, Any], old: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    # What was taken away before is shown no more, and stays away.
    made: dict[str, Any] = {name: False for name, said in own.items() if said is False and name in old}
    for name, cap in was.items():
        if given[f"cap.{name}.off"]:
            if name in old:
                made[name] = False
            continue
        base = old.get(name)
        wanted = {key: cap[key] for key in ("kind", "channels", "classes")} | {
            key: _number(given[f"cap.{name}.{key}"]) for key in NUMBERS
        }
        changed = wanted if base is None else {key: value for key, value in wanted.items() if value != base[key]}
        if changed:
            made[name] = changed
    if given[f"cap.{NEW}.kind"]:
        made[new_name(was, own)] = {
            "kind": given[f"cap.{NEW}.kind"],
            "channels": given[f"cap.{NEW}.channels"],
            "classes": given[f"cap.{NEW}.classes"],
            **{key: _number(given[f"cap.{NEW}.{key}"] or "1") for key in ("most", "days")},
        }
    return made


def new_name(was: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Returns the name of the cap that is added."""
    return next(name for at in range(1, 1000) if (name := f"own-{at}") not in was and name not in own)


def _holidays(given: Mapping[str, Any], old: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if given["country"].upper() != (old["country"] or ""):
        made["country"] = given["country"].upper()
    elif own.get("region"):
        made["region"] = own["region"]
    for key in ("own", "working"):
        dates = given[key].replace(",", " ").split()
        if sorted(set(dates)) != sorted(old[key]):
            made[key] = dates
    return made


def _number(text: str) -> int | str:
    """A number, or the text as it is, which the rules refuse by its key."""
    return int(text) if text.isdecimal() and len(text) < 7 else text


def field_of(key: str, added: str) -> str:
    """Returns the field that a fault's key (`contact.hours.collections.mon`) is about; "" where it is of none."""
    parts = key.split(".")[1:]
    match parts:
        case ["hours", klass, day]:
            return f"h.{klass}.{day}"
        case ["hours", klass]:
            return f"h.{klass}.mon"
        case ["caps", name, part]:
            return f"cap.{NEW if name == added else name}.{part}"
        case ["holidays", part] if part in {"country", "own", "working"}:
            return part
        case [part] if part in {"preset", "default_class"}:
            return part
    return ""


def faults_of(faults: Sequence[Mapping[str, str]], added: str, otherwise: Callable[[Mapping[str, str]], str]) -> Any:
    """Returns the sentence of each field, and of what belongs to none."""
    found: dict[str, str] = {}
    general: list[str] = []
    for one in faults:
        field = field_of(one["key"], added)
        if field:
            found.setdefault(field, one["message"])
        else:
            general.append(otherwise(one))
    return found, "; ".join(general)
