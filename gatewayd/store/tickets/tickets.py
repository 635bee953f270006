"""Tickets: opened by a text or a person, worked on, closed; each act is a row, and is told outside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from gatewayd.answers.tickets import CLOSED, OPEN
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, among, given, setting
from gatewayd.store.snapshots import iso
from gatewayd.store.webhooks import outbox
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.words.translation import gettext as _

EVENT: Final = "ticket"
"""The name of its webhook event."""

_TICKET: Final = tables.ticket.c
_EVENT: Final = tables.ticket_event.c
_USER: Final = tables.user.c
_CUSTOMER: Final = tables.customer.c

_NUMBER: Final = Statement(
    select(func.max(_TICKET.number)).where(_TICKET.account_id == given(_TICKET.account_id)), "p_account_id"
)
# Two nodes may both open the account's next ticket: the second one asks again.
_ADD: Final = numbering(
    tables.ticket,
    "account_id number customer_id channel address line category operator_id state text day opened_at opened_by"
    " updated_at",
)
_ADD_EVENT: Final = numbering(tables.ticket_event, "ticket_id at kind actor was became note")
_STATE: Final = setting(tables.ticket, "state closed_at updated_at version", "id")
_OPERATOR: Final = setting(tables.ticket, "operator_id updated_at version", "id")
_CATEGORY: Final = setting(tables.ticket, "category updated_at version", "id")
_TOUCH: Final = setting(tables.ticket, "updated_at version", "id")
_USER_NAMED: Final = Statement(select(_USER.id, _USER.account_id).where(_USER.name == given(_USER.name)), "p_name")
TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class NewTicket:
    account_id: int
    customer_id: int | None
    text: str
    day: date
    category: str = ""
    operator_id: int | None = None
    channel: str | None = None
    address: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    id: int
    number: int
    event: int


def add(session: Session, new: NewTicket, *, now: int, by: str) -> Opened:
    """Opens a ticket, with its first row, which is told outside."""
    for _try in range(TRIES):
        row = session.one(_NUMBER, new.account_id)
        number = int((row[0] if row is not None else 0) or 0) + 1
        made = number_of(
            *(session, _ADD, new.account_id, number, new.customer_id, new.channel, new.address, new.line),
            *(new.category, new.operator_id, OPEN, new.text, new.day.isoformat(), now, by, now),
        )
        if made is not None:
            return Opened(made, number, _note(session, _Act(made, by, now), "opened", became=OPEN, note=new.text))
    raise ConflictError(_("no number is left for a ticket; try again"))


def operator(session: Session, account_id: int, name: str | None) -> int | None:
    """Returns the number of a user by name, of the account or of all; None where there is none."""
    if name is None:
        return None
    found = session.one(_USER_NAMED, name.casefold())
    return None if found is None or found[1] not in {None, account_id} else int(found[0])


@dataclass(frozen=True, slots=True)
class _Act:
    """Who does something to a ticket, and when (Unix ms)."""

    ticket: int
    by: str
    now: int


def _note(
    session: Session,
    act: _Act,
    kind: str,
    *,
    was: str | None = None,
    became: str | None = None,
    note: str | None = None,
) -> int:
    """Writes a row of a ticket's history, and logs it for the account's endpoints."""
    number = number_of(session, _ADD_EVENT, act.ticket, act.now, kind, act.by, was, became, note)
    assert number is not None
    one = event_document(session.connection, number)
    if one is not None:
        account_id, document = one
        body = {"subject": f"ticket {document['account']}/{document['ticket']}", "at": document["at"], "data": document}
        outbox.add(session, [account_id], EVENT, act.now, json.dumps(body, ensure_ascii=False))
    return number


# --------------------------------------------------------------------------------------------------------- by people


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as people see it. Times are Unix ms."""

    id: int
    account: str
    account_id: int
    number: int
    customer: str | None
    """External id."""
    customer_id: int | None
    name: str | None
    channel: str | None
    address: str | None
    line: str | None
    category: str
    operator: str | None
    state: str
    text: str
    opened_at: int
    opened_by: str
    updated_at: int
    closed_at: int | None
    version: int


@dataclass(frozen=True, slots=True)
class TicketEvent:
    id: int
    at: int
    kind: str
    actor: str
    was: str | None
    became: str | None
    note: str | None


