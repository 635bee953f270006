"""The first page: what needs a person today, what runs, and the lines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from starlette.responses import Response

from gatewayd.values.errors import UnavailableError
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
        under_way, kept = await asyncio.gather(_going(visit), visit.ask("contact.waiting"))
        return {"going": under_way, "kept": kept}
    return {"lines": await _lines(visit)}


async def _status(visit: Visit) -> Any:
    """Returns the daemon's state; None without one."""
    try:
        return await visit.ask("status")
    except UnavailableError:
        return None


async def _needs(visit: Visit) -> Sequence[Any]:
    status, waiting = await asyncio.gather(_status(visit), work(visit))
    missing = [{"kind": "daemon", "subject": "", "reason": "not_running", "count": None}]
    wanted = missing if status is None else status["needs"]
    return [*(need(one, visit.words, visit.formats) for one in wanted), *waiting]


async def _figures(visit: Visit) -> Sequence[Figure]:
    """Returns today's numbers, beside those of a week ago."""
    moment = now()
    today = moment.astimezone(visit.formats.zone).date()
    days = (today, moment), (today - WEEK, moment - WEEK)
    asked = [
        visit.ask("statistics.show", since=day.isoformat(), until=day.isoformat(), by="hour") for day, _end in days
    ]
    hours = await asyncio.gather(*asked)
    here, before = (sums(one["items"], until) for one, (_day, until) in zip(hours, days, strict=True))
    return figures(here, before, visit.words, visit.formats)


async def _going(visit: Visit) -> Sequence[Going]:
    shown, campaigns = await asyncio.gather(visit.ask("job.list", limit=100, going=True), _campaigns(visit))
    jobs = running(shown["items"])
    if not jobs and not campaigns:
        return ()
    try:
        overview = await visit.ask("overview")
    except UnavailableError:
        overview = None
    rate = 0.0 if overview is None else max(float(overview["rates"][one]) for one in ("segments_10s", "segments_60s"))
    ahead = 0 if overview is None else sum(int(overview["queue"]["counts"].get(state, 0)) for state in OPEN)
    pace = Pace(rate, ahead, now())
    first = [campaign_going(one, pace, visit.words, visit.formats) for one in campaigns]
    return [*first, *(going(one, pace, visit.words, visit.formats) for one in jobs)][:SHOWN_MAX]


async def _campaigns(visit: Visit) -> Sequence[Any]:
    if not visit.may("campaign.list"):
        return ()
    found: Sequence[Any] = (await visit.ask("campaign.list", state=["running", "paused"], limit=SHOWN_MAX))["items"]
    return found


async def _lines(visit: Visit) -> Sequence[Any]:
    try:
        found = (await visit.ask("line.list"))["items"]
    except UnavailableError:
        return ()
    return [
        SimpleNamespace(name=one["name"], state=one["state"], href=places.link(places.line(one["name"])))
        for one in found
    ]
