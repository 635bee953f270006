"""Customers of whom a fact has changed: marked with it, let go with what was decided anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, literal_column, select

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, among, given, merging

_MARK: Final = tables.fact_mark.c
_SET: Final = merging(tables.fact_mark, "customer_id account_id at", "customer_id", replace="at")
_FIRST: Final = Statement(
    select(_MARK.customer_id, _MARK.account_id, _MARK.at)
    .order_by(_MARK.at, _MARK.customer_id)
    .limit(given(_MARK.customer_id, "p_limit")),
    "p_limit",
)
_LAST: Final = Statement(
    select(_MARK.customer_id, _MARK.account_id, _MARK.at)
    .order_by(_MARK.at.desc(), _MARK.customer_id.desc())
    .limit(given(_MARK.customer_id, "p_limit")),
    "p_limit",
)
# One that was marked again meanwhile stays.
_DROP: Final = Statement(
    delete(tables.fact_mark).where(
        _MARK.customer_id == given(_MARK.customer_id), _MARK.at <= given(_MARK.at, "p_seen")
    ),
    "p_customer_id p_seen",
)
_RULED: Final = Statement(
    select(literal_column("1"))
    .select_from(tables.policy)
    .where(tables.policy.c.account_id == given(tables.policy.c.account_id), tables.policy.c.state == "active")
    .limit(1),
    "p_account_id",
)


@dataclass(frozen=True, slots=True)
class Mark:
    customer: int
    account: int
    at: int
    """Unix ms of the newest fact."""


def mark(session: Session, account_id: int, customers: Iterable[int], now: int) -> None:
    """Marks customers, so that they are decided about anew; those that are marked already bear the newer moment."""
    session.many(_SET, [(number, account_id, now) for number in sorted(set(customers))])


def mark_ruled(session: Session, account_id: int, customers: Iterable[int], now: int) -> None:
    """Marks customers of an account that has a rule for claims. Where it has none nobody decides, and the engine would
    only take the marks away: a rule that comes later decides about everybody."""
    if session.all(_RULED, account_id):
        mark(session, account_id, customers, now)


def marked(session: Session, limit: int, *, newest: bool = False) -> list[Mark]:
    """Returns marked customers, those that have waited longest first, or those that were marked last."""
    return [Mark(*row) for row in session.all(_LAST if newest else _FIRST, limit)]


_BEARING: Final = Statement(select(_MARK.customer_id).where(among(_MARK.customer_id)))


def bearing(session: Session, customers: Iterable[int]) -> set[int]:
    """Returns those of some customers that are marked."""
    return {row[0] for row in session.among(_BEARING, sorted(set(customers)))}


def drop(session: Session, seen: Sequence[Mark]) -> None:
    """Lets go of marks as they were seen: written in the transaction that writes what was decided."""
    session.many(_DROP, [(one.customer, one.at) for one in seen])


def moved(unit: Any, account_id: int, stays: int, now: int) -> None:
    """Marks the customer that another one has become part of."""
    mark(unit.session, account_id, [stays], now)
