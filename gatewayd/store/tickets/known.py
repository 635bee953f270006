"""What is known of those who wrote: whose their addresses are, what they owe, what was answered to them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import func, select

from gatewayd.answers.known import Answered, Incoming, OpenTicket, Owed, Person
from gatewayd.store import tables
from gatewayd.store.session import Row, Session, Statement, among, given

CLOSED: Final = "closed"
TOLD: Final = "told"
LONG: Final = "long"
"""Beside an answer: the text only began with the word."""
CALL: Final = "call"
"""The channel of keys pressed in calls, which are no texts."""
SAID: Final = frozenset({"promise", "paid", "wrong_person", "its_me"})
"""Actions of keys that say something of a debt."""

_IN: Final = tables.inbound.c
_POINT: Final = tables.contact_point.c
_CUSTOMER: Final = tables.customer.c
_ANSWER: Final = tables.answer.c
_TICKET: Final = tables.ticket.c
_OWED: Final = tables.owed.c

_CAME: Final = select(
    *(_IN.id, _IN.account_id, _IN.channel, _IN.line, _IN.sender, _IN.text, _IN.received_at, _IN.opt_out),
    *(_IN.review, tables.message.c.person_id, tables.message.c.detail, _IN.action),
).select_from(tables.inbound.outerjoin(tables.message, tables.message.c.id == _IN.message_id))
_TEXTS: Final = Statement(_CAME.where(among(_IN.id)))
_FRESH: Final = Statement(
    _CAME.where(_IN.id > given(_IN.id)).order_by(_IN.id).limit(given(_IN.id, "p_limit")),
    "p_id p_limit",
)


@dataclass(frozen=True, slots=True)
class Came:
    """A message that came in, with the number of its account; None: nobody's."""

    account_id: int | None
    text: Incoming


def came_in(session: Session, after: int, limit: int) -> list[Came]:
    """Returns what came in behind that number, the oldest first."""
    return [Came(row[1], _incoming(row)) for row in session.all(_FRESH, after, limit)]


def texts(session: Session, numbers: Collection[int]) -> dict[int, Incoming]:
    """Returns what came in by number; what is gone is left out."""
    return {row[0]: _incoming(row) for row in session.among(_TEXTS, sorted(numbers))}


def _incoming(row: Row) -> Incoming:
    pressed = _pressed(row[11], row[10]) if row[2] == CALL else ""
    return Incoming(row[0], row[2], row[3], row[4], row[5], row[6], bool(row[7]), row[8] is not None, row[9], pressed)


def _pressed(action: str | None, detail: str | None) -> str:
    """Returns what the key of a call means for a debt; empty: nothing. Rows of older versions say it by their message
    alone."""
    action = action or json.loads(detail or "{}").get("action")
    return action if action in SAID else ""


_LAST: Final = Statement(select(func.max(_IN.id)))


def last_in(session: Session) -> int:
    """Returns the number of the latest message that came in; 0 without one."""
    row = session.one(_LAST)
    return int(row[0] or 0) if row is not None else 0


# ------------------------------------------------------------------------------------------------------- whose it is


def _owners(channels: tuple[str, ...]) -> Statement:
    return Statement(
        select(_POINT.address, _CUSTOMER.id, _CUSTOMER.external_id, _CUSTOMER.name, _POINT.state)
        .select_from(tables.contact_point.join(tables.customer, _CUSTOMER.id == _POINT.customer_id))
        .where(
            _POINT.account_id == given(_POINT.account_id),
            _POINT.channel.in_(channels),
            _CUSTOMER.forgotten_at.is_(None),
            among(_POINT.address),
        )
        .order_by(_POINT.address, _CUSTOMER.id),
        "p_account_id",
    )


_MAIL: Final = _owners(("email",))
_PUSH: Final = _owners(("push",))
_PHONE: Final = _owners(("phone", "whatsapp"))
_BY_CHANNEL: Final = {"email": _MAIL, "push": _PUSH}
_STATES: Final = ("wrong_person", "unknown", "confirmed")
"""What a customer that has an address twice counts as: the worst."""


def people(
    session: Session, account_id: int, channel: str, addresses: Collection[str]
) -> dict[str, tuple[Person, ...]]:
    """Returns every customer of the account that has each address on file, each once."""
    found: dict[str, dict[int, Person]] = {}
    for address, number, external_id, name, state in session.among(
        _BY_CHANNEL.get(channel, _PHONE), sorted(addresses), account_id
    ):
        mine = found.setdefault(address, {})
        known = mine.get(number)
        worst = state if known is None else min(known.state, state, key=_STATES.index)
        mine[number] = Person(number, external_id, name, worst)
    return {address: tuple(mine.values()) for address, mine in found.items()}


# --------------------------------------------------------------------------------------------------- what it owes

_DEBTS: Final = Statement(
    select(_OWED.customer_id, _OWED.currency, _OWED.balance, _OWED.due, _OWED.invoices, _OWED.digest)
    .where(among(_OWED.customer_id))
    .order_by(_OWED.customer_id, _OWED.currency)
)


