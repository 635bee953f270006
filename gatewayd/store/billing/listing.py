"""Invoices and payments as pages show them: looked for, filtered, one portion after another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, literal_column, or_, select

from gatewayd.billing.balance import balances
from gatewayd.billing.document import KeptInvoice, KeptPayment
from gatewayd.billing.facts import Allocation
from gatewayd.store import tables
from gatewayd.store.billing import freshness
from gatewayd.store.billing.facts import INVOICE, PAYMENT, facts, read_invoice, read_payment
from gatewayd.store.billing.invoices import PANEL
from gatewayd.store.session import Session
from gatewayd.store.snapshots import Page
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.words.translation import gettext as _

STATES: Final = ("open", "overdue", "disputed", "paid", "cancelled", "closed", "unknown")
"""What invoices are filtered by; `unknown`: of customers whom nobody has brought."""
KINDS: Final = ("payment", "credit_note", "reversal", "unknown")
_TOP: Final = "\U0010ffff"
"""Behind every text that begins with what it is added to."""

_INVOICE: Final = tables.invoice.c
_PAYMENT: Final = tables.payment.c
_PART: Final = tables.payment_part.c
_ACCOUNT: Final = tables.account.c
_OPEN: Final[ColumnElement[bool]] = literal_column("invoice.open")
_OF_INVOICE: Final = (
    *("id", "customer_id", "customer", "dispute_reason", "source", "first_seen", "updated_at", "version"),
)
_OF_PAYMENT: Final = ["customer_id", "customer", "source", "first_seen", "updated_at", "version"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which invoices or payments are asked for."""

    kind: str | None = None
    """One of `STATES`, or of `KINDS`."""
    search: str | None = None
    customers: Sequence[int] = ()
    """Whom the search may mean."""
    customer: int | None = None
    """Only this one's."""
    cursor: str | None = None
    limit: int = 50


def invoices(connection: Connection, *, scope: Scope, wanted: Wanted, today: date) -> Page[KeptInvoice]:
    """Returns a page of invoices: open ones by due date, the oldest first; all others the newest first."""
    account_id, account = _account(connection, scope)
    by_due = wanted.kind in {"open", "overdue"} and not wanted.search and wanted.customer is None
    statement = select(*(_INVOICE[name] for name in _OF_INVOICE), *(_INVOICE[name] for name in INVOICE.split())).where(
        _INVOICE.account_id == account_id, *_state(wanted.kind, today), *_search(_INVOICE, wanted)
    )
    if by_due:
        due, number = _by_due(wanted.cursor)
        if due is not None:
            # What is never due stands at the end on PostgreSQL and at the beginning on SQLite: it has a key of its own.
            statement = statement.where(
                or_(_INVOICE.due > due, and_(_INVOICE.due == due, _INVOICE.id > number))
                if due
                else _INVOICE.id > number
            )
        statement = statement.where(_INVOICE.due.is_not(None) if due != "" else _INVOICE.due.is_(None))
        statement = statement.order_by(_INVOICE.due, _INVOICE.id)
    else:
        before = _before(wanted.cursor)
        if before is not None:
            statement = statement.where(_INVOICE.id < before)
        statement = statement.order_by(_INVOICE.id.desc())
    rows = [tuple(row) for row in connection.execute(statement.limit(wanted.limit + 1))]
    kept = _opened(connection, account_id, [_kept_invoice(row, account) for row in rows[: wanted.limit]], rows)
    following = None
    if len(rows) > wanted.limit:
        last = kept[-1]
        following = f"{last.invoice.due or ''}~{last.id}" if by_due else str(last.id)
    elif by_due and due != "" and wanted.kind == "open":
        # Then those that are never due, where there are any.
        never = select(_INVOICE.id).where(_INVOICE.account_id == account_id, _OPEN, _INVOICE.due.is_(None)).limit(1)
        following = "~0" if connection.execute(never).first() is not None else None
    return Page(tuple(kept), following)


def payments(connection: Connection, *, scope: Scope, wanted: Wanted) -> Page[KeptPayment]:
    """Returns a page of payments and credit notes, those that were posted last first."""
    account_id, account = _account(connection, scope)
    statement = select(*(_PAYMENT[name] for name in _OF_PAYMENT), *(_PAYMENT[name] for name in PAYMENT.split())).where(
        _PAYMENT.account_id == account_id, *_kind(wanted.kind), *_search(_PAYMENT, wanted)
    )
    at, number = _posted(wanted.cursor)
    if at is not None:
        statement = statement.where(or_(_PAYMENT.posted_at < at, and_(_PAYMENT.posted_at == at, _PAYMENT.id < number)))
    statement = statement.order_by(_PAYMENT.posted_at.desc(), _PAYMENT.id.desc()).limit(wanted.limit + 1)
    rows = [tuple(row) for row in connection.execute(statement)]
    kept = _kept_payments(connection, rows[: wanted.limit], account)
    following = f"{kept[-1].payment.posted_at}~{kept[-1].id}" if len(rows) > wanted.limit else None
    return Page(tuple(kept), following)


