"""Sheets to take along: a customer's account for a visit, and the list for whoever telephones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import NotFoundError
from gatewayd.web.panel.bills import placed
from gatewayd.web.panel.customer_address import CHANNELS, card
from gatewayd.web.panel.customers import choose_account
from gatewayd.web.panel.page import page
from gatewayd.web.panel.rendering import now
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.words.claim_reasons import KINDS, kind_word

SHEET: Final = "/clientes/acciones/visita"
CALLS: Final = "/cobranza/novedades/lista"
CALLED: Final = 60
"""Customers on one list: what somebody telephones in a day."""
LAST: Final = 8
"""Contacts on the sheet of a visit."""


def sheet_page(external_id: str) -> str:
    """Returns the address of a customer's sheet for a visit."""
    return f"{SHEET}?{urlencode({'id': external_id})}"


@page(SHEET, operation="customer.account")
async def sheet(visit: Visit) -> Response:
    """Shows what somebody who visits a customer wants to have on paper."""
    external_id = str(visit.query.get("id", ""))[:200]
    account = await account_of(visit, str(visit.query.get("account", "")))
    if not account:
        return await choose_account(visit, sheet_page(external_id))
    whose = {"account": account, "external_id": external_id}
    customer = await visit.ask("customer.show", **whose)
    found = await visit.ask("customer.account", **whose)
    asked = {"account": account, "customer": customer["external_id"]}
    said = await visit.ask("interaction.list", **asked, limit=LAST)
    promises = (await visit.ask("promise.list", **asked, limit=LAST))["items"]
    return visit.page(
        "visit_sheet.html",
        customer=customer,
        href=card(customer["external_id"]),
        found=found,
        invoices=[placed(one) for one in found["invoices"] if one["open"] != "0.00"],
        points=[(_(CHANNELS.get(one["channel"], one["channel"])), one["address"]) for one in _usable(customer)],
        said=said["items"],
        promises=promises,
    )


def _usable(customer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in customer["contacts"] if one["state"] != "wrong_person"]


@page(CALLS, operation="novelty.list")
async def calls(visit: Visit) -> Response:
    """Shows whom to telephone or to visit today, with number and debt: to print, or to work through on the screen."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, CALLS)
    kind = visit.query.get("tipo", "")
    kind = kind if kind in KINDS else ""
    today = now().astimezone(visit.formats.zone).date().isoformat()
    asked = {"account": account, "state": "open", "kind": kind or None, "due_by": today, "limit": 200}
    found = await visit.ask("novelty.list", **asked)
    people: dict[str, list[Any]] = {}
    for one in found["items"]:
        if one["customer"] is not None and (one["customer"] in people or len(people) < CALLED):
            people.setdefault(one["customer"], []).append(one)
    rows = [await _called(visit, account, external_id, tasks) for external_id, tasks in people.items()]
    return visit.page(
        "calls.html",
        rows=[one for one in rows if one is not None],
        today=today,
        kinds=[("", _("Every kind")), *((key, kind_word(key)) for key in KINDS)],
        kind=kind,
        more=bool(found["next"]) or len(people) == CALLED,
    )


async def _called(visit: Visit, account: str, external_id: str, tasks: list[Any]) -> dict[str, Any] | None:
    """Returns a row of the list; None where the customer is gone."""
    try:
        customer = await visit.ask("customer.show", account=account, external_id=external_id)
    except NotFoundError:
        return None
    owed = await visit.ask("customer.account", account=account, external_id=external_id)
    phones = [one["address"] for one in _usable(customer) if one["channel"] in {"phone", "whatsapp"}]
    return {
        "name": customer["name"] or external_id,
        "href": card(external_id),
        "phones": list(dict.fromkeys(phones)),
        "balances": [one for one in owed["balances"] if one["balance"] != "0.00"],
        "due": min((one["due"] for one in owed["balances"] if one["due"]), default=None),
        "tasks": list(dict.fromkeys(one["words"] for one in tasks)),
        "notes": list(dict.fromkeys(one["text"] for one in tasks if one["text"])),
    }
