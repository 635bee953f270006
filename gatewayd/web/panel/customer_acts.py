"""Customers › what is done with those who are chosen: tagged, assigned, carried out as a sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from gatewayd.values.errors import GatewayError, UnauthenticatedError, UsageError
from gatewayd.web.panel.customer_address import PATH, CustomerAddress, card, chips
from gatewayd.web.panel.customers import choose_account, users
from gatewayd.web.panel.page import page
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext
from gatewayd.words.translation import language

IDS_MAX: Final = 500
"""Rows that can be ticked on a page, and a margin."""
ACTS: Final = f"{PATH}/acciones"


def chosen(visit: Visit) -> tuple[list[str], dict[str, Any], CustomerAddress]:
    """Returns the external ids that a form has ticked (none: all that the filters mean), those filters, and their
    address."""
    address = CustomerAddress.read([(name, str(value)) for name, value in visit.form.multi_items()])
    if visit.form.get("all"):
        return [], address.wanted, address
    ids = [str(one).removeprefix("c-") for one in visit.form.getlist("id")[:IDS_MAX] if str(one).startswith("c-")]
    if not ids:
        raise UsageError(_("choose somebody first"))
    return ids, {"ids": ids}, address


async def count_of(visit: Visit, account: str, wanted: Mapping[str, Any]) -> int | None:
    found: int | None = (await visit.ask("customer.count", account=account, filter=wanted))["count"]
    return found


def shared(
    visit: Visit, ids: list[str], address: CustomerAddress, count: int | None, names: list[str]
) -> dict[str, Any]:
    """Returns what every act's page shows: who is meant, and the fields that say it again."""
    if len(ids) == 1:
        who = names[0] if names else ids[0]
    elif count is None:
        who = _("more than 10,000 customers")
    else:
        who = ngettext("{count} customer", "{count} customers", count).format(count=visit.formats.number(count))
    back = card(ids[0]) if len(ids) == 1 and not visit.form.get("q") else address.href()
    return {
        "ids": ids,
        "every": bool(visit.form.get("all")),
        "address": address,
        "who": who,
        "count": count,
        "back": back,
        "chips": chips(address),
    }


async def names_of(visit: Visit, account: str, ids: list[str]) -> list[str]:
    if len(ids) != 1:
        return []
    found = await visit.ask("customer.show", account=account, external_id=ids[0])
    return [found["name"] or found["external_id"]]


@page(f"{ACTS}/marcar", operation="customer.mark", method="POST")
async def mark(visit: Visit) -> Response:
    """Asks what to change of those who are chosen; the second time, with `save`, changes it."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, PATH)
    ids, wanted, address = chosen(visit)
    fault = ""
    if visit.form.get("save") == "1":
        given = {name: _tags(visit, name) for name in ("add_tags", "remove_tags")}
        assigned = str(visit.form.get("assign", ""))[:64]
        try:
            arguments: dict[str, Any] = {"account": account, "filter": wanted, **given}
            if assigned:
                arguments["assigned"] = "" if assigned == "-" else assigned
            # An empty name is meant: they are nobody's then.
            done = await visit.remote.ask(visit.bearer, "customer.mark", arguments)
        except UnauthenticatedError:
            raise
        except GatewayError as error:
            fault = str(error)
        else:
            said = ngettext("{count} customer was changed", "{count} customers were changed", done["changed"])
            said = said.format(count=visit.formats.number(done["changed"]))
            return visit.go(address.href(), said)
    count = len(ids) if ids else await count_of(visit, account, wanted)
    offered = [("", _("As it is")), ("-", _("Nobody")), *await users(visit, account)]
    return visit.page(
        "customers_mark.html",
        status=422 if fault else 200,
        fault=fault,
        users=offered,
        given={name: str(visit.form.get(name, "")) for name in ("add_tags", "remove_tags", "assign")},
        **shared(visit, ids, address, count, await names_of(visit, account, ids)),
    )


def _tags(visit: Visit, name: str) -> list[str]:
    return [tag.strip() for tag in str(visit.form.get(name, ""))[:1000].split(",") if tag.strip()]


# -------------------------------------------------------------------------------------------------------------- export


@page(f"{ACTS}/exportar", operation="customer.sheet", method="POST")
async def export(visit: Visit) -> Response:
    """Hands those who are chosen over as CSV, with the columns of the list; a portion in memory at a time."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, PATH)
    _ids, wanted, _address = chosen(visit)
    columns = (await visit.ask("columns.show", page="customers"))["columns"]
    names = list(dict.fromkeys(["external_id", *columns]))
    first = await visit.ask("customer.sheet", account=account, filter=wanted, columns=names)
    delimiter = ";" if language() == "es" else ","

    async def portions() -> AsyncIterator[bytes]:
        found = first
        # With its mark, so that Excel reads accents.
        yield b"\xef\xbb\xbf" + _csv([found["heads"]], delimiter)
        while True:
            yield _csv(found["rows"], delimiter)
            if found["next"] is None:
                return
            found = await visit.ask(
                "customer.sheet", account=account, filter=wanted, columns=names, cursor=found["next"]
            )

    return StreamingResponse(
        portions(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="clientes.csv"'},
    )


def _csv(rows: list[list[str]], delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([[_harmless(cell) for cell in row] for row in rows])
    return text.getvalue().encode()


def _harmless(cell: str) -> str:
    """Returns a cell that no program takes for a formula; telephone numbers stand without their sign."""
    if cell.startswith("+") and cell[1:].isdecimal():
        return cell[1:]
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
