"""Customers › Keep as a list: those who are ticked as they are, or the filters, asked anew by each campaign."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from gatewayd.values.errors import GatewayError, UnauthenticatedError
from gatewayd.web.panel.customer_acts import ACTS, chosen, count_of, names_of, shared
from gatewayd.web.panel.customer_address import PATH
from gatewayd.web.panel.customers import choose_account
from gatewayd.web.panel.page import page
from gatewayd.web.panel.people_lists import address as list_address
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _


@page(f"{ACTS}/lista", operation="list.create", method="POST")
async def keep(visit: Visit) -> Response:
    """Asks for a name; the second time, with `save`, makes the list."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, PATH)
    ids, wanted, address = chosen(visit)
    title, fault = str(visit.form.get("title", "")).strip()[:120], ""
    if visit.form.get("save") == "1":
        if not title:
            fault = _("give it a name")
        else:
            people: dict[str, Any] = {"customers": ids} if ids else {"filter": wanted}
            try:
                arguments = {"account": account, "title": title, **people}
                # An empty filter is meant: it is everybody.
                made = await visit.remote.ask(visit.bearer, "list.create", arguments)
            except UnauthenticatedError:
                raise
            except GatewayError as error:
                fault = str(error)
            else:
                return visit.go(list_address(made["list"]), _("{name} is kept.").format(name=title))
    count = len(ids) if ids else await count_of(visit, account, wanted)
    return visit.page(
        "customers_list.html",
        status=422 if fault else 200,
        faults={"title": fault} if fault else {},
        title=title,
        **shared(visit, ids, address, count, await names_of(visit, account, ids)),
    )
