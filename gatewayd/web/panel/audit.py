"""Settings, audit: who did what, when and from where."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from gatewayd.values.errors import UsageError
from gatewayd.web.panel.acts import FAMILIES, word_of
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Chip, Column
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

PATH: Final = "/ajustes/auditoria"
LIMIT: Final = 50
NAMES: Final = ("actor", "act", "account", "subject", "outcome", "since", "until")

OUTCOMES: Final = {
    "done": spoken("done"),
    "unauthenticated": spoken("refused: who it was is not proven"),
    "forbidden": spoken("refused: not allowed"),
    "throttled": spoken("refused: too many tries"),
    "not_found": spoken("refused: not there"),
    "conflict": spoken("refused: the state of things forbids it"),
    "usage": spoken("refused: it could not be meant"),
    "insufficient_credit": spoken("refused: no credit"),
    "unavailable": spoken("failed: not possible just then"),
    "failed": spoken("failed"),
}
KINDS: Final = {
    "operator": spoken("at the command line"),
    "person": spoken("in the panel"),
    "token": spoken("by a program"),
    "engine": spoken("by itself"),
    "nobody": spoken("at the sign-in page"),
}


def _asked(visit: Visit) -> dict[str, str]:
    """Returns the filters of the address."""
    return {name: visit.query[name].strip()[:200] for name in NAMES if visit.query.get(name, "").strip()}


def _arguments(asked: Mapping[str, str]) -> dict[str, Any]:
    """Returns the filters as the operation takes them: days inclusive."""
    given: dict[str, Any] = {name: asked[name] for name in ("actor", "act", "account", "subject") if name in asked}
    if asked.get("outcome") in {"done", "refused"}:
        given["refused"] = asked["outcome"] == "refused"
    try:
        if "since" in asked:
            given["since"] = f"{date.fromisoformat(asked['since'])}T00:00:00"
        if "until" in asked:
            given["until"] = f"{date.fromisoformat(asked['until']) + timedelta(days=1)}T00:00:00"
    except (ValueError, OverflowError):
        raise UsageError(_("a day is written as 2026-11-30")) from None
    return given


def _address(asked: Mapping[str, str], **more: str) -> str:
    query = urlencode({**asked, **{name: one for name, one in more.items() if one}})
    return f"{PATH}?{query}" if query else PATH


def _chips(asked: Mapping[str, str]) -> list[Chip]:
    said: dict[str, Callable[[str], str]] = {
        "actor": lambda value: _("by {name}").format(name=value),
        "act": word_of,
        "account": lambda value: _("account {name}").format(name=value),
        "subject": lambda value: _("on {name}").format(name=value),
        "outcome": lambda value: _("refused") if value == "refused" else _("done"),
        "since": lambda value: _("from {day}").format(day=value),
        "until": lambda value: _("until {day}").format(day=value),
    }
    return [
        Chip(said[name](value), _address({other: one for other, one in asked.items() if other != name}))
        for name, value in asked.items()
    ]


def _changed(act: Mapping[str, Any]) -> list[str]:
    """Returns the names of what was or is, each once."""
    return list(dict.fromkeys([*(act["before"] or ()), *(act["after"] or ())]))


def _said(value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@page(PATH, operation="audit.list", place=Place("ajustes", spoken("Audit"), 90))
async def show(visit: Visit) -> Response:
    """Lists acts, the newest first."""
    asked = _asked(visit)
    cursor = visit.query.get("cursor", "")[:20]
    found = await visit.ask("audit.list", **_arguments(asked), limit=LIMIT, cursor=cursor)
    columns = [Column(one) for one in (_("When"), _("Who"), _("What"), _("On what"), _("Outcome"), _("From"))]
    return visit.page(
        "audit.html",
        items=found["items"],
        asked=asked,
        chips=_chips(asked),
        columns=columns,
        older=_address(asked, cursor=found["next"]) if found["next"] else "",
        newer=_address(asked) if cursor else "",
        export=f"{PATH}.csv{_address(asked).removeprefix(PATH)}",
        word_of=word_of,
        changed=_changed,
        said=_said,
        families=[("", _("all")), *((code, word_of(code)) for code in FAMILIES)],
        outcomes=OUTCOMES,
        kinds=KINDS,
    )


@page(f"{PATH}.csv", operation="audit.export")
async def export(visit: Visit) -> Response:
    """Streams the acts that the filters mean, as CSV."""
    given = _arguments(_asked(visit))
    first = await visit.ask("audit.export", **given)

    async def portions() -> AsyncIterator[str]:
        portion = first
        yield "\ufeff" + portion["csv"]  # by which a spreadsheet knows UTF-8
        while portion["next"] is not None:
            portion = await visit.ask("audit.export", **given, cursor=portion["next"])
            yield portion["csv"]

    name = 'attachment; filename="auditoria.csv"'
    return StreamingResponse(portions(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})
