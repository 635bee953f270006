"""Settings, webhooks: where events are posted to, whether they arrive, and what did not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, ForbiddenError, GatewayError, NotFoundError, UsageError
from gatewayd.web.panel.faults import faults_of
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken

HERE: Final = "/ajustes/webhooks"
NEW: Final = f"{HERE}/nuevo"
FIELDS: Final = ("url", "account", "events")
MISTAKES: Final = (UsageError, ConflictError, ForbiddenError, NotFoundError)
FAILURES: Final = 50
REPLAY_DAYS_MAX: Final = 30

EVENTS: Final = {
    "receipt": (spoken("Receipts"), spoken("What became of each message.")),
    "inbound": (spoken("Replies"), spoken("What comes in over any line, and keys pressed in calls.")),
    "credit_low": (spoken("Low credit"), spoken("The balance fell below its bound.")),
    "line": (spoken("Lines"), spoken("A line stopped working, or works again.")),
}
"""Those that happen already; others can be asked for by the API."""
STATES: Final = {
    "ready": ("ready", spoken("events arrive")),
    "failing": ("recovering", spoken("does not acknowledge")),
    "disabled": ("disabled", spoken("paused")),
}


def _number(visit: Visit) -> int:
    """Returns the number in the address; NotFoundError where it is none."""
    text = str(visit.request.path_params["webhook"])
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFoundError(_("There is no such webhook."))
    return int(text)


@page(HERE, operation="webhook.list", place=Place("ajustes", spoken("Webhooks"), 75))
async def show_all(visit: Visit) -> Response:
    """Lists the endpoints."""
    found = await visit.ask("webhook.list")
    return visit.page("hooks.html", hooks=found["items"], states=STATES, events=EVENTS)


async def _form(visit: Visit, values: dict[str, Any], error: GatewayError | None = None) -> Response:
    faults, general = ({}, "") if error is None else faults_of(error, FIELDS)
    accounts = [(one["name"], one["name"]) for one in (await visit.ask("account.list"))["items"]]
    return visit.page(
        "hook_new.html",
        status=200 if error is None else 422,
        values=values,
        faults=faults,
        general=general,
        accounts=accounts,
        events=[(code, _(word), _(hint)) for code, (word, hint) in EVENTS.items()],
    )


@page(NEW, operation="webhook.add")
async def ask_for_new(visit: Visit) -> Response:
    """Shows the form of a new endpoint."""
    return await _form(visit, {"url": "", "account": visit.account, "events": ["receipt", "inbound"]})


@page(NEW, operation="webhook.add", method="POST")
async def create(visit: Visit) -> Response:
    """Makes an endpoint and shows its secret: this page is the only one that ever does."""
    values: dict[str, Any] = {name: str(visit.form.get(name, "")).strip()[:2000] for name in ("url", "account")}
    values["events"] = [str(one)[:40] for one in visit.form.getlist("events")]
    try:
        if not values["events"]:
            least = _("choose at least one")
            raise UsageError(f"events: {least}")
        made = await visit.ask("webhook.add", **values)
    except MISTAKES as error:
        return await _form(visit, values, error)
    return visit.page("hook_made.html", made=made)


@page(f"{HERE}/{{webhook}}", operation="webhook.show")
async def show(visit: Visit) -> Response:
    """Shows an endpoint: how it does, and what it did not acknowledge."""
    number = _number(visit)
    hook = await visit.ask("webhook.show", webhook=number)
    failures = await visit.ask("webhook.failures", webhook=number, cursor=visit.query.get("tras", ""), limit=FAILURES)
    return visit.page(
        "hook.html",
        hook=hook,
        here=f"{HERE}/{number}",
        states=STATES,
        events=EVENTS,
        failures=failures["items"],
        newest=f"{HERE}/{number}" if visit.query.get("tras") else "",
        older=f"{HERE}/{number}?tras={failures['next']}" if failures["next"] else "",
        changeable=hook["origin"] != "file",
    )


@page(f"{HERE}/{{webhook}}/probar", operation="webhook.test", method="POST")
async def test(visit: Visit) -> Response:
    """Posts one test event."""
    number = _number(visit)
    done = await visit.ask("webhook.test", webhook=number)
    if done["ok"]:
        return visit.go(f"{HERE}/{number}", _("The test was acknowledged ({status}).").format(status=done["status"]))
    told = _("The test was not acknowledged: {why}").format(why=done["reason"] or done["status"])
    return visit.go(f"{HERE}/{number}", told, tone="act")


@page(f"{HERE}/{{webhook}}/habilitar", operation="webhook.enable", method="POST")
async def enable(visit: Visit) -> Response:
    """Goes on posting."""
    number = _number(visit)
    await visit.ask("webhook.enable", webhook=number)
    return visit.go(f"{HERE}/{number}", _("Events are posted again; those that waited go first."))


@page(f"{HERE}/{{webhook}}/pausar", operation="webhook.disable", method="POST")
async def disable(visit: Visit) -> Response:
    """Posts nothing more for now."""
    number = _number(visit)
    await visit.ask("webhook.disable", webhook=number)
    return visit.go(f"{HERE}/{number}", _("Nothing is posted now; what happens is kept for a week."))


@page(f"{HERE}/{{webhook}}/clave", operation="webhook.set", method="POST")
async def rotate(visit: Visit) -> Response:
    """Makes a new secret and shows it, once."""
    made = await visit.ask("webhook.set", webhook=_number(visit), rotate=True)
    return visit.page("hook_made.html", made=made)


@page(f"{HERE}/{{webhook}}/repetir", operation="webhook.replay", method="POST")
async def replay(visit: Visit) -> Response:
    """Posts again what failed in the last days."""
    number = _number(visit)
    text = str(visit.form.get("days", "1"))
    days = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 1
    since = datetime.now(UTC) - timedelta(days=min(max(days, 1), REPLAY_DAYS_MAX))
    done = await visit.ask("webhook.replay", webhook=number, since=since.isoformat())
    said = ngettext("{count} event is posted again.", "{count} events are posted again.", done["count"])
    return visit.go(f"{HERE}/{number}", said.format(count=done["count"]))


@page(f"{HERE}/{{webhook}}/quitar", operation="webhook.remove", method="POST")
async def remove(visit: Visit) -> Response:
    """Removes an endpoint."""
    await visit.ask("webhook.remove", webhook=_number(visit))
    return visit.go(HERE, _("The webhook is gone; nothing more is posted to it."))
