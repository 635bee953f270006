"""What of an account a sheet of customers may name: its users, ids that were merged away, people who were forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.store import tables

FORGOTTEN: Final = "forgotten:"
"""How the id of a person begins who was forgotten; behind it its SHA-256."""
MOST: Final = 200_000

_CUSTOMER: Final = tables.customer.c


@dataclass(frozen=True, slots=True)
class Known:
    users: Mapping[str, int]
    """By casefolded name."""
    aliases: Mapping[str, str]
    forgotten: frozenset[str]
    """SHA-256 of their ids."""


def house(connection: Connection, *, account_id: int) -> Known:
    """Returns what a sheet for the account may name."""
    user, alias = tables.user.c, tables.customer_alias.c
    users = select(user.name, user.id).where((user.account_id == account_id) | user.account_id.is_(None))
    aliases = (
        select(alias.external_id, _CUSTOMER.external_id)
        .select_from(tables.customer_alias.join(tables.customer, _CUSTOMER.id == alias.customer_id))
        .where(alias.account_id == account_id)
        .limit(MOST)
    )
    gone = (
        select(_CUSTOMER.external_id)
        .where(
            _CUSTOMER.account_id == account_id,
            _CUSTOMER.external_id >= FORGOTTEN,
            _CUSTOMER.external_id < FORGOTTEN + "\U0010ffff",
            _CUSTOMER.forgotten_at.is_not(None),
        )
        .limit(MOST)
    )
    return Known(
        {row[0]: row[1] for row in connection.execute(users)},
        {row[0]: row[1] for row in connection.execute(aliases)},
        frozenset(one.removeprefix(FORGOTTEN) for one in connection.scalars(gone)),
    )
