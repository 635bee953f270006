"""Tickets: the list, and one of them with its conversation, its notes and its state."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.web.panel import places
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Tab
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/cobranza/tickets"
PAGE: Final = 40
NOTE_MAX: Final = 4_000
WHICH: Final = (("open", spoken("Open tickets")), ("closed", spoken("Closed")), ("all", spoken("All")))
STATES: Final = (
    ("open", spoken("open")),
    ("working", spoken("in progress")),
    ("waiting", spoken("waits for the customer")),
    ("closed", spoken("closed")),
)
EVENTS: Final = {
    "opened": spoken("opened"),
    "note": spoken("note"),
    "state": spoken("state"),
    "operator": spoken("given to"),
    "category": spoken("category"),
}
_BLOCKS: Final = {"side": "ticket", "tickets": "list"}
"""By the place of the page that is to be filled anew."""


def _address(which: str, **values: str) -> str:
    return places.with_query(HERE, ver=which if which != "open" else "", **values)


@page(HERE, operation="ticket.list", place=Place("cobranza", spoken("Tickets"), 65))
async def show(visit: Visit) -> Response:
    """Shows the tickets, and the one that is open beside them."""
    which = visit.query.get("ver", "open")
    which = which if which in {key for key, _word in WHICH} else "open"
    cursor, account = visit.query.get("tras", ""), visit.query.get("cuenta", visit.account)
    number = visit.query.get("ticket", "")
    opened = await _opened(visit, account, number) if number else None
    found = await visit.ask("ticket.list", which=which, cursor=cursor or None, limit=PAGE)
    words = dict(STATES)
    return visit.page(
        "tickets.html",
        block=_BLOCKS.get(visit.request.headers.get("hx-target", "")) if visit.fragment else None,
        tabs=[Tab(_(word), _address(key), key == which) for key, word in WHICH],
        which=which,
        tickets=found["items"],
        address=lambda one: _address(which, ticket=str(one["ticket"]), cuenta=one["account"]),
        close=_address(which),
        asked=bool(number),
        opened=opened,
        conversation=await _conversation(visit, opened),
        newest=_address(which) if cursor else "",
        older=_address(which, tras=found["next"]) if found["next"] else "",
        operators=[(name, name) for name in await _people(visit, opened)],
        states=[(key, _(word)) for key, word in STATES],
        state_of=lambda code: _(words[code]) if code in words else code,
        event_of=lambda code: _(EVENTS[code]) if code in EVENTS else code,
        may_act=visit.may("ticket.set"),
        customer=visit.query.get("cliente", "")[:200],
    )


async def _opened(visit: Visit, account: str, number: str) -> Any:
    if not number.isdecimal() or len(number) > 9 or not number.isascii():
        return None
    try:
        return await visit.ask("ticket.show", account=account, ticket=int(number))
    except (NotFoundError, UsageError):
        return None


async def _conversation(visit: Visit, opened: Any) -> Any:
    """Returns what was said with the customer of a ticket that came by a text."""
    if opened is None or not opened["address"] or not visit.may("inbox.show"):
        return None
    try:
        return await visit.ask("inbox.show", account=opened["account"], address=opened["address"])
    except (NotFoundError, UsageError):
        return None


async def _people(visit: Visit, opened: Any) -> list[str]:
    """Returns to whom a ticket can be given."""
    if opened is None or not visit.may("user.list"):
        return [visit.actor.name] if visit.actor.kind == "person" else []
    found = (await visit.ask("user.list"))["items"]
    return [one["name"] for one in found if one["account"] in {None, opened["account"]} and not one["disabled"]]


@page(HERE, operation="ticket.set", method="POST")
async def act(visit: Visit) -> Response:
    """Writes a note to a ticket, or changes its state or whose it is."""
    account, number = str(visit.form.get("account", ""))[:64], str(visit.form.get("ticket", ""))
    back = visit.way_back(str(visit.form.get("back", "")), HERE)
    if not number.isdecimal() or len(number) > 9:
        return visit.go(back, said=_("There is no such ticket."), tone="look")
    given = {
        "state": str(visit.form.get("state", "")) or None,
        "operator": None if visit.form.get("operator") is None else str(visit.form.get("operator"))[:200],
        "note": str(visit.form.get("note", "")).strip()[:NOTE_MAX] or None,
    }
    version = str(visit.form.get("version", ""))
    try:
        await visit.ask(
            "ticket.set",
            account=account,
            ticket=int(number),
            version=int(version) if version.isdecimal() and len(version) < 10 else None,
            **{key: value for key, value in given.items() if value is not None},
        )
    except (ConflictError, UsageError) as error:
        return visit.go(back, said=str(error), tone="act")
    return visit.go(back, said=_("The ticket was changed."))


@page(f"{HERE}/nuevo", operation="ticket.add", method="POST")
async def add(visit: Visit) -> Response:
    """Opens a ticket by hand."""
    account = str(visit.form.get("account", "") or visit.account)[:64]
    text, customer = str(visit.form.get("text", "")).strip(), str(visit.form.get("customer", "")).strip()[:200]
    if not text:
        return visit.go(HERE, said=_("Write first what it is about; nothing was opened."), tone="look")
    try:
        made = await visit.ask(
            "ticket.add", account=account or None, text=text[:NOTE_MAX], **({"customer": customer} if customer else {})
        )
    except (NotFoundError, UsageError) as error:
        return visit.go(HERE, said=str(error), tone="act")
    opened = _address("open", ticket=str(made["ticket"]), cuenta=made["account"])
    return visit.go(opened, said=_("Ticket {number} is open.").format(number=made["ticket"]))
