"""Lines: all of them as cards, and each with what has happened to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import GatewayError, UnavailableError, UsageError
from gatewayd.web.panel import marks, places
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import parts_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

TROUBLED: Final = frozenset({"waiting", "recovering", "quarantined"})
"""States with a reason that a person may do something about."""
ASKING: Final = frozenset(
    {"secret_missing", "pin_required", "pin_wrong", "unauthorized", "credentials_refused", "login_refused"}
)
"""Reasons that a password or PIN ends."""
PACED: Final = frozenset({"quota_day", "quota_month", "recipients_month", "window", "pace"})
"""Reasons to wait that are as they should be."""


@page("/lineas", operation="line.list", place=Place("lineas", spoken("Lines"), 0))
async def show(visit: Visit) -> Response:
    """Shows all lines as cards."""
    found = (await visit.ask("line.list", whole=True))["items"]
    today = await _today(visit)
    cards = [_card(one, today.get(one["name"], {})) for one in found]
    cards.sort(key=lambda one: (one["urgent"], one["broken"]), reverse=True)
    return visit.page("lines.html", block="cards" if visit.fragment else None, cards=cards)


async def _today(visit: Visit) -> Mapping[str, Mapping[str, int]]:
    """Returns what became of today's messages, by line."""
    # Days of statistics are the gateway's, whatever zone the account shows times in.
    day = datetime.now(visit.remote.backend.config.timezone).date().isoformat()
    found = await visit.ask("statistics.show", since=day, until=day, by="line")
    return {str(one["group"]): one for one in found["items"]}


def _card(line: Mapping[str, Any], today: Mapping[str, int]) -> dict[str, Any]:
    """Returns a line as its card shows it."""
    state = str(line["state"])
    troubled = state in TROUBLED and line["reason"] not in PACED
    reached = today.get("delivered", 0)
    counts = {
        "delivered": reached,
        "submitted": max(0, today.get("sent", 0) - reached - today.get("undelivered", 0)),
        "uncertain": today.get("uncertain", 0),
        "failed": today.get("failed", 0),
    }
    pace = line["per_minute"]
    return {
        **line,
        "href": places.line(line["name"]),
        "channels": [one for one in str(line["channel"]).split(",") if one],
        "troubled": troubled,
        "urgent": state == "quarantined",
        "broken": line["reason"] in {"secret_missing", "misconfigured"},
        "asks_secret": line["origin"] == "panel" and line["reason"] in ASKING,
        "outcome": parts_of({state: number for state, number in counts.items() if number}),
        "pace_now": line["pace"],
        "pace_max": pace if pace is not None and pace < MINUTE_MAX else None,
        "balance": _balance(line["detail"]),
    }


MINUTE_MAX: Final = 6_000
"""A pace above is as good as none: a bar of it would always be empty."""


def _balance(detail: Mapping[str, Any]) -> str:
    found = detail.get("balance")
    return "" if found is None or (isinstance(found, Mapping | Sequence) and not isinstance(found, str)) else str(found)


@page("/lineas/{line}", operation="line.show")
async def one(visit: Visit) -> Response:
    """Shows one line."""
    return await shown(visit)


async def shown(
    visit: Visit, *, tested: Any = None, fault: str = "", asked: Mapping[str, str] | None = None
) -> Response:
    """Returns the page of the line that the address names."""
    found = await visit.ask("line.show", line=visit.request.path_params["line"])
    day = (await _today(visit)).get(found["name"], {})
    card = _card(found, day)
    accounts = (await visit.ask("account.list"))["items"] if visit.may("line.test") else []
    return visit.page(
        "line.html",
        status=422 if fault else 200,
        block="now" if visit.fragment else None,
        line=card,
        events=[_event(one) for one in reversed(found.get("events", ()))],
        facts=_facts(found),
        outcomes=_outcomes(found["outcomes"]),
        accounts=[(one["name"], one["name"]) for one in accounts],
        tested=tested,
        fault=fault,
        asked={"number": "", "account": visit.account, "text": "", **(asked or {})},
    )


