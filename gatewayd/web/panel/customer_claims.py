"""Customers › why one is claimed or not: what holds now, all that was decided, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.web.panel import marks
from gatewayd.web.panel.bills import account_page, freshness, placed
from gatewayd.web.panel.customer_address import card
from gatewayd.web.panel.customers import choose_account
from gatewayd.web.panel.level_names import level_name
from gatewayd.web.panel.page import page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.panel.visit_sheet import sheet_page
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext
from gatewayd.words.claim_reasons import claim_word

HERE: Final = "/clientes/acciones/reclamos"
SHOWN: Final = 50
TONES: Final[Mapping[str, str]] = {"send": "good", "wait": "", "skip": "look"}
PAUSED: Final = {"1": 1, "3": 3, "7": 7, "15": 15, "30": 30, "": None}
"""Days of a pause as the form offers them; "" until somebody ends it."""


def claims_page(external_id: str) -> str:
    """Returns the address of why a customer is claimed or not."""
    return f"{HERE}?{urlencode({'id': external_id})}"


@page(HERE, operation="decision.list")
async def by_query(visit: Visit) -> Response:
    """Shows why a customer is claimed, or not."""
    return await shown(visit, str(visit.query.get("id", ""))[:200])


async def shown(visit: Visit, external_id: str, fault: str = "") -> Response:
    """Returns the page; with what kept something from being done."""
    account = await account_of(visit, str(visit.query.get("account", "")))
    if not account:
        return await choose_account(visit, claims_page(external_id))
    customer = await visit.ask("customer.show", account=account, external_id=external_id)
    whose = {"account": account, "customer": customer["external_id"]}
    found = (await visit.ask("decision.list", **whose, limit=SHOWN))["items"]
    names = await _names(visit, account)
    owed = await visit.ask("customer.account", account=account, external_id=customer["external_id"])
    pauses = (await visit.ask("pause.list", **whose))["items"] if visit.may("pause.list") else []
    promises = (await visit.ask("promise.list", **whose, state="pending"))["items"]
    return visit.page(
        "customer_claims.html",
        status=422 if fault else 200,
        fault=fault,
        customer=customer,
        here=claims_page(customer["external_id"]),
        href=card(customer["external_id"]),
        account_href=account_page(customer["external_id"]),
        sheet_href=sheet_page(customer["external_id"]),
        holds=[_now(visit, one, names) for one in found if one["to"] is None],
        invoices=_invoices(owed["invoices"], found),
        invoice_columns=[
            Column(_("Invoice")),
            Column(_("Due")),
            Column(_("What is open of it"), num=True),
            Column(_("How it stands")),
        ],
        decisions=[_past(visit, one, names) for one in found],
        columns=[Column(_("Days")), Column(_("What was decided")), Column(_("Level")), Column(_("Rule"))],
        more=len(found) == SHOWN,
        promises=promises,
        pauses=[{**one, "why": claim_word(one["reason"])} for one in pauses if one["lifted_at"] is None],
        spans=_spans(),
        billing=await freshness(visit, account),
    )


def _spans() -> list[tuple[str, str]]:
    return [
        (key, ngettext("{count} day", "{count} days", days).format(count=days) if days else _("until somebody ends it"))
        for key, days in PAUSED.items()
    ]


async def _names(visit: Visit, account: str) -> Mapping[tuple[str, str], str]:
    """Returns the names of levels by rule and id."""
    if not visit.may("policy.list"):
        return {}
    rules = (await visit.ask("policy.list", account=account, archived=True))["items"]
    rules += (await visit.ask("policy.list", account=account))["items"]
    return {
        (rule["policy"], level["id"]): level.get("name") or level["id"]
        for rule in rules
        for level in rule["document"].get("levels", ())
    }


def level_word(one: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> str:
    """Returns a level as its rule names it."""
    own = {level: name for (rule, level), name in names.items() if rule == one["policy"]}
    return level_name(one["level"], own)


def _now(visit: Visit, one: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Returns what holds now as a sentence with its tone."""
    level, why = level_word(one, names), str(one["words"])
    if one["verdict"] == "send":
        channel = _(marks.CHANNEL[one["channel"]].word) if one["channel"] in marks.CHANNEL else one["channel"] or ""
        said = _("Is to be claimed: {level}, by {channel}.").format(level=level, channel=channel)
    elif one["verdict"] == "wait":
        said = _("Is not claimed now: {why}.").format(why=why)
    else:
        said = _("Is not claimed: {why}.").format(why=why)
    parts = [said]
    if level and one["verdict"] != "send":
        parts.append(_("It stands at the level {level}.").format(level=level))
    if one["again"]:
        parts.append(_("It is looked at again on {day}.").format(day=visit.formats.day(one["again"])))
    said = " ".join(parts)
    return {"currency": one["currency"], "tone": TONES.get(one["verdict"], ""), "text": said}


