"""Interactions › Upload: contacts made elsewhere, as a sheet; and what became of it, row by row where it is to mend."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.values.errors import GatewayError, NotFoundError, UnauthenticatedError
from gatewayd.web.panel.log_address import PATH
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.uploading import account_of, chosen, name_of, upload
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = f"{PATH}/subir"
SHOWN: Final = 20
"""Faulty rows on the page; all of them stand in the sheet to download."""
WORDS: Final = (
    ("document_type", spoken("Type of document"), "DNI, CUIT, RUT, CC …"),
    ("document_number", spoken("Number of the document"), "30123456"),
    ("external_id", spoken("Or the customer's id, instead of a document"), "C-1042"),
    ("channel", spoken("Channel"), "sms, call, email, whatsapp, push, visit, web"),
    ("sent_at", spoken("When it was sent, in UTC"), "2026-11-30 14:05:00"),
    ("recipients", spoken("Numbers with their country's code, or addresses; several with ; between"), "+5491150000001"),
    (
        "state",
        spoken("What became of it"),
        "sent, delivered, read, unread, answered, failed, expired, invalid, cancelled, scheduled",
    ),
)
"""Columns of the sheet: name, meaning, example."""


@page(HERE, operation="interaction.upload", place=Place("interacciones", spoken("Upload"), 30))
async def show(visit: Visit) -> Response:
    """Shows the form, the columns, and the uploads before."""
    return await _form(visit)


async def _form(visit: Visit, fault: str = "") -> Response:
    accounts = [] if visit.account else [one["name"] for one in (await visit.ask("account.list"))["items"]]
    tasks = await visit.ask("task.list", limit=50)
    return visit.page(
        "contact_upload.html",
        status=422 if fault else 200,
        faults={"file": fault} if fault else {},
        accounts=[(name, name) for name in accounts],
        columns=[(name, _(word), example) for name, word, example in WORDS],
        tasks=[one for one in tasks["items"] if one["kind"] == "contacts"][:10],
        heads=[Column(_("File")), Column(_("State")), Column(_("When")), Column(_("Rows"), num=True)],
    )


@page(HERE, operation="interaction.upload", method="POST")
async def take(visit: Visit) -> Response:
    """Takes the sheet; it is read in the background."""
    try:
        file = chosen(visit, "file")
        account = await account_of(visit, str(visit.form.get("account", "")))
        if not account:
            raise NotFoundError(_("choose an account first"))
        number = await upload(visit, account, file)
        task = await visit.ask("interaction.upload", account=account, upload=number, file=name_of(file))
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await _form(visit, str(error))
    return visit.go(f"{HERE}/{task['task']}")


@page(f"{HERE}/plantilla", operation="interaction.template")
async def template(visit: Visit) -> Response:
    """Hands over the sheet to fill in."""
    found = await visit.ask("interaction.template")
    # With its mark, so that Excel reads accents.
    return Response(
        "\ufeff" + found["text"],
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="interacciones.csv"'},
    )


@page(HERE + "/{task}", operation="task.faults")
async def result(visit: Visit) -> Response:
    """Shows what became of one upload."""
    text = str(visit.request.path_params["task"])
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFoundError(_("no such task"))
    found = await visit.ask("task.faults", task=int(text))
    if found["kind"] != "contacts":
        raise NotFoundError(_("no such task"))
    return visit.page(
        "contact_uploaded.html",
        task=found,
        here=f"{HERE}/{text}",
        faults=found["items"][:SHOWN],
        heads=[Column(_("Row"), num=True), Column(_("Column")), Column(_("What it says")), Column(_("Fault"))],
        block="state" if visit.fragment else None,
    )
