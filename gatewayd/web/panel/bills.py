"""Collections › Invoices and Payments: what billing said, found and filtered; and how fresh it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, UsageError
from gatewayd.web.panel.customers import choose_account
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column, Tab
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken

INVOICES: Final = "/cobranza/facturas"
PAYMENTS: Final = "/cobranza/pagos"
CONFIRM: Final = f"{INVOICES}/confirmar"
VOUCH: Final = f"{INVOICES}/al-dia"
LIMIT: Final = 50
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "open": ("scheduled", spoken("not due yet")),
    "overdue": ("refused", spoken("overdue")),
    "disputed": ("paused", spoken("in dispute")),
    "paid": ("done", spoken("paid")),
    "cancelled": ("cancelled", spoken("void")),
    "closed": ("cancelled", spoken("no longer listed")),
}
"""By what an invoice is, its mark and word."""
TABS: Final[Mapping[str, str]] = {
    "": spoken("Every invoice"),
    "open": spoken("Open"),
    "overdue": spoken("Overdue"),
    "disputed": spoken("In dispute"),
    "paid": spoken("Paid"),
    "closed": spoken("Closed ones"),
    "unknown": spoken("Without customer"),
}
KINDS: Final[Mapping[str, str]] = {
    "": spoken("All"),
    "payment": spoken("Payments"),
    "credit_note": spoken("Credit notes"),
    "reversal": spoken("Taken back"),
    "unknown": spoken("Without customer"),
}
WORDS: Final[Mapping[str, str]] = {
    "payment": spoken("payment"),
    "credit_note": spoken("credit note"),
    "reversal": spoken("taken back"),
}
PENDING: Final[Mapping[str, str]] = {
    "many": spoken("The complete list lacks more than a tenth of the open invoices."),
    "none": spoken("The complete list had no row at all."),
    "faulty": spoken("Some rows of the complete list could not be read."),
}


def account_page(external_id: str) -> str:
    """Returns the address of a customer's account."""
    return f"/clientes/acciones/cuenta?{urlencode({'id': external_id})}"


def placed(one: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an invoice with its mark and the address of its customer."""
    code = str(one["state"])
    if code in {"open", "disputed"} and one["open"] == "0.00":
        code = "paid"
    elif one["disputed"]:
        code = "disputed"
    elif code in {"open", "disputed"}:
        code = "overdue" if (one["days"] or 0) > 0 else "open"
    mark, word = STATES[code]
    href = account_page(one["customer"]) if one["customer_known"] else ""
    return {**one, "mark": mark, "word": _(word), "href": href}


def paid(one: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a payment with its words and the address of its customer."""
    code = "reversal" if one["reversal_of"] else str(one["kind"])
    href = account_page(one["customer"]) if one["customer_known"] else ""
    parts = ", ".join(part["external_id"] for part in one["invoices"] or ())
    return {**one, "word": _(WORDS[code]), "href": href, "parts": parts or one["reversal_of"] or ""}


@page(INVOICES, operation="invoice.list", place=Place("cobranza", spoken("Invoices"), 60))
async def invoices(visit: Visit) -> Response:
    """Shows the invoices of an account."""
    return await _listed(visit, INVOICES, "invoice.list", "state", TABS)


@page(PAYMENTS, operation="payment.list", place=Place("cobranza", spoken("Payments"), 61))
async def payments(visit: Visit) -> Response:
    """Shows the payments and credit notes of an account."""
    return await _listed(visit, PAYMENTS, "payment.list", "kind", KINDS)


async def _listed(visit: Visit, here: str, operation: str, by: str, tabs: Mapping[str, str]) -> Response:
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, here)
    kind, search = visit.query.get("ver", ""), visit.query.get("q", "").strip()[:200]
    kind = kind if kind in tabs else ""
    asked = {by: kind or None, "search": search or None, "cursor": visit.query.get("tras") or None, "limit": LIMIT}
    fault = ""
    try:
        found = await visit.ask(operation, account=account, **{name: one for name, one in asked.items() if one})
    except UsageError as error:
        fault, found = str(error), {"items": [], "next": None}
    kept = {"ver": kind, "q": search}
    place = placed if here == INVOICES else paid
    return visit.page(
        "invoices.html" if here == INVOICES else "payments.html",
        status=422 if fault else 200,
        fault=fault,
        here=here,
        items=[place(one) for one in found["items"]],
        kind=kind,
        search=search,
        tabs=[Tab(_(word), address(here, {"ver": code, "q": search}), code == kind) for code, word in tabs.items()],
        columns=_invoice_columns() if here == INVOICES else _payment_columns(),
        newer=address(here, kept) if visit.query.get("tras") else "",
        older=address(here, {**kept, "tras": str(found["next"])}) if found["next"] else "",
        billing=await freshness(visit, account),
    )


