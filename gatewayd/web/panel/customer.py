"""Customers › one: the card with everything known, said and owed, and what is done from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, GatewayError, UnauthenticatedError, UsageError
from gatewayd.web.panel.bills import account_page
from gatewayd.web.panel.customer_address import CHANNELS, PATH, STATES, card
from gatewayd.web.panel.customer_claims import claims_page
from gatewayd.web.panel.customers import choose_account, points
from gatewayd.web.panel.page import page
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

SHOWN: Final = 50
"""Of the line of time; the rest is in the log."""
ICONS: Final[Mapping[str, str]] = {"phone": "call", "email": "email", "whatsapp": "whatsapp", "push": "push"}
CONSENTS: Final[Mapping[str, str]] = {
    "collections": spoken("collections"),
    "notice": spoken("notices"),
    "transactional": spoken("receipts and confirmations"),
    "reply": spoken("answers"),
}
KINDS: Final[Mapping[str, str]] = {"mobile": spoken("mobile"), "landline": spoken("landline")}
"""Kinds of a telephone that the number itself says."""
WHY: Final = "contact.why"


@page(f"{PATH}/ficha", operation="customer.show")
async def by_query(visit: Visit) -> Response:
    """Shows the card of a customer whose id fits into no path."""
    return await shown(visit, str(visit.query.get("id", ""))[:200])


@page(PATH + "/{id}", operation="customer.show")
async def by_path(visit: Visit) -> Response:
    """Shows a customer's card."""
    return await shown(visit, str(visit.request.path_params["id"])[:200])


async def shown(visit: Visit, external_id: str, *, fault: str = "", given: Mapping[str, str] | None = None) -> Response:
    """Returns the card; with a fault of what was to be noted, and what was written."""
    account = await account_of(visit, str(visit.query.get("account", "")))
    if not account:
        return await choose_account(visit, card(external_id))
    found = await visit.ask("customer.show", account=account, external_id=external_id)
    said = await visit.ask("interaction.list", account=account, customer=found["external_id"], limit=SHOWN)
    usable = points(found)
    return visit.page(
        "customer.html",
        status=422 if fault else 200,
        customer=found,
        account=await _account(visit, account, found["external_id"]),
        account_href=account_page(found["external_id"]),
        claims_href=claims_page(found["external_id"]),
        href=card(found["external_id"]),
        query=urlencode({"id": found["external_id"]}),
        usable=usable,
        why=await _why(visit, account, found, usable),
        points=[_point(one, place) for place, one in enumerate(found["contacts"])],
        said=[{**one, "href": _row(one)} for one in said["items"]],
        more=f"/interacciones?{urlencode({'customer': found['external_id']})}" if said["next"] else "",
        fault=fault,
        given=dict(given or {}),
        block="said" if visit.fragment else None,
    )


async def _account(visit: Visit, account: str, external_id: str) -> dict[str, Any] | None:
    """Returns what billing says that somebody owes; None where it has said nothing of them."""
    if not visit.may("customer.account"):
        return None
    found: dict[str, Any] = await visit.ask("customer.account", account=account, external_id=external_id)
    return found if found["invoices"] or found["payments"] else None


def _row(one: Mapping[str, Any]) -> str:
    kind = one["direction"] if one["source"] == "gateway" else "noted"
    return f"/interacciones?{urlencode({'row': kind + '-' + one['id']})}"


def _point(one: Mapping[str, Any], place: int) -> dict[str, Any]:
    consents = [
        (_("agrees to {what}") if yes else _("refuses {what}")).format(what=_(CONSENTS.get(klass, klass)))
        for klass, yes in one["consent"].items()
    ]
    return {
        **one,
        "kind": _(KINDS[one["kind"]]) if one["kind"] in KINDS else one["kind"],
        "icon": ICONS.get(one["channel"], "person"),
        "word": _(CHANNELS.get(one["channel"], one["channel"])),
        "said": _(STATES.get(one["state"], one["state"])),
        "consents": consents,
        "preferred": not place,
    }


async def _why(
    visit: Visit, account: str, customer: Mapping[str, Any], usable: Mapping[str, str]
) -> list[dict[str, str]]:
    """Returns whether and how somebody may be contacted now, as sentences with their tone; the gravest first."""
    found: list[dict[str, str]] = []
    if customer["forgotten_at"]:
        return [{"tone": "act", "text": _("What was known of this person was erased at its wish.")}]
    if customer["no_claim"]:
        until, reason = customer["no_claim"]["until"], customer["no_claim"]["reason"]
        said = (
            _("Nothing is to be claimed until {day}").format(day=visit.formats.day(until))
            if until
            else _("Nothing is to be claimed until somebody lifts it")
        )
        found.append({"tone": "look", "text": f"{said}: {reason}" if reason else f"{said}."})
    if not usable:
        found.append({"tone": "act", "text": _("There is no number or address to reach this person by.")})
    elif visit.may(WHY):
        found += await _by_rules(visit, account, customer, usable)
    return found or [{"tone": "good", "text": _("This person may be contacted now.")}]


async def _by_rules(
    visit: Visit, account: str, customer: Mapping[str, Any], usable: Mapping[str, str]
) -> list[dict[str, str]]:
    """Asks the rules of contact of each way that there is; ways of the same verdict are one sentence."""
    verdicts: dict[tuple[str, str], list[str]] = {}
    for kind in usable:
        channel = "sms" if kind == "phone" else kind
        try:
            answer = await visit.ask(WHY, account=account, customer=customer["external_id"], channel=channel)
        except UnauthenticatedError:
            raise
        except GatewayError:
            # What nobody could say is not said to be allowed.
            verdict = ("", _("nobody can say now"))
        else:
            if answer["go"]:
                continue
            verdict = (_(CONSENTS.get(answer["class"], answer["class"])), _verdict(visit, answer))
        verdicts.setdefault(verdict, []).append(_(CHANNELS.get(kind, kind)))
    return [
        {"tone": "look", "text": ": ".join(filter(None, [what.capitalize(), ", ".join(channels), said]))}
        for (what, said), channels in verdicts.items()
    ]


def _verdict(visit: Visit, answer: Mapping[str, Any]) -> str:
    said = str(answer["sentence"])
    if not answer["until"]:
        return said
    until = f"{visit.formats.weekday(answer['until'])} {visit.formats.clock(answer['until'])}"
    return _("{verdict}; from {time} it may").format(verdict=said, time=until)


# ---------------------------------------------------------------------------------------------------------------- note


@page(f"{PATH}/acciones/nota", operation="interaction.note", method="POST")
async def note(visit: Visit) -> Response:
    """Enters a call, a visit or a note about the customer."""
    external_id = str(visit.form.get("id", ""))[:200]
    given = {name: str(visit.form.get(name, "")).strip()[:1000] for name in ("channel", "text", "reached", "direction")}
    account = await account_of(visit)
    channel = given["channel"] if given["channel"] in {"call", "visit", "note"} else "note"
    try:
        await visit.ask(
            "interaction.note",
            account=account,
            customer=external_id,
            channel=channel,
            direction="in" if given["direction"] == "in" else "out",
            text=given["text"],
            reached=channel == "note" or given["reached"] == "1",
        )
    except (UsageError, ConflictError) as error:
        return await shown(visit, external_id, fault=str(error), given=given)
    return visit.go(card(external_id), _("It was noted"))
