"""A campaign under way: slower, or over other lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, GatewayError, UnauthenticatedError, UsageError
from gatewayd.web.panel.campaign import shown_campaign
from gatewayd.web.panel.campaign_new import ONE, campaign_of, text
from gatewayd.web.panel.campaign_shown import address
from gatewayd.web.panel.faults import fault
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

LINES_MOST: Final = 200


@page(f"{ONE}/ritmo", operation="campaign.pace", method="POST")
async def wish(visit: Visit) -> Response:
    """Keeps how many parts may leave a minute, and over which lines."""
    found = await campaign_of(visit)
    try:
        await _keep(visit, found)
    except UnauthenticatedError:
        raise
    except (UsageError, ConflictError, GatewayError) as error:
        return await shown_campaign(visit, await campaign_of(visit), str(error), 422)
    return visit.go(
        address(found["campaign"]), said=_("From now on {campaign} goes so.").format(campaign=found["name"])
    )


async def _keep(visit: Visit, found: Mapping[str, Any]) -> None:
    written = text(visit, "pace", 12)
    if written and not (written.isascii() and written.isdecimal() and int(written)):
        raise fault("pace", _("a number of parts a minute, or nothing"))
    segments = int(written) if written else None
    if segments != found.get("pace"):
        await visit.ask("campaign.pace", campaign=found["campaign"], segments=segments)
    lines = [str(one)[:60] for one in visit.form.getlist("line")[:LINES_MOST]]
    if sorted(lines) != sorted(chosen_lines(found)):
        # None at all is meant: those that it was launched with.
        arguments = {"campaign": found["campaign"], "lines": lines}
        await visit.remote.ask(visit.bearer, "campaign.lines", arguments)


def chosen_lines(found: Mapping[str, Any]) -> list[str]:
    """Returns the lines over which a campaign is to go; none: those of its launch."""
    wished = found.get("lines_wished") or {}
    return list(dict.fromkeys(name for names in wished.values() for name in names))
