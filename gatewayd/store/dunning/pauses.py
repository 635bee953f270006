"""Pauses of a customer's claims, and disputes about an invoice: each with its end, its reason and who said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.actor import Scope
from gatewayd.errors import ConflictError, NotFoundError
from gatewayd.store import tables
from gatewayd.store.dunning.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, adding, given
from gatewayd.translation import gettext as _

_PAUSE: Final = tables.pause.c
_DISPUTE: Final = tables.dispute.c

_ADD: Final = numbering(tables.pause, "account_id customer_id reason until note made_at by key")
_LIFT: Final = Statement(
    tables.pause.update()
    .where(_PAUSE.id == given(_PAUSE.id, "k_id"), _PAUSE.lifted_at.is_(None))
    .values(lifted_at=given(_PAUSE.lifted_at), lifted_by=given(_PAUSE.lifted_by)),
    "p_lifted_at p_lifted_by k_id",
)


@dataclass(frozen=True, slots=True)
class PauseRow:
    """A row. Times are Unix ms."""

    id: int
    account: str
    customer: int
    reason: str
    """blocked, claims_paid."""
    until: int | None
    note: str
    made_at: int
    by: str
    lifted_at: int | None
    lifted_by: str | None


def add(
    session: Session,
    account_id: int,
    customer_id: int,
    reason: str,
    *,
    until: int | None,
    note: str = "",
    now: int,
    by: str = "gatewayd",
    key: str | None = None,
) -> int | None:
    """Writes a pause; returns its number, None where there is one of that key. Withdrawing what is on its way is the
    caller's, in the same transaction."""
    return number_of(session, _ADD, account_id, customer_id, reason, until, note, now, by, key)


def pauses(
    connection: Connection, *, scope: Scope, customer: int | None = None, before: int | None = None, limit: int = 100
) -> Sequence[PauseRow]:
    """Returns pauses, newest first, those that are over too."""
    statement = (
        select(
            *(_PAUSE.id, tables.account.c.name, _PAUSE.customer_id, _PAUSE.reason, _PAUSE.until, _PAUSE.note),
            *(_PAUSE.made_at, _PAUSE.by, _PAUSE.lifted_at, _PAUSE.lifted_by),
        )
        .join(tables.account, tables.account.c.id == _PAUSE.account_id)
        .order_by(_PAUSE.id.desc())
        .limit(limit)
    )
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    if customer is not None:
        statement = statement.where(_PAUSE.customer_id == customer)
    if before is not None:
        statement = statement.where(_PAUSE.id < before)
    return [PauseRow(*list(row)) for row in connection.execute(statement)]


def pause(connection: Connection, *, scope: Scope, number: int) -> PauseRow:
    """Returns one; NotFoundError."""
    found = pauses(connection, scope=scope, before=number + 1, limit=1)
    if not found or found[0].id != number:
        raise NotFoundError(_("there is no such pause"))
    return found[0]


def lift(session: Session, number: int, *, now: int, by: str) -> None:
    """Ends a pause; ConflictError where somebody has."""
    if not session.run(_LIFT, now, by, number):
        raise ConflictError(_("the pause is lifted already"))


# ----------------------------------------------------------------------------------------------------------- disputes

_OPEN: Final = adding(tables.dispute, "account_id customer_id invoice until note made_at by")
_END: Final = Statement(
    tables.dispute.update()
    .where(
        _DISPUTE.customer_id == given(_DISPUTE.customer_id, "k_customer_id"),
        _DISPUTE.invoice == given(_DISPUTE.invoice, "k_invoice"),
        _DISPUTE.ended_at.is_(None),
    )
    .values(ended_at=given(_DISPUTE.ended_at), ended_by=given(_DISPUTE.ended_by)),
    "p_ended_at p_ended_by k_customer_id k_invoice",
)


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A row. Times are Unix ms."""

    id: int
    account: str
    customer: int
    invoice: str
    until: date | None
    note: str
    made_at: int
    by: str
    ended_at: int | None
    ended_by: str | None


def dispute(
    session: Session,
    account_id: int,
    customer_id: int,
    invoice: str,
    *,
    until: date | None,
    note: str,
    now: int,
    by: str,
) -> None:
    """Says that an invoice is in dispute, until a day or until somebody ends it; takes the place of what was said
    before. Withdrawing what is on its way is the caller's, in the same transaction."""
    session.run(_END, now, by, customer_id, invoice)
    session.run(_OPEN, account_id, customer_id, invoice, None if until is None else until.isoformat(), note, now, by)


def end_dispute(session: Session, customer_id: int, invoice: str, *, now: int, by: str) -> None:
    """Ends the dispute about an invoice; ConflictError where there is none."""
    if not session.run(_END, now, by, customer_id, invoice):
        raise ConflictError(_("the invoice is not in dispute"))


def disputes(connection: Connection, *, scope: Scope, customer: int, limit: int = 100) -> Sequence[DisputeRow]:
    """Returns the disputes of a customer, newest first, those that are over too."""
    statement = (
        select(
            *(_DISPUTE.id, tables.account.c.name, _DISPUTE.customer_id, _DISPUTE.invoice, _DISPUTE.until),
            *(_DISPUTE.note, _DISPUTE.made_at, _DISPUTE.by, _DISPUTE.ended_at, _DISPUTE.ended_by),
        )
        .join(tables.account, tables.account.c.id == _DISPUTE.account_id)
        .where(_DISPUTE.customer_id == customer)
        .order_by(_DISPUTE.id.desc())
        .limit(limit)
    )
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    return [_dispute(row) for row in connection.execute(statement)]


def _dispute(row: Any) -> DisputeRow:
    values = list(row)
    values[4] = None if values[4] is None else date.fromisoformat(values[4])
    return DisputeRow(*values)
