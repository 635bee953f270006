"""Customers › Imports: a sheet is brought, understood, tried, imported, and taken back; one question a page."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from gatewayd.values.errors import GatewayError, NotFoundError, UnauthenticatedError
from gatewayd.web.panel.customers import choose_account
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.uploading import account_of, chosen, upload
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/clientes/importaciones"
ONE: Final = HERE + "/{number}"
EXAMPLES: Final = 3
ROWS: Final = 20
"""Rows with a reason that stand on the page; all refused ones are in the sheet to download."""

FIELDS: Final[Mapping[str, str]] = {
    "keep": spoken("Keep as a further column"),
    "ignore": spoken("Leave out"),
    "external_id": spoken("Id of the customer"),
    "document_type": spoken("Type of document"),
    "document_number": spoken("Number of the document"),
    "name": spoken("Name"),
    "phone": spoken("Telephone"),
    "whatsapp": spoken("WhatsApp, another number"),
    "email": spoken("Mail"),
    "push": spoken("Token of an app"),
    "language": spoken("Language"),
    "zone": spoken("Time zone"),
    "portfolio_type": spoken("Portfolio (current, written off)"),
    "portfolio_name": spoken("Name of the portfolio"),
    "assigned": spoken("Assigned to"),
    "tags": spoken("Tags"),
    "no_claim": spoken("Not to be claimed"),
    "debt.balance": spoken("Debt: amount"),
    "debt.due": spoken("Debt: due date"),
    "debt.number": spoken("Debt: invoice"),
    "debt.currency": spoken("Debt: currency"),
}
"""What a column can be."""
_INVOICES: Final[Mapping[str, str]] = {
    "ignore": spoken("Leave out"),
    "external_id": spoken("Id in your system"),
    "customer": spoken("Id of the customer"),
    "number": spoken("Number"),
    "issued": spoken("Issued"),
    "due": spoken("Due"),
    "currency": spoken("Currency"),
    "total": spoken("Total"),
    "balance": spoken("What is open of it"),
    "as_of": spoken("As of"),
    "state": spoken("State"),
    "link": spoken("Where it can be paid"),
    "pdf": spoken("Address of its PDF"),
    "policy": spoken("Rule for claims"),
}
_PAYMENTS: Final[Mapping[str, str]] = {
    "ignore": spoken("Leave out"),
    "external_id": spoken("Id in your system"),
    "customer": spoken("Id of the customer"),
    "invoice": spoken("Id of the invoice"),
    "amount": spoken("Amount"),
    "currency": spoken("Currency"),
    "value_date": spoken("Paid on"),
    "posted_at": spoken("Posted"),
    "method": spoken("Automatic or by hand"),
    "reversal_of": spoken("Takes back this payment"),
    "reason": spoken("Reason"),
}
OF_KIND: Final[Mapping[str, Mapping[str, str]]] = {
    "customers": FIELDS,
    "invoices": _INVOICES,
    "payments": _PAYMENTS,
    "credit_notes": {name: word for name, word in _PAYMENTS.items() if name not in {"method", "reversal_of"}},
}
"""What a column can be, by what the rows are."""
KINDS: Final[Mapping[str, str]] = {
    "customers": spoken("Customers"),
    "invoices": spoken("Invoices"),
    "payments": spoken("Payments"),
    "credit_notes": spoken("Credit notes"),
}
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "created": ("draft", spoken("not imported yet")),
    "checking": ("running", spoken("being tried")),
    "checked": ("scheduled", spoken("tried")),
    "running": ("running", spoken("being imported")),
    "done": ("done", spoken("imported")),
    "failed": ("refused", spoken("failed")),
    "undoing": ("running", spoken("being taken back")),
    "undone": ("cancelled", spoken("taken back")),
}
"""By state, the mark and the word."""
COUNTS: Final[Mapping[str, str]] = {
    "new": spoken("New"),
    "changed": spoken("Changed ones"),
    "same": spoken("The same"),
    "repeated": spoken("Repeated in the sheet"),
    "refused": spoken("Refused"),
    "absent": spoken("Lacking in this sheet"),
}
READING: Final[Mapping[str, str]] = {
    "sheet": spoken("Sheet of the workbook"),
    "header_row": spoken("Row of the header"),
    "encoding": spoken("Encoding of the text"),
    "delimiter": spoken("Separator"),
    "rows": spoken("Rows"),
}


@page(HERE, operation="import.list", place=Place("clientes", spoken("Imports"), 10))
async def show(visit: Visit) -> Response:
    """Shows the imports before, and asks for a sheet."""
    return await _list(visit)


async def _list(visit: Visit, fault: str = "") -> Response:
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, HERE)
    cursor = str(visit.query.get("cursor", ""))[:20]
    found = await visit.ask("import.list", account=account, cursor=cursor, limit=20)
    return visit.page(
        "imports.html",
        status=422 if fault else 200,
        faults={"file": fault} if fault else {},
        kinds=[(code, _(word)) for code, word in KINDS.items()],
        kind=visit.form.get("kind") or visit.query.get("clase") or "customers",
        items=[_placed(one) for one in found["items"]],
        heads=[
            *(Column(_("File")), Column(_("State")), Column(_("When")), Column(_("By"))),
            *(Column(_("New"), num=True), Column(_("Changed ones"), num=True), Column(_("Refused"), num=True)),
        ],
        newer=HERE if cursor else "",
        older=f"{HERE}?cursor={found['next']}" if found["next"] else "",
    )


def _placed(one: Mapping[str, Any]) -> dict[str, Any]:
    mark, word = STATES.get(one["state"], (one["state"], one["state"]))
    return {**one, "href": f"{HERE}/{one['import']}", "mark": mark, "word": _(word)}


@page(HERE, operation="import.create", method="POST")
async def take(visit: Visit) -> Response:
    """Takes a sheet; what was understood of it is shown next. Nothing is written yet."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, HERE)
    try:
        file = chosen(visit, "file")
        number = await upload(visit, account, file)
        kind = str(visit.form.get("kind", "customers"))
        made = await visit.ask("import.create", account=account, upload=number, kind=kind)
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await _list(visit, str(error))
    return visit.go(f"{HERE}/{made['import']}")


