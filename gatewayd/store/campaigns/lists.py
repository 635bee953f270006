"""Lists of people: fixed ones with their members, live ones as the filter that they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.campaigns import campaigns
from gatewayd.store.session import Session, Statement, adding, given, setting
from gatewayd.store.snapshots import Page
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

_LIST: Final = tables.people_list.c
_MEMBER: Final = tables.list_member.c
_JOINED: Final = select(tables.people_list, tables.account.c.name.label("owner")).select_from(
    tables.people_list.join(tables.account, tables.account.c.id == _LIST.account_id)
)


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A row. `created_at` is Unix ms."""

    id: int
    account: str
    name: str
    kind: str
    """fixed, live."""
    state: str
    """loading, ready, failed, archived."""
    source: Mapping[str, Any]
    columns: Sequence[str]
    members: int
    refused: Mapping[str, int]
    reason: str | None
    hidden: bool
    created_at: int
    created_by: str
    version: int


def _view(row: Any) -> PeopleList:
    return PeopleList(
        *(row.id, row.owner, row.name, row.kind, row.state, json.loads(row.source), json.loads(row.columns)),
        *(row.members, json.loads(row.refused), row.reason, bool(row.hidden), row.created_at, row.created_by),
        row.version,
    )


def by_number(connection: Connection, *, scope: Scope, number: int) -> PeopleList:
    """Returns one list within a scope. NotFoundError."""
    statement = _JOINED.where(_LIST.id == number)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError(_("no list {number}").format(number=number))
    return _view(row)


def by_name(connection: Connection, *, scope: Scope, account: str, name: str) -> PeopleList:
    """Returns an account's list of that name. NotFoundError."""
    statement = _JOINED.where(tables.account.c.name == account, _LIST.name == name, _LIST.hidden.is_(False))
    row = connection.execute(statement).one_or_none()
    if row is None or not scope.holds(account):
        raise NotFoundError(_("no list {name}").format(name=name))
    return _view(row)


def lists(
    connection: Connection, *, scope: Scope, archived: bool = False, q: str = "", before: int | None = None, limit: int
) -> Page[PeopleList]:
    """Returns the lists within a scope, newest first, without those of single campaigns."""
    statement = _JOINED.where(_LIST.hidden.is_(False)).order_by(_LIST.id.desc()).limit(limit + 1)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    if not archived:
        statement = statement.where(_LIST.state != "archived")
    if q:
        statement = statement.where(_LIST.name.icontains(q, autoescape=True))
    if before is not None:
        statement = statement.where(_LIST.id < before)
    rows = connection.execute(statement).all()
    return Page(tuple(map(_view, rows[:limit])), str(rows[limit - 1].id) if len(rows) > limit else None)


def loading(connection: Connection) -> Sequence[PeopleList]:
    """Returns the lists whose file is still to be read, of all accounts, for the engine."""
    return [_view(row) for row in connection.execute(_JOINED.where(_LIST.state == "loading").order_by(_LIST.id))]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on a fixed list. `cells` is JSON: an object of texts."""

    row: int
    customer: int | None
    external_id: str | None
    address: str | None
    cells: str | None


def members(connection: Connection, *, number: int, after: int, limit: int) -> Sequence[Member]:
    """Returns the next members of a list behind a row."""
    statement = (
        select(_MEMBER.row, _MEMBER.customer_id, _MEMBER.external_id, _MEMBER.address, _MEMBER.cells)
        .where(_MEMBER.list_id == number, _MEMBER.row > after)
        .order_by(_MEMBER.row)
        .limit(limit)
    )
    return [Member(*row) for row in connection.execute(statement)]


def names(connection: Connection, *, customers: Sequence[int]) -> Mapping[int, str]:
    """Returns the names of some customers by their numbers."""
    customer = tables.customer.c
    found = connection.execute(select(customer.id, customer.name).where(customer.id.in_(list(customers))))
    return {int(row[0]): str(row[1] or "") for row in found}


def customers(connection: Connection, *, account: str, names: Sequence[str]) -> Mapping[str, int]:
    """Returns the numbers of an account's customers by their external ids, of those that there are."""
    customer = tables.customer.c
    statement = select(customer.external_id, customer.id).where(
        customer.account_id == account_number(connection, account),
        customer.external_id.in_(list(names)),
        customer.forgotten_at.is_(None),
    )
    return {str(row[0]): int(row[1]) for row in connection.execute(statement)}


# ------------------------------------------------------------------------------------------------------------- changes

