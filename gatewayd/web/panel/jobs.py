"""Campaigns › Jobs: what was handed over, as it goes out, and one of them with what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import UnavailableError
from gatewayd.web.panel import going_acts, places
from gatewayd.web.panel.going import OPEN, Pace, going
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.rendering import now
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/campanas/trabajos"
ONE: Final = f"{HERE}/{{account}}/{{job}}"
LIMIT: Final = 50


@page(HERE, operation="job.list", place=Place("campanas", spoken("Jobs"), 50))
async def show(visit: Visit) -> Response:
    """Shows all jobs, the newest first."""
    cursor = visit.query.get("tras", "")[:100]
    found = await visit.ask("job.list", cursor=cursor, limit=LIMIT)
    items = await _shown(visit, found["items"])
    return visit.page(
        "jobs.html",
        block="rows" if visit.fragment else None,
        here=f"{HERE}?{urlencode({'tras': cursor})}" if cursor else HERE,
        items=items,
        columns=[
            Column(_("Name")),
            *([] if visit.account else [Column(_("Account"))]),
            Column(_("State")),
            Column(_("How far")),
            Column(_("Messages"), num=True),
            Column(_("Cost"), num=True),
            Column(_("Since"), num=True),
        ],
        newer=HERE if cursor else "",
        older=f"{HERE}?{urlencode({'tras': found['next']})}" if found["next"] else "",
    )


async def _pace(visit: Visit) -> Pace:
    """Returns how fast things go; nothing without a daemon."""
    try:
        overview = await visit.ask("overview")
    except UnavailableError:
        return Pace(0.0, 0, now())
    rate = max(float(overview["rates"][one]) for one in ("segments_10s", "segments_60s"))
    ahead = sum(int(overview["queue"]["counts"].get(state, 0)) for state in OPEN)
    return Pace(rate, ahead, now())


async def _shown(visit: Visit, jobs: Sequence[Mapping[str, Any]]) -> Sequence[tuple[Mapping[str, Any], Any]]:
    """Returns jobs beside how they are shown."""
    pace = await _pace(visit) if any(one["state"] == "running" for one in jobs) else Pace(0.0, 0, now())
    return [(one, going(one, pace, visit.words, visit.formats)) for one in jobs]


@page(ONE, operation="job.show")
async def show_one(visit: Visit) -> Response:
    """Shows one job, or its live part anew."""
    job = await visit.ask("job.show", job=_named(visit))
    ((_job, shown),) = await _shown(visit, [job])
    found = {} if visit.fragment else (await visit.ask("job.causes", job=_named(visit)))["causes"]
    causes = sorted(
        ((state, reason, number) for state, reasons in found.items() for reason, number in reasons.items()),
        key=lambda one: -one[2],
    )
    where = f"{job['account']}/{job['job']}"
    return visit.page(
        "job.html",
        block="live" if visit.fragment else None,
        job=job,
        shown=shown,
        causes=causes,
        here=places.job(job["account"], job["job"]),
        href=lambda **filters: places.link(places.messages(job=where, **filters)),
        open=sum(int(job["counts"].get(state, 0)) for state in ("scheduled", "queued", "held", "sending")),
    )


def _named(visit: Visit) -> str:
    names = visit.request.path_params
    return f"{names['account']}/{names['job']}"


going_acts.register(
    ONE, "job", lambda visit: {"job": _named(visit)}, lambda job: (places.job(job["account"], job["job"]), job["job"])
)
