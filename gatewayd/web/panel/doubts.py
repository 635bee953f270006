"""Messages in doubt: what may have gone out, for a person to settle, one or many."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, ForbiddenError, ThrottledError
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken

HERE: Final = "/interacciones/dudas"
PAGE: Final = 50
SETTLED_MAX: Final = 500
VERDICTS: Final = ("sent", "not-sent", "resend")


@page(HERE, operation="message.list", place=Place("interacciones", spoken("In doubt"), 20))
async def show(visit: Visit) -> Response:
    """Shows what is in doubt, the newest first."""
    line, cursor = visit.query.get("linea", "")[:64], visit.query.get("tras", "")
    found = await visit.ask("message.list", state="uncertain", line=line, cursor=cursor, limit=PAGE)
    older = f"{HERE}?{urlencode({'linea': line, 'tras': found['next']})}" if found["next"] else ""
    newest = (f"{HERE}?{urlencode({'linea': line})}" if line else HERE) if cursor else ""
    lines: list[Any] = (await visit.ask("line.list"))["items"]
    return visit.page(
        "doubts.html",
        messages=found["items"],
        line=line,
        lines=[one["name"] for one in lines],
        older=older,
        newest=newest,
        may_settle=visit.may("message.settle_many"),
    )


@page(HERE, operation="message.settle_many", method="POST")
async def settle(visit: Visit) -> Response:
    """Settles what was chosen."""
    chosen = [str(one) for one in visit.form.getlist("id")][:SETTLED_MAX]
    verdict = str(visit.form.get("verdict", ""))
    if not chosen or verdict not in VERDICTS:
        return visit.go(HERE, said=_("Choose messages first; nothing was changed."), tone="look")
    password = str(visit.form.get("password", ""))[:1000]
    try:
        done = await visit.ask("message.settle_many", messages=chosen, verdict=verdict, password=password)
    except (ForbiddenError, ConflictError, ThrottledError) as error:
        if verdict != "resend":
            raise
        # Asked for on a page of its own: Enter in a field of the table's form would press its first button.
        return visit.page("doubts_again.html", status=422, ids=chosen, fault=str(error), back=HERE)
    said = {
        "sent": ngettext("{count} message counts as sent.", "{count} messages count as sent.", done["settled"]),
        "not-sent": ngettext(
            "{count} message counts as not sent; its credit is back.",
            "{count} messages count as not sent; their credit is back.",
            done["settled"],
        ),
        "resend": ngettext("{count} message goes out again.", "{count} messages go out again.", done["settled"]),
    }[verdict].format(count=done["settled"])
    if done["refused"]:
        left = ngettext(
            "{count} could not be settled: {why}", "{count} could not be settled: {why}", len(done["refused"])
        )
        said += " " + left.format(count=len(done["refused"]), why=done["refused"][0]["reason"])
    return visit.go(HERE, said=said, tone="look" if done["refused"] else "good")
