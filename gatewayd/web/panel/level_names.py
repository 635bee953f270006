"""What people call the levels of rules, whose ids stand in decisions, steps and novelties."""

from __future__ import annotations

from collections.abc import Mapping

from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _


async def level_names(visit: Visit) -> Mapping[str, str]:
    """Returns the names of levels by their ids in the order of their ladders, those of rules put aside too."""
    if not visit.may("policy.list"):
        return {}
    rules = [one for old in (True, False) for one in (await visit.ask("policy.list", archived=old))["items"]]
    return {one["id"]: one.get("name") or one["id"] for rule in rules for one in rule["document"].get("levels", ())}


def level_name(level: str | None, names: Mapping[str, str]) -> str:
    """Returns a level as people named it; of a repeat, which."""
    plain, _plus, repeat = str(level or "").partition("+")
    name = names.get(plain, plain)
    return _("{level}, repeat {number}").format(level=name, number=repeat) if repeat else name
