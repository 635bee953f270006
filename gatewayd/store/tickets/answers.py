"""What was answered without a person: a row for each text that a word matched, one at most."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, among, given, setting

INBOX: Final = "inbox"
_ANSWER: Final = tables.answer.c
_ADD: Final = numbering(
    tables.answer, "account_id inbound_id kind address at state reason customer_id ticket_id expires_at final"
)
_TOLD: Final = setting(tables.answer, "message_id cause_id tries final", "id")
_FAILED: Final = setting(tables.answer, "state reason final", "id")
_ABOUT: Final = setting(tables.answer, "ticket_id", "id")
_END: Final = setting(tables.answer, "final", "id")


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """One to be written. Times are Unix ms."""

    account_id: int
    inbound_id: int
    kind: str
    address: str
    at: int
    state: str
    """told, inbox."""
    reason: str | None
    customer_id: int | None
    ticket_id: int | None
    expires_at: int
    final: bool


def add(session: Session, new: NewAnswer) -> int | None:
    """Writes it; returns its number, None where that text was answered already."""
    return number_of(
        *(session, _ADD, new.account_id, new.inbound_id, new.kind, new.address, new.at, new.state, new.reason),
        *(new.customer_id, new.ticket_id, new.expires_at, new.final),
    )


def told(session: Session, number: int, message_id: int, cause_id: int | None, tries: int) -> None:
    """Notes the message that was made of an answer. One that speaks of a debt is watched until it has left."""
    session.run(_TOLD, message_id, cause_id, tries, cause_id is None, number)


def failed(session: Session, number: int, reason: str) -> None:
    """Notes that no message could be made of an answer: a person is to see the text."""
    session.run(_FAILED, INBOX, reason, True, number)


def about(session: Session, number: int, ticket_id: int) -> None:
    """Notes which ticket an answer has opened."""
    session.run(_ABOUT, ticket_id, number)


def ended(session: Session, numbers: Collection[int]) -> None:
    """Notes that nothing more comes of these."""
    session.many(_END, [(True, number) for number in numbers])


@dataclass(frozen=True, slots=True)
class Open:
    """An answer that speaks of a debt, and its latest message. Times are Unix ms."""

    id: int
    account_id: int
    inbound_id: int
    expires_at: int
    tries: int
    state: str | None
    """Of its message; None: it is gone."""
    final: bool
    reason: str | None
    begun: bool
    """Whether an attempt has begun."""


_MESSAGE: Final = tables.message.c
_OPEN: Final = Statement(
    select(
        *(_ANSWER.id, _ANSWER.account_id, _ANSWER.inbound_id, _ANSWER.expires_at, _ANSWER.tries),
        *(_MESSAGE.state, _MESSAGE.final, _MESSAGE.reason, _MESSAGE.attempt_id),
    )
    .select_from(tables.answer.outerjoin(tables.message, _MESSAGE.id == _ANSWER.message_id))
    .where(_ANSWER.final.is_(False))
    .order_by(_ANSWER.id)
    .limit(given(_ANSWER.id, "p_limit")),
    "p_limit",
)


def open_ones(session: Session, limit: int) -> list[Open]:
    """Returns answers whose message may still be withdrawn."""
    return [
        Open(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6]), row[7], row[8] is not None)
        for row in session.all(_OPEN, limit)
    ]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person sees beside a text that came in."""

    kind: str
    state: str
    reason: str | None
    ticket: int | None


_SHOWN: Final = select(
    _ANSWER.inbound_id, _ANSWER.kind, _ANSWER.state, _ANSWER.reason, tables.ticket.c.number
).select_from(tables.answer.outerjoin(tables.ticket, tables.ticket.c.id == _ANSWER.ticket_id))


def shown(connection: Connection, inbound: Collection[int]) -> Mapping[int, Shown]:
    """Returns by number of the text what was answered to it."""
    if not inbound:
        return {}
    rows = connection.execute(_SHOWN.where(_ANSWER.inbound_id.in_(list(inbound))))
    return {row[0]: Shown(row[1], row[2], None if row[3] == "long" else row[3], row[4]) for row in rows}


_MADE: Final = Statement(select(_ANSWER.message_id).where(_ANSWER.message_id.is_not(None), among(_ANSWER.message_id)))


def automatic(session: Session, messages: Collection[int]) -> set[int]:
    """Returns those of the messages that were made without a person."""
    return {row[0] for row in session.among(_MADE, sorted(messages))}