def invoice(connection: Connection, *, scope: Scope, external_id: str) -> tuple[KeptInvoice, list[KeptPayment]]:
    """Returns an invoice, and what was paid or credited to it. NotFoundError."""
    account_id, account = _account(connection, scope)
    statement = select(*(_INVOICE[name] for name in _OF_INVOICE), *(_INVOICE[name] for name in INVOICE.split())).where(
        _INVOICE.account_id == account_id, _INVOICE.external_id == external_id
    )
    row = connection.execute(statement).first()
    if row is None:
        raise NotFoundError(_("no invoice {id}").format(id=external_id[:80]))
    kept = _opened(connection, account_id, [_kept_invoice(tuple(row), account)], [tuple(row)])[0]
    paid = (
        select(*(_PAYMENT[name] for name in _OF_PAYMENT), *(_PAYMENT[name] for name in PAYMENT.split()))
        .select_from(tables.payment.join(tables.payment_part, _PART.payment_id == _PAYMENT.id))
        .where(_PART.account_id == account_id, _PART.invoice == external_id)
        .order_by(_PAYMENT.posted_at.desc(), _PAYMENT.id.desc())
        .limit(200)
    )
    rows = [tuple(one) for one in connection.execute(paid)]
    return kept, _kept_payments(connection, rows, account)


def payment(connection: Connection, *, scope: Scope, external_id: str) -> KeptPayment:
    """Returns a payment or credit note. NotFoundError."""
    account_id, account = _account(connection, scope)
    statement = select(*(_PAYMENT[name] for name in _OF_PAYMENT), *(_PAYMENT[name] for name in PAYMENT.split())).where(
        _PAYMENT.account_id == account_id, _PAYMENT.external_id == external_id
    )
    row = connection.execute(statement).first()
    if row is None:
        raise NotFoundError(_("no payment {id}").format(id=external_id[:80]))
    return _kept_payments(connection, [tuple(row)], account)[0]


def _account(connection: Connection, scope: Scope) -> tuple[int, str]:
    assert scope.account is not None
    number = connection.scalar(select(_ACCOUNT.id).where(_ACCOUNT.name == scope.account))
    if number is None:
        raise NotFoundError(_("no account {account}").format(account=scope.account))
    return int(number), scope.account


def _state(kind: str | None, today: date) -> tuple[ColumnElement[bool], ...]:
    if kind is None:
        return ()
    if kind == "unknown":
        return (_INVOICE.customer_id.is_(None),)
    if kind == "open":
        return (_OPEN,)
    if kind == "overdue":
        return (_OPEN, _INVOICE.due < today.isoformat())
    if kind == "disputed":
        return (or_(_INVOICE.state == "disputed", _INVOICE.disputed_at.is_not(None)),)
    if kind == "paid":
        # By billing's word, or because what was paid covers it.
        return (or_(_INVOICE.state == "paid", and_(_INVOICE.state == "open", ~_OPEN)),)
    return (_INVOICE.state == kind,)


def _kind(kind: str | None) -> tuple[ColumnElement[bool], ...]:
    if kind is None:
        return ()
    if kind == "unknown":
        return (_PAYMENT.customer_id.is_(None),)
    if kind == "reversal":
        return (_PAYMENT.reversal_of.is_not(None),)
    return (_PAYMENT.kind == kind, _PAYMENT.reversal_of.is_(None))


