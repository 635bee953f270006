"""What people may spend in a month, and what they have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.session import Session, merging

_USER: Final = tables.user.c
_SPENT: Final = tables.spending.c
_ADD: Final = merging(tables.spending, "user_id month amount", "user_id month", add="amount")


@dataclass(frozen=True, slots=True)
class Allowance:
    """A person's month; millionths of the account's currency."""

    limit: int | None
    """None: no limit of its own."""
    spent: int
    """What the sends of the month were priced at when they were asked for."""

    def allows(self, price: int) -> bool:
        """Returns whether a send of that price may go."""
        return self.limit is None or self.spent + price <= self.limit


def month(now: int, zone: str) -> str:
    """Returns the calendar month (`2026-12`) of an instant (Unix ms) in a time zone."""
    return f"{datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone)):%Y-%m}"


def allowance(connection: Connection, *, user: int, month: str) -> Allowance:
    """Returns a person's limit and what of it is spent in a month."""
    limit = connection.scalar(select(_USER.monthly_limit).where(_USER.id == user))
    spent = connection.scalar(select(_SPENT.amount).where(_SPENT.user_id == user, _SPENT.month == month))
    return Allowance(limit, int(spent or 0))


def spend(session: Session, user: int, month: str, price: int) -> None:
    """Writes down what a send of that month is priced at."""
    if price:
        session.run(_ADD, user, month, price)
