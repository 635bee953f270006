"""Collections › Reminders: a customer is asked by hand for what it owes, once or at intervals, until that is paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.web.panel import marks
from gatewayd.web.panel.customer_address import card
from gatewayd.web.panel.customers import choose_account
from gatewayd.web.panel.faults import fault, faults_of
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column, Tab
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken
from gatewayd.words.reasons import meaning

HERE: Final = "/cobranza/recordatorios"
NEW: Final = f"{HERE}/nuevo"
ONE: Final = f"{HERE}/{{reminder:int}}"
LIMIT: Final = 50
TABS: Final = (
    ("todos", "all", spoken("All")),
    ("activos", "active", spoken("Active")),
    ("inactivos", "inactive", spoken("Inactive")),
    ("archivo", "archived", spoken("Archive")),
)
"""In the address, of the operation, and for people."""
CHANNELS: Final = ("sms", "email", "whatsapp", "push")
FIELDS: Final = (
    *("customer", "invoice", "due", "amount", "currency", "channel", "subject", "text"),
    *("first", "every_days", "times", "hour"),
)
KINDS: Final[Mapping[str, str]] = {
    "created": spoken("written"),
    "edited": spoken("changed"),
    "sent": spoken("sent"),
    "paid": spoken("marked as paid"),
    "cancelled": spoken("cancelled"),
    "reopened": spoken("active again"),
    "archived": spoken("put in the archive"),
    "restored": spoken("brought back from the archive"),
    "put_off": spoken("not sent that day"),
}
"""What was done with a reminder."""
WHY: Final[Mapping[str, str]] = {
    "payment": spoken("billing says that nothing of it is open any more"),
    "invoice_cancelled": spoken("the invoice was cancelled"),
    "invoice_closed": spoken("billing no longer has the invoice open"),
    "unreachable": spoken("the customer cannot be reached by this channel, or nothing may be claimed from it"),
    "contacted_today": spoken("the customer was contacted about its debt today already"),
    "claimed_today": spoken("a claim goes to the customer already, or has gone today"),
    "number_today": spoken("another customer with that number was written to today already"),
    "shared_number": spoken("two customers have that number: sent in words that name neither amount nor person"),
    "first_contact": spoken("nobody has confirmed that number: sent in words that name neither amount nor person"),
}
SENDS: Final[Mapping[str, str]] = {
    "waiting": spoken("about to leave"),
    "refused": spoken("not sent"),
    "withdrawn": spoken("withdrawn before it left"),
}
"""States of a send that has no message."""


def address(number: int) -> str:
    """Returns the address of a reminder."""
    return f"{HERE}/{number}"


def _placed(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "href": address(one["reminder"]), "card": card(one["customer"])}


def _with(kept: Mapping[str, str]) -> str:
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{HERE}?{query}" if query else HERE


@page(HERE, operation="reminder.list", place=Place("cobranza", spoken("Reminders"), 50))
async def show(visit: Visit) -> Response:
    """Shows the reminders of an account by tab, the newest first."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, HERE)
    wanted = visit.query.get("ver", "todos")
    tab = next((one for one in TABS if one[0] == wanted), TABS[0])
    search, cursor = visit.query.get("q", "").strip()[:100], visit.query.get("tras", "")[:20]
    found = await visit.ask("reminder.list", account=account, tab=tab[1], q=search, cursor=cursor or None, limit=LIMIT)
    kept = {"ver": "" if tab is TABS[0] else tab[0], "q": search}
    return visit.page(
        "reminders.html",
        items=[_placed(one) for one in found["items"]],
        search=search,
        hidden={"ver": kept["ver"]} if kept["ver"] else {},
        tabs=[
            Tab(_(word), _with({"ver": "" if name == "todos" else name, "q": search}), name == tab[0])
            for name, _code, word in TABS
        ],
        columns=[
            Column(_("Customer")),
            Column(_("Invoice")),
            Column(_("State")),
            Column(_("Amount"), num=True),
            Column(_("Due"), num=True),
            Column(_("Channel")),
            Column(_("Sent"), num=True),
            Column(_("Next"), num=True),
        ],
        newer=_with(kept) if cursor else "",
        older=_with({**kept, "tras": str(found["next"])}) if found["next"] else "",
    )


# ------------------------------------------------------------------------------------------------------------- written


@page(NEW, operation="reminder.add")
async def ask_new(visit: Visit) -> Response:
    """Asks for a customer, what it owes and what it is to read."""
    given = {"customer": visit.query.get("cliente", "")[:200], "invoice": visit.query.get("factura", "")[:200]}
    return await _form(visit, {"channel": "sms", "times": "1", "hour": "10:00", **given})


async def _form(
    visit: Visit,
    given: Mapping[str, Any],
    error: UsageError | ConflictError | NotFoundError | None = None,
    known: Mapping[str, Any] | None = None,
) -> Response:
    account = await account_of(visit) if known is None else str(known["account"])
    if not account:
        return await choose_account(visit, NEW)
    given = dict.fromkeys(FIELDS, "") | dict(given)
    faults, general = faults_of(error, FIELDS) if error else ({}, "")
    if not given.get("currency"):
        shown = await visit.ask("account.show", account=account)
        given = {**given, "currency": shown["currency"]}
    return visit.page(
        "reminder_form.html",
        status=422 if error else 200,
        given=given,
        known=known,
        action=NEW if known is None else f"{known['href']}/cambiar",
        back=HERE if known is None else known["href"],
        channels=[(code, _(marks.CHANNEL[code].word)) for code in CHANNELS],
        faults=faults,
        general=general,
    )


