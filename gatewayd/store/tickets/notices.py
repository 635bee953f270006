"""What is told of its own accord, each once: found behind a place, kept until its batch is whole, told or left."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Connection, exists, func, select

from gatewayd.actor import Scope
from gatewayd.answers.facts import Fact
from gatewayd.errors import ConflictError, NotFoundError
from gatewayd.money import format_money
from gatewayd.store import tables
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Row, Session, Statement, among, given, merging, setting
from gatewayd.store.snapshots import iso
from gatewayd.store.webhooks import outbox
from gatewayd.translation import gettext as _

EVENT: Final = "payment_notice"
"""The name of its webhook event."""
ASKED, DUE, TELLING, TOLD, LEFT = "asked", "due", "telling", "told", "left"
RELEASED, DROPPED = "released", "dropped"

_NOTICE: Final = tables.payment_notice.c
_BATCH: Final = tables.notice_batch.c
_PAYMENT: Final = tables.payment.c
_INVOICE: Final = tables.invoice.c
_TICKET: Final = tables.ticket.c
_EVENT: Final = tables.ticket_event.c
_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
_MESSAGE: Final = tables.message.c

# ------------------------------------------------------------------------------------------------------- what is new

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


# ----------------------------------------------------------------------------------------------------- what is to tell

_ADD: Final = merging(tables.payment_notice, "kind subject_id account_id customer_id at state", "kind subject_id")
_SET: Final = setting(tables.payment_notice, "state reason message_id tries", "kind subject_id")
_ASK: Final = Statement(
    tables.payment_notice.update()
    .where(_NOTICE.account_id == given(_NOTICE.account_id), _NOTICE.kind == given(_NOTICE.kind), _NOTICE.state == DUE)
    .values(state=ASKED, batch_id=given(_NOTICE.batch_id)),
    "p_batch_id p_account_id p_kind",
)
_WAITING: Final = Statement(
    select(
        _NOTICE.account_id,
        _NOTICE.kind,
        func.count(),
        func.min(_NOTICE.at),
        func.max(_NOTICE.at),
        func.count(_NOTICE.customer_id.distinct()),
    )
    .where(_NOTICE.state == DUE, _NOTICE.batch_id.is_(None))
    .group_by(_NOTICE.account_id, _NOTICE.kind)
)
_DUE: Final = Statement(
    select(_NOTICE.kind, _NOTICE.subject_id, _NOTICE.account_id, _NOTICE.customer_id, _NOTICE.at, _NOTICE.tries)
    .where(_NOTICE.state == DUE, _NOTICE.account_id == given(_NOTICE.account_id), _NOTICE.kind == given(_NOTICE.kind))
    .order_by(_NOTICE.at, _NOTICE.subject_id)
    .limit(given(_NOTICE.subject_id, "p_limit")),
    "p_account_id p_kind p_limit",
)
_KINDS: Final = Statement(
    select(_NOTICE.account_id, _NOTICE.kind).where(_NOTICE.state == DUE, _NOTICE.batch_id.is_not(None)).distinct()
)
_NEW_BATCH: Final = numbering(tables.notice_batch, "account_id kind people customers at state")
_CUSTOMERS: Final = Statement(
    select(func.count()).where(_CUSTOMER.account_id == given(_CUSTOMER.account_id)), "p_account_id"
)
_TELLING: Final = Statement(
    select(
        *(_NOTICE.kind, _NOTICE.subject_id, _NOTICE.tries, _MESSAGE.state, _MESSAGE.final, _MESSAGE.reason),
        _MESSAGE.id,
    )
    .select_from(tables.payment_notice.outerjoin(tables.message, _MESSAGE.id == _NOTICE.message_id))
    .where(_NOTICE.state == TELLING)
    .order_by(_NOTICE.at)
    .limit(given(_NOTICE.subject_id, "p_limit")),
    "p_limit",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an account has to tell of one kind. Times are Unix ms."""

    account_id: int
    kind: str
    count: int
    oldest: int
    newest: int
    people: int


@dataclass(frozen=True, slots=True)
class Notice:
    kind: str
    subject: int
    account_id: int
    customer_id: int | None
    at: int
    tries: int


@dataclass(frozen=True, slots=True)
class Telling:
    """One whose message speaks of a debt, and that message."""

    kind: str
    subject: int
    tries: int
    state: str | None
    final: bool
    reason: str | None
    message_id: int | None


def add(session: Session, notices: Sequence[tuple[str, int, int, int | None, int]]) -> None:
    """Keeps what is to be told: (kind, subject, account, customer, at). Each once."""
    session.many(_ADD, [(*one, DUE) for one in notices])


def put(session: Session, kind: str, subject: int, state: str, *, reason: str | None = None, message: int | None = None,
        tries: int = 0) -> None:  # fmt: skip
    """Says what became of one."""
    session.run(_SET, state, reason, message, tries, kind, subject)


def waiting(session: Session) -> list[Waiting]:
    """Returns what waits for its batch to be whole."""
    return [Waiting(*row) for row in session.all(_WAITING)]


def due(session: Session, account_id: int, kind: str, limit: int) -> list[Notice]:
    """Returns what is to be told, what has waited longest first."""
    return [Notice(*row) for row in session.all(_DUE, account_id, kind, limit)]


def released(session: Session) -> list[tuple[int, str]]:
    """Returns account and kind of what a person has said yes to, and is not told yet."""
    return [(row[0], row[1]) for row in session.all(_KINDS)]


def telling(session: Session, limit: int) -> list[Telling]:
    """Returns what was recorded and may still be withdrawn."""
    return [
        Telling(row[0], row[1], row[2], row[3], bool(row[4]), row[5], row[6]) for row in session.all(_TELLING, limit)
    ]


