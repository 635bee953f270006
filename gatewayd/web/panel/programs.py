"""Settings, API: the tokens of programs. Their secrets are shown once, on the page that follows making them."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, ForbiddenError, GatewayError, NotFoundError, UsageError
from gatewayd.web.panel.faults import faults_of
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

LIST: Final = "/ajustes/api"
NEW: Final = f"{LIST}/nuevo"
FIELDS: Final = ("label", "account", "kind", "scopes", "expires")
MISTAKES: Final = (UsageError, ConflictError, ForbiddenError, NotFoundError)
ADMINISTRATION: Final = "*"
"""Stands for no account in the form; no account can be called so."""

SCOPES: Final = {
    "read": (spoken("Read"), spoken("Jobs, messages, lines, credit.")),
    "send": (spoken("Send"), spoken("Post messages and jobs, pause, settle, upload lists.")),
    "manage": (spoken("Manage"), spoken("Users, lines, the block list, webhooks.")),
    "mass": (spoken("To many"), spoken("Launch to more than one person without the password.")),
    "push": (spoken("Push"), spoken("Say by which token of an app a customer is reached, and nothing else.")),
    "transactional": (spoken("Transactional"), spoken("Post what has hours of its own, such as confirmations.")),
}
KINDS: Final = {
    "live": (spoken("Live"), spoken("What it posts is sent.")),
    "test": (spoken("For tests"), spoken("What it posts is accepted and priced, and never sent.")),
}
EXPIRIES: Final = (
    ("", spoken("Never")),
    ("30d", spoken("In 30 days")),
    ("90d", spoken("In 90 days")),
    ("365d", spoken("In a year")),
)


@page(LIST, operation="token.list", place=Place("ajustes", spoken("API"), 70))
async def show_all(visit: Visit) -> Response:
    """Lists the tokens."""
    heads = (_("Name"), _("Begins with"), _("Account"), _("May"), _("Last used"), _("Expires"), _("State"), "")
    found = await visit.ask("token.list")
    return visit.page(
        "programs.html",
        tokens=found["items"],
        columns=[Column(one) for one in heads],
        kinds=KINDS,
        scopes=SCOPES,
        address=f"{visit.request.url.scheme}://{visit.request.url.netloc}/v1",
    )


async def _form(visit: Visit, values: dict[str, Any], error: GatewayError | None = None) -> Response:
    faults, general = ({}, "") if error is None else faults_of(error, FIELDS)
    accounts = [(one["name"], one["name"]) for one in (await visit.ask("account.list"))["items"]]
    return visit.page(
        "program_new.html",
        status=200 if error is None else 422,
        values=values,
        faults=faults,
        general=general,
        accounts=[*accounts, (ADMINISTRATION, _("All accounts (administration)"))],
        kinds=[(code, _(word), _(hint)) for code, (word, hint) in KINDS.items()],
        scopes=[(code, _(word), _(hint)) for code, (word, hint) in SCOPES.items()],
        expiries=[(code, _(word)) for code, word in EXPIRIES],
    )


@page(NEW, operation="token.create")
async def ask_for_new(visit: Visit) -> Response:
    """Shows the form of a new token."""
    return await _form(visit, {"account": visit.account, "kind": "live", "scopes": ["read", "send"]})


@page(NEW, operation="token.create", method="POST")
async def create(visit: Visit) -> Response:
    """Makes a token and shows its secret: this page is the only one that ever does."""
    values: dict[str, Any] = {name: str(visit.form.get(name, "")).strip()[:200] for name in FIELDS}
    values["scopes"] = [str(one)[:20] for one in visit.form.getlist("scopes")]
    given = {name: value for name, value in values.items() if value}
    if given.get("account") == ADMINISTRATION:
        del given["account"]
        given["admin"] = True
    try:
        if not values["scopes"]:
            least = _("choose at least one")
            raise UsageError(f"scopes: {least}")
        made = await visit.remote.ask(visit.bearer, "token.create", given)
    except MISTAKES as error:
        return await _form(visit, values, error)
    return visit.page("program_made.html", made=made)


@page(f"{LIST}/revocar", operation="token.revoke", method="POST")
async def revoke(visit: Visit) -> Response:
    """Revokes a token."""
    number = str(visit.form.get("token", ""))
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise NotFoundError(_("There is no such token."))
    found = await visit.ask("token.revoke", token=int(number))
    return visit.go(LIST, _("The token {name} is revoked").format(name=found["name"]))
