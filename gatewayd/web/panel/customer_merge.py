"""Customers › two become one; what is known of one is handed over, or erased."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import GatewayError, UnauthenticatedError
from gatewayd.web.panel.customer_address import PATH, card
from gatewayd.web.panel.page import page
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

MERGE: Final = f"{PATH}/acciones/unir"
FORGET: Final = f"{PATH}/acciones/olvidar"
KNOWN: Final = f"{PATH}/acciones/datos"


def text_of(visit: Visit, name: str) -> str:
    return str(visit.form.get(name, "")).strip()[:500]


@page(MERGE, operation="customer.merge")
async def ask_merge(visit: Visit) -> Response:
    """Asks which other customer is the same person, and shows both."""
    return await _merge(visit, str(visit.query.get("id", ""))[:200], str(visit.query.get("other", "")).strip()[:200])


async def _merge(visit: Visit, external_id: str, other: str, fault: str = "") -> Response:
    account = await account_of(visit)
    kept = await visit.ask("customer.show", account=account, external_id=external_id)
    second = None
    if other and not fault:
        try:
            second = await visit.ask("customer.show", account=account, external_id=other)
            if second["external_id"] == kept["external_id"]:
                second, fault = None, _("that is the same customer")
        except UnauthenticatedError:
            raise
        except GatewayError as error:
            fault = str(error)
    return visit.page(
        "customer_merge.html",
        status=422 if fault else 200,
        kept=kept,
        second=second,
        other=other,
        fault=fault,
        back=card(external_id),
    )


@page(MERGE, operation="customer.merge", method="POST")
async def merge(visit: Visit) -> Response:
    """Makes one of two: the second one's numbers, debts and interactions become the first one's."""
    external_id, other = text_of(visit, "id"), text_of(visit, "other")
    try:
        await visit.ask("customer.merge", account=await account_of(visit), external_id=external_id, gone=other)
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await _merge(visit, external_id, other, str(error))
    return visit.go(card(external_id), _("Both are one customer now; the other id leads here too"))


@page(FORGET, operation="customer.forget")
async def ask_forget(visit: Visit) -> Response:
    """Says what is erased and what stays, and asks for the customer's id."""
    return await _forget(visit, str(visit.query.get("id", ""))[:200])


async def _forget(visit: Visit, external_id: str, fault: str = "") -> Response:
    found = await visit.ask("customer.show", account=await account_of(visit), external_id=external_id)
    return visit.page(
        "customer_forget.html",
        status=422 if fault else 200,
        customer=found,
        faults={"sure": fault} if fault else {},
        back=card(external_id),
        data=f"{KNOWN}?{urlencode({'id': external_id})}",
    )


@page(FORGET, operation="customer.forget", method="POST")
async def forget(visit: Visit) -> Response:
    """Erases what is known of a person, once its id was written."""
    external_id = text_of(visit, "id")
    if text_of(visit, "sure") != external_id:
        return await _forget(visit, external_id, _("write the id exactly as it stands above; nothing was erased"))
    await visit.ask("customer.forget", account=await account_of(visit), external_id=external_id, sure=True)
    return visit.go(PATH, _("What was known of {id} was erased").format(id=external_id))


@page(KNOWN, operation="customer.export")
async def known(visit: Visit) -> Response:
    """Hands over all that is known of a person, as JSON."""
    external_id = str(visit.query.get("id", ""))[:200]
    found = await visit.ask("customer.export", account=await account_of(visit), external_id=external_id)
    return Response(
        json.dumps(found, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="datos.json"'},
    )
