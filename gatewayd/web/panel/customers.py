"""Customers › List: who they are, found and filtered, and what is done with those who are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.operations.customer_columns import HEADS
from gatewayd.values.errors import UsageError
from gatewayd.web.panel.customer_address import (
    CHANNELS,
    OUTCOMES,
    PATH,
    PORTFOLIOS,
    STATES,
    CustomerAddress,
    card,
    chips,
    tabs,
)
from gatewayd.web.panel.log import ordered, set_aside
from gatewayd.web.panel.page import PAGES, Place, page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

LIMIT: Final = 50
NUMBERS: Final = frozenset({"debt"})
SORTED: Final[Mapping[str, str]] = {"name": "name", "updated_at": "updated"}
"""Columns by which the list is sorted, and the word for it."""


@page(PATH, operation="customer.list", place=Place("clientes", spoken("List"), 0))
async def show(visit: Visit) -> Response:
    """Shows the list."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, PATH)
    address = CustomerAddress.read(visit.request.query_params.multi_items())
    fault = ""
    try:
        found = await visit.ask(
            "customer.list",
            account=account,
            filter=address.wanted,
            sort=address.sort,
            cursor=address.cursor,
            limit=LIMIT,
            counted=True,
        )
    except UsageError as error:
        fault = str(error)
        found = {"items": [], "next": None, "count": 0}
    columns = await visit.ask("columns.show", page="customers")
    names = columns["columns"]
    return visit.page(
        "customers.html",
        status=422 if fault else 200,
        fault=fault,
        address=address,
        items=[{**one, "href": card(one["external_id"]), "points": points(one)} for one in found["items"]],
        count=found.get("count"),
        next=address.href(cursor=found["next"]) if found["next"] else "",
        newer=address.href() if address.cursor else "",
        tabs=tabs(address),
        chips=chips(address),
        columns=names,
        heads=[_head(name, address) for name in names],
        offered=[(name, _(HEADS[name])) for name in [*names, *set_aside(columns["all"], names)]],
        fields=await fields(visit, account),
    )


async def choose_account(visit: Visit, back: str) -> Response:
    """Asks which account is meant: customers, and all that is theirs, belong to one."""
    accounts = [one["name"] for one in (await visit.ask("account.list"))["items"]]
    title = _title(visit.request.url.path)
    return visit.page("customers_account.html", accounts=accounts, back=back, title=_(title))


def _title(path: str) -> str:
    """Returns the title of the page in the navigation that an address is, or lies below."""
    above = [one for one in PAGES if one.place is not None and f"{path}/".startswith(f"{one.path}/")]
    place = max(above, key=lambda one: len(one.path)).place if above else None
    return "Customers" if place is None else place.title


def points(customer: Mapping[str, Any]) -> dict[str, str]:
    """Returns the preferred address of each channel of a customer, without those of somebody else."""
    found: dict[str, str] = {}
    for one in customer["contacts"]:
        if one["state"] != "wrong_person":
            found.setdefault(one["channel"], one["address"])
    return found


def _head(name: str, address: CustomerAddress) -> Column:
    by = SORTED.get(name)
    if by is None:
        return Column(_(HEADS[name]), num=name in NUMBERS)
    descending, current = address.sort == f"-{by}", address.sort.lstrip("-") == by
    sort = address.href(sort=by if descending or not current else f"-{by}")
    return Column(_(HEADS[name]), sort=sort, sorted=("descending" if descending else "ascending") if current else "")


async def fields(visit: Visit, account: str) -> dict[str, Any]:
    """Returns what the filter's fields offer."""
    every = _("All")
    return {
        "portfolios": [("", every), *((code, _(word)) for code, word in PORTFOLIOS.items())],
        "channels": [("", every), *((code, _(word)) for code, word in CHANNELS.items())],
        "states": [("", every), *((code, _(word)) for code, word in STATES.items())],
        "owing": [("", every), ("1", _("Who owe")), ("0", _("Who owe nothing"))],
        "campaigns": [("", _("Any or none")), *await campaigns(visit, account)],
        "outcomes": [("", _("Were meant by it")), *((code, _(word)) for code, word in list(OUTCOMES.items())[1:])],
        "users": [("", every), *await users(visit, account)],
    }


async def campaigns(visit: Visit, account: str) -> list[tuple[str, str]]:
    """Returns the newest campaigns that went out, by which customers can be looked for."""
    if not visit.may("campaign.list"):
        return []
    found = await visit.ask("campaign.list", account=account, limit=30)
    sent = [one for one in found["items"] if one["state"] in {"running", "paused", "finished", "cancelled"}]
    return [(str(one["campaign"]), f"{one['campaign']} · {one['name']}") for one in sent]


async def users(visit: Visit, account: str) -> list[tuple[str, str]]:
    """Returns the people whom customers can be assigned to, as the actor may see them."""
    if not visit.may("user.list"):
        return [(visit.actor.name, visit.actor.name)]
    found = await visit.ask("user.list", account=account)
    return [(one["name"], one["name"]) for one in found["items"]]


@page(f"{PATH}/columnas", operation="columns.set", method="POST")
async def set_columns(visit: Visit) -> Response:
    """Keeps the columns that are ticked, in the order that their numbers say."""
    wanted = [str(name) for name in visit.form.getlist("column")]
    offered = [name.removeprefix("place-") for name, _value in visit.form.multi_items() if name.startswith("place-")]
    places = {name: str(visit.form.get(f"place-{name}", "")) for name in offered}
    columns = [name for name in ordered(offered, places) if name in wanted]
    await visit.ask("columns.set", page="customers", columns=[] if visit.form.get("reset") else columns)
    return visit.go(visit.way_back(str(visit.form.get("back", "")), PATH))
