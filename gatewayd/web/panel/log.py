"""Interactions › Log: everything that was said and answered, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.responses import Response

from gatewayd.operations.exports import FLOWS, HEADS, KINDS, PORTFOLIOS
from gatewayd.values.errors import GatewayError, NotFoundError, UsageError
from gatewayd.web.panel import marks
from gatewayd.web.panel.customer_address import card
from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.log_address import DIRECTIONS, PATH, PERIODS, LogAddress, chips, tabs
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import Words, spoken
from gatewayd.web.words import gettext as _
from gatewayd.words.translation import language

LIMIT: Final = 50
CHOICES_S: Final = 3.0
"""How old the choice of lines in the filter may be."""

WORDS: Final[Mapping[str, str]] = HEADS
"""Heads of the columns; a customer's columns join them with the customers."""
NUMBERS: Final = frozenset({"segments", "cost"})

_STATES: Final = (
    *("delivered", "read", "unread", "submitted", "answered", "sending", "queued", "held", "scheduled"),
    *("failed", "expired", "uncertain", "invalid", "cancelled"),
)
STEPS: Final[Mapping[str, tuple[str, str, str]]] = {
    "recorded": (spoken("It was recorded"), "queued", "rest"),
    "taken": (spoken("Taken by {line}"), "sending", "move"),
    "left": (spoken("Handed to the network by {line}"), "submitted", "sent"),
    "accepted": (spoken("The network took it"), "submitted", "sent"),
    "completed": (spoken("Over"), "delivered", "good"),
    "delivered": (spoken("It was delivered"), "delivered", "good"),
    "read": (spoken("It was read"), "read", "read"),
    "not_sent": (spoken("Did not leave"), "held", "look"),
    "refused": (spoken("It was refused"), "failed", "act"),
    "partial": (spoken("Taken in part"), "uncertain", "doubt"),
    "uncertain": (spoken("No answer: it may have left"), "uncertain", "doubt"),
    "undelivered": (spoken("Not delivered"), "undelivered", "act"),
    "failed": (spoken("It failed"), "failed", "act"),
    "expired": (spoken("It expired"), "expired", "past"),
    "cancelled": (spoken("It was withdrawn"), "cancelled", "past"),
    "invalid": (spoken("It was left out"), "invalid", "past"),
}
"""Steps of a message's way: sentence, icon and tone."""


def formats_of(visit: Visit) -> Formats:
    """Returns how values are written for the person."""
    return Formats(Words(language()), ZoneInfo(visit.zone))


@page(PATH, operation="interaction.list", place=Place("interacciones", spoken("Log"), 0))
async def show(visit: Visit) -> Response:
    """Shows the log, with one row open beside it where the address names one."""
    address = LogAddress.read(visit.request.query_params.multi_items())
    chosen = await visit.ask("columns.show")
    faults: str = ""
    try:
        found = await visit.ask(
            "interaction.list",
            **address.filters,
            cursor=address.cursor,
            limit=LIMIT,
            counted=not address.cursor,
            last="last_contact" in chosen["columns"] or None,
        )
    except UsageError as error:
        faults = str(error)
        found = {"items": [], "next": None, "looked_to": None, "count": None}
    saved = (await visit.ask("view.list"))["items"]
    names = [name for name in chosen["columns"] if name != "account" or not visit.account]
    opened = await _opened(visit, address)
    formats = formats_of(visit)
    values = {
        "address": address,
        "items": _placed(found["items"], address),
        "codes": {
            "states": {one["state"] for one in found["items"]} | {"answered"},
            "channels": {one["channel"] for one in found["items"]},
        },
        "next": address.href(cursor=found["next"]) if found["next"] else "",
        "newer": address.href() if address.cursor else "",
        "looked_to": found["looked_to"],
        "count": found.get("count"),
        "fault": faults,
        "tabs": tabs(address, saved),
        "saved": [view for view in saved if view["own"]],
        "chips": chips(address, formats),
        "columns": names,
        "heads": [Column(_(WORDS[name]), num=name in NUMBERS) for name in names],
        "offered": [(name, _(WORDS[name])) for name in [*names, *(set_aside(chosen["all"], names))]],
        "fields": await _fields(visit),
        "words": {
            "flows": {code: _(word) for code, word in FLOWS.items()},
            "kinds": {code: _(word) for code, word in KINDS.items()},
            "portfolios": {code: _(word) for code, word in PORTFOLIOS.items()},
        },
        "opened": opened,
    }
    return visit.page("log.html", status=422 if faults else 200, **values)


def _placed(items: list[dict[str, Any]], address: LogAddress) -> list[dict[str, Any]]:
    """Returns rows with their keys and their addresses: of the page with the row open, and of what stands in it."""
    page_of, fragment_of = address.opening(), address.opening(f"{PATH}/fila")
    found = []
    for one in items:
        key = f"{one['direction'] if one['source'] == 'gateway' else 'noted'}-{one['id']}"
        there = card(one["customer"]) if one["customer"] else ""
        found.append({**one, "card": there, "key": key, "href": page_of + key, "fragment": fragment_of + key})
    return found


