"""New campaign, last step: what will go out, to whom, for how much and until when, before it goes."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from gatewayd.values.errors import GatewayError, UnauthenticatedError
from gatewayd.web.panel.campaign import forecast_of, says
from gatewayd.web.panel.campaign_new import ONE, STEPS, campaign_of, number_of, text
from gatewayd.web.panel.campaign_shown import address, shown, whom
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

LOOK_S: Final = 2.0
"""Seconds that a page waits for a review; a longer one is asked for again by the page itself."""


@page(f"{ONE}/revisar", operation="campaign.review")
async def review(visit: Visit) -> Response:
    """Shows what a campaign would do; or, while its file is read and its texts are counted, that part anew."""
    return await _review(visit, await campaign_of(visit))


async def _review(visit: Visit, found: Mapping[str, Any], fault: str = "") -> Response:
    number = int(found["campaign"])
    answer, trouble = None, ""
    try:
        answer = await visit.ask(
            "campaign.review",
            campaign=number,
            account=found["account"],
            wait=LOOK_S,
            again=bool(visit.query.get("otra")),
        )
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        trouble = str(error)
    return visit.page(
        "campaign_review.html",
        block="seen" if visit.fragment else None,
        status=422 if fault else 200,
        steps=[_(word) for word in STEPS],
        found=found,
        here=f"{address(number)}/revisar",
        one=address(number),
        shown=shown(found, visit.words, visit.formats),
        whom=whom(found, visit.words, visit.formats)[0],
        says=says(found),
        answer=answer,
        channel=found["ladder"][0]["channel"],
        stops=answer is not None and any(one["stops"] for one in answer.get("faults", ())),
        trouble=trouble,
        forecast=await forecast_of(visit, found) if answer is not None and answer["state"] == "done" else None,
        fault=fault,
    )


@page(f"{ONE}/lanzar", operation="campaign.launch", method="POST")
async def launch(visit: Visit) -> Response:
    """Sends a campaign off; what forbids it is shown beside the button, and nothing was sent."""
    version = text(visit, "version", 9)
    try:
        found = await visit.ask(
            "campaign.launch",
            campaign=number_of(visit),
            version=int(version) if version.isdecimal() else None,
            password=text(visit, "password", 1000),
        )
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await _review(visit, await campaign_of(visit), str(error))
    said = {
        "awaiting_approval": _("Somebody else has to approve it; then it goes."),
        "scheduled": _("It is scheduled and begins by itself."),
    }
    return visit.go(address(found["campaign"]), said=said.get(found["state"], _("It is on its way.")))


@page(f"{ONE}/omitidos.csv", operation="campaign.left_out")
async def left_out(visit: Visit) -> Response:
    """Answers the sheet of those whom the review leaves out."""
    number = number_of(visit)
    first = await visit.ask("campaign.left_out", campaign=number)

    async def stretches() -> AsyncIterator[bytes]:
        data, offset = base64.b64decode(first["data"]), 0
        while data:
            yield data
            offset += len(data)
            following = await visit.ask("campaign.left_out", campaign=number, offset=offset)
            data = base64.b64decode(following["data"])

    headers = {"Content-Disposition": f'attachment; filename="omitidos-{number}.csv"'}
    return StreamingResponse(stretches(), media_type="text/csv; charset=utf-8", headers=headers)
