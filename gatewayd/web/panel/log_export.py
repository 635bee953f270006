"""Interactions › Export: the filters and columns that hold become a file, now or in the night."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from gatewayd.values.errors import GatewayError, UnauthenticatedError, UsageError
from gatewayd.web.panel.log import WORDS, formats_of
from gatewayd.web.panel.log_address import PATH, LogAddress, chips
from gatewayd.web.panel.log_resend import address_of, picked
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

TASKS: Final = "/ajustes/tareas"
TYPES: Final = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@page(f"{PATH}/exportar", operation="export.create")
async def ask(visit: Visit) -> Response:
    """Asks for the file's kind and time; says what will be in it."""
    return await _form(visit, LogAddress.read(visit.request.query_params.multi_items()), "")


@page(f"{PATH}/exportar/elegidas", operation="export.create", method="POST")
async def ask_for_chosen(visit: Visit) -> Response:
    """Asks for the file of the rows that were ticked, or of the filters that the table stood under."""
    if not picked(visit):
        return visit.go(address_of(visit).href(path=f"{PATH}/exportar"))
    return await _form(visit, address_of(visit), "")


@page(f"{PATH}/exportar", operation="export.create", method="POST")
async def create(visit: Visit) -> Response:
    """Enters the export, and leads to the tasks, where it is seen growing."""
    address, ticked = address_of(visit), picked(visit)
    try:
        await visit.ask(
            "export.create",
            **({"picked": ticked} if ticked else {"query": dict(address.filters)}),
            columns=[str(name) for name in visit.form.getlist("column")],
            format=str(visit.form.get("format", "xlsx")),
            night=visit.form.get("when") == "night",
        )
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await _form(visit, address, str(error), 422)
    return visit.go(TASKS, _("The export is being made. You may leave this page."))


async def _form(visit: Visit, address: LogAddress, fault: str, status: int = 200) -> Response:
    ticked = picked(visit) if visit.request.method == "POST" else []
    found: dict[str, Any] = {"count": {"count": len(ticked), "all": True} if ticked else None}
    if not fault and not ticked:
        try:
            found = await visit.ask("interaction.list", **address.filters, limit=1, counted=True)
        except UsageError as error:
            fault, status = str(error), 422
    chosen = await visit.ask("columns.show")
    return visit.page(
        "log_export.html",
        status=status,
        address=address,
        chips=[] if ticked else chips(address, formats_of(visit)),
        ticked=ticked,
        count=found.get("count"),
        fault=fault,
        columns=[(name, _(WORDS[name])) for name in chosen["columns"]],
    )


@page(f"{TASKS}/archivo", operation="export.download")
async def download(visit: Visit) -> Response:
    """Hands the file over, a stretch at a time: this process never holds more of it than that."""
    text = visit.query.get("task", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise UsageError(_("no such task"))
    number = int(text)
    found = await visit.ask("export.download", task=number)
    name = str(found["name"])

    async def stretches() -> AsyncIterator[bytes]:
        offset = 0
        while offset < found["octets"]:
            data = base64.b64decode((await visit.ask("export.read", task=number, offset=offset))["data"])
            if not data:
                return
            offset += len(data)
            yield data

    return StreamingResponse(
        stretches(),
        media_type=TYPES.get(f".{name.rpartition('.')[2]}", "application/octet-stream"),
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Content-Length": str(found["octets"]),
        },
    )
