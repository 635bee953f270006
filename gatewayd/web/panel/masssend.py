"""Settings, sends to many: the password of an account for them, and above how many people somebody else approves."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, GatewayError, UsageError
from gatewayd.web.panel.faults import fault, faults_of
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

PATH: Final = "/ajustes/envios"
FIELDS: Final = ("password", "approve_above")


def _of(account: str) -> str:
    return f"{PATH}?{urlencode({'account': account})}"


async def _shown(visit: Visit, account: str, error: GatewayError | None = None, above: str | None = None) -> Response:
    faults, general = ({}, "") if error is None else faults_of(error, FIELDS)
    accounts = [one["name"] for one in (await visit.ask("account.list"))["items"]]
    if not account and len(accounts) == 1:
        account = accounts[0]
    found = await visit.ask("mass.show", account=account) if account else None
    return visit.page(
        "masssend.html",
        status=200 if error is None else 409 if isinstance(error, ConflictError) else 422,
        found=found,
        accounts=accounts,
        above=above,
        of=_of,
        faults=faults,
        general=general,
    )


@page(PATH, operation="mass.set", place=Place("ajustes", spoken("Sends to many"), 30))
async def show(visit: Visit) -> Response:
    """Shows what an account asks, or the accounts to choose from."""
    return await _shown(visit, visit.query.get("account", "")[:64] or visit.account)


@page(PATH, operation="mass.set", method="POST")
async def save(visit: Visit) -> Response:
    """Sets the password where one is given, and the number of people."""
    account, password = str(visit.form.get("account", ""))[:64], str(visit.form.get("password", ""))[:1000]
    above, version = str(visit.form.get("approve_above", "")).strip()[:10], str(visit.form.get("version", ""))
    given: dict[str, Any] = {"account": account, "approve_above": ""}
    try:
        if password != str(visit.form.get("again", "")):
            raise fault("password", _("both have to be the same"))
        if above and not (above.isascii() and above.isdecimal() and int(above) > 0):
            raise fault("approve_above", _("a whole number, or nothing"))
        if above:
            given["approve_above"] = int(above)
        if password:
            given["password"] = password
        if version.isdecimal() and len(version) < 10:
            given["version"] = int(version)
        await visit.remote.ask(visit.bearer, "mass.set", given)
    except (UsageError, ConflictError) as error:
        return await _shown(visit, account, error, above)
    return visit.go(_of(account), _("Saved"))
