"""Customers › Communicate: those who are chosen are written to or called, with a template or a text; one campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import GatewayError, UnauthenticatedError, UsageError
from gatewayd.web.panel import marks
from gatewayd.web.panel.customer_acts import ACTS, chosen, count_of, names_of, shared
from gatewayd.web.panel.customer_address import PATH, card
from gatewayd.web.panel.customers import choose_account
from gatewayd.web.panel.page import page
from gatewayd.web.panel.places import link
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext

SEND: Final = f"{ACTS}/comunicar"
CHANNELS: Final = ("sms", "email", "push", "whatsapp", "call")
POINTS: Final[Mapping[str, str]] = {
    "sms": "phone",
    "call": "phone",
    "whatsapp": "phone",
    "email": "email",
    "push": "push",
}
"""By channel of a message, the contact point that it needs."""
TEXT_MAX: Final = 20_000


@page(SEND, operation="campaign.save", method="POST")
async def communicate(visit: Visit) -> Response:
    """Asks how and what; the second time, with `launch`, sends it."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, PATH)
    if visit.form.get("launch") != "1" or visit.form.get("other"):
        return await _compose(visit, account)
    return await _launch(visit, account)


async def _compose(visit: Visit, account: str, faults: Mapping[str, str] | None = None, general: str = "") -> Response:
    ids, wanted, address = chosen(visit)
    count = len(ids) if ids else await count_of(visit, account, wanted)
    channel = str(visit.form.get("way", ""))
    channel = channel if channel in CHANNELS else "sms"
    reached = await count_of(visit, account, {**({"ids": ids} if ids else wanted), "channel": POINTS[channel]})
    templates = await _templates(visit, account, channel)
    rule = await visit.ask("mass.show", account=account) if visit.may("mass.show") else {}
    given = {name: str(visit.form.get(name, "")) for name in ("template", "subject", "text")}
    left = ""
    if reached is not None and count is not None and reached < count:
        left = ngettext(
            "{count} has no such contact and gets nothing",
            "{count} have no such contact and get nothing",
            count - reached,
        ).format(count=visit.formats.number(count - reached))
    return visit.page(
        "customers_send.html",
        status=422 if faults or general else 200,
        faults=dict(faults or {}),
        general=general,
        channel=channel,
        channels=[(code, _(marks.mark(code, "channel").word)) for code in CHANNELS],
        templates=[("", _("None: write it here")), *((one["template"], one["template"]) for one in templates)],
        given=given,
        left=left,
        reached=reached,
        many=count is None or count > 1,
        rule=rule,
        **shared(visit, ids, address, count, await names_of(visit, account, ids)),
    )


async def _templates(visit: Visit, account: str, channel: str) -> list[dict[str, Any]]:
    found = await visit.ask("template.list", account=account, channel=channel, limit=200)
    return [one for one in found["items"] if not one.get("archived")]


def _rung(visit: Visit, channel: str) -> dict[str, Any]:
    """Returns what is told over one channel; UsageError names the field that lacks."""
    template = str(visit.form.get("template", ""))[:120]
    if template:
        return {"channel": channel, "template": template}
    text = str(visit.form.get("text", "")).replace("\r\n", "\n").strip()[:TEXT_MAX]
    if not text:
        raise UsageError("text: " + _("write what is to be said, or choose a template"))
    if channel == "email":
        subject = str(visit.form.get("subject", "")).strip()[:1000]
        if not subject:
            raise UsageError("subject: " + _("a mail needs a subject"))
        return {"channel": channel, "content": {"subject": subject, "text": text}}
    return {"channel": channel, "content": {"text": text}}


async def _launch(visit: Visit, account: str) -> Response:
    ids, wanted, address = chosen(visit)
    channel = str(visit.form.get("way", "sms"))
    number = None
    try:
        rung = _rung(visit, channel if channel in CHANNELS else "sms")
        audience = {"customers": ids} if ids else {"filter": wanted}
        now = visit.formats.full(visit.remote.backend.now())
        title = _("{channel} to {who}, {time}").format(
            channel=_(marks.mark(rung["channel"], "channel").word),
            who=ids[0] if len(ids) == 1 else _("a selection of customers"),
            time=now,
        )[:120]
        saved = await visit.ask(
            "campaign.save", account=account, title=title, document={"ladder": [rung], "audience": audience}
        )
        number = saved["campaign"]
        shown = await visit.ask(
            "campaign.launch",
            campaign=number,
            version=saved["version"],
            password=str(visit.form.get("password", ""))[:1000],
        )
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        if number is not None and visit.may("campaign.remove"):
            await visit.ask("campaign.remove", campaign=number)
        field, colon, sentence = str(error).partition(": ")
        if colon and field in {"text", "subject", "template"}:
            return await _compose(visit, account, {field: sentence})
        return await _compose(visit, account, general=str(error))
    if shown["state"] == "awaiting_approval":
        return visit.go(address.href(), _("Somebody else has to approve it before it goes out"), "look")
    there = card(ids[0]) if len(ids) == 1 else link(f"/campanas/c/{number}") or "/campanas"
    return visit.go(there, _("It is on its way"))