OUTCOMES: Final = {
    "accepted": spoken("taken by the network"),
    "completed": spoken("ended"),
    "not_sent": spoken("went back to wait"),
    "refused": spoken("refused"),
    "partial": spoken("sent in part"),
    "uncertain": spoken("in doubt"),
}
"""Attempts by how they ended, since the gateway started."""

DETAILS: Final = {
    "maker": spoken("Maker"),
    "model": spoken("Model"),
    "imei": spoken("IMEI"),
    "imsi": spoken("SIM (IMSI)"),
    "roaming": spoken("Roaming"),
    "battery": spoken("Battery"),
    "charging": spoken("Charging"),
    "channels": spoken("Channels"),
    "used": spoken("In use"),
    "balance": spoken("Balance"),
    "mailbox": spoken("Mailbox"),
    "bounces_unmatched": spoken("Bounces of unknown mails"),
    "mails_passed_over": spoken("Mails passed over"),
    "unreadable": spoken("Messages that cannot be read"),
}


def _outcomes(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(_(word), counts[name]) for name, word in OUTCOMES.items() if counts.get(name)]


def _facts(line: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Returns what is known of the device, in words."""
    detail = line["detail"]
    return [
        (_("Rate"), line["rate"]),
        (_("Limit"), line["window"]),
        (_("Only these destinations"), ", ".join(line["prefixes"])),
        *((_(word), _said(detail[key])) for key, word in DETAILS.items() if key in detail),
        (_("Reports of unknown messages"), line["unknown_reports"] or None),
    ]


def _said(value: object) -> object:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value or None if isinstance(value, str | int | float) else None


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    found = marks.mark(str(event["state"]), "line")
    return {"at": event["at"], "word": _(found.word), "icon": found.icon, "tone": found.tone, "reason": event["reason"]}


@page("/lineas/{line}/habilitar", operation="line.enable", method="POST")
async def enable(visit: Visit) -> Response:
    """Puts a line back into service."""
    name = visit.request.path_params["line"]
    await visit.ask("line.enable", line=name)
    return visit.go(_back(visit, name), said=_("{line} is in service").format(line=name))


@page("/lineas/{line}/pausar", operation="line.disable", method="POST")
async def disable(visit: Visit) -> Response:
    """Takes a line out of service."""
    name = visit.request.path_params["line"]
    await visit.ask("line.disable", line=name)
    said = _("{line} is switched off; what waits for it goes by the others, or waits").format(line=name)
    return visit.go(_back(visit, name), said=said)


def _back(visit: Visit, name: str) -> str:
    return visit.way_back(str(visit.form.get("next", "")), places.line(name))


@page("/lineas/{line}/probar", operation="line.test", method="POST")
async def test(visit: Visit) -> Response:
    """Sends one message over the line and shows what became of it."""
    name = visit.request.path_params["line"]
    asked = {key: str(visit.form.get(key, ""))[:1000].strip() for key in ("number", "account", "text")}
    if not asked["number"]:
        return await shown(visit, fault=_("Say to whom the test goes"), asked=asked)
    try:
        tested = await visit.ask("line.test", line=name, **asked)
    except (UsageError, UnavailableError) as error:
        return await shown(visit, fault=str(error), asked=asked)
    return await shown(visit, tested=tested, asked=asked)


@page("/lineas/{line}/saldo", operation="line.ask", method="POST")
async def balance(visit: Visit) -> Response:
    """Asks the provider for the balance."""
    name = visit.request.path_params["line"]
    try:
        answer = (await visit.ask("line.ask", line=name, question="balance"))["answer"]
    except GatewayError as error:
        return visit.go(places.line(name), said=str(error), tone="look")
    told = answer.get("balance") or answer.get("text") or next((str(one) for one in answer.values() if one), "")
    return visit.go(places.line(name), said=_("Balance of {line}: {balance}").format(line=name, balance=told))