def _number(visit: Visit) -> int:
    text = str(visit.request.path_params["number"])
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFoundError(_("no such import"))
    return int(text)


@page(ONE, operation="import.show")
async def one(visit: Visit) -> Response:
    """Shows one import: the question that it waits for, or what became of it."""
    return await _one(visit)


async def _one(visit: Visit, fault: str = "", given: Mapping[str, Any] | None = None) -> Response:
    found = await visit.ask("import.show", import_id=_number(visit), limit=ROWS)
    shown = _placed(found)
    mapping = dict(given or found["columns"] or found["guess"] or {})
    busy = found["state"] in {"checking", "running", "undoing"}
    step = 1 if not found["judgement"] else 2 if found["state"] in {"created", "failed"} else 3
    if found["state"] in {"running", "done", "undoing", "undone"}:
        step = 4
    return visit.page(
        "import.html",
        status=422 if fault else 200,
        one=shown,
        step=step,
        busy=busy,
        fault=fault,
        understood=_understood(found["judgement"] or {}),
        columns=_columns(found, mapping),
        fields=[(code, _(word)) for code, word in OF_KIND[found["kind"]].items()],
        counts=[(_(word), found["counts"][code]) for code, word in COUNTS.items() if found["counts"].get(code)],
        total=found["counts"].get("rows") or sum(found["counts"].get(code, 0) for code in COUNTS if code != "absent"),
        reasons=sorted(found["reasons"].values(), key=lambda reason: -int(reason["rows"])),
        rows=found["rows"],
        heads=[Column(_("Row")), Column(_("What it says")), Column(_("Why"))],
        block="state" if visit.fragment else None,
    )


