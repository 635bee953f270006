"""A rule for claims as its form has it: fields to a document, and back. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

SPARE: Final = 2
"""Empty rows behind the levels that there are."""
MOST: Final = 30
WAYS_LEAST: Final = 3
"""Ways that a level's row offers: the first, and two for whom it does not reach."""
WAYS_MOST: Final = 5
_PARTS: Final = ("id", "name", "days", "basis", "action", "approval")


def rows_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the levels of a document as rows of fields, with empty ones behind. `ways` has the values of the choices
    by which a level goes, in their order."""
    rows: list[dict[str, Any]] = []
    for one in document.get("levels") or ():
        templates = one.get("templates") or {}
        rows.append(
            {
                "id": one["id"],
                "name": one.get("name") or "",
                "days": str(one["days"]),
                "basis": one.get("basis") or "due",
                "action": one.get("action") or "message",
                "approval": "1" if one.get("approval") else "",
                "ways": _padded([way(channel, templates.get(channel, "")) for channel in one.get("channels") or ()]),
            }
        )
    empty = ({**dict.fromkeys(_PARTS, ""), "ways": _padded([])} for _row in range(SPARE))
    return [*rows, *empty][:MOST]


def way(channel: str, template: str) -> str:
    """Returns the value of the choice that sends a template by a channel."""
    return f"{channel}:{template}"


def _padded(ways: list[str]) -> list[str]:
    wanted = min(WAYS_MOST, max(WAYS_LEAST, len(ways) + 1))
    return [*ways, *[""] * (wanted - len(ways))][:WAYS_MOST]


def document_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the document that fields say. ValueError names the field that is no number."""
    levels: list[dict[str, Any]] = []
    taken: set[str] = set()
    for number in range(MOST):
        row = {part: str(form.get(f"{part}_{number}", "")).strip() for part in _PARTS}
        if not row["days"]:
            continue
        ways = [str(form.get(f"way_{number}_{place}", "")).strip() for place in range(WAYS_MOST)]
        chosen = [(one.partition(":")[0], one.partition(":")[2]) for one in ways if one]
        action = row["action"] or "message"
        name = row["id"] or _id(row["name"] or f"dia {row['days']}", taken)
        taken.add(name)
        levels.append(
            {
                "id": name,
                "name": row["name"],
                "days": _number(row["days"], f"levels[{len(levels) + 1}].days"),
                "basis": row["basis"] or "due",
                "action": action,
                "channels": [channel for channel, _name in chosen] if action == "message" else [],
                "templates": dict(chosen) if action == "message" else {},
                "approval": row["approval"] == "1",
            }
        )
    minimums = {}
    for line in str(form.get("minimums", "")).splitlines():
        currency, _blank, amount = line.strip().partition(" ")
        if currency:
            minimums[currency.upper()] = amount.strip() or "0"
    document: dict[str, Any] = {
        "levels": levels,
        "nothing": form.get("nothing") == "1",
        "minimums": minimums,
        "hour": str(form.get("hour", "")).strip() or "09:00",
    }
    for key in ("tolerance_days", "reclaim_days", "repeats", "hold_out"):
        document[key] = _number(str(form.get(key, "")).strip() or "0", key)
    tags = str(form.get("tags", "")).replace(",", " ").split()
    portfolio = str(form.get("portfolio_type", ""))
    audience = {**({"tags": tags} if tags else {}), **({"portfolio_type": portfolio} if portfolio else {})}
    if audience:
        document["audience"] = audience
    return document


def _id(name: str, taken: set[str]) -> str:
    """Returns an id for a level from its name; it stays, whatever the name becomes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30] or "nivel"
    found, number = wanted, 2
    while found in taken:
        found, number = f"{wanted}-{number}", number + 1
    return found


def _number(text: str, field: str) -> int:
    if not re.fullmatch(r"-?\d{1,6}", text, re.ASCII):
        raise ValueError(field)
    return int(text)