def _said(visit: Visit) -> dict[str, str]:
    return {name: str(visit.form.get(name, "")).replace("\r\n", "\n").strip()[:20_000] for name in FIELDS}


def _arguments(given: Mapping[str, str]) -> dict[str, Any]:
    """Returns what an operation is asked for. UsageError names the field that lacks."""
    if not given["customer"]:
        raise fault("customer", _("say which customer"))
    if not given["text"]:
        raise fault("text", _("write what the customer is to read"))
    said: dict[str, Any] = {name: value for name, value in given.items() if value}
    if amount := given["amount"]:
        said["amount"] = amount.replace(".", "").replace(",", ".") if "," in amount else amount
    for name in ("every_days", "times"):
        value = given[name]
        if value and not value.isdecimal():
            raise fault(name, _("a whole number"))
        if value:
            said[name] = int(value)
    if not given["first"]:
        for name in ("every_days", "times", "hour"):
            said.pop(name, None)
    return said


@page(NEW, operation="reminder.add", method="POST")
async def make(visit: Visit) -> Response:
    """Writes a reminder down."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, NEW)
    given = _said(visit)
    try:
        made = await visit.ask("reminder.add", account=account, **_arguments(given))
    except NotFoundError as error:
        return await _form(visit, given, fault("customer", str(error)))
    except (UsageError, ConflictError) as error:
        return await _form(visit, given, error)
    return visit.go(address(made["reminder"]), _("The reminder is kept."))


# --------------------------------------------------------------------------------------------------------------- a one


def _number(visit: Visit) -> int:
    return int(visit.request.path_params["reminder"])


@page(ONE, operation="reminder.show")
async def one(visit: Visit) -> Response:
    """Shows a reminder, what can be done with it, and all that was."""
    return await _one(visit)


async def _one(visit: Visit, error: UsageError | ConflictError | None = None) -> Response:
    found = _placed(await visit.ask("reminder.show", reminder=_number(visit)))
    return visit.page(
        "reminder.html",
        status=422 if error else 200,
        one=found,
        history=[_told(event) for event in found["history"]],
        general=str(error) if error else "",
        anyway=isinstance(error, ConflictError) and found["state"] == "active" and visit.form.get("sending") == "1",
    )


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    kind, detail = event["kind"], event["detail"]
    why = detail.get("reason") or event.get("reason") or ""
    sentence = detail.get("sentence") or (_(WHY[why]) if why in WHY else meaning(why) if why else "")
    return {
        "message_state": None,
        **event,
        "word": _(KINDS.get(kind, kind)),
        "why": sentence,
        "waits": _(SENDS[event["state"]]) if event.get("state") in SENDS else "",
    }


@page(f"{ONE}/cambiar", operation="reminder.edit")
async def ask_change(visit: Visit) -> Response:
    """Asks what is to be otherwise."""
    found = _placed(await visit.ask("reminder.show", reminder=_number(visit)))
    given = {name: "" if found[name] is None else str(found[name]) for name in FIELDS}
    return await _form(visit, {**given, "version": found["version"]}, known=found)


@page(f"{ONE}/cambiar", operation="reminder.edit", method="POST")
async def change(visit: Visit) -> Response:
    """Changes a reminder."""
    given, version = _said(visit), str(visit.form.get("version", ""))[:9]
    found = _placed(await visit.ask("reminder.show", reminder=_number(visit)))
    kept = {**given, "version": version}
    try:
        said = _arguments(given)
        await visit.ask(
            "reminder.edit", reminder=_number(visit), version=int(version) if version.isdecimal() else 0, **said
        )
    except NotFoundError as error:
        return await _form(visit, kept, fault("customer", str(error)), known=found)
    except (UsageError, ConflictError) as error:
        return await _form(visit, kept, error, known=found)
    return visit.go(found["href"], _("The reminder is kept."))


@page(f"{ONE}/enviar", operation="reminder.send", method="POST")
async def send(visit: Visit) -> Response:
    """Sends it now."""
    try:
        found = await visit.ask("reminder.send", reminder=_number(visit), anyway=visit.form.get("anyway") == "1")
    except ConflictError as error:
        return await _one(visit, error)
    return visit.go(address(found["reminder"]), _("It is on its way"))


@page(f"{ONE}/estado", operation="reminder.pay", method="POST")
async def pay(visit: Visit) -> Response:
    """Says that it is paid, cancelled, or active again."""
    wanted = str(visit.form.get("state", "paid"))
    state = wanted if wanted in {"paid", "cancelled", "active"} else "paid"
    found = await visit.ask("reminder.pay", reminder=_number(visit), state=state)
    said = {
        "paid": _("Marked as paid. It is sent no more."),
        "cancelled": _("Cancelled. It is sent no more."),
        "active": _("It is active again."),
    }
    return visit.go(address(found["reminder"]), said[state])


@page(f"{ONE}/archivar", operation="reminder.archive", method="POST")
async def archive(visit: Visit) -> Response:
    """Puts it in the archive, or brings it back."""
    back = visit.form.get("back") == "1"
    found = await visit.ask("reminder.archive", reminder=_number(visit), archived=not back)
    said = _("It is back from the archive.") if back else _("It is in the archive, with its history.")
    return visit.go(address(found["reminder"]), said)


@page(f"{ONE}/quitar", operation="reminder.remove", method="POST")
async def remove(visit: Visit) -> Response:
    """Removes one that was never sent."""
    try:
        await visit.ask("reminder.remove", reminder=_number(visit))
    except ConflictError as error:
        return await _one(visit, error)
    return visit.go(HERE, _("The reminder is removed."))