def _understood(judgement: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Returns what was understood of a sheet: key, word, value; what is not known is left out."""
    found = []
    for key, word in READING.items():
        value = judgement.get(key)
        if value not in (None, "", 0):
            said = {"\t": _("tab"), ";": _("semicolon"), ",": _("comma")}.get(str(value), str(value))
            found.append((key, _(word), said))
    return found


def _columns(found: Mapping[str, Any], mapping: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the columns of a sheet with what each is, and examples of its cells."""
    meant: dict[str, str] = {}
    known = OF_KIND[found["kind"]]
    for field, heads in mapping.items():
        if field in known:
            for head in [heads] if isinstance(heads, str) else heads:
                meant[head] = field
    otherwise = "ignore" if mapping.get("rest") == "ignore" or "keep" not in known else "keep"
    columns = []
    for place, head in enumerate(found["headers"]):
        examples = [row[place] for row in found["examples"] if place < len(row) and row[place]][:EXAMPLES]
        columns.append({"head": head, "place": place, "field": meant.get(head, otherwise), "examples": examples})
    return columns


def _mapping(visit: Visit, headers: Sequence[str], before: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Returns what a form says that the columns are, as the operation takes it."""
    found: dict[str, Any] = {}
    for place, head in enumerate(headers):
        field = str(visit.form.get(f"column-{place}", "keep"))
        if field in OF_KIND[kind] and field != "keep":
            found.setdefault(field, []).append(head)
    many = {"name", "phone", "whatsapp", "email", "push", "tags", "ignore"}
    single = {name: heads[0] if name not in many and len(heads) == 1 else heads for name, heads in found.items()}
    return single | ({"defaults": before["defaults"]} if before.get("defaults") else {})


@page(f"{ONE}/columnas", operation="import.map", method="POST")
async def map_columns(visit: Visit) -> Response:
    """Keeps what the columns are, and tries the sheet: nothing is written."""
    number = _number(visit)
    found = await visit.ask("import.show", import_id=number, limit=0)
    given = _mapping(visit, found["headers"], found["columns"] or found["guess"] or {}, found["kind"])
    try:
        kept = await visit.ask(
            "import.map", import_id=number, columns=given, complete=visit.form.get("complete") == "1"
        )
        await visit.ask("import.dry", import_id=number, version=kept["version"])
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await _one(visit, str(error), given)
    return visit.go(f"{HERE}/{number}")


@page(f"{ONE}/lectura", operation="import.map", method="POST")
async def read_otherwise(visit: Visit) -> Response:
    """Reads the sheet as the person says: another sheet, header row or encoding."""
    number = _number(visit)
    reading: dict[str, Any] = {}
    for key in ("sheet", "encoding"):
        if value := str(visit.form.get(key, "")).strip()[:200]:
            reading[key] = value
    row = str(visit.form.get("header_row", "")).strip()
    if row.isascii() and row.isdecimal() and len(row) < 7:
        reading["header_row"] = int(row)
    try:
        # An empty reading is meant: as it seems.
        await visit.remote.ask(visit.bearer, "import.map", {"import_id": number, "reading": reading})
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await _one(visit, str(error))
    return visit.go(f"{HERE}/{number}")


@page(f"{ONE}/importar", operation="import.run", method="POST")
async def run(visit: Visit) -> Response:
    """Imports the sheet, once it was tried."""
    absent = str(visit.form.get("absent", ""))
    return await _step(visit, "import.run", absent=absent if absent in {"mark", "skip"} else None)


@page(f"{ONE}/deshacer", operation="import.undo", method="POST")
async def undo(visit: Visit) -> Response:
    """Takes an import back."""
    return await _step(visit, "import.undo")


async def _step(visit: Visit, operation: str, **arguments: Any) -> Response:
    try:
        await visit.ask(operation, import_id=_number(visit), **arguments)
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await _one(visit, str(error))
    return visit.go(f"{HERE}/{_number(visit)}")


@page(f"{ONE}/rechazadas", operation="import.refused")
async def refused(visit: Visit) -> Response:
    """Hands the sheet of refused rows over, a stretch at a time."""
    number = _number(visit)
    first = await visit.ask("import.refused", import_id=number)

    async def stretches() -> AsyncIterator[bytes]:
        found, offset = first, 0
        while data := base64.b64decode(found["data"]):
            offset += len(data)
            yield data
            if offset >= found["octets"]:
                return
            found = await visit.ask("import.refused", import_id=number, offset=offset)

    return StreamingResponse(
        stretches(),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(first['name'])}"},
    )
