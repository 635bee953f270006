"""Collections, origins: the databases that are read, how old what they brought is, and what to do where one fails."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken

HERE: Final = "/cobranza/origenes"
KINDS: Final = {
    "customers": spoken("Customers"),
    "invoices": spoken("Invoices"),
    "payments": spoken("Payments"),
    "credit_notes": spoken("Credit notes"),
}
COUNTS: Final = {
    "new": spoken("new"),
    "changed": spoken("changed"),
    "same": spoken("unchanged"),
    "older": spoken("older than what is known"),
    "unknown": spoken("of customers who are not known yet"),
    "refused": spoken("refused"),
    "closed": spoken("closed, for they are no longer in the list"),
}
ASKS: Final = {
    "many": spoken("The list lacks more than a tenth of the open invoices: nothing was closed."),
    "none": spoken("The list was empty: nothing was closed."),
    "faulty": spoken("Rows of the list could not be read: nothing was closed."),
}
DATABASES: Final = {"mysql": "MariaDB / MySQL", "postgresql": "PostgreSQL", "sqlite": "SQLite"}


def _state(found: dict[str, Any]) -> tuple[str, str]:
    """Returns the state of a feed as a line's, and its word."""
    if found["fault"] is not None:
        return "recovering", _("could not be read")
    if found["running"]:
        return "sending", _("is being read")
    if found["read_at"] is None:
        return "waiting", _("not read yet")
    return ("recovering", _("too old")) if found["stale"] else ("ready", _("in order"))


def _counted(counts: dict[str, Any]) -> list[str]:
    """Returns what became of the rows of a query, in words."""
    rows = int(counts.get("rows", 0))
    said = [ngettext("{count} row", "{count} rows", rows).format(count=rows)]
    return said + [f"{counts[code]} {_(word)}" for code, word in COUNTS.items() if counts.get(code)]


def _asked(counts: dict[str, Any]) -> str:
    """Returns what a person has to look at before anything is closed."""
    why = ASKS.get(counts.get("asks", ""))
    return "" if why is None else _(why)


@page(HERE, operation="feed.list", place=Place("cobranza", spoken("Origins"), 80))
async def show_all(visit: Visit) -> Response:
    """Lists the feeds."""
    found = (await visit.ask("feed.list", account=visit.account))["items"]
    for one in found:
        one["state"], one["word"] = _state(one)
        kinds = one["kinds"].items()
        one["said"] = [(_(KINDS[kind]), _counted(counts), _asked(counts)) for kind, counts in kinds if kind in KINDS]
        one["kind"] = DATABASES.get(one["database"], one["database"])
    return visit.page("origins.html", feeds=found, here=HERE, block="list" if visit.fragment else None)


@page(f"{HERE}/leer", operation="feed.run", method="POST")
async def read(visit: Visit) -> Response:
    """Has a feed read now."""
    account, name = (str(visit.form.get(key, ""))[:64] for key in ("account", "feed"))
    await visit.ask("feed.run", account=account, feed=name)
    return visit.go(HERE, _("It is being read; this page shows what comes of it."))
