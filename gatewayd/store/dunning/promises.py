"""Promises: somebody said until when it pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, given
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

_PROMISE: Final = tables.promise.c
_CUSTOMER: Final = tables.customer.c


@dataclass(frozen=True, slots=True)
class NewPromise:
    """One to be written."""

    account_id: int
    customer_id: int
    currency: str
    day: date
    amount: int | None
    """Millionths; None: all of it."""
    tolerance_days: int = 0
    source: str = "person"
    """person, call, message."""
    note: str = ""
    key: str | None = None
    """Of what it came by, unique in its account: the same key again writes nothing."""


_ADD: Final = numbering(
    tables.promise, "account_id customer_id currency day amount tolerance_days made_at source by note key"
)
_REPLACE: Final = Statement(
    tables.promise.update()
    .where(
        _PROMISE.customer_id == given(_PROMISE.customer_id, "k_customer_id"),
        _PROMISE.currency == given(_PROMISE.currency, "k_currency"),
        _PROMISE.state == "pending",
    )
    .values(state="withdrawn", ended_at=given(_PROMISE.ended_at)),
    "p_ended_at k_customer_id k_currency",
)
_PENDING: Final = Statement(
    select(_PROMISE.id).where(
        _PROMISE.customer_id == given(_PROMISE.customer_id),
        _PROMISE.currency == given(_PROMISE.currency),
        _PROMISE.state == "pending",
    ),
    "p_customer_id p_currency",
)
_END: Final = Statement(
    tables.promise.update()
    .where(_PROMISE.id == given(_PROMISE.id, "k_id"), _PROMISE.state == "pending")
    .values(state=given(_PROMISE.state), ended_at=given(_PROMISE.ended_at)),
    "p_state p_ended_at k_id",
)


def add(session: Session, new: NewPromise, *, now: int, by: str = "gatewayd") -> int | None:
    """Writes a promise, which takes the place of one that is pending; returns its number, None where there is one of
    that key. Withdrawing what was on its way is the caller's, in the same transaction."""
    if new.key is not None:
        known = select(_PROMISE.id).where(_PROMISE.account_id == new.account_id, _PROMISE.key == new.key)
        if session.connection.scalar(known) is not None:
            return None
    session.run(_REPLACE, now, new.customer_id, new.currency)
    day = new.day.isoformat()
    return number_of(
        *(session, _ADD, new.account_id, new.customer_id, new.currency, day, new.amount, new.tolerance_days),
        *(now, new.source, by, new.note, new.key),
    )


def pending(session: Session, customer: int, currency: str) -> int | None:
    """Returns the number of a customer's pending promise in a currency; None: there is none."""
    row = session.one(_PENDING, customer, currency)
    return None if row is None else int(row[0])


def end(session: Session, number: int, state: str, *, now: int) -> bool:
    """Says what became of a pending promise; False where it was not pending."""
    return bool(session.run(_END, state, now, number))


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A row, with whose it is. Times are Unix ms."""

    id: int
    account: str
    customer: int
    external_id: str
    name: str
    currency: str
    day: date
    amount: int | None
    tolerance_days: int
    made_at: int
    source: str
    by: str
    note: str
    state: str
    """pending, kept, partly, broken, withdrawn."""
    ended_at: int | None


_SELECT: Final = (
    select(
        *(_PROMISE.id, tables.account.c.name.label("account"), _PROMISE.customer_id, _CUSTOMER.external_id),
        *(_CUSTOMER.name, _PROMISE.currency, _PROMISE.day, _PROMISE.amount, _PROMISE.tolerance_days),
        *(_PROMISE.made_at, _PROMISE.source, _PROMISE.by, _PROMISE.note, _PROMISE.state, _PROMISE.ended_at),
    )
    .select_from(
        tables.promise.join(tables.account, tables.account.c.id == _PROMISE.account_id).join(
            tables.customer, _CUSTOMER.id == _PROMISE.customer_id
        )
    )
    .order_by(_PROMISE.id.desc())
)


def _view(row: Any) -> PromiseRow:
    values = list(row)
    values[6] = date.fromisoformat(values[6])
    return PromiseRow(*values)


def promise(connection: Connection, *, scope: Scope, number: int) -> PromiseRow:
    """Returns one; NotFoundError."""
    row = connection.execute(_SELECT.where(_PROMISE.id == number)).one_or_none()
    if row is None or not scope.holds(row.account):
        raise NotFoundError(_("there is no such promise"))
    return _view(row)


def withdraw(session: Session, one: PromiseRow, *, now: int) -> None:
    """Withdraws a promise that is pending; ConflictError where it is no longer."""
    if not end(session, one.id, "withdrawn", now=now):
        raise ConflictError(_("the promise is over already"))


def promises(
    connection: Connection,
    *,
    scope: Scope,
    state: str | None = None,
    customer: int | None = None,
    before: int | None = None,
    limit: int,
) -> Sequence[PromiseRow]:
    """Returns promises, newest first, older than the number `before`."""
    statement = _SELECT.limit(limit)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    if state is not None:
        statement = statement.where(_PROMISE.state == state)
    if customer is not None:
        statement = statement.where(_PROMISE.customer_id == customer)
    if before is not None:
        statement = statement.where(_PROMISE.id < before)
    return [_view(row) for row in connection.execute(statement)]
