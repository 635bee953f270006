"""Customers › edit: the form of one customer, with its contact points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, UnauthenticatedError, UsageError
from gatewayd.web.panel.company import ZONES
from gatewayd.web.panel.customer import CONSENTS
from gatewayd.web.panel.customer_address import CHANNELS, PATH, PORTFOLIOS, STATES, card
from gatewayd.web.panel.customers import choose_account, users
from gatewayd.web.panel.page import page
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

EDIT: Final = f"{PATH}/acciones/editar"
TEXTS: Final = (
    "name",
    "document_type",
    "document_number",
    "language",
    "zone",
    "portfolio_type",
    "portfolio_name",
    "assigned",
)
SPARE: Final = 2
"""Empty lines for contact points that are new."""
SPARE_POINT: Final = {"channel": "phone", "address": "", "kind": "", "state": "unknown", "consent": {}, "source": ""}
POINTS_MAX: Final = 20
MAILS: Final[Mapping[str, str]] = {
    "invoices": spoken("Invoices by mail"),
    "payments": spoken("Receipts of payments by mail"),
    "tickets": spoken("News of tickets by mail"),
}
EMPTY: Final[Mapping[str, Any]] = {
    "external_id": "",
    "contacts": [],
    "tags": [],
    "mails": {"invoices": True, "payments": True, "tickets": True},
    "no_claim": None,
    "version": 0,
    **dict.fromkeys(TEXTS),
}


@page(f"{PATH}/nuevo", operation="customer.put")
async def new(visit: Visit) -> Response:
    """Asks for a new customer."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, f"{PATH}/nuevo")
    return await _form(visit, account, EMPTY, fresh=True)


@page(EDIT, operation="customer.put")
async def edit(visit: Visit) -> Response:
    """Shows the form of a customer."""
    account = await account_of(visit)
    external_id = str(visit.query.get("id", ""))[:200]
    if not account:
        return await choose_account(visit, card(external_id))
    found = await visit.ask("customer.show", account=account, external_id=external_id)
    return await _form(visit, account, found, fresh=False)


async def _form(
    visit: Visit, account: str, values: Mapping[str, Any], *, fresh: bool, fault: str = "", field: str = ""
) -> Response:
    points = [*values["contacts"], *(dict(SPARE_POINT) for _place in range(SPARE))][:POINTS_MAX]
    known = field in {*TEXTS, "external_id", "tags", "no_claim"}
    return visit.page(
        "customer_edit.html",
        status=422 if fault else 200,
        fresh=fresh,
        customer=values,
        points=points,
        faults={field: fault} if known else {},
        general="" if known else fault,
        back=PATH if fresh else card(values["external_id"]),
        channels=[(code, _(word)) for code, word in CHANNELS.items()],
        states=[(code, _(word)) for code, word in STATES.items()],
        portfolios=[("", "—"), *((code, _(word)) for code, word in PORTFOLIOS.items())],
        consents=[("", _("never asked")), ("1", _("agrees")), ("0", _("refuses"))],
        classes=[(code, _(word)) for code, word in CONSENTS.items() if code != "reply"],
        mails=[(code, _(word), values["mails"].get(code, True)) for code, word in MAILS.items()],
        users=[("", "—"), *_with(await users(visit, account), values["assigned"])],
        zones=ZONES,
    )


def _with(offered: list[tuple[str, str]], value: str | None) -> list[tuple[str, str]]:
    """Returns what a field offers, with the value that it has."""
    return offered if not value or any(code == value for code, _word in offered) else [*offered, (value, value)]


@page(EDIT, operation="customer.put", method="POST")
async def save(visit: Visit) -> Response:
    """Saves the form; what somebody else has changed meanwhile is not written over."""
    account = await account_of(visit)
    fresh = visit.form.get("fresh") == "1"
    external_id = _text(visit, "external_id")
    given = _given(visit)
    version = _text(visit, "version")
    if not account:
        return await choose_account(visit, PATH)
    kept = {**EMPTY, **given, "external_id": external_id, "version": version}
    if not external_id:
        fault = _("write the id by which your company knows this customer")
        return await _form(visit, account, kept, fresh=fresh, fault=fault, field="external_id")
    try:
        # Empty values are meant: they take away what was there.
        await visit.remote.ask(
            visit.bearer,
            "customer.put",
            {
                "account": account,
                "external_id": external_id,
                "customer": given,
                "version": int(version) if version.isdecimal() and len(version) < 10 else 0,
            },
        )
    except UnauthenticatedError:
        raise
    except (UsageError, ConflictError) as error:
        field, colon, sentence = str(error).partition(": ")
        if not colon or " " in field:
            field, sentence = "", str(error)
        return await _form(visit, account, kept, fresh=fresh, fault=sentence, field=field)
    return visit.go(card(external_id), _("The customer was saved"))


def _text(visit: Visit, name: str) -> str:
    return str(visit.form.get(name, "")).strip()[:500]


def _given(visit: Visit) -> dict[str, Any]:
    """Returns what the form says as a customer's document."""
    found: dict[str, Any] = {name: _text(visit, name) or None for name in TEXTS}
    found["name"] = found["name"] or ""
    found["tags"] = [tag.strip() for tag in _text(visit, "tags").split(",") if tag.strip()]
    found["mails"] = {name: visit.form.get(f"mail-{name}") == "1" for name in MAILS}
    found["no_claim"] = None
    if visit.form.get("no_claim") == "1":
        found["no_claim"] = {"until": _text(visit, "no_claim_until") or None, "reason": _text(visit, "no_claim_reason")}
    contacts = []
    for place in range(POINTS_MAX):
        address = str(visit.form.get(f"address-{place}", "")).strip()[:8_192]
        if not address:
            continue
        consent = {klass: visit.form.get(f"consent-{place}-{klass}") for klass in CONSENTS}
        contacts.append(
            {
                "channel": _text(visit, f"channel-{place}"),
                "address": address,
                "kind": _text(visit, f"kind-{place}"),
                "state": _text(visit, f"state-{place}") or "unknown",
                "consent": {klass: said == "1" for klass, said in consent.items() if said in {"0", "1"}},
                "source": _text(visit, f"source-{place}") or "panel",
            }
        )
    preferred = _text(visit, "preferred")
    if preferred.isdecimal() and int(preferred) < len(contacts):
        contacts.insert(0, contacts.pop(int(preferred)))
    found["contacts"] = contacts
    return found
