"""What is shown beside the form of a template while somebody writes: the message, its cost, the mail, the spoken call;
and test sends."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from gatewayd.values.errors import FaultsError, GatewayError, NotFoundError
from gatewayd.values.texts import transliterate
from gatewayd.web.panel import template_form as form
from gatewayd.web.panel import template_pages as pages
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

HERE: Final = pages.HERE
MAIL_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'none'; frame-ancestors 'self'"
"""Of a mail that is shown: no script, no form, nothing loaded from anywhere, in a place that is no place of ours."""
SOUND_MAX: Final = 32 << 20
"""Octets of a prompt: half an hour."""


@page(f"{HERE}/vista", operation="template.preview", method="POST")
async def preview(visit: Visit) -> Response:
    """Answers the preview of what is being written, as a fragment."""
    account, channel = await pages.account_of(visit), pages.channel_of(visit)
    values, saved = pages.given(visit, channel), await pages.saved_of(visit, account, channel)
    shown = await pages.preview_of(visit, account, channel, values, {} if saved is None else saved["content"])
    return visit.page(
        "template.html",
        block="preview",
        channel=channel,
        path=HERE,
        values=values,
        may=visit.may("template.save"),
        **shown,
    )


@page(f"{HERE}/costo", operation="template.cost", method="POST")
async def cost(visit: Visit) -> Response:
    """Answers what it would cost for all customers, as a fragment."""
    account, channel = await pages.account_of(visit), pages.channel_of(visit)
    values = pages.given(visit, channel)
    found: Any = None
    try:
        found = await visit.ask(
            "template.cost",
            account=account,
            channel=channel,
            content=form.content_of(channel, values, {}) or {"text": ""},
        )
    except FaultsError:
        found = None
    return visit.page("template.html", block="everybody", everybody=found, path=HERE, channel=channel)


@page(f"{HERE}/llano", operation="template.save", method="POST")
async def plain(visit: Visit) -> Response:
    """Shows the form again with a text of plain letters; nothing is saved."""
    account, channel = await pages.account_of(visit), pages.channel_of(visit)
    values, saved = pages.given(visit, channel), await pages.saved_of(visit, account, channel)
    values["text"] = transliterate(values["text"])
    said = _("The text has plain letters now. Look at it, and save it.")
    return await pages.edit(
        visit, account, channel, values=values, name=str(visit.form.get("nombre", ""))[:200], saved=saved, said=said
    )


@page(f"{HERE}/correo", operation="template.preview", method="POST")
async def mail(visit: Visit) -> Response:
    """Answers the HTML of a mail by itself, where nothing of it can run or be fetched."""
    account, channel = await pages.account_of(visit), pages.channel_of(visit)
    shown = await pages.preview_of(visit, account, channel, pages.given(visit, channel), {})
    html = shown["shown"]["fields"].get("html", "")
    headers = {"Content-Security-Policy": MAIL_POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(f"<!doctype html><meta charset=utf-8>{html}", headers=headers)


@page(f"{HERE}/voz", operation="template.prompt", method="POST")
async def voice(visit: Visit) -> Response:
    """Has a call spoken, and shows its prompts."""
    account, channel = await pages.account_of(visit), pages.channel_of(visit)
    values, saved = pages.given(visit, channel), await pages.saved_of(visit, account, channel)
    kept: Mapping[str, Any] = {} if saved is None else saved["content"]
    trial: dict[str, Any] = {"prompts": [], "reason": ""}
    try:
        trial |= await visit.ask(
            "template.prompt",
            account=account,
            channel=channel,
            content=form.content_of(channel, values, kept),
            customer=str(visit.form.get("cliente", "")).strip()[:200],
        )
    except GatewayError as error:
        trial["reason"] = str(error)
    name = str(visit.form.get("nombre", ""))[:200]
    return await pages.edit(visit, account, channel, values=values, name=name, saved=saved, trial=trial)


@page(f"{HERE}/sonido", operation="template.sound")
async def sound(visit: Visit) -> Response:
    """Answers a prompt as WAV."""
    account = await pages.account_of(visit)
    name, data = visit.query.get("de", "")[:120], b""
    while len(data) < SOUND_MAX:
        found = await visit.ask("template.sound", account=account, sound=name, offset=len(data) or None)
        piece = base64.b64decode(found["data"])
        data += piece
        if len(piece) < found["chunk"]:
            break
    if not data:
        raise NotFoundError(_("there is no such sound"))
    return Response(data, media_type="audio/wav", headers={"Cache-Control": "private, max-age=600"})


@page(f"{HERE}/probar", operation="template.test", method="POST")
async def test(visit: Visit) -> Response:
    """Sends what is being written to an address or to the test group."""
    account, channel = await pages.account_of(visit), pages.channel_of(visit)
    values, saved = pages.given(visit, channel), await pages.saved_of(visit, account, channel)
    kept: Mapping[str, Any] = {} if saved is None else saved["content"]
    name = str(visit.form.get("nombre", ""))[:200]
    to, group = str(visit.form.get("para", "")).strip()[:2048], visit.form.get("grupo") == "1"
    customer = str(visit.form.get("cliente", "")).strip()[:200]
    if not to and not group:
        faults = {"para": _("Say where the test is to go")}
        return await pages.edit(visit, account, channel, values=values, name=name, saved=saved, faults=faults)
    try:
        made = await visit.ask(
            "template.test",
            account=account,
            template=saved["template"] if saved is not None else None,
            channel=channel,
            content=form.content_of(channel, values, kept),
            customer=customer,
            after=None if customer else 0,
            to="" if group else to,
            group=group or None,
            password=str(visit.form.get("password", ""))[:1000],
        )
    except FaultsError as error:
        faults = {form.field_of(one["key"]): one["message"] for one in error.faults}
        return await pages.edit(visit, account, channel, values=values, name=name, saved=saved, faults=faults)
    except GatewayError as error:
        return await pages.edit(
            visit, account, channel, values=values, name=name, saved=saved, faults={"para": str(error)}
        )
    said = _("The test is on its way to {to}.").format(to=", ".join(made["to"]))
    return await pages.edit(visit, account, channel, values=values, name=name, saved=saved, said=said)