_ADD: Final = adding(
    tables.people_list, "account_id name kind state source columns members hidden created_at created_by"
)
_NAMED: Final = Statement(
    select(_LIST.id).where(_LIST.account_id == given(_LIST.account_id), _LIST.name == given(_LIST.name)),
    "p_account_id p_name",
)
_ADD_MEMBER: Final = adding(tables.list_member, "list_id row customer_id external_id address cells")
_COUNT: Final = setting(tables.people_list, "members refused", "id state")
_READ: Final = setting(tables.people_list, "state reason columns source", "id")
_RENAME: Final = setting(tables.people_list, "name source version", "id version")
_STATE: Final = setting(tables.people_list, "state version", "id")
_CLEAR: Final = Statement(tables.list_member.delete().where(_MEMBER.list_id == given(_MEMBER.list_id)), "p_list_id")


@dataclass(frozen=True, slots=True)
class NewList:
    """A list that is being made; `state` is `loading` where a file is to be read."""

    account: str
    name: str
    kind: str
    state: str
    source: Mapping[str, Any]
    by: str
    now: int
    hidden: bool = False


def add(session: Session, new: NewList) -> int:
    """Makes a list; returns its number. ConflictError where the account has one of that name."""
    account = account_number(session.connection, new.account)
    if session.one(_NAMED, account, new.name) is not None:
        raise ConflictError(_("there is a list called {name} already").format(name=new.name))
    source = json.dumps(new.source, ensure_ascii=False)
    session.run(_ADD, account, new.name, new.kind, new.state, source, "[]", 0, new.hidden, new.now, new.by)
    made = session.one(_NAMED, account, new.name)
    assert made is not None
    return int(made[0])


def add_members(
    session: Session, known: PeopleList, some: Sequence[Member], *, members: int, refused: Mapping[str, int]
) -> bool:
    """Writes further members of a list that is being read; False where it is read no more. `members` and `refused` are
    all so far."""
    reasons = json.dumps(refused, sort_keys=True)
    if not session.run(_COUNT, members, reasons, known.id, "loading"):
        return False
    session.many(
        _ADD_MEMBER, [(known.id, one.row, one.customer, one.external_id, one.address, one.cells) for one in some]
    )
    return True


def clear(session: Session, number: int) -> None:
    """Removes the members of a list whose reading begins anew."""
    session.run(_COUNT, 0, "{}", number, "loading")
    session.run(_CLEAR, number)


def end_reading(
    session: Session, known: PeopleList, *, columns: Sequence[str], source: Mapping[str, Any], reason: str | None = None
) -> None:
    """Says that a list is read, or why it cannot be."""
    state = "ready" if reason is None else "failed"
    written = json.dumps(list(columns), ensure_ascii=False), json.dumps(source, ensure_ascii=False)
    session.run(_READ, state, reason, *written, known.id)


def change(
    session: Session, *, scope: Scope, number: int, version: int, name: str, source: Mapping[str, Any] | None
) -> PeopleList:
    """Renames a list, or gives a live one another filter; returns it as it was. ConflictError."""
    was = by_number(session.connection, scope=scope, number=number)
    account = account_number(session.connection, was.account)
    taken = session.one(_NAMED, account, name)
    if taken is not None and taken[0] != number:
        raise ConflictError(_("there is a list called {name} already").format(name=name))
    if source is not None and was.kind != "live":
        raise ConflictError(_("a fixed list stays as it was read"))
    if name != was.name:
        _keep_name(session.connection, was)
    written = json.dumps(was.source if source is None else source, ensure_ascii=False)
    if not session.run(_RENAME, name, written, version + 1, number, version):
        raise ConflictError(_("somebody has changed this meanwhile; load it again. Nothing was saved"))
    return was


def _keep_name(connection: Connection, known: PeopleList) -> None:
    """ConflictError where a campaign that is not over finds its people by the list's name."""
    users = campaigns.using(connection, account=known.account, name=known.name, limit=200)
    waiting = [one.name for one in users if one.state not in {"finished", "cancelled"}]
    if waiting:
        raise ConflictError(_("{campaign} uses it under this name and is not over yet").format(campaign=waiting[0]))


def archive(session: Session, *, scope: Scope, number: int, archived: bool) -> PeopleList:
    """Puts a list aside, or back; returns it as it was."""
    was = by_number(session.connection, scope=scope, number=number)
    if was.state in {"loading", "failed"} and not archived:
        raise ConflictError(_("the list is not read"))
    session.run(_STATE, "archived" if archived else "ready", was.version + 1, number)
    return was
