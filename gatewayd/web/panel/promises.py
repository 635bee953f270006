"""Promises to pay: pending, kept, kept in part, not kept; written down and taken back."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.web.panel import places
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Tab
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/cobranza/promesas"
PAGE: Final = 50
WHICH: Final = (
    ("pending", spoken("Pending")),
    ("broken", spoken("Not kept")),
    ("kept", spoken("Kept")),
    ("all", spoken("Every promise")),
)


def _address(which: str, **values: str) -> str:
    return places.with_query(HERE, ver=which if which != "pending" else "", **values)


@page(HERE, operation="promise.list", place=Place("cobranza", spoken("Promises"), 30))
async def show(visit: Visit) -> Response:
    """Shows promises, newest first."""
    which = visit.query.get("ver", "pending")
    which = which if which in {key for key, _word in WHICH} else "pending"
    cursor = visit.query.get("tras", "")
    state = None if which == "all" else which
    found = await visit.ask("promise.list", state=state, cursor=cursor or None, limit=PAGE)
    accounts = [] if visit.account else [one["name"] for one in (await visit.ask("account.list"))["items"]]
    return visit.page(
        "promises.html",
        block="list" if visit.fragment else None,
        accounts=[(name, name) for name in accounts],
        tabs=[Tab(_(word), _address(key), key == which) for key, word in WHICH],
        items=found["items"],
        newest=_address(which) if cursor else "",
        older=_address(which, tras=found["next"]) if found["next"] else "",
        may_act=visit.may("promise.add"),
        customer=visit.query.get("cliente", "")[:200],
    )


@page(HERE, operation="promise.add", method="POST")
async def add(visit: Visit) -> Response:
    """Writes a promise down."""
    form = {name: str(visit.form.get(name, "")).strip()[:200] for name in ("account", "customer", "day", "amount")}
    if not form["customer"] or not form["day"]:
        return visit.go(HERE, said=_("Say whose promise it is, and for which day."), tone="look")
    try:
        await visit.ask(
            "promise.add",
            account=form["account"] or visit.account or None,
            customer=form["customer"],
            day=form["day"],
            amount=form["amount"] or None,
            note=str(visit.form.get("note", ""))[:1_000],
        )
    except (ConflictError, NotFoundError, UsageError) as error:
        return visit.go(HERE, said=str(error), tone="act")
    return visit.go(HERE, said=_("The promise was written down; claims wait until its day."))


@page(f"{HERE}/retirar", operation="promise.withdraw", method="POST")
async def withdraw(visit: Visit) -> Response:
    """Takes a promise back."""
    number = str(visit.form.get("promise", ""))
    if not number.isdecimal() or len(number) > 15:
        return visit.go(HERE, said=_("There is no such promise."), tone="look")
    try:
        await visit.ask("promise.withdraw", promise=int(number))
    except (ConflictError, NotFoundError, UsageError) as error:
        return visit.go(HERE, said=str(error), tone="act")
    return visit.go(HERE, said=_("The promise was taken back; claims go on."))
