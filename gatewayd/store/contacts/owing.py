"""What customers owe, as texts and filters need to know it: what billing says, else what a sheet of customers says.

The one place where the two come together for whoever chooses people; `store.billing` works the figures out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from sqlalchemy import Connection, exists, or_, select, union
from sqlalchemy.sql.expression import ColumnElement

from gatewayd.customers.document import Debt
from gatewayd.store import tables

_CUSTOMER: Final = tables.customer.c
_DEBT: Final = tables.debt.c
_OWED: Final = tables.owed.c
_INVOICE: Final = tables.invoice.c
_PAYMENT: Final = tables.payment.c


Which = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""The condition on a column that has the numbers of customers."""


def debts_of(connection: Connection, numbers: Collection[int]) -> dict[int, Debt]:
    """Returns what some customers owe, as `debts` does of many that lie side by side."""
    return _debts(connection, lambda column: column.in_(numbers), numbers) if numbers else {}


def debts(connection: Connection, between: tuple[int, int], numbers: Collection[int]) -> dict[int, Debt]:
    """Returns what customers owe, by number, those with nothing known left out; `between` are the lowest and the
    highest number. In several currencies, what is due first."""
    return _debts(connection, lambda column: column.between(*between), numbers)


def _debts(connection: Connection, which: Which, numbers: Collection[int]) -> dict[int, Debt]:
    sheets = {
        row[0]: Debt(*row[1:])
        for row in connection.execute(
            select(_DEBT.customer_id, _DEBT.balance, _DEBT.due, _DEBT.number, _DEBT.currency, _DEBT.as_of).where(
                which(_DEBT.customer_id)
            )
        )
        if row[0] in numbers
    }
    billed = _billed(connection, which)
    found = {number: debt for number, debt in sheets.items() if number not in billed}
    names = _one_open(connection, which) if billed else {}
    owed = (
        select(_OWED.customer_id, _OWED.balance, _OWED.due, _OWED.currency, _OWED.updated_at)
        .where(which(_OWED.customer_id), _OWED.balance > 0)
        .order_by(_OWED.customer_id, _OWED.due.is_(None), _OWED.due, _OWED.currency)
    )
    seen: set[int] = set()
    for number, balance, due, currency, at in connection.execute(owed):
        if number in numbers and number not in seen:
            seen.add(number)
            sheet = sheets.get(number)
            name = names.get(number) or (sheet.number if sheet is not None and number not in billed else None)
            found[number] = Debt(balance, due, name, currency, at)
    return found


def billing_knows(connection: Connection, between: tuple[int, int]) -> frozenset[int]:
    """Returns the customers of whom billing has said something: what it does not say, they do not owe."""
    return _billed(connection, lambda column: column.between(*between))


def _billed(connection: Connection, which: Which) -> frozenset[int]:
    said = union(
        select(_INVOICE.customer_id).where(which(_INVOICE.customer_id)),
        select(_PAYMENT.customer_id).where(which(_PAYMENT.customer_id)),
    )
    return frozenset(row[0] for row in connection.execute(said))


def _one_open(connection: Connection, which: Which) -> dict[int, str]:
    """Returns the number of the bill that is open, of whom just one is."""
    rows = connection.execute(
        select(_INVOICE.customer_id, _INVOICE.number).where(which(_INVOICE.customer_id), _INVOICE.open)
    )
    found: dict[int, str | None] = {}
    for customer, number in rows:
        found[customer] = None if customer in found else number
    return {customer: number for customer, number in found.items() if number}


def owes() -> ColumnElement[bool]:
    """Returns the condition that a customer owes something."""
    mine: Any = _CUSTOMER.id
    said = or_(
        exists(select(_INVOICE.id).where(_INVOICE.customer_id == mine)),
        exists(select(_PAYMENT.id).where(_PAYMENT.customer_id == mine)),
    )
    return or_(
        exists(select(_OWED.customer_id).where(_OWED.customer_id == mine, _OWED.balance > 0)),
        exists(select(_DEBT.customer_id).where(_DEBT.customer_id == mine, _DEBT.balance > 0)) & ~said,
    )
