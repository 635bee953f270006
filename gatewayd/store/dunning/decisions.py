"""Decisions: what was decided of each customer and currency, from which day to which."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from gatewayd.dunning.decision import Decision
from gatewayd.store import tables
from gatewayd.store.session import Row, Session, Statement, adding, among, given, setting
from gatewayd.values.actor import Scope

_DECISION: Final = tables.decision.c
_SAID: Final = "verdict reason level cycle channel amount invoices detail again warnings policy_id policy_version"
_PRESENT: Final = Statement(
    select(
        *(_DECISION.id, _DECISION.customer_id, _DECISION.currency, _DECISION.day),
        *(_DECISION[name] for name in _SAID.split()),
    ).where(
        _DECISION.last_day.is_(None), _DECISION.account_id == given(_DECISION.account_id), among(_DECISION.customer_id)
    ),
    "p_account_id",
)
_ADD: Final = adding(tables.decision, f"account_id customer_id currency day {_SAID} at")
_CLOSE: Final = setting(tables.decision, "last_day", "id")
_REPLACE: Final = setting(tables.decision, f"{_SAID} at", "id")


@dataclass(frozen=True, slots=True)
class Said:
    """A decision as the store keeps it: a customer's, with the number of its rule."""

    customer: int
    decision: Decision
    policy: int | None


def _row(one: Said) -> Row:
    made = one.decision
    return (
        *(made.verdict, made.reason, made.level, None if made.cycle is None else made.cycle.isoformat(), made.channel),
        *(made.amount, json.dumps(list(made.invoices), ensure_ascii=False)),
        *(json.dumps(dict(made.judged), ensure_ascii=False), None if made.again is None else made.again.isoformat()),
        *(" ".join(made.warnings), one.policy, None if made.policy is None else made.policy[1]),
    )


QUIET: Final = frozenset({"nothing_owed", "no_policy"})
"""Reasons that are written down only where something else was decided before."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows that decisions make of those that hold. The first value of each is the customer's number."""

    closed: Sequence[Row] = ()
    """Those that held until yesterday: customer, number."""
    replaced: Sequence[Row] = ()
    """Those that were written today: customer, number, and what is said now."""
    added: Sequence[Row] = ()
    """Customer, currency, and what is said."""

    def customers(self) -> set[int]:
        """Returns the customers about whom something else is decided than before."""
        return {int(row[0]) for rows in (self.closed, self.replaced, self.added) for row in rows}

    def without(self, customers: Collection[int]) -> Changes:
        """Returns the same without some customers."""
        return Changes(
            *([row for row in rows if row[0] not in customers] for rows in (self.closed, self.replaced, self.added))
        )


def changes(session: Session, account_id: int, said: Sequence[Said], today: date) -> Changes:
    """Returns what decisions, from today on, change of those that hold. What is as it was changes nothing."""
    known = {(row[1], row[2]): row for row in session.among(_PRESENT, {one.customer for one in said}, account_id)}
    day = today.isoformat()
    closed: list[Row] = []
    replaced: list[Row] = []
    added: list[Row] = []
    for one in said:
        row, written = known.get((one.customer, one.decision.currency)), _row(one)
        if row is not None and tuple(row[4:]) == written:
            continue
        if row is not None and row[3] >= day:
            replaced.append((one.customer, row[0], *written))
            continue
        if row is not None:
            closed.append((one.customer, row[0]))
        elif one.decision.reason in QUIET:
            continue
        added.append((one.customer, one.decision.currency, *written))
    return Changes(closed, replaced, added)


def keep(session: Session, account_id: int, found: Changes, today: date, now: int) -> None:
    """Keeps changed decisions from today on; what held until then did so up to yesterday."""
    day, yesterday = today.isoformat(), (today - timedelta(days=1)).isoformat()
    session.many(_CLOSE, [(yesterday, row[1]) for row in found.closed])
    session.many(_REPLACE, [(*row[2:], now, row[1]) for row in found.replaced])
    session.many(_ADD, [(account_id, row[0], row[1], day, *row[2:], now) for row in found.added])


