"""Novelties: what a person is to do, or to know, about a customer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, func, select

from gatewayd.dunning.novelty import OVERTAKEN, SETTLED, NoveltyKind
from gatewayd.store import tables
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, among, given, merging
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

_NOVELTY: Final = tables.novelty.c
_CUSTOMER: Final = tables.customer.c

_COLUMNS: Final = "account_id customer_id kind text detail assigned_id due made_at by key"
_ADD: Final = numbering(tables.novelty, _COLUMNS)
_ADD_MANY: Final = merging(tables.novelty, _COLUMNS, "account_id key")


@dataclass(frozen=True, slots=True)
class NewNovelty:
    """One to be written."""

    account_id: int
    customer_id: int | None
    """None: nobody knows whose it is."""
    kind: NoveltyKind
    due: date
    """From this day on it is on the list."""
    text: str = ""
    """What a person wrote, or the words that came in."""
    detail: Mapping[str, Any] | None = None
    """What its sentence is made of, in the reader's language."""
    assigned_id: int | None = None
    """Row of a user; None: whoever telephones."""
    key: str | None = None
    """Of what it came by, unique in its account: the same key again writes nothing."""


def add(session: Session, new: NewNovelty, *, now: int, by: str = "gatewayd") -> int | None:
    """Writes a novelty; returns its number, None where there is one of that key."""
    return number_of(session, _ADD, *_row(new, now, by))


def add_many(session: Session, new: Sequence[NewNovelty], *, now: int, by: str = "gatewayd") -> None:
    """Writes novelties; those whose key is there already are left as they are."""
    session.many(_ADD_MANY, [_row(one, now, by) for one in new])


def _row(new: NewNovelty, now: int, by: str) -> tuple[Any, ...]:
    detail = json.dumps(dict(new.detail or {}), ensure_ascii=False)
    return (
        *(new.account_id, new.customer_id, new.kind, new.text, detail),
        *(new.assigned_id, new.due.isoformat(), now, by, new.key),
    )


@dataclass(frozen=True, slots=True)
class Novelty:
    """A row, with whose it is. Times are Unix ms."""

    id: int
    account: str
    customer: int | None
    external_id: str | None
    name: str | None
    kind: NoveltyKind
    text: str
    detail: Mapping[str, Any]
    assigned: str | None
    due: date
    state: str
    """open, done."""
    result: str | None
    note: str
    next_id: int | None
    made_at: int
    by: str
    done_at: int | None
    done_by: str | None


_USER: Final = tables.user.c
_SELECT: Final = select(
    *(_NOVELTY.id, tables.account.c.name.label("account"), _NOVELTY.customer_id, _CUSTOMER.external_id),
    *(_CUSTOMER.name, _NOVELTY.kind, _NOVELTY.text, _NOVELTY.detail, _USER.name.label("assigned"), _NOVELTY.due),
    *(_NOVELTY.state, _NOVELTY.result, _NOVELTY.note, _NOVELTY.next_id, _NOVELTY.made_at, _NOVELTY.by),
    *(_NOVELTY.done_at, _NOVELTY.done_by),
).select_from(
    tables.novelty.join(tables.account, tables.account.c.id == _NOVELTY.account_id)
    .outerjoin(tables.customer, _CUSTOMER.id == _NOVELTY.customer_id)
    .outerjoin(tables.user, _USER.id == _NOVELTY.assigned_id)
)


def _view(row: Any) -> Novelty:
    values = list(row)
    values[7], values[9] = json.loads(values[7]), date.fromisoformat(values[9])
    return Novelty(*values)


def novelty(connection: Connection, *, scope: Scope, number: int) -> Novelty:
    """Returns one; NotFoundError."""
    row = connection.execute(_SELECT.where(_NOVELTY.id == number)).one_or_none()
    if row is None or not scope.holds(row.account):
        raise NotFoundError(_("there is no such novelty"))
    return _view(row)


