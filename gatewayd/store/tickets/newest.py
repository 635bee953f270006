"""Payments, invoices and rows of tickets, as those who tell of them read them: behind a place, or by number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import exists, func, select

from gatewayd.answers.facts import Fact
from gatewayd.store import tables
from gatewayd.store.session import Row, Session, Statement, among, given

_PAYMENT: Final = tables.payment.c
_INVOICE: Final = tables.invoice.c
_TICKET: Final = tables.ticket.c
_EVENT: Final = tables.ticket_event.c

_LATER = tables.payment.alias("later")
_TAKEN_BACK: Final = exists().where(
    _LATER.c.account_id == _PAYMENT.account_id, _LATER.c.reversal_of == _PAYMENT.external_id
)
_OF_PAYMENT: Final = select(
    *(_PAYMENT.id, _PAYMENT.account_id, _PAYMENT.customer_id, _PAYMENT.posted_at, _PAYMENT.first_seen),
    *(_PAYMENT.initial, _PAYMENT.amount, _PAYMENT.method, _PAYMENT.reversal_of, _PAYMENT.cancelled),
    *(_PAYMENT.kind, _TAKEN_BACK.label("taken_back"), _PAYMENT.currency),
)
_NEW_PAYMENTS: Final = Statement(
    _OF_PAYMENT.where(_PAYMENT.id > given(_PAYMENT.id)).order_by(_PAYMENT.id).limit(given(_PAYMENT.id, "p_limit")),
    "p_id p_limit",
)
_PAYMENTS: Final = Statement(_OF_PAYMENT.where(among(_PAYMENT.id)))
_OF_INVOICE: Final = select(
    *(_INVOICE.id, _INVOICE.account_id, _INVOICE.customer_id, _INVOICE.issued, _INVOICE.first_seen),
    *(_INVOICE.initial, _INVOICE.total, _INVOICE.balance, _INVOICE.state, _INVOICE.currency, _INVOICE.number),
    *(_INVOICE.due, _INVOICE.link),
)
_NEW_INVOICES: Final = Statement(
    _OF_INVOICE.where(_INVOICE.id > given(_INVOICE.id)).order_by(_INVOICE.id).limit(given(_INVOICE.id, "p_limit")),
    "p_id p_limit",
)
_INVOICES: Final = Statement(_OF_INVOICE.where(among(_INVOICE.id)))
_OF_EVENT: Final = select(
    *(_EVENT.id, _TICKET.account_id, _TICKET.customer_id, _EVENT.at, _TICKET.number, _EVENT.kind, _EVENT.became),
    *(_TICKET.channel, _TICKET.address, _TICKET.line, tables.user.c.name),
).select_from(
    tables.ticket_event.join(tables.ticket, _TICKET.id == _EVENT.ticket_id).outerjoin(
        tables.user, tables.user.c.id == _TICKET.operator_id
    )
)
_NEW_EVENTS: Final = Statement(
    _OF_EVENT.where(_EVENT.id > given(_EVENT.id)).order_by(_EVENT.id).limit(given(_EVENT.id, "p_limit")),
    "p_id p_limit",
)
_EVENTS: Final = Statement(_OF_EVENT.where(among(_EVENT.id)))
_LAST: Final = {
    name: Statement(select(func.max(table.c.id)))
    for name, table in [("payment", tables.payment), ("invoice", tables.invoice), ("ticket", tables.ticket_event)]
}


@dataclass(frozen=True, slots=True)
class NewPayment:
    fact: Fact
    currency: str


@dataclass(frozen=True, slots=True)
class NewInvoice:
    fact: Fact
    currency: str
    number: str
    due: date | None
    link: str


@dataclass(frozen=True, slots=True)
class TicketNews:
    """A row of a ticket's history. `at` is Unix ms."""

    id: int
    account_id: int
    customer_id: int | None
    at: int
    number: int
    kind: str
    became: str | None
    channel: str | None
    address: str | None
    line: str | None
    operator: str | None


def last(session: Session, name: str) -> int:
    """Returns the number of the latest payment, invoice or row of a ticket; 0 without one."""
    row = session.one(_LAST[name])
    return int(row[0] or 0) if row is not None else 0


def new_payments(session: Session, after: int, limit: int) -> list[NewPayment]:
    """Returns payments behind that number, the oldest first."""
    return [_payment(row) for row in session.all(_NEW_PAYMENTS, after, limit)]


def payments(session: Session, numbers: Collection[int]) -> dict[int, NewPayment]:
    """Returns payments by their numbers, as they are now."""
    return {row[0]: _payment(row) for row in session.among(_PAYMENTS, sorted(numbers))}


def _payment(row: Row) -> NewPayment:
    number, account_id, customer_id, posted_at, first_seen = row[:5]
    fact = Fact(
        number,
        account_id,
        customer_id,
        posted_at,
        first_seen,
        initial=bool(row[5]),
        amount=int(row[6]),
        method=row[7],
        takes_back=row[8] is not None,
        undone=bool(row[9]) or bool(row[11]),
        plain=row[10] == "payment",
    )
    return NewPayment(fact, row[12])


def new_invoices(session: Session, after: int, limit: int) -> list[NewInvoice]:
    """Returns invoices behind that number, the oldest first."""
    return [_invoice(row) for row in session.all(_NEW_INVOICES, after, limit)]


def invoices(session: Session, numbers: Collection[int]) -> dict[int, NewInvoice]:
    """Returns invoices by their numbers, as they are now."""
    return {row[0]: _invoice(row) for row in session.among(_INVOICES, sorted(numbers))}


def _invoice(row: Row) -> NewInvoice:
    issued = None if row[3] is None else int(datetime.fromisoformat(row[3]).replace(tzinfo=UTC).timestamp() * 1000)
    amount = row[7] if row[7] is not None else row[6]
    number, account_id, customer_id = row[:3]
    fact = Fact(
        number,
        account_id,
        customer_id,
        # A date is a whole day, wherever it is.
        happened_at=row[4] if issued is None else issued + 86_400_000,
        first_seen=row[4],
        initial=bool(row[5]),
        amount=int(amount or 0),
        plain=row[8] == "open",
    )
    due = None if row[11] is None else date.fromisoformat(row[11])
    return NewInvoice(fact, row[9], row[10], due, row[12])


def new_events(session: Session, after: int, limit: int) -> list[TicketNews]:
    """Returns rows of tickets' histories behind that number, the oldest first."""
    return [TicketNews(*row) for row in session.all(_NEW_EVENTS, after, limit)]


def events(session: Session, numbers: Collection[int]) -> dict[int, TicketNews]:
    """Returns rows of tickets' histories by their numbers."""
    return {row[0]: TicketNews(*row) for row in session.among(_EVENTS, sorted(numbers))}
