"""Evidence of contacts as people read it: why each message of a person went, or was kept back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, and_, exists, false, literal, or_, select
from sqlalchemy.sql.expression import ColumnElement

from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import Contact
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.contacts.blocklist import holds
from gatewayd.store.snapshots import Page
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError
from gatewayd.values.model import ulid
from gatewayd.words.translation import gettext as _

_EVIDENCE: Final = tables.evidence.c
_JOB: Final = tables.job.c
_ACCOUNT: Final = tables.account.c
_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
GO: Final = "go"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose contacts are meant: a customer with all its addresses, or an address that is nobody's."""

    account_id: int
    persons: Sequence[str]
    """As evidence names them: `#` and the customer's number, and addresses."""
    customer: str | None = None
    """The external id."""
    name: str = ""
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One decision."""

    id: int
    at: int
    account: str
    customer: str | None
    """External id; None: nobody known, or not any more."""
    to: str | None
    job: str | None
    message: str | None
    """Public id; None: of a queue as a whole, or forgotten."""
    klass: str
    channel: str
    rule: str
    version: str
    verdict: str
    """go, window, cap."""
    until: int | None


def subject(
    connection: Connection, *, scope: Scope, account: str, customer: str | None = None, address: str | None = None
) -> Subject:
    """Returns who is meant by a customer's external id or by an address; NotFoundError."""
    if not scope.holds(account):
        raise NotFoundError(_("no account {account}").format(account=account))
    number = account_number(connection, account)
    wanted = select(_CUSTOMER.id, _CUSTOMER.external_id, _CUSTOMER.name, _CUSTOMER.zone)
    if customer is not None:
        found = connection.execute(
            wanted.where(_CUSTOMER.account_id == number, _CUSTOMER.external_id == customer)
        ).one_or_none()
        if found is None:
            raise NotFoundError(_("no customer {customer}").format(customer=customer))
    else:
        owner = (
            select(_POINT.customer_id)
            .where(_POINT.account_id == number, _POINT.address == address, _POINT.state != "wrong_person")
            .order_by(_POINT.customer_id)
            .limit(1)
        )
        found = connection.execute(wanted.where(_CUSTOMER.id == owner.scalar_subquery())).one_or_none()
    if found is None:
        return Subject(number, [address or ""])
    points = connection.scalars(select(_POINT.address).where(_POINT.customer_id == found.id).order_by(_POINT.place))
    known = list(dict.fromkeys([*points, *([address] if address else [])]))
    return Subject(number, [f"#{found.id}", *known], found.external_id, found.name, found.zone)