def write(session: Session, account_id: int, said: Sequence[Said], today: date, now: int) -> None:
    """Keeps decisions from today on."""
    keep(session, account_id, changes(session, account_id, said, today), today, now)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A row, with whose it is. Times are Unix ms; days are ISO dates in the account's zone."""

    id: int
    account: str
    customer: int
    external_id: str
    name: str
    currency: str
    day: str
    last_day: str | None
    verdict: str
    reason: str
    level: str | None
    cycle: str | None
    channel: str | None
    amount: int
    invoices: Sequence[str]
    detail: Mapping[str, str]
    """How each invoice with something open stood, by external id."""
    again: str | None
    warnings: Sequence[str]
    policy: str | None
    version: int | None
    at: int


_CUSTOMER: Final = tables.customer.c
_SELECT: Final = select(
    *(_DECISION.id, tables.account.c.name.label("account"), _DECISION.customer_id, _CUSTOMER.external_id),
    *(_CUSTOMER.name, _DECISION.currency, _DECISION.day, _DECISION.last_day, _DECISION.verdict, _DECISION.reason),
    *(_DECISION.level, _DECISION.cycle, _DECISION.channel, _DECISION.amount, _DECISION.invoices, _DECISION.detail),
    *(_DECISION.again, _DECISION.warnings, tables.policy.c.name.label("policy"), _DECISION.policy_version),
    _DECISION.at,
).select_from(
    tables.decision.join(tables.account, tables.account.c.id == _DECISION.account_id)
    .join(tables.customer, _CUSTOMER.id == _DECISION.customer_id)
    .outerjoin(tables.policy, tables.policy.c.id == _DECISION.policy_id)
)


def _view(row: Any) -> DecisionRow:
    values = list(row)
    values[14], values[15], values[17] = json.loads(values[14]), json.loads(values[15]), values[17].split()
    return DecisionRow(*values)


def decisions(
    connection: Connection,
    *,
    scope: Scope,
    customer: int | None = None,
    reason: str | None = None,
    present: bool = False,
    before: int | None = None,
    limit: int,
) -> Sequence[DecisionRow]:
    """Returns decisions, newest first, older than the number `before`; `present`: those that hold now alone."""
    statement = _SELECT.order_by(_DECISION.id.desc()).limit(limit)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    if customer is not None:
        statement = statement.where(_DECISION.customer_id == customer)
    if reason is not None:
        statement = statement.where(_DECISION.reason == reason)
    if present:
        statement = statement.where(_DECISION.last_day.is_(None))
    if before is not None:
        statement = statement.where(_DECISION.id < before)
    return [_view(row) for row in connection.execute(statement)]


def standing(connection: Connection, *, scope: Scope) -> Mapping[tuple[str, str | None], int]:
    """Returns how many customers stand where now: by reason and level."""
    statement = (
        select(_DECISION.reason, _DECISION.level, func.count())
        .where(_DECISION.last_day.is_(None))
        .group_by(_DECISION.reason, _DECISION.level)
    )
    if scope.account is not None:
        statement = statement.join(tables.account, tables.account.c.id == _DECISION.account_id).where(
            tables.account.c.name == scope.account
        )
    return Counter({(row[0], row[1]): row[2] for row in connection.execute(statement)})


_OLD: Final = Statement(
    delete(tables.decision).where(
        _DECISION.id.in_(
            select(_DECISION.id)
            .where(_DECISION.last_day < given(_DECISION.last_day, "p_day"))
            .limit(given(_DECISION.id, "p_limit"))
        )
    ),
    "p_day p_limit",
)


def forget(session: Session, before: date, limit: int = 5_000) -> int:
    """Removes decisions that ended before a day; returns how many."""
    return session.run(_OLD, before.isoformat(), limit)


def customers_behind(connection: Connection, *, account_id: int, after: int, limit: int) -> list[int]:
    """Returns the numbers of an account's customers that owe something or about whom something is decided, behind
    `after`."""
    owed = tables.owed.c
    owing = select(owed.customer_id).where(owed.account_id == account_id, owed.customer_id > after)
    known = select(_DECISION.customer_id).where(
        _DECISION.account_id == account_id, _DECISION.last_day.is_(None), _DECISION.customer_id > after
    )
    both = owing.order_by(owed.customer_id).limit(limit).subquery()
    ours = known.order_by(_DECISION.customer_id).limit(limit).subquery()
    numbers: Collection[int] = {
        *connection.scalars(select(both.c.customer_id)),
        *connection.scalars(select(ours.c.customer_id)),
    }
    return sorted(numbers)[:limit]