def owed(session: Session, customers: Collection[int]) -> dict[int, tuple[Owed, ...]]:
    """Returns what each customer owes, by currency; nobody who has no invoice."""
    found: dict[int, list[Owed]] = {}
    for number, currency, balance, due, invoices, digest in session.among(_DEBTS, sorted(customers)):
        day = None if due is None else date.fromisoformat(due)
        found.setdefault(number, []).append(Owed(currency, balance, day, invoices, digest))
    return {number: tuple(debts) for number, debts in found.items()}


# -------------------------------------------------------------------------------------------------- what was answered

_RECENT: Final = Statement(
    select(_ANSWER.address, _ANSWER.at, _ANSWER.kind, _ANSWER.state, _ANSWER.reason)
    .where(_ANSWER.account_id == given(_ANSWER.account_id), _ANSWER.at >= given(_ANSWER.at), among(_ANSWER.address))
    .order_by(_ANSWER.address, _ANSWER.at.desc(), _ANSWER.id.desc()),
    "p_account_id p_at",
)
_HOUR: Final = Statement(
    select(func.count()).select_from(
        select(_ANSWER.id)
        .where(_ANSWER.account_id == given(_ANSWER.account_id), _ANSWER.at >= given(_ANSWER.at))
        .limit(given(_ANSWER.id, "p_limit"))
        .subquery()
    ),
    "p_account_id p_at p_limit",
)


def answered(session: Session, account_id: int, addresses: Iterable[str], since: int) -> dict[str, list[Answered]]:
    """Returns what was answered to each address since then, newest first."""
    found: dict[str, list[Answered]] = {}
    for address, at, kind, state, reason in session.among(_RECENT, sorted(set(addresses)), account_id, since):
        found.setdefault(address, []).append(Answered(at, kind, state == TOLD, reason == LONG))
    return found


def answers_since(session: Session, account_id: int, since: int, most: int) -> int:
    """Counts the account's answers since then, up to `most`."""
    row = session.one(_HOUR, account_id, since, most)
    return 0 if row is None else int(row[0])


# ------------------------------------------------------------------------------------------------------------ tickets

_TODAY: Final = Statement(
    select(_TICKET.customer_id, func.count())
    .where(_TICKET.day == given(_TICKET.day), _TICKET.channel.is_not(None), among(_TICKET.customer_id))
    .group_by(_TICKET.customer_id),
    "p_day",
)
_OPEN: Final = Statement(
    select(_TICKET.customer_id, _TICKET.number, _TICKET.id)
    .where(_TICKET.state != CLOSED, among(_TICKET.customer_id))
    .order_by(_TICKET.customer_id, _TICKET.id)
)


def tickets_of(session: Session, customers: Collection[int], day: date) -> Mapping[int, int]:
    """Returns how many tickets each customer has opened by a text on a day."""
    return {row[0]: int(row[1]) for row in session.among(_TODAY, sorted(customers), day.isoformat())}


def open_tickets(session: Session, customers: Collection[int]) -> dict[int, OpenTicket]:
    """Returns the latest ticket of each customer that is not closed."""
    return {row[0]: OpenTicket(row[1], row[2]) for row in session.among(_OPEN, sorted(customers))}


# -------------------------------------------------------------------------------------------------------- its accounts

_SETTINGS: Final = tables.answer_settings.c
_ACCOUNT: Final = tables.account.c
_OF_ACCOUNT: Final = select(
    *(_ACCOUNT.id, _ACCOUNT.name, tables.account_settings.c.document.label("own"), _SETTINGS.document, _SETTINGS.since)
).select_from(
    tables.account.outerjoin(tables.answer_settings, _SETTINGS.account_id == _ACCOUNT.id).outerjoin(
        tables.account_settings, tables.account_settings.c.account_id == _ACCOUNT.id
    )
)
_ACCOUNTS: Final = Statement(_OF_ACCOUNT.where(_SETTINGS.account_id.is_not(None)))
_NUMBERED: Final = Statement(_OF_ACCOUNT.where(among(_ACCOUNT.id)))
_NAMED: Final = Statement(_OF_ACCOUNT.where(_ACCOUNT.name == given(_ACCOUNT.name)), "p_name")

AccountRow = tuple[int, str, str | None, str | None, str | None]
"""Number, name, settings, answers' settings and since when they are on; the last three as JSON."""


def accounts(session: Session) -> Sequence[AccountRow]:
    """Returns each account that has set what is answered."""
    return [(row[0], row[1], row[2], row[3], row[4]) for row in session.all(_ACCOUNTS)]


def accounts_of(session: Session, numbers: Collection[int]) -> Sequence[AccountRow]:
    """Returns accounts by number, whether they have set anything or not."""
    return [(row[0], row[1], row[2], row[3], row[4]) for row in session.among(_NUMBERED, sorted(numbers))]


def account_of(session: Session, name: str) -> AccountRow | None:
    """Returns an account by name, whether it has set anything or not; None without it."""
    row = session.one(_NAMED, name)
    return None if row is None else (row[0], row[1], row[2], row[3], row[4])