@dataclass(frozen=True, slots=True)
class NoveltyFilter:
    """Which novelties are meant; what is None is not asked."""

    state: str | None = "open"
    kind: str | None = None
    due_by: date | None = None
    customer: int | None = None
    assigned: int | None = None


def novelties(
    connection: Connection, *, scope: Scope, wanted: NoveltyFilter, after: tuple[str, int] | None = None, limit: int
) -> list[Novelty]:
    """Returns novelties behind (due day, number): open ones by the day they are due, others newest first."""
    statement = _SELECT.limit(limit)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    for column, value in (
        (_NOVELTY.state, wanted.state),
        (_NOVELTY.kind, wanted.kind),
        (_NOVELTY.customer_id, wanted.customer),
        (_NOVELTY.assigned_id, wanted.assigned),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.due_by is not None:
        statement = statement.where(_NOVELTY.due <= wanted.due_by.isoformat())
    if wanted.state == "open":
        statement = statement.order_by(_NOVELTY.due, _NOVELTY.id)
        if after is not None:
            day, number = after
            statement = statement.where((_NOVELTY.due > day) | ((_NOVELTY.due == day) & (_NOVELTY.id > number)))
    else:
        statement = statement.order_by(_NOVELTY.id.desc())
        if after is not None:
            statement = statement.where(_NOVELTY.id < after[1])
    return [_view(row) for row in connection.execute(statement)]


def due_counts(connection: Connection, *, scope: Scope, today: date, most: int = 10_000) -> Mapping[str, int]:
    """Returns how many open novelties are due by that day, by kind; of more than `most` the first alone are counted."""
    due = select(_NOVELTY.kind).where(_NOVELTY.state == "open", _NOVELTY.due <= today.isoformat())
    if scope.account is not None:
        due = due.join(tables.account, tables.account.c.id == _NOVELTY.account_id).where(
            tables.account.c.name == scope.account
        )
    found = due.limit(most).subquery()
    return {row[0]: row[1] for row in connection.execute(select(found.c.kind, func.count()).group_by(found.c.kind))}


_DONE: Final = Statement(
    tables.novelty.update()
    .where(_NOVELTY.id == given(_NOVELTY.id, "k_id"), _NOVELTY.state == "open")
    .values(
        state="done",
        result=given(_NOVELTY.result),
        note=given(_NOVELTY.note),
        next_id=given(_NOVELTY.next_id),
        done_at=given(_NOVELTY.done_at),
        done_by=given(_NOVELTY.done_by),
    ),
    "p_result p_note p_next_id p_done_at p_done_by k_id",
)


_OVERTAKEN: Final = Statement(
    tables.novelty.update()
    .where(_NOVELTY.state == "open", _NOVELTY.kind.in_(OVERTAKEN), among(_NOVELTY.customer_id))
    .values(state="done", result=SETTLED, done_at=given(_NOVELTY.done_at), done_by=given(_NOVELTY.done_by)),
    "p_done_at p_done_by",
)


def overtake(session: Session, customers: Iterable[int], now: int) -> None:
    """Ends what somebody was to do about customers who owe nothing any more."""
    session.among(_OVERTAKEN, sorted(set(customers)), now, "gatewayd")


def done(
    session: Session, one: Novelty, *, result: str, note: str, next_date: date | None, now: int, by: str
) -> int | None:
    """Writes down what came of a novelty; returns the number of the next one, None without a next date.

    ConflictError where somebody has written it down already.
    """
    following: int | None = None
    if next_date is not None:
        account = session.connection.scalar(select(_NOVELTY.account_id).where(_NOVELTY.id == one.id))
        assigned = session.connection.scalar(select(_NOVELTY.assigned_id).where(_NOVELTY.id == one.id))
        new = NewNovelty(
            *(int(account or 0), one.customer, one.kind, next_date, one.text, one.detail, assigned),
            f"after-{one.id}",
        )
        following = add(session, new, now=now, by=by)
    if not session.run(_DONE, result, note, following, now, by, one.id):
        raise ConflictError(_("somebody has written down the result already"))
    return following
