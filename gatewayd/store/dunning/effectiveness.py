"""Payments within some days of a contact, by what the contact was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, Select, func, select

from gatewayd.dunning.ladder import plain
from gatewayd.store import tables
from gatewayd.values.actor import Scope

DAYS: Final = (3, 7, 15)
DAY_MS: Final = 86_400_000
MOST: Final = 200_000
"""Contacts that are looked at: the newest."""
By = Literal["level", "channel", "template", "hour"]

_STEP: Final = tables.step.c
_PAYMENT: Final = tables.payment.c
_DECISION: Final = tables.decision.c
_PROMISE: Final = tables.promise.c
_MESSAGE: Final = tables.message.c
_BATCH: Final = tables.dunning_batch.c
_NOVELTY: Final = tables.novelty.c
_INBOUND: Final = tables.inbound.c


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts that have something in common, in one currency."""

    name: str
    currency: str
    contacts: int
    paid: tuple[int, int, int]
    """Those after which something was paid within 3, 7 and 15 days."""
    recovered: int
    """What was paid within 15 days of each customer's last contact; millionths."""
    cost: int
    """Of the contacts, in the account's currency; millionths."""
    wrong_person: int = 0
    """Contacts after which somebody said, within 15 days, that it is another person."""
    opted_out: int = 0
    """Contacts after which somebody asked, within 15 days, to be told no more."""


@dataclass(frozen=True, slots=True)
class _Contact:
    customer: int
    currency: str
    at: int
    name: str
    cost: int


def contacted(connection: Connection, *, scope: Scope, since: int, by: By, zone: str) -> Sequence[Group]:
    """Returns the groups of the steps that left since then (Unix ms)."""
    statement = (
        select(
            *(_STEP.customer_id, _STEP.currency, _STEP.at, _STEP.level, _STEP.channel, _STEP.template),
            func.coalesce(_MESSAGE.cost, 0),
        )
        .select_from(
            tables.step.join(tables.account, tables.account.c.id == _STEP.account_id)
            .outerjoin(tables.dunning_batch, _BATCH.id == _STEP.batch_id)
            .outerjoin(tables.message, (_MESSAGE.job_id == _BATCH.job_id) & (_MESSAGE.row == _STEP.place))
        )
        .where(_STEP.at >= since, _STEP.state == "done", _STEP.action == "message")
        .order_by(_STEP.at.desc())
        .limit(MOST)
    )
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    here = ZoneInfo(zone)
    found = []
    for customer, currency, at, level, channel, template, cost in connection.execute(statement):
        hour = f"{datetime.fromtimestamp(at / 1000, here):%H}:00"
        name = {"level": plain(level), "channel": channel or "", "template": template or "", "hour": hour}[by]
        found.append(_Contact(customer, currency, at, name, int(cost)))
    return _groups(connection, found, since)


def left_alone(connection: Connection, *, scope: Scope, since: int, zone: str) -> Sequence[Group]:
    """Returns those who were left alone, as if they had been contacted on the day that was decided."""
    here = ZoneInfo(zone)
    first = datetime.fromtimestamp(since / 1000, here).date().isoformat()
    statement = (
        select(_DECISION.customer_id, _DECISION.currency, _DECISION.at)
        .join(tables.account, tables.account.c.id == _DECISION.account_id)
        .where(_DECISION.reason == "hold_out", _DECISION.day >= first)
        .order_by(_DECISION.id.desc())
        .limit(MOST)
    )
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    found = [_Contact(row[0], row[1], row[2], "left_alone", 0) for row in connection.execute(statement)]
    return _groups(connection, found, since)


def _groups(connection: Connection, contacts: Sequence[_Contact], since: int) -> Sequence[Group]:
    customers = {one.customer for one in contacts}
    payments = _payments(connection, customers, since)
    recovered = _recovered(contacts, payments)
    refused = [_refused(contacts, asked(connection, customers, since)) for asked in (_wrong_people, _opted_out)]
    counted: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(contacts):
        sums = counted.setdefault((one.name, one.currency), [0] * 8)
        sums[0] += 1
        sums[4] += recovered[place]
        sums[5] += one.cost
        paid = [at for at, _much in payments.get((one.customer, one.currency), ()) if at >= one.at]
        for column, days in enumerate(DAYS, 1):
            sums[column] += any(at < one.at + days * DAY_MS for at in paid)
        sums[6] += place in refused[0]
        sums[7] += place in refused[1]
    return [
        Group(name, currency, sums[0], (sums[1], sums[2], sums[3]), *sums[4:])
        for (name, currency), sums in sorted(counted.items())
    ]


