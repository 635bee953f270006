"""The first page: what needs a person today."""

from __future__ import annotations

from starlette.responses import Response

from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import spoken


@page("/", operation="status", place=Place("inicio", spoken("Home"), 0))
async def show(visit: Visit) -> Response:
    """Shows what needs a person, and the lines."""
    return visit.page("home.html", status_of=await visit.ask("status"), lines=(await visit.ask("line.list"))["items"])
