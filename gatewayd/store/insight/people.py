"""Whose interactions are meant: a customer as the addresses and rows by which its interactions are found."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.insight.filters import InteractionFilter

_CUSTOMER: Final = tables.customer.c
_ALIAS: Final = tables.customer_alias.c
_POINT: Final = tables.contact_point.c

NOBODY: Final = ("",)
"""Addresses of somebody who has none: no message goes there."""


def with_person(connection: Connection, account: int | None, wanted: InteractionFilter) -> InteractionFilter:
    """Returns the filter with the numbers and addresses of the customer that it names, and its row.

    Somebody whom the account does not know has neither; only what names it by its id is then found.
    """
    if wanted.customer is None:
        return wanted
    within = [] if account is None else [_CUSTOMER.account_id == account]
    found = connection.scalars(select(_CUSTOMER.id).where(_CUSTOMER.external_id == wanted.customer, *within)).all()
    if not found:
        merged = select(_ALIAS.customer_id).where(_ALIAS.external_id == wanted.customer)
        if account is not None:
            merged = merged.where(_ALIAS.account_id == account)
        found = connection.scalars(merged).all()
    addresses = connection.scalars(
        select(_POINT.address).where(_POINT.customer_id.in_(found), _POINT.state != "wrong_person")
    ).all()
    return replace(wanted, numbers=tuple(dict.fromkeys(addresses)) or NOBODY, persons=tuple(found))
