"""Collections: an invoice or a payment entered by hand, and a customer's account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.web.panel.bills import INVOICES, PAYMENTS, account_page, freshness, paid, placed
from gatewayd.web.panel.customer_address import card
from gatewayd.web.panel.customers import choose_account
from gatewayd.web.panel.faults import faults_of
from gatewayd.web.panel.page import page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

NEW_INVOICE: Final = f"{INVOICES}/nueva"
NEW_PAYMENT: Final = f"{PAYMENTS}/nuevo"
ACCOUNT: Final = "/clientes/acciones/cuenta"
_INVOICE: Final = (
    *("external_id", "customer", "number", "issued", "due", "total", "balance", "currency", "state", "link"),
)
_PAYMENT: Final = ("external_id", "customer", "invoice", "amount", "currency", "value_date", "kind", "reason")
_MONEY: Final = ("total", "balance", "amount")


@page(ACCOUNT, operation="customer.account")
async def account(visit: Visit) -> Response:
    """Shows what a customer owes, its invoices and its payments."""
    name = await account_of(visit, str(visit.query.get("account", "")))
    external_id = str(visit.query.get("id", ""))[:200]
    if not name:
        return await choose_account(visit, account_page(external_id))
    customer = await visit.ask("customer.show", account=name, external_id=external_id)
    found = await visit.ask("customer.account", account=name, external_id=external_id)
    return visit.page(
        "customer_account.html",
        customer=customer,
        href=card(customer["external_id"]),
        query=urlencode({"customer": customer["external_id"]}),
        found=found,
        invoices=[placed(one) for one in found["invoices"]],
        payments=[paid(one) for one in found["payments"]],
        invoice_columns=[
            Column(_("Invoice")),
            Column(_("State")),
            Column(_("Due")),
            Column(_("Total"), num=True),
            Column(_("What is open of it"), num=True),
        ],
        payment_columns=[
            Column(_("Payment")),
            Column(_("Kind")),
            Column(_("For")),
            Column(_("Posted")),
            Column(_("Amount"), num=True),
        ],
        billing=await freshness(visit, name),
    )


@page(NEW_INVOICE, operation="invoice.put")
async def ask_invoice(visit: Visit) -> Response:
    """Asks for an invoice."""
    return await _form(visit, "invoice_new.html", {"customer": visit.query.get("customer", "")[:200], "state": "open"})


@page(NEW_INVOICE, operation="invoice.put", method="POST")
async def write_invoice(visit: Visit) -> Response:
    """Writes an invoice; one of that id is changed."""
    given = _given(visit, _INVOICE)
    said: dict[str, Any] = {name: one for name, one in _money(given).items() if one and name != "external_id"}
    if said.get("balance") is None and said.get("total") is not None:
        said["balance"] = said["total"]
    name = given["external_id"] or given["number"] or _made_id(visit, said)
    return await _write(visit, "invoice_new.html", given, "invoice.put", {"external_id": name, "invoice": said})


@page(NEW_PAYMENT, operation="payment.put")
async def ask_payment(visit: Visit) -> Response:
    """Asks for a payment or a credit note."""
    given = {"customer": visit.query.get("customer", "")[:200], "kind": "payment"}
    return await _form(visit, "payment_new.html", given)


@page(NEW_PAYMENT, operation="payment.put", method="POST")
async def write_payment(visit: Visit) -> Response:
    """Writes a payment. The page comes back once nothing that was written from the older debt can leave any more."""
    given = _given(visit, _PAYMENT)
    said: dict[str, Any] = {
        name: one for name, one in _money(given).items() if one and name not in {"external_id", "invoice", "kind"}
    }
    if given["invoice"] and "amount" in said:
        said["invoices"] = [{"external_id": given["invoice"], "amount": said["amount"]}]
    name = given["external_id"] or _made_id(visit, {**said, "kind": given["kind"]})
    arguments = {"external_id": name, "payment": said, "kind": given["kind"] or "payment"}
    return await _write(visit, "payment_new.html", given, "payment.put", arguments)


def _made_id(visit: Visit, said: Mapping[str, Any]) -> str:
    """Returns an id for what has none: the same for the same form with the same content, so that one that is sent
    again (reloaded, or tried once more after a link was lost) writes the same and no second."""
    key = str(visit.form.get("key", ""))[:64] or uuid4().hex
    content = json.dumps([key, said], sort_keys=True, ensure_ascii=False)
    return f"panel-{sha256(content.encode('utf-8', 'replace')).hexdigest()[:16]}"


def _given(visit: Visit, names: tuple[str, ...]) -> dict[str, str]:
    return {name: str(visit.form.get(name, "")).strip()[:2000] for name in names}


def _money(given: Mapping[str, str]) -> dict[str, str]:
    """Returns amounts with a point before the cents, as people write them: 1.500,50 or 1500.50."""
    found = dict(given)
    for name in _MONEY:
        text = found.get(name, "").replace("$", "").replace(" ", "")
        if text.rfind(",") > text.rfind("."):
            text = text.replace(".", "").replace(",", ".")
        if name in found:
            found[name] = text
    return found


async def _form(
    visit: Visit, template: str, given: Mapping[str, str], error: UsageError | ConflictError | None = None
) -> Response:
    name = await account_of(visit)
    if not name:
        return await choose_account(visit, visit.request.url.path)
    names = _INVOICE if template == "invoice_new.html" else _PAYMENT
    faults, general = faults_of(error, names) if error is not None else ({}, "")
    return visit.page(
        template,
        status=200 if error is None else 422,
        given=dict(given),
        faults=faults,
        general=general,
        key=str(visit.form.get("key", ""))[:64] or uuid4().hex,
    )


async def _write(
    visit: Visit, template: str, given: Mapping[str, str], operation: str, arguments: Mapping[str, Any]
) -> Response:
    try:
        done = await visit.ask(operation, account=await account_of(visit), **arguments)
    except (UsageError, ConflictError, NotFoundError) as error:
        shown = error if not isinstance(error, NotFoundError) else UsageError(str(error))
        return await _form(visit, template, given, shown)
    back = account_page(done["customer"]) if done["customer_known"] else INVOICES
    said = _("Written.") if done["outcome"] != "same" else _("It was written already; nothing is new.")
    if done["withdrawn"]:
        said += " " + _("{count} messages that waited were withdrawn.").format(count=done["withdrawn"])
    if done["open"]:
        said += " " + _("Left before and without an outcome yet: {ids}.").format(ids=", ".join(done["open"][:5]))
    return visit.go(back, said=said)
