"""Bills of customers that nobody had brought yet, joined with them when they come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, and_, func, literal_column, select, update

from gatewayd.store import tables
from gatewayd.store.billing.loads import whose
from gatewayd.store.session import Session, Statement, among, given

_BILLS: Final = (tables.invoice, tables.payment)
_NAMES: Final = tuple(
    Statement(
        select(table.c.customer)
        .where(table.c.account_id == given(table.c.account_id), table.c.customer_id.is_(None), among(table.c.customer))
        .distinct(),
        "p_account_id",
    )
    for table in _BILLS
)
_JOIN: Final = tuple(
    Statement(
        update(table)
        .where(
            table.c.account_id == given(table.c.account_id),
            table.c.customer_id.is_(None),
            table.c.customer == given(table.c.customer),
        )
        .values(customer_id=given(table.c.customer_id)),
        "p_customer_id p_account_id p_customer",
    )
    for table in _BILLS
)


def join(session: Session, account_id: int, names: Iterable[str]) -> set[int]:
    """Joins what is known of these external ids, of those that are customers by now; returns these customers."""
    wanted = sorted(set(names))
    lonely = {row[0] for statement in _NAMES for row in session.among(statement, wanted, account_id)}
    found = whose(session, account_id, lonely)
    for statement in _JOIN:
        session.many(statement, [(number, account_id, name) for name, number in sorted(found.items())])
    return set(found.values())


def waiting(connection: Connection) -> list[int]:
    """Returns the accounts that have bills of customers whom nobody has brought."""
    found: set[int] = set()
    for table in _BILLS:
        found.update(connection.scalars(select(table.c.account_id).where(table.c.customer_id.is_(None)).distinct()))
    return sorted(found)


def joinable(connection: Connection, *, account_id: int, limit: int) -> list[str]:
    """Returns external ids that bills of nobody bear, and that are customers' by now."""
    customer = tables.customer.c
    found: set[str] = set()
    for table in _BILLS:
        statement = (
            select(table.c.customer)
            .join(
                tables.customer,
                and_(customer.account_id == table.c.account_id, customer.external_id == table.c.customer),
            )
            .where(table.c.account_id == account_id, table.c.customer_id.is_(None))
            .distinct()
            .limit(limit)
        )
        found.update(connection.scalars(statement))
    return sorted(found)[:limit]


def unknown(connection: Connection, account_id: int) -> dict[str, int]:
    """Returns how many invoices and payments are of customers that nobody has brought."""
    found = {}
    for table in _BILLS:
        statement = select(func.count(literal_column("1"))).where(
            table.c.account_id == account_id, table.c.customer_id.is_(None)
        )
        found[f"{table.name}s"] = int(connection.scalar(statement) or 0)
    return found
