"""Campaigns: what runs, what is scheduled, what is still a draft, what is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.web.panel import places
from gatewayd.web.panel.campaign_shown import Shown, shown
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column, Tab
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/campanas"
SCHEDULED: Final = f"{HERE}/programadas"
LIMIT: Final = 50
VIEWS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "": (spoken("Running"), ("running", "paused", "awaiting_approval")),
    "borradores": (spoken("Drafts"), ("draft",)),
    "terminadas": (spoken("Finished"), ("finished", "cancelled")),
}
"""Tabs by what the address says: their word, and the states they show."""


@page(HERE, operation="campaign.list", place=Place("campanas", spoken("Running"), 0))
async def show(visit: Visit) -> Response:
    """Shows campaigns by tab: running, drafts, finished."""
    view = visit.query.get("ver", "")
    view = view if view in VIEWS else ""
    return await _list(visit, HERE, {"ver": view} if view else {}, VIEWS[view][1], view)


@page(SCHEDULED, operation="campaign.list", place=Place("campanas", spoken("Scheduled"), 10))
async def show_scheduled(visit: Visit) -> Response:
    """Shows what will begin by itself, the next one first."""
    return await _list(visit, SCHEDULED, {}, ("scheduled",), None)


async def _list(visit: Visit, path: str, kept: Mapping[str, str], states: Sequence[str], view: str | None) -> Response:
    cursor = visit.query.get("tras", "")[:100]
    found = await visit.ask("campaign.list", state=list(states), cursor=cursor, limit=LIMIT)
    items: list[tuple[Any, Shown]] = [(one, shown(one, visit.words, visit.formats)) for one in found["items"]]
    return visit.page(
        "campaigns.html",
        block="rows" if visit.fragment else None,
        here=_address(path, kept, cursor),
        scheduled=view is None,
        view=view,
        items=items,
        tabs=[
            Tab(_(word), _address(HERE, {"ver": key} if key else {}, ""), key == view)
            for key, (word, _states) in VIEWS.items()
        ],
        columns=_columns(visit, scheduled=view is None),
        newer=_address(path, kept, "") if cursor else "",
        older=_address(path, kept, str(found["next"])) if found["next"] else "",
        new=places.link(f"{HERE}/nueva"),
    )


def _columns(visit: Visit, *, scheduled: bool) -> Sequence[Column]:
    return [
        Column(_("Name")),
        *([] if visit.account else [Column(_("Account"))]),
        Column(_("State")),
        Column(_("Channel")),
        Column(_("Begins") if scheduled else _("How far")),
        Column(_("People"), num=True),
        *([] if scheduled else [Column(_("Cost"), num=True)]),
        Column(_("Since"), num=True),
    ]


def _address(path: str, kept: Mapping[str, str], cursor: str) -> str:
    query = urlencode({**kept, **({"tras": cursor} if cursor else {})})
    return f"{path}?{query}" if query else path