def set_aside(every: list[str], chosen: list[str]) -> list[str]:
    """Returns the columns that are not shown, in the order in which they are offered."""
    return [name for name in every if name not in chosen]


async def _fields(visit: Visit) -> dict[str, Any]:
    """Returns what the filter's fields offer."""
    lines: Mapping[str, Any] = {"items": []}
    if visit.may("line.list"):
        lines = await visit.remote.ask_lately(visit.bearer, "line.list", visit.actor, CHOICES_S)
    every = _("All")
    return {
        "channels": [("", every), *((code, _(one.word)) for code, one in marks.CHANNEL.items())],
        "states": [("", every), *((code, _(marks.mark(code).word)) for code in _STATES)],
        "directions": [("", every), *((code, _(word)) for code, word in DIRECTIONS.items())],
        "periods": [("", _("Any time")), *((code, _(word)) for code, word in PERIODS.items())],
        "lines": [("", every), *((one["name"], one["name"]) for one in lines["items"])],
        "flows": [("", every), *((code, _(word)) for code, word in FLOWS.items())],
        "kinds": [("", every), *((code, _(word)) for code, word in KINDS.items())],
        "portfolios": [("", every), *((code, _(word)) for code, word in PORTFOLIOS.items())],
    }


@page(f"{PATH}/fila", operation="interaction.show")
async def show_row(visit: Visit) -> Response:
    """Shows one row by itself: what stands beside the table."""
    address = LogAddress.read(visit.request.query_params.multi_items())
    opened = await _opened(visit, address, missing=True)
    return visit.page("log.html", block="opened", address=address, opened=opened)


async def _opened(visit: Visit, address: LogAddress, *, missing: bool = False) -> dict[str, Any] | None:
    """Returns the row that the address names, with its way as steps; None where it names none.

    With `missing`, NotFoundError where there is no such row (any more).
    """
    direction, dash, number = address.row.partition("-")
    if not dash:
        if missing:
            raise NotFoundError(_("no interaction is named"))
        return None
    try:
        found = await visit.ask("interaction.show", direction=direction, id=number)
    except GatewayError:
        if missing:
            raise
        return None
    return {**found, "steps": _steps(found)}


def _steps(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps = []
    for step in found.get("way", ()):
        sentence, icon, tone = STEPS.get(step["step"], (step["step"], "unknown", "past"))
        steps.append({**step, "said": _(sentence).format(line=step["line"] or ""), "icon": icon, "tone": tone})
    return steps


# ------------------------------------------------------------------------------------------------------- what is kept


@page(f"{PATH}/vistas", operation="view.save", method="POST")
async def save_view(visit: Visit) -> Response:
    """Saves the filters that hold under a name."""
    address = LogAddress.read([(name, str(value)) for name, value in visit.form.multi_items()])
    title = str(visit.form.get("title", "")).strip()[:60]
    if not title:
        return visit.go(address.href(), _("A view needs a name; nothing was saved"), "look")
    await visit.ask(
        "view.save", title=title, query=dict(address.filters), shared=visit.form.get("shared") == "1" or None
    )
    return visit.go(address.href(), _("The view “{name}” was saved").format(name=title))


@page(f"{PATH}/vistas/quitar", operation="view.remove", method="POST")
async def remove_view(visit: Visit) -> Response:
    """Removes a view of one's own."""
    await visit.ask("view.remove", view=_number(visit))
    return visit.go(PATH, _("The view was removed"))


@page(f"{PATH}/vistas/compartir", operation="view.share", method="POST")
async def share_view(visit: Visit) -> Response:
    """Shares a view of one's own with the account, or no more."""
    shared = visit.form.get("shared") == "1"
    await visit.ask("view.share", view=_number(visit), shared=shared)
    said = _("Everybody of the account sees the view") if shared else _("Only you see the view")
    return visit.go(PATH, said)


def _number(visit: Visit) -> int:
    text = str(visit.form.get("view", ""))
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise UsageError(_("no such saved view"))
    return int(text)


@page(f"{PATH}/columnas", operation="columns.set", method="POST")
async def set_columns(visit: Visit) -> Response:
    """Keeps the columns that are ticked, in the order that their numbers say."""
    wanted = [str(name) for name in visit.form.getlist("column")]
    offered = [name.removeprefix("place-") for name, _value in visit.form.multi_items() if name.startswith("place-")]
    places = {name: str(visit.form.get(f"place-{name}", "")) for name in offered}
    columns = [name for name in ordered(offered, places) if name in wanted]
    await visit.ask("columns.set", columns=[] if visit.form.get("reset") else columns)
    return visit.go(visit.way_back(str(visit.form.get("back", "")), PATH))


def ordered(names: Sequence[str], places: Mapping[str, str]) -> list[str]:
    """Returns names in the order of the places that a person gave them, counted from 1.

    Of two at one place, the one that was moved there stands: what moved up before the other, what moved down behind it.
    """

    def key(name: str) -> tuple[int, int]:
        was = names.index(name) + 1
        text = places.get(name, "")
        place = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else was
        return place, (place > was) - (place < was)

    return sorted(names, key=key)
