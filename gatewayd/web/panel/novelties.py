"""Novelties: the list for whoever telephones or visits, to print and to write results into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.values.money import format_money
from gatewayd.web.panel import places
from gatewayd.web.panel.level_names import level_name, level_names
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Tab
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken
from gatewayd.words.claim_reasons import KINDS, RESULTS, kind_word, result_word

HERE: Final = "/cobranza/novedades"
PAGE: Final = 50
WHICH: Final = (("open", spoken("To do")), ("done", spoken("Done")))


def _address(which: str, **values: str) -> str:
    return places.with_query(HERE, ver=which if which != "open" else "", **values)


_BLOCKS: Final = {"side": "novelty", "novelties": "list"}
"""What an element of the page is made of."""


@page(HERE, operation="novelty.list", place=Place("cobranza", spoken("Novelties"), 20))
async def show(visit: Visit) -> Response:
    """Shows what is to be done, the oldest first, and one of them beside it."""
    which = visit.query.get("ver", "open")
    which = which if which in {key for key, _word in WHICH} else "open"
    kind = visit.query.get("tipo", "")
    kind = kind if kind in KINDS else ""
    cursor, number = visit.query.get("tras", ""), visit.query.get("novedad", "")
    found = await visit.ask("novelty.list", state=which, kind=kind or None, cursor=cursor or None, limit=PAGE)
    names = await level_names(visit)
    opened = next((one for one in found["items"] if str(one["novelty"]) == number), None)
    return visit.page(
        "novelties.html",
        block=_BLOCKS.get(visit.request.headers.get("hx-target", "")) if visit.fragment else None,
        tabs=[Tab(_(word), _address(key, tipo=kind), key == which) for key, word in WHICH],
        which=which,
        items=found["items"],
        kinds=[("", _("Every kind")), *((key, kind_word(key)) for key in KINDS)],
        kind=kind,
        results=[(key, result_word(key)) for key in RESULTS],
        result_of=result_word,
        whose=_whose,
        about=lambda one: _about(visit, one, names),
        address=lambda one: _address(which, tipo=kind, novedad=str(one["novelty"])),
        close=_address(which, tipo=kind),
        asked=bool(number),
        opened=opened,
        newest=_address(which, tipo=kind) if cursor else "",
        older=_address(which, tipo=kind, tras=found["next"]) if found["next"] else "",
        may_act=visit.may("novelty.done"),
    )


def _whose(one: Mapping[str, Any]) -> str:
    """Returns whose a novelty is, or how many people it is about."""
    if one["kind"] == "approval":
        people = int(one["detail"].get("people") or 0)
        return ngettext("{count} person", "{count} people", people).format(count=people)
    return str(one["name"] or one["customer"] or _("nobody's"))


def _about(visit: Visit, one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Returns what a novelty is about: what somebody wrote, else the level and what was owed at it."""
    detail = one["detail"]
    level = str(detail.get("level") or "")
    said = [str(one["text"]) if one["text"] else level_name(level, names) if level else ""]
    if not one["text"] and isinstance(detail.get("amount"), int) and detail.get("currency"):
        said.append(visit.formats.money(format_money(detail["amount"]), str(detail["currency"])))
    return " · ".join(each for each in said if each)


@page(HERE, operation="novelty.done", method="POST")
async def done(visit: Visit) -> Response:
    """Writes down what came of one."""
    number = str(visit.form.get("novelty", ""))
    back = visit.way_back(str(visit.form.get("back", "")), HERE)
    if not number.isdecimal() or len(number) > 15:
        return visit.go(back, said=_("There is no such novelty."), tone="look")
    result, note = str(visit.form.get("result", "")), str(visit.form.get("note", ""))[:1_000]
    following = str(visit.form.get("next_date", "")).strip()
    try:
        await visit.ask("novelty.done", novelty=int(number), result=result, note=note, next_date=following or None)
    except (ConflictError, NotFoundError, UsageError) as error:
        return visit.go(back, said=str(error), tone="act")
    return visit.go(back, said=_("The result was written down."))