def _recovered(
    contacts: Sequence[_Contact], payments: Mapping[tuple[int, str], Sequence[tuple[int, int]]]
) -> Sequence[int]:
    """Returns what each contact brought: a payment is the last contact's before it, and no other's, so that no money is
    counted twice."""
    found = [0] * len(contacts)
    of_whom: dict[tuple[int, str], list[int]] = {}
    for place, one in enumerate(contacts):
        of_whom.setdefault((one.customer, one.currency), []).append(place)
    for whose, places in of_whom.items():
        for at, much in payments.get(whose, ()):
            before = [place for place in places if contacts[place].at <= at < contacts[place].at + DAYS[-1] * DAY_MS]
            if before:
                found[max(before, key=lambda place: contacts[place].at)] += much
    return found


def _refused(contacts: Sequence[_Contact], said: Mapping[int, Sequence[int]]) -> set[int]:
    """Returns the contacts after which somebody would have none: each time it was said, the last one before it."""
    of_whom: dict[int, list[int]] = {}
    for place, one in enumerate(contacts):
        of_whom.setdefault(one.customer, []).append(place)
    found = set()
    for whose, places in of_whom.items():
        for at in said.get(whose, ()):
            before = [place for place in places if contacts[place].at <= at < contacts[place].at + DAYS[-1] * DAY_MS]
            if before:
                found.add(max(before, key=lambda place: contacts[place].at))
    return found


def _wrong_people(connection: Connection, customers: Iterable[int], since: int) -> Mapping[int, Sequence[int]]:
    """Returns when it was said of customers that the number is another person's."""
    of_them = select(_NOVELTY.customer_id, _NOVELTY.made_at).where(
        _NOVELTY.kind == "wrong_person", _NOVELTY.made_at >= since
    )
    return _times(connection, of_them, _NOVELTY.customer_id, customers)


def _opted_out(connection: Connection, customers: Iterable[int], since: int) -> Mapping[int, Sequence[int]]:
    """Returns when customers answered that they want no more."""
    of_them = (
        select(_MESSAGE.person_id, _INBOUND.received_at)
        .select_from(tables.inbound.join(tables.message, _MESSAGE.id == _INBOUND.message_id))
        .where(_INBOUND.opt_out, _INBOUND.received_at >= since)
    )
    return _times(connection, of_them, _MESSAGE.person_id, customers)


def _times(
    connection: Connection, statement: Select[Any], whose: Column[Any], customers: Iterable[int]
) -> Mapping[int, Sequence[int]]:
    found: dict[int, list[int]] = {}
    wanted = sorted(customers)
    for start in range(0, len(wanted), 500):
        for number, at in connection.execute(statement.where(whose.in_(wanted[start : start + 500]))):
            found.setdefault(number, []).append(at)
    return found


def _payments(
    connection: Connection, customers: Iterable[int], since: int
) -> Mapping[tuple[int, str], Sequence[tuple[int, int]]]:
    """Returns payments by customer and currency: when they were posted, and how much; none that was taken back."""
    found: dict[tuple[int, str], list[tuple[int, int]]] = {}
    wanted = sorted(customers)
    for start in range(0, len(wanted), 500):
        statement = select(
            *(_PAYMENT.customer_id, _PAYMENT.currency, _PAYMENT.posted_at, _PAYMENT.amount),
            *(_PAYMENT.account_id, _PAYMENT.external_id, _PAYMENT.reversal_of),
        ).where(
            _PAYMENT.customer_id.in_(wanted[start : start + 500]),
            _PAYMENT.posted_at >= since,
            _PAYMENT.kind == "payment",
            _PAYMENT.cancelled.is_(False),
        )
        rows = connection.execute(statement).all()
        back = {(row.account_id, row.reversal_of) for row in rows if row.reversal_of is not None}
        for row in rows:
            if row.reversal_of is None and (row.account_id, row.external_id) not in back:
                found.setdefault((row.customer_id, row.currency), []).append((row.posted_at, row.amount))
    return found


def promised(connection: Connection, *, scope: Scope, since: int) -> Mapping[str, int]:
    """Returns how many of the promises made since then (Unix ms) came to what."""
    statement = (
        select(_PROMISE.state, func.count())
        .join(tables.account, tables.account.c.id == _PROMISE.account_id)
        .where(_PROMISE.made_at >= since)
        .group_by(_PROMISE.state)
    )
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    return Counter({row[0]: row[1] for row in connection.execute(statement)})