def _search(columns: Any, wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    if wanted.customer is not None:
        return (columns.customer_id == wanted.customer,)
    if not wanted.search:
        return ()
    text = wanted.search
    found = [
        and_(columns.external_id >= text, columns.external_id < text + _TOP),
        and_(columns.customer_id.is_(None), columns.customer == text),
    ]
    if "number" in columns:
        found.append(and_(columns.number >= text, columns.number < text + _TOP))
    if wanted.customers:
        found.append(columns.customer_id.in_(wanted.customers))
    return (or_(*found),)


def _kept_invoice(row: Sequence[Any], account: str) -> KeptInvoice:
    number, customer_id, customer, dispute_reason, source, first_seen, updated_at, version = row[:8]
    return KeptInvoice(
        *(number, account, customer, customer_id is not None, read_invoice(row[8:]), dispute_reason),
        *(source, first_seen, updated_at, version),
    )


def _opened(
    connection: Connection, account_id: int, kept: Sequence[KeptInvoice], rows: Sequence[Sequence[Any]]
) -> list[KeptInvoice]:
    """Returns invoices with what of each is open: by all that was paid, where its customer is known."""
    owners = {row[1] for row in rows if row[1] is not None}
    opens: dict[tuple[int, str], int] = {}
    for number, its in facts(Session(connection), account_id, owners).items():
        for found in balances(its.invoices, its.payments).values():
            opens.update(((number, each.invoice.external_id), each.gross) for each in found.invoices)
    result = []
    names = _names(connection, owners)
    for one, row in zip(kept, rows, strict=False):
        bill = one.invoice
        if row[1] is not None:
            rest = opens.get((row[1], bill.external_id), 0)
        else:
            rest = max(0, bill.balance if bill.balance is not None else bill.total or 0)
            rest = rest if bill.state in {"open", "disputed"} else 0
        result.append(replace(one, open=rest, name=names.get(row[1])))
    return result


def _names(connection: Connection, customers: Collection[int]) -> Mapping[int, str | None]:
    """Returns the names of customers by their numbers."""
    if not customers:
        return {}
    customer = tables.customer.c
    rows = connection.execute(select(customer.id, customer.name).where(customer.id.in_(customers)))
    return {row[0]: row[1] for row in rows}


def _kept_payments(connection: Connection, rows: Sequence[Sequence[Any]], account: str) -> list[KeptPayment]:
    parts: dict[int, list[Allocation]] = {}
    numbers = [row[6] for row in rows]
    statement = (
        select(_PART.payment_id, _PART.invoice, _PART.amount)
        .where(_PART.payment_id.in_(numbers))
        .order_by(_PART.payment_id, _PART.place)
    )
    for number, name, amount in connection.execute(statement) if numbers else ():
        parts.setdefault(number, []).append(Allocation(name, amount))
    names = _names(connection, {row[0] for row in rows if row[0] is not None})
    return [
        KeptPayment(
            *(row[6], account, row[1], row[0] is not None, read_payment(row[6:], parts.get(row[6], ()))),
            *(row[2], row[3], row[4], row[5], names.get(row[0])),
        )
        for row in rows
    ]


# ------------------------------------------------------------------------------------------------------------- cursors


def _astray(cursor: str) -> UsageError:
    return UsageError(_("not a cursor of this list: {cursor}").format(cursor=cursor[:40]))


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        raise _astray(cursor)
    return int(cursor)


def _by_due(cursor: str | None) -> tuple[str | None, int]:
    """Returns the due date and number behind which a page begins; an empty date: among those that are never due."""
    if cursor is None:
        return None, 0
    due, sign, number = cursor.partition("~")
    if not sign or not (number.isascii() and number.isdecimal() and len(number) < 19) or len(due) not in {0, 10}:
        raise _astray(cursor)
    return due, int(number)


def _posted(cursor: str | None) -> tuple[int | None, int]:
    if cursor is None:
        return None, 0
    at, sign, number = cursor.partition("~")
    if not sign or not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in (at, number)):
        raise _astray(cursor)
    return int(at), int(number)


def lacking(connection: Connection, *, scope: Scope, behind: int, limit: int) -> Page[KeptInvoice]:
    """Returns open invoices that the complete list which waits for a person's word lacks, by number."""
    account_id, account = _account(connection, scope)
    found = freshness.billing(Session(connection), account_id)
    if found is None or found.pending is None:
        return Page((), None)
    statement = (
        select(*(_INVOICE[name] for name in _OF_INVOICE), *(_INVOICE[name] for name in INVOICE.split()))
        .where(
            _INVOICE.account_id == account_id,
            _OPEN,
            _INVOICE.seen < found.pending.as_of,
            _INVOICE.source != PANEL,
            _INVOICE.id > behind,
        )
        .order_by(_INVOICE.id)
        .limit(limit + 1)
    )
    rows = [tuple(row) for row in connection.execute(statement)]
    kept = _opened(connection, account_id, [_kept_invoice(row, account) for row in rows[:limit]], rows)
    return Page(tuple(kept), str(kept[-1].id) if len(rows) > limit else None)