_SELECT: Final = select(
    *(_TICKET.id, tables.account.c.name.label("account"), _TICKET.account_id, _TICKET.number),
    *(_CUSTOMER.external_id, _TICKET.customer_id, _CUSTOMER.name, _TICKET.channel, _TICKET.address, _TICKET.line),
    *(_TICKET.category, _USER.name.label("operator"), _TICKET.state, _TICKET.text, _TICKET.opened_at),
    *(_TICKET.opened_by, _TICKET.updated_at, _TICKET.closed_at, _TICKET.version),
).select_from(
    tables.ticket.join(tables.account, tables.account.c.id == _TICKET.account_id)
    .outerjoin(tables.customer, _CUSTOMER.id == _TICKET.customer_id)
    .outerjoin(tables.user, _USER.id == _TICKET.operator_id)
)


def ticket(connection: Connection, *, scope: Scope, account: str, number: int) -> TicketRow:
    """Returns one; NotFoundError."""
    row = None
    if scope.holds(account):
        row = connection.execute(
            _SELECT.where(tables.account.c.name == account, _TICKET.number == number)
        ).one_or_none()
    if row is None:
        raise NotFoundError(_("there is no ticket {number}").format(number=number))
    return TicketRow(*list(row))


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets are meant; what is None is not asked."""

    account: str | None = None
    states: tuple[str, ...] = ()
    """Empty: all."""
    operator: str | None = None
    customer: str | None = None


def tickets(
    connection: Connection,
    *,
    scope: Scope,
    wanted: TicketFilter,
    behind: tuple[int, int] | None = None,
    limit: int,
) -> Sequence[TicketRow]:
    """Returns tickets behind (changed at, id), the one that changed last first."""
    statement = _SELECT.order_by(_TICKET.updated_at.desc(), _TICKET.id.desc()).limit(limit)
    for account in (scope.account, wanted.account):
        if account is not None:
            statement = statement.where(tables.account.c.name == account)
    if wanted.states:
        statement = statement.where(_TICKET.state.in_(wanted.states))
    if wanted.operator is not None:
        statement = statement.where(_USER.name == wanted.operator)
    if wanted.customer is not None:
        statement = statement.where(_CUSTOMER.external_id == wanted.customer)
    if behind is not None:
        at, number = behind
        statement = statement.where((_TICKET.updated_at < at) | ((_TICKET.updated_at == at) & (_TICKET.id < number)))
    return [TicketRow(*list(row)) for row in connection.execute(statement)]


def history(connection: Connection, *, ticket: int, limit: int = 500) -> Sequence[TicketEvent]:
    """Returns what happened to a ticket, the oldest first."""
    columns = (_EVENT.id, _EVENT.at, _EVENT.kind, _EVENT.actor, _EVENT.was, _EVENT.became, _EVENT.note)
    rows = connection.execute(
        select(*columns).where(_EVENT.ticket_id == ticket).order_by(_EVENT.id.desc()).limit(limit)
    ).all()
    return [TicketEvent(*list(row)) for row in reversed(rows)]


def open_count(connection: Connection, *, scope: Scope, most: int) -> int:
    """Counts the tickets that are not closed, up to `most`."""
    statement = select(_TICKET.id).where(_TICKET.state != CLOSED).limit(most)
    if scope.account is not None:
        number = select(tables.account.c.id).where(tables.account.c.name == scope.account).scalar_subquery()
        statement = statement.where(_TICKET.account_id == number)
    return int(connection.scalar(select(func.count()).select_from(statement.subquery())) or 0)


@dataclass(frozen=True, slots=True)
class TicketChange:
    """What is to be changed; what is None stays."""

    state: str | None = None
    operator: str | None = None
    """Empty: nobody's."""
    category: str | None = None
    note: str | None = None
    version: int | None = None