def _past(visit: Visit, one: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    first, last = visit.formats.day(one["from"]), visit.formats.day(one["to"]) if one["to"] else _("today")
    days = first if one["from"] == one["to"] else _("{first} to {last}").format(first=first, last=last)
    rule = (
        "" if not one["policy"] else _("{rule}, version {version}").format(rule=one["policy"], version=one["version"])
    )
    return {"id": one["decision"], "days": days, "words": one["words"], "level": level_word(one, names), "rule": rule}


def _invoices(invoices: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns the invoices with something open, each with how the newest decision saw it."""
    stands: dict[str, str] = {}
    for one in found:
        if one["to"] is None:
            stands.update(one["stands"])
    rows = [placed(one) for one in invoices if one["open"] != "0.00"]
    return [
        {**one, "stands": claim_word(stands[one["external_id"]]) if one["external_id"] in stands else one["word"]}
        for one in rows
    ]


# ------------------------------------------------------------------------------------------------------ what one can do


async def _do(visit: Visit, operation: str, said: str, **arguments: Any) -> Response:
    """Does something about the customer whom a form names; says what kept it from being done."""
    external_id = str(visit.form.get("id", ""))[:200]
    try:
        account = await account_of(visit)
        await visit.ask(operation, account=account, customer=external_id, **arguments)
    except (ConflictError, NotFoundError, UsageError) as error:
        return await shown(visit, external_id, str(error))
    return visit.go(claims_page(external_id), said=said)


def _text(visit: Visit, name: str) -> str:
    return str(visit.form.get(name, "")).strip()[:1_000]


@page(f"{HERE}/pausar", operation="pause.add", method="POST")
async def pause(visit: Visit) -> Response:
    """Has nothing claimed for some days."""
    days = PAUSED.get(_text(visit, "days"))
    note = _text(visit, "why")
    if not note:
        return await shown(visit, _text(visit, "id"), _("Say why nothing is to be claimed."))
    return await _do(visit, "pause.add", _("Nothing is claimed while the pause lasts."), days=days, note=note)


@page(f"{HERE}/prometer", operation="promise.add", method="POST")
async def promise(visit: Visit) -> Response:
    """Writes down until when the customer said that it pays."""
    day = _text(visit, "day")[:10]
    if not day:
        return await shown(visit, _text(visit, "id"), _("Say for which day the promise is."))
    amount = _text(visit, "amount")[:24].replace("$", "").replace(" ", "")
    if amount.rfind(",") > amount.rfind("."):
        amount = amount.replace(".", "").replace(",", ".")
    said = _("The promise was written down; claims wait until its day.")
    return await _do(visit, "promise.add", said, day=day, amount=amount or None, note=_text(visit, "note"))


@page(f"{HERE}/disputar", operation="dispute.set", method="POST")
async def dispute(visit: Visit) -> Response:
    """Puts an invoice in dispute."""
    invoice = _text(visit, "invoice")[:200]
    return await _do(visit, "dispute.set", _("The invoice is in dispute: it is not claimed."), invoice=invoice)


@page(f"{HERE}/resolver", operation="dispute.end", method="POST")
async def end_dispute(visit: Visit) -> Response:
    """Ends the dispute about an invoice."""
    invoice = _text(visit, "invoice")[:200]
    said = _("The dispute is over: the invoice is claimed as any other.")
    return await _do(visit, "dispute.end", said, invoice=invoice)


@page(f"{HERE}/levantar", operation="pause.lift", method="POST")
async def lift(visit: Visit) -> Response:
    """Ends a pause."""
    return await _end(visit, "pause.lift", "pause", _("The pause is over; claims go on."))


@page(f"{HERE}/retirar", operation="promise.withdraw", method="POST")
async def withdraw(visit: Visit) -> Response:
    """Takes a promise back."""
    return await _end(visit, "promise.withdraw", "promise", _("The promise was taken back; claims go on."))


async def _end(visit: Visit, operation: str, name: str, said: str) -> Response:
    external_id, number = _text(visit, "id")[:200], _text(visit, name)
    try:
        await visit.ask(operation, **{name: int(number) if number.isdecimal() and len(number) <= 15 else 0})
    except (ConflictError, NotFoundError, UsageError) as error:
        return await shown(visit, external_id, str(error))
    return visit.go(claims_page(external_id), said=said)
