"""Settings › Tasks: work in the background, with its progress; files of exports until they are removed."""

from __future__ import annotations

from starlette.responses import Response

from gatewayd.values.errors import UsageError
from gatewayd.web.panel.log import formats_of
from gatewayd.web.panel.log_address import LogAddress, chips
from gatewayd.web.panel.log_export import TASKS
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken


@page(TASKS, operation="task.list", place=Place("ajustes", spoken("Tasks"), 60))
async def show(visit: Visit) -> Response:
    """Shows the process log, newest first."""
    cursor = visit.query.get("cursor", "")[:20]
    found = await visit.ask("task.list", cursor=cursor, limit=50)
    formats = formats_of(visit)
    items = []
    for one in found["items"]:
        filters = dict(one["filters"]) if one["kind"] == "export" else {}
        ticked, sought = filters.pop("picked", 0), one["filters"].get("q")
        words = [chip.text for chip in chips(LogAddress(filters), formats)] + ([f"“{sought}”"] if sought else [])
        if ticked:
            words = [ngettext("{count} interaction", "{count} interactions", ticked).format(count=ticked)]
        everything = _("everything") if one["kind"] == "export" else ""
        items.append({**one, "said": one["filters"].get("file") or " · ".join(words) or everything})
    heads = [
        Column(_("Task")),
        Column(_("State")),
        Column(_("Asked for")),
        Column(_("By")),
        Column(_("Rows"), num=True),
        Column(_("Size"), num=True),
        Column(_("File")),
    ]
    return visit.page(
        "tasks.html",
        items=items,
        heads=heads,
        open=any(one["state"] in {"waiting", "running"} for one in items),
        newer=TASKS if cursor else "",
        older=f"{TASKS}?cursor={found['next']}" if found["next"] else "",
        block="list" if visit.fragment else None,
    )


@page(f"{TASKS}/cancelar", operation="task.cancel", method="POST")
async def cancel(visit: Visit) -> Response:
    """Cancels what waits or runs."""
    text = str(visit.form.get("task", ""))
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise UsageError(_("no such task"))
    await visit.ask("task.cancel", task=int(text))
    return visit.go(TASKS, _("The task was cancelled"))