def change(
    session: Session, scope: Scope, account: str, number: int, wanted: TicketChange, *, now: int, by: str
) -> TicketRow:
    """Changes a ticket, a row of its history for each thing that is otherwise; returns it as it was.

    NotFoundError; ConflictError where it is no longer at that version, UsageError for a user that is none of theirs.
    """
    was = ticket(session.connection, scope=scope, account=account, number=number)
    if wanted.version is not None and wanted.version != was.version:
        raise ConflictError(_("somebody has changed this ticket meanwhile; look again. Nothing was saved"))
    version, act = was.version + 1, _Act(was.id, by, now)
    if wanted.operator is not None and wanted.operator != (was.operator or ""):
        person = operator(session, was.account_id, wanted.operator) if wanted.operator else None
        if wanted.operator and person is None:
            raise UsageError(_("user: there is no {user} in {account}").format(user=wanted.operator, account=account))
        session.run(_OPERATOR, person, now, version, was.id)
        _note(session, act, "operator", was=was.operator, became=wanted.operator or None)
    if wanted.category is not None and wanted.category != was.category:
        session.run(_CATEGORY, wanted.category, now, version, was.id)
        _note(session, act, "category", was=was.category, became=wanted.category)
    if wanted.note:
        session.run(_TOUCH, now, version, was.id)
        _note(session, act, "note", note=wanted.note)
    if wanted.state is not None and wanted.state != was.state:
        session.run(_STATE, wanted.state, now if wanted.state == CLOSED else None, now, version, was.id)
        _note(session, act, "state", was=was.state, became=wanted.state)
    return was


def create(
    session: Session,
    scope: Scope,
    account: str,
    *,
    customer: str | None,
    text: str,
    category: str,
    operator_name: str | None,
    day: date,
    now: int,
    by: str,
) -> Opened:
    """Opens a ticket by hand. NotFoundError without the account or the customer; UsageError without the user."""
    if not scope.holds(account):
        raise NotFoundError(_("no account {account}").format(account=account))
    number = account_number(session.connection, account)
    person = None
    if customer is not None:
        person = session.connection.scalar(
            select(_CUSTOMER.id).where(_CUSTOMER.account_id == number, _CUSTOMER.external_id == customer)
        )
        if person is None:
            raise NotFoundError(_("no customer {customer}").format(customer=customer))
    helper = operator(session, number, operator_name)
    if operator_name is not None and helper is None:
        raise UsageError(_("user: there is no {user} in {account}").format(user=operator_name, account=account))
    return add(session, NewTicket(number, person, text, day, category, helper), now=now, by=by)


# ------------------------------------------------------------------------------------------------------------ outside

_DOCUMENT: Final = select(
    *(_EVENT.id, _EVENT.at, _EVENT.kind, _EVENT.actor, _EVENT.was, _EVENT.became, _EVENT.note),
    *(tables.account.c.name.label("account"), _TICKET.account_id, _TICKET.number, _TICKET.state, _TICKET.category),
    *(_TICKET.text, _TICKET.opened_at, _TICKET.closed_at, _TICKET.channel, _TICKET.address),
    *(_USER.name.label("operator"), _CUSTOMER.external_id.label("customer")),
).select_from(
    tables.ticket_event.join(tables.ticket, _TICKET.id == _EVENT.ticket_id)
    .join(tables.account, tables.account.c.id == _TICKET.account_id)
    .outerjoin(tables.user, _USER.id == _TICKET.operator_id)
    .outerjoin(tables.customer, _CUSTOMER.id == _TICKET.customer_id)
)
# In the index's own words, so that it is used.
_IS_UNWRITTEN: Final = text("NOT ticket_event.written")
_WRITTEN: Final = Statement(tables.ticket_event.update().where(among(_EVENT.id)).values(written=text("true")))


def event_document(connection: Connection, number: int) -> tuple[int, dict[str, Any]] | None:
    """Returns the account's number and what other systems are told of a row of a ticket's history."""
    row = connection.execute(_DOCUMENT.where(_EVENT.id == number)).one_or_none()
    return None if row is None else (row.account_id, _document(row))


def unwritten(connection: Connection, limit: int) -> Sequence[tuple[int, str, dict[str, Any]]]:
    """Returns the oldest rows that no file holds yet: number, account, document."""
    rows = connection.execute(_DOCUMENT.where(_IS_UNWRITTEN).order_by(_EVENT.id).limit(limit))
    return [(row.id, row.account, _document(row)) for row in rows]


def written(session: Session, numbers: Sequence[int]) -> None:
    """Notes that these rows are in the spool."""
    session.among(_WRITTEN, numbers)


def _document(row: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "id": f"{row.number}-{row.id}",
        "at": iso(row.at),
        "account": row.account,
        "ticket": row.number,
        "event": row.kind,
        "by": row.actor,
        "was": row.was,
        "became": row.became,
        "note": row.note,
        "state": row.state,
        "category": row.category,
        "operator": row.operator,
        "customer": row.customer,
        "channel": row.channel,
        "from": row.address,
        "text": row.text,
        "opened_at": iso(row.opened_at),
        "closed_at": iso(row.closed_at),
    }
