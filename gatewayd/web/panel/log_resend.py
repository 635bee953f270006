"""Interactions › Send again: what would go out is shown first, then it goes out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import GatewayError, UnauthenticatedError
from gatewayd.web.panel.log_address import PATH, LogAddress
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

IDS_MAX: Final = 500
"""Rows that can be ticked on a page, and a margin."""

LEFT_OUT: Final[Mapping[str, str]] = {
    "test": spoken("of a test token: they were never to be sent"),
    "uncertain": spoken("in doubt: settle them first, so that nobody gets a message twice"),
    "on_its_way": spoken("still on their way"),
    "blocked": spoken("on the list of people who want no messages"),
    "invalid": spoken("without a valid number or address"),
    "attachments": spoken("with attachments, which are no longer kept"),
}


def picked(visit: Visit) -> list[str]:
    """Returns the keys of the rows that were ticked; none where all that fit are meant."""
    return [] if visit.form.get("all") else [str(one) for one in visit.form.getlist("id")[:IDS_MAX]]


def chosen(visit: Visit) -> dict[str, Any]:
    """Returns the argument that says which interactions a form has chosen: ids of messages, or the filters."""
    if visit.form.get("all"):
        return {"query": dict(address_of(visit).filters)}
    return {"ids": [one.removeprefix("out-") for one in picked(visit) if one.startswith("out-")]}


def address_of(visit: Visit) -> LogAddress:
    """Returns the filters that the form came with."""
    return LogAddress.read([(name, str(value)) for name, value in visit.form.multi_items()])


@page(f"{PATH}/reenviar", operation="interaction.resend", method="POST")
async def review(visit: Visit) -> Response:
    """Shows what would be sent again, and who is left out."""
    answer = await visit.ask("interaction.resend", preview=True, **chosen(visit))
    return _review(visit, answer, secrets.token_hex(8), "")


@page(f"{PATH}/reenviar/enviar", operation="interaction.resend", method="POST")
async def resend(visit: Visit) -> Response:
    """Sends again; what forbids it is shown beside the button, and nothing was sent."""
    key = str(visit.form.get("key", ""))[:64]
    password = str(visit.form.get("password", ""))[:1000]
    try:
        answer = await visit.ask("interaction.resend", key=key, password=password, **chosen(visit))
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        preview = await visit.ask("interaction.resend", preview=True, **chosen(visit))
        return _review(visit, preview, key, str(error), status=422)
    said = _("{count} messages are on their way again").format(count=answer["messages"])
    return visit.go(address_of(visit).href(), said)


def _review(visit: Visit, answer: Mapping[str, Any], key: str, fault: str, status: int = 200) -> Response:
    left = [(_(LEFT_OUT.get(reason, reason)), count) for reason, count in answer["left_out"].items()]
    return visit.page(
        "log_resend.html",
        status=status,
        answer=answer,
        left=left,
        key=key,
        fault=fault,
        address=address_of(visit),
        ids=[str(one) for one in visit.form.getlist("id")[:IDS_MAX]],
        every=bool(visit.form.get("all")),
    )
