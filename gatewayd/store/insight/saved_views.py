"""Views of the log that people save under a name, and the columns that each has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, or_, select

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.session import Session, Statement, adding, given, merging, setting
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

VIEWS_MAX: Final = 50
"""Of one person; more is no help."""

_VIEW: Final = tables.saved_view.c
_CHOSEN: Final = tables.chosen_columns.c
_NAMED: Final = Statement(
    select(_VIEW.id).where(_VIEW.user_id == given(_VIEW.user_id), _VIEW.name == given(_VIEW.name)), "p_user_id p_name"
)
_HOW_MANY: Final = Statement(
    select(func.count()).select_from(tables.saved_view).where(_VIEW.user_id == given(_VIEW.user_id)), "p_user_id"
)
_ADD: Final = adding(tables.saved_view, "user_id account_id name query shared created_at")
_CHANGE: Final = setting(tables.saved_view, "query shared", "id")
_SHARE: Final = setting(tables.saved_view, "shared", "id user_id")
_REMOVE: Final = Statement(
    tables.saved_view.delete().where(_VIEW.id == given(_VIEW.id), _VIEW.user_id == given(_VIEW.user_id)),
    "p_id p_user_id",
)
_CHOOSE: Final = merging(tables.chosen_columns, "user_id page columns", "user_id page", replace="columns")


@dataclass(frozen=True, slots=True)
class SavedView:
    id: int
    name: str
    query: str
    """JSON of the filters."""
    shared: bool
    own: bool
    """Whether it is the asker's, to change and to remove."""
    by: str
    """Who saved it."""


@dataclass(frozen=True, slots=True)
class NewView:
    user: int
    account: str | None
    """None: of an administrator of all accounts; shared with the others of them."""
    name: str
    query: str
    shared: bool
    now: int


def views(connection: Connection, scope: Scope, user: int | None) -> Sequence[SavedView]:
    """Returns a person's views, and those that others of the same account share; the person's own first."""
    account = tables.account.c
    shared = _VIEW.shared.is_(True)
    its_own = _VIEW.account_id.is_(None) if scope.account is None else account.name == scope.account
    statement = (
        select(tables.saved_view, tables.user.c.shown_name)
        .select_from(
            tables.saved_view.join(tables.user, tables.user.c.id == _VIEW.user_id).outerjoin(
                tables.account, account.id == _VIEW.account_id
            )
        )
        .where(or_(_VIEW.user_id == (-1 if user is None else user), shared & its_own))
        .order_by(_VIEW.id)
        .limit(VIEWS_MAX * 4)
    )
    found = [
        SavedView(row.id, row.name, row.query, bool(row.shared), row.user_id == user, row.shown_name)
        for row in connection.execute(statement)
    ]
    return sorted(found, key=lambda view: not view.own)


def save(session: Session, connection: Connection, new: NewView) -> int:
    """Saves a view, in place of the person's own of that name; returns its number. ConflictError where there are
    too many."""
    known = session.one(_NAMED, new.user, new.name)
    if known is not None:
        session.run(_CHANGE, new.query, new.shared, known[0])
        return int(known[0])
    count = session.one(_HOW_MANY, new.user)
    if count is not None and count[0] >= VIEWS_MAX:
        raise ConflictError(_("there are {count} saved views already; remove one first").format(count=VIEWS_MAX))
    account = None if new.account is None else account_number(connection, new.account)
    session.run(_ADD, new.user, account, new.name, new.query, new.shared, new.now)
    made = session.one(_NAMED, new.user, new.name)
    assert made is not None
    return int(made[0])


def share(session: Session, number: int, user: int, shared: bool) -> None:
    """Shares a person's own view with its account, or no more. NotFoundError where it is not theirs."""
    if not session.run(_SHARE, shared, number, user):
        raise NotFoundError(_("no such saved view"))


def remove(session: Session, number: int, user: int) -> None:
    """Removes a person's own view. NotFoundError where it is not theirs."""
    if not session.run(_REMOVE, number, user):
        raise NotFoundError(_("no such saved view"))


def columns(connection: Connection, user: int, page: str) -> list[str] | None:
    """Returns the columns that a person has chosen for a page, in their order; None where none were."""
    chosen = connection.scalar(select(_CHOSEN.columns).where(_CHOSEN.user_id == user, _CHOSEN.page == page))
    return None if chosen is None else str(chosen).split()


def choose(session: Session, user: int, page: str, names: Sequence[str]) -> None:
    """Keeps the columns that a person has chosen for a page."""
    session.run(_CHOOSE, user, page, " ".join(names))
