"""The first page: what needs a person today, what runs, and the lines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from starlette.responses import Response

from gatewayd.errors import UnavailableError
from gatewayd.web.panel import places
from gatewayd.web.panel.going import OPEN, SHOWN_MAX, Going, Pace, campaign_going, going, running
from gatewayd.web.panel.needs import need
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Figure
from gatewayd.web.panel.rendering import now
from gatewayd.web.panel.today import WEEK, figures, sums
from gatewayd.web.panel.visit import Visit
from gatewayd.web.panel.work import work
from gatewayd.web.words import spoken

BLOCKS = {"needs", "figures", "going", "lines"}
"""Parts that keep themselves current."""


@page("/", operation="status", place=Place("inicio", spoken("Home"), 0))
async def show(visit: Visit) -> Response:
    """Shows what needs a person, today's numbers, what runs, and the lines; or one of these parts anew."""
    part = visit.query.get("parte", "")
    if part in BLOCKS and visit.fragment:
        return visit.page("home.html", block=part, **await _values(visit, part))
    values: dict[str, Any] = {}
    for found in await asyncio.gather(*(_values(visit, each) for each in sorted(BLOCKS))):
        values |= found
    return visit.page("home.html", **values)


async def _values(visit: Visit, part: str) -> dict[str, Any]:
    if part == "needs":
        return {"needs": await _needs(visit)}
    if part == "figures":
        return {"figures": await _figures(visit)}
    if part == "going":
        return {"going": await _going(visit), "kept": await visit.ask("contact.waiting")}
    return {"lines": await _lines(visit)}


async def _status(visit: Visit) -> Any:
    """Returns the daemon's state; None without one."""
    try:
        return await visit.ask("status")
    except UnavailableError:
        return None


async def _needs(visit: Visit) -> Sequence[Any]:
    status = await _status(visit)
    missing = [{"kind": "daemon", "subject": "", "reason": "not_running", "count": None}]
    wanted = missing if status is None else status["needs"]
    return [*(need(one, visit.words, visit.formats) for one in wanted), *await work(visit)]


async def _figures(visit: Visit) -> Sequence[Figure]:
    """Returns today's numbers, beside those of a week ago."""
    moment = now()
    today = moment.astimezone(visit.formats.zone).date()
    found = []
    for day, until in ((today, moment), (today - WEEK, moment - WEEK)):
        hours = await visit.ask("statistics.show", since=day.isoformat(), until=day.isoformat(), by="hour")
        found.append(sums(hours["items"], until))
    return figures(found[0], found[1], visit.words, visit.formats)


async def _going(visit: Visit) -> Sequence[Going]:
    jobs = running((await visit.ask("job.list", limit=100))["items"])
    campaigns: list[Any] = []
    if visit.may("campaign.list"):
        campaigns = (await visit.ask("campaign.list", state=["running", "paused"], limit=SHOWN_MAX))["items"]
    if not jobs and not campaigns:
        return ()
    try:
        overview = await visit.ask("overview")
    except UnavailableError:
        overview = None
    rate = 0.0 if overview is None else max(float(overview["rates"][one]) for one in ("segments_10s", "segments_60s"))
    ahead = 0 if overview is None else sum(int(overview["queue"]["counts"].get(state, 0)) for state in OPEN)
    pace = Pace(rate, ahead, now())
    shown = [campaign_going(one, pace, visit.words, visit.formats) for one in campaigns]
    return [*shown, *(going(one, pace, visit.words, visit.formats) for one in jobs)][:SHOWN_MAX]


async def _lines(visit: Visit) -> Sequence[Any]:
    try:
        found = (await visit.ask("line.list"))["items"]
    except UnavailableError:
        return ()
    return [
        SimpleNamespace(name=one["name"], state=one["state"], href=places.link(places.line(one["name"])))
        for one in found
    ]
