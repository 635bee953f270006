"""Contacts of a person: whether it may be contacted now, over which channel, and why each message went or did not."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.web.panel.hours import CLASS_WORDS, HERE, account_of
from gatewayd.web.panel.page import page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

PERSON: Final = f"{HERE}/persona"
CHANNELS: Final = ("sms", "call", "email", "whatsapp", "push")
LIMIT: Final = 50
SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _named(visit: Visit) -> dict[str, str]:
    """Returns who is asked about: a customer's id or a number."""
    return {
        name: visit.query[name].strip()[:300] for name in ("customer", "number") if visit.query.get(name, "").strip()
    }


def _columns() -> list[Column]:
    words = (_("When"), _("To"), _("Channel"), _("Kind"), _("Verdict"), _("Rule"), _("Version"))
    return [Column(word) for word in words]


def _address(named: dict[str, str], **more: str) -> str:
    return f"{PERSON}?{urlencode(named | {name: one for name, one in more.items() if one})}"


@page(PERSON, operation="contact.why")
async def show(visit: Visit) -> Response:
    """Shows what holds for a person now, and its evidence, the newest first."""
    named, account = _named(visit), await account_of(visit)
    values: dict[str, Any] = {
        "account": account,
        "named": named,
        "fault": "",
        "verdicts": [],
        "found": None,
        "older": "",
        "newest": "",
        "class_words": CLASS_WORDS,
        "columns": [
            Column(one) for one in (_("When"), _("To"), _("Channel"), _("Kind"), _("Verdict"), _("Rule"), _("Version"))
        ],
        "may_export": visit.may("evidence.export"),
    }
    if not named or not account:
        return visit.page("contact_person.html", items=[], csv="", xlsx="", **values)
    cursor, items = visit.query.get("cursor", "")[:20], []
    # A number wins where both are written.
    who = {"number": named["number"]} if "number" in named else {"customer": named["customer"]}
    try:
        for channel in CHANNELS:
            verdict = await visit.ask("contact.why", account=account, channel=channel, **who)
            if verdict["addresses"] and (verdict["customer"] or channel in {"sms", "call"}):
                values["verdicts"].append(verdict)
            values["found"] = verdict
        if visit.may("evidence.list"):
            found = await visit.ask("evidence.list", account=account, limit=LIMIT, cursor=cursor, **who)
            items, following = found["items"], found["next"]
            values["older"] = _address(who, cursor=following) if following else ""
            values["newest"] = _address(who) if cursor else ""
    except (NotFoundError, UsageError) as error:
        values["fault"] = str(error)
    return visit.page(
        "contact_person.html",
        status=422 if values["fault"] else 200,
        items=items,
        csv=f"{PERSON}/archivo?{urlencode(who)}",
        xlsx=f"{PERSON}/archivo?{urlencode(who | {'format': 'xlsx'})}",
        **values,
    )


@page(f"{PERSON}/archivo", operation="evidence.export")
async def download(visit: Visit) -> Response:
    """Gives a person's evidence as a file."""
    named, account = _named(visit), await account_of(visit)
    who: dict[str, Any] = {"account": account, **named}
    if visit.query.get("format") == "xlsx":
        done = await visit.ask("evidence.export", format="xlsx", **who)
        headers = {"Content-Disposition": 'attachment; filename="evidencia.xlsx"'}
        return Response(base64.b64decode(done["xlsx"]), media_type=SHEET, headers=headers)
    first = await visit.ask("evidence.export", **who)

    async def portions() -> AsyncIterator[str]:
        portion = first
        yield "\N{ZERO WIDTH NO-BREAK SPACE}" + portion["csv"]
        while portion["next"] is not None:
            portion = await visit.ask("evidence.export", **who, cursor=portion["next"])
            yield portion["csv"]

    headers = {"Content-Disposition": 'attachment; filename="evidencia.csv"'}
    return StreamingResponse(portions(), media_type="text/csv; charset=utf-8", headers=headers)