def decisions(
    connection: Connection,
    *,
    scope: Scope,
    salt: int,
    account: str | None = None,
    persons: Sequence[str] = (),
    since: int | None = None,
    until: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Page[EvidenceView]:
    """Returns decisions, the newest first, with a number below `before`; of all people where none is named."""
    statement = (
        select(
            tables.evidence,
            _ACCOUNT.name.label("account"),
            _JOB.name.label("job"),
            _JOB.created_at.label("job_at"),
        )
        .join_from(tables.evidence, tables.account, _ACCOUNT.id == _EVIDENCE.account_id)
        .outerjoin(tables.job, _JOB.id == _EVIDENCE.job_id)
        .order_by(_EVIDENCE.id.desc())
        .limit(limit + 1)
    )
    named = scope.account if account is None else account
    for condition in (
        None if named is None else _ACCOUNT.name == named,
        None if scope.account is None else _ACCOUNT.name == scope.account,
        _of(persons) if persons else None,
        None if since is None else _EVIDENCE.at >= since,
        None if until is None else _EVIDENCE.at < until,
        None if before is None else _EVIDENCE.id < before,
    ):
        if condition is not None:
            statement = statement.where(condition)
    rows = connection.execute(statement).all()
    shown = rows[:limit]
    names = _names(connection, [row.person for row in shown])
    return Page(tuple(_view(row, names, salt) for row in shown), str(shown[-1].id) if len(rows) > limit else None)


def _of(persons: Sequence[str]) -> ColumnElement[bool]:
    """What was decided of a person, and of whole queues that held messages to it."""
    mine = _EVIDENCE.person.in_(persons)
    jobs = select(_EVIDENCE.job_id).where(mine, _EVIDENCE.job_id != 0)
    return or_(mine, and_(_EVIDENCE.person == "", _EVIDENCE.job_id.in_(jobs)))


def _names(connection: Connection, persons: Sequence[str]) -> dict[str, str]:
    numbers = {int(one[1:]) for one in persons if one.startswith("#") and one[1:].isdecimal()}
    if not numbers:
        return {}
    found = connection.execute(select(_CUSTOMER.id, _CUSTOMER.external_id).where(_CUSTOMER.id.in_(sorted(numbers))))
    return {f"#{row.id}": row.external_id for row in found}


def _view(row: Any, names: dict[str, str], salt: int) -> EvidenceView:
    public = None if row.message_id is None or row.job_at is None else ulid(row.job_at, salt, row.message_id)
    return EvidenceView(
        *(row.id, row.at, row.account, names.get(row.person), row.to, row.job, public),
        *(row._mapping["class"], row.channel, row.rule, row.version, row.verdict, row.until),
    )


def past(connection: Connection, *, subject: Subject, since: int) -> list[Contact]:
    """Returns the contacts of a person that count for caps, the newest first (`caps.past` is sending's)."""
    answered = exists().where(
        tables.inbound.c.message_id == _EVIDENCE.message_id, tables.inbound.c.message_id.is_not(None)
    )
    rows = connection.execute(
        select(
            *(_EVIDENCE.id, _EVIDENCE.at, _EVIDENCE.channel, tables.evidence.c["class"].label("klass")),
            *(_EVIDENCE.direct, _EVIDENCE.attempt_id, tables.part.c.state, answered.label("answered")),
        )
        .select_from(tables.evidence)
        .outerjoin(tables.part, tables.part.c.attempt_id == _EVIDENCE.attempt_id)
        .where(
            _EVIDENCE.account_id == subject.account_id,
            _EVIDENCE.person.in_(subject.persons),
            _EVIDENCE.at >= since,
            _EVIDENCE.verdict == GO,
        )
        .order_by(_EVIDENCE.at.desc(), _EVIDENCE.id)
        .limit(CONTACTS_MAX)
    )
    found = []
    for _number, group in groupby(rows, key=lambda row: row.id):
        parts = list(group)
        one, states = parts[0], {row.state for row in parts}
        if states <= NOTHING_LEFT:
            continue
        gone = one.attempt_id is not None and states == {None}
        direct = bool(one.direct or one.answered or gone or states & REACHED)
        found.append(Contact(one.at, one.channel, MessageClass(one.klass), direct))
    return found


def points(connection: Connection, *, subject: Subject, channel: str, klass: str) -> list[dict[str, Any]]:
    """Returns the addresses by which a person is reached over a channel: what is known of each, and whether it is
    blocked. Of one that is nobody's, the address alone."""
    barred = holds(_POINT.address, subject.account_id, channel) if klass != REPLY else false()
    if subject.customer is None:
        address = literal(subject.persons[0])
        blocked = bool(connection.scalar(select(holds(address, subject.account_id, channel)))) and klass != REPLY
        return [{"address": subject.persons[0], "state": "unknown", "consent": None, "blocked": blocked}]
    number = int(subject.persons[0].removeprefix("#"))
    rows = connection.execute(
        select(_POINT.address, _POINT.state, _POINT.consent, barred.label("blocked"))
        .where(_POINT.customer_id == number, _POINT.channel.in_(_BY_CHANNEL.get(channel, ("phone",))))
        .order_by(_POINT.place)
    )
    return [
        {
            "address": row.address,
            "state": row.state,
            "consent": None if row.consent is None else json.loads(row.consent).get(klass),
            "blocked": bool(row.blocked),
        }
        for row in rows
    ]


REPLY: Final = "reply"
NOTHING_LEFT: Final = frozenset({"refused", "unsent"})
"""States of parts that never came to anybody."""
REACHED: Final = frozenset({"delivered", "read"})
CONTACTS_MAX: Final = 500
_BY_CHANNEL: Final = {
    "sms": ("phone",),
    "call": ("phone",),
    "whatsapp": ("phone", "whatsapp"),
    "email": ("email",),
    "push": ("push",),
}
