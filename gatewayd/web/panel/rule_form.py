"""A rule for claims as its form has it: fields to a document, and back. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

SPARE: Final = 2
"""Empty rows behind the levels that there are."""
MOST: Final = 30
_PARTS: Final = ("id", "name", "days", "basis", "action", "channels", "templates", "approval")


def rows_of(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """Returns the levels of a document as rows of fields, with empty ones behind."""
    rows = []
    for one in document.get("levels") or ():
        templates = one.get("templates") or {}
        rows.append(
            {
                "id": one["id"],
                "name": one.get("name") or "",
                "days": str(one["days"]),
                "basis": one.get("basis") or "due",
                "action": one.get("action") or "message",
                "channels": " ".join(one.get("channels") or ()),
                "templates": " ".join(f"{channel}={name}" for channel, name in templates.items()),
                "approval": "1" if one.get("approval") else "",
            }
        )
    return [*rows, *(dict.fromkeys(_PARTS, "") for _row in range(SPARE))][:MOST]


def document_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the document that fields say. ValueError names the field that is no number."""
    levels: list[dict[str, Any]] = []
    taken: set[str] = set()
    for number in range(MOST):
        row = {part: str(form.get(f"{part}_{number}", "")).strip() for part in _PARTS}
        if not row["days"]:
            continue
        channels = row["channels"].replace(",", " ").split()
        name = row["id"] or _id(row["name"] or f"dia {row['days']}", taken)
        taken.add(name)
        levels.append(
            {
                "id": name,
                "name": row["name"],
                "days": _number(row["days"], f"levels[{len(levels) + 1}].days"),
                "basis": row["basis"] or "due",
                "action": row["action"] or "message",
                "channels": channels,
                "templates": _templates(row["templates"], channels),
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


def _templates(text: str, channels: Sequence[str]) -> dict[str, str]:
    """Returns templates by channel: one name for all of them, or `sms=uno email=dos`."""
    if "=" not in text:
        return dict.fromkeys(channels, text) if text else {}
    pairs = (one.partition("=") for one in text.split())
    return {channel: name for channel, _sign, name in pairs}


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
