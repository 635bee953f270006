"""Pauses of a customer's claims, each with its end, its reason and who said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, given, setting
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

_PAUSE: Final = tables.pause.c

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

_DISPUTE: Final = setting(
    tables.invoice, "disputed_at disputed_until dispute_reason updated_at", "account_id customer_id external_id"
)


def dispute(
    session: Session, account_id: int, customer_id: int, invoice: str, *, until: date | None, note: str, now: int
) -> None:
    """Says that an invoice is in dispute, until a day or until somebody ends it. What follows of it for what is owed,
    and what was on its way, is the caller's, in the same transaction. NotFoundError."""
    day = None if until is None else until.isoformat()
    if not session.run(_DISPUTE, now, day, note or None, now, account_id, customer_id, invoice):
        raise NotFoundError(_("the customer has no such invoice"))


def end_dispute(session: Session, account_id: int, customer_id: int, invoice: str, *, now: int) -> None:
    """Ends the dispute about an invoice; NotFoundError."""
    if not session.run(_DISPUTE, None, None, None, now, account_id, customer_id, invoice):
        raise NotFoundError(_("the customer has no such invoice"))