def _invoice_columns() -> list[Column]:
    return [
        Column(_("Invoice")),
        Column(_("Customer")),
        Column(_("State")),
        Column(_("Due")),
        Column(_("Total"), num=True),
        Column(_("What is open of it"), num=True),
    ]


def _payment_columns() -> list[Column]:
    return [
        Column(_("Payment")),
        Column(_("Customer")),
        Column(_("Kind")),
        Column(_("For")),
        Column(_("Posted")),
        Column(_("Amount"), num=True),
    ]


def address(here: str, kept: Mapping[str, str]) -> str:
    """Returns the address of a list with what of it is asked for."""
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{here}?{query}" if query else here


async def freshness(visit: Visit, account: str) -> dict[str, Any]:
    """Returns what of an account's billing needs a person, as sentences."""
    found = await visit.ask("billing.status", account=account)
    sentences: list[tuple[str, str]] = []
    if found["stale"]:
        text = _(
            "Billing is of {day}: older than it may be. Nothing is claimed and no amount is said until it is fresh."
        )
        sentences.append(("act", text.format(day=visit.formats.full(found["as_of"]))))
    unvouched = found["as_of"] is None and bool(found["owed"])
    if unvouched:
        text = _(
            "These bills were entered by hand, and nobody has said that they are all. Nothing is claimed and no amount"
            " is said until then."
        )
        sentences.append(("act", text))
    unknown = found["unknown"]["invoices"] + found["unknown"]["payments"]
    if unknown:
        text = ngettext(
            "{count} bill or payment is of a customer that nobody has brought yet. It is kept, and joined when the"
            " customer comes.",
            "{count} bills or payments are of customers that nobody has brought yet. They are kept, and joined when the"
            " customers come.",
            unknown,
        )
        sentences.append(("look", text.format(count=unknown)))
    pending = found["pending"]
    asks = ""
    if pending is not None:
        lacks = ngettext(
            "It lacks {missing} of {known} open invoice. Nothing was closed.",
            "It lacks {missing} of {known} open invoices. Nothing was closed.",
            pending["known"],
        ).format(missing=pending["missing"], known=pending["known"])
        asks = f"{_(PENDING[pending['reason']])} {lacks}"
    vouches = unvouched or (found["stale"] and found["source"] in {"panel", "person"})
    return {**found, "sentences": sentences, "asks": asks, "vouches": vouches}


@page(VOUCH, operation="billing.vouch", method="POST")
async def vouch(visit: Visit) -> Response:
    """Says that all bills that are written down are up to date."""
    await visit.ask("billing.vouch", account=await account_of(visit))
    back = visit.way_back(str(visit.form.get("back", "")), INVOICES)
    return visit.go(back, said=_("From now on what stands here counts as up to date; claims go on by their rules."))


@page(CONFIRM, operation="billing.confirm", method="POST")
async def confirm(visit: Visit) -> Response:
    """Closes what a complete list lacks, or leaves it as it is."""
    close = visit.form.get("close") == "1"
    try:
        done = await visit.ask("billing.confirm", account=await account_of(visit), close=close)
    except ConflictError as error:
        return visit.go(INVOICES, said=str(error))
    if not close:
        return visit.go(INVOICES, said=_("Nothing was closed."))
    count = int(done["closed"])
    said = ngettext("{count} invoice was closed.", "{count} invoices were closed.", count).format(count=count)
    return visit.go(INVOICES, said=said)