_LATELY: Final = Statement(
    select(func.count(_NOTICE.customer_id.distinct())).where(
        _NOTICE.account_id == given(_NOTICE.account_id),
        _NOTICE.kind == given(_NOTICE.kind),
        _NOTICE.state.in_((TELLING, TOLD)),
        _NOTICE.batch_id.is_(None),
        _NOTICE.at >= given(_NOTICE.at),
    ),
    "p_account_id p_kind p_at",
)


def told_since(session: Session, account_id: int, kind: str, since: int) -> int:
    """Counts the customers who were told since then without a question: a batch may come in pieces."""
    row = session.one(_LATELY, account_id, kind, since)
    return 0 if row is None else int(row[0])


def customers_of(session: Session, account_id: int) -> int:
    """Counts an account's customers."""
    row = session.one(_CUSTOMERS, account_id)
    return 0 if row is None else int(row[0])


def ask(session: Session, what: Waiting, customers: int, now: int) -> int:
    """Keeps all that waits of a kind until a person has said whether; returns the batch's number."""
    number = number_of(session, _NEW_BATCH, what.account_id, what.kind, what.people, customers, now, ASKED)
    assert number is not None
    session.run(_ASK, number, what.account_id, what.kind)
    return number


_OUTSIDE: Final = Statement(
    select(
        *(_PAYMENT.id, _PAYMENT.external_id, _PAYMENT.customer, _PAYMENT.currency, _PAYMENT.amount),
        *(_PAYMENT.posted_at, _PAYMENT.method),
    ).where(among(_PAYMENT.id))
)


def tell_outside(session: Session, account: str, account_id: int, numbers: Collection[int], now: int) -> None:
    """Logs for the account's endpoints that customers were thanked for these payments."""
    if account_id not in outbox.listeners(session, EVENT):
        return
    for number, external_id, customer, currency, amount, posted_at, method in session.among(_OUTSIDE, sorted(numbers)):
        data = {
            "account": account,
            "payment": external_id,
            "customer": customer,
            "currency": currency,
            "amount": format_money(amount),
            "posted_at": iso(posted_at),
            "method": method,
        }
        body = {"subject": f"payment {account_id}/{number}", "at": iso(now), "data": data}
        outbox.add(session, [account_id], EVENT, now, json.dumps(body, ensure_ascii=False))


# ------------------------------------------------------------------------------------------------------ whom to tell

_POINTS: Final = Statement(
    select(
        *(_POINT.customer_id, _POINT.channel, _POINT.address, _POINT.state, _CUSTOMER.external_id, _CUSTOMER.name),
        _CUSTOMER.mails,
    )
    .select_from(tables.contact_point.join(tables.customer, _CUSTOMER.id == _POINT.customer_id))
    .where(_POINT.state != "wrong_person", _CUSTOMER.forgotten_at.is_(None), among(_POINT.customer_id))
    .order_by(_POINT.customer_id, _POINT.place)
)


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a customer is reached, the preferred address of each kind first."""

    id: int
    external_id: str
    name: str
    mails: int
    points: tuple[tuple[str, str, str], ...]
    """Channel, address, state."""


def reached(session: Session, customers: Collection[int]) -> dict[int, Reached]:
    """Returns where each customer is reached; those without any address are left out."""
    found: dict[int, Reached] = {}
    for number, channel, address, state, external_id, name, mails in session.among(_POINTS, sorted(customers)):
        known = found.get(number)
        points = (*(known.points if known else ()), (channel, address, state))
        found[number] = Reached(number, external_id, name, mails, points)
    return found


# ---------------------------------------------------------------------------------------------------------- by people


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that asks a person, or asked one. Times are Unix ms."""

    id: int
    account: str
    kind: str
    people: int
    customers: int
    at: int
    state: str
    decided_at: int | None
    decided_by: str | None


def batches(connection: Connection, *, scope: Scope, asked: bool, limit: int = 50) -> Sequence[Batch]:
    """Returns batches, the newest first; those alone that still ask, where `asked`."""
    statement = (
        select(
            *(_BATCH.id, tables.account.c.name, _BATCH.kind, _BATCH.people, _BATCH.customers, _BATCH.at, _BATCH.state),
            *(_BATCH.decided_at, _BATCH.decided_by),
        )
        .join(tables.account, tables.account.c.id == _BATCH.account_id)
        .order_by(_BATCH.id.desc())
        .limit(limit)
    )
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    if asked:
        statement = statement.where(_BATCH.state == ASKED)
    return [Batch(*list(row)) for row in connection.execute(statement)]


_DECIDE: Final = setting(tables.notice_batch, "state decided_at decided_by", "id state")
_MOVE: Final = Statement(
    tables.payment_notice.update()
    .where(_NOTICE.batch_id == given(_NOTICE.batch_id), _NOTICE.state == ASKED)
    .values(state=given(_NOTICE.state, "p_became"), reason=given(_NOTICE.reason)),
    "p_became p_reason p_batch_id",
)


def decide(session: Session, scope: Scope, number: int, *, tell: bool, now: int, by: str) -> None:
    """Says whether a batch is told. NotFoundError; ConflictError where somebody has said so already."""
    row: Any = session.connection.execute(
        select(tables.account.c.name)
        .join(tables.notice_batch, _BATCH.account_id == tables.account.c.id)
        .where(_BATCH.id == number)
    ).one_or_none()
    if row is None or not scope.holds(row.name):
        raise NotFoundError(_("there is no such batch"))
    if not session.run(_DECIDE, RELEASED if tell else DROPPED, now, by, number, ASKED):
        raise ConflictError(_("somebody has decided about these already"))
    session.run(_MOVE, DUE if tell else LEFT, None if tell else "dropped", number)
