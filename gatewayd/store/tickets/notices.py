"""What is told of its own accord, each once: found behind a place, kept until its batch is whole, told or left."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from gatewayd.store import tables
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, among, given, merging, setting
from gatewayd.store.snapshots import iso
from gatewayd.store.webhooks import outbox
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

EVENT: Final = "payment_notice"
"""The name of its webhook event."""
ASKED, DUE, TELLING, TOLD, LEFT = "asked", "due", "telling", "told", "left"
RELEASED, DROPPED = "released", "dropped"

_NOTICE: Final = tables.payment_notice.c
_BATCH: Final = tables.notice_batch.c
_PAYMENT: Final = tables.payment.c
_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
_MESSAGE: Final = tables.message.c

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
