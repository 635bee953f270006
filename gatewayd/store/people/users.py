"""Users: written by changes, found by questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from gatewayd.actor import Role, Scope
from gatewayd.errors import ConflictError
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.session import Session, Statement, adding, given

_USER: Final = tables.user.c


@dataclass(frozen=True, slots=True)
class UserView:
    """A user, without what only signing in may see."""

    id: int
    name: str
    shown_name: str
    mail: str | None
    role: Role
    account: str | None
    supervisor: int | None
    totp: bool
    disabled: bool
    language: str | None
    theme: str | None
    monthly_limit: int | None
    """Millionths of the account's currency; None: no limit."""
    created_at: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in compares."""

    user: UserView
    password: str
    """argon2id, PHC string."""
    totp: str | None
    totp_step: int


_ACCOUNT: Final = tables.account.c
_USERS: Final = select(tables.user, _ACCOUNT.name.label("account")).select_from(
    tables.user.outerjoin(tables.account, _ACCOUNT.id == _USER.account_id)
)


def _view(row: Any) -> UserView:
    return UserView(
        row.id,
        row.name,
        row.shown_name,
        row.mail,
        Role(row.role),
        row.account,
        row.supervisor_id,
        row.totp is not None,
        bool(row.disabled),
        row.language,
        row.theme,
        row.monthly_limit,
        row.created_at,
    )


def users(connection: Connection, scope: Scope) -> Sequence[UserView]:
    """Returns the users within a scope, by name."""
    return [_view(row) for row in connection.execute(_within(_USERS, scope).order_by(_USER.name))]


def _within(statement: Select[Any], scope: Scope) -> Select[Any]:
    return statement if scope.account is None else statement.where(_ACCOUNT.name == scope.account)


def credentials(connection: Connection, name: str) -> Credentials | None:
    """Returns what a user of that name signs in with; None where there is none."""
    row = connection.execute(_USERS.where(_USER.name == name.casefold())).one_or_none()
    if row is None:
        return None
    return Credentials(_view(row), row.password, row.totp, row.totp_step)


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be made. `account` None: an administrator of all accounts."""

    name: str
    role: Role
    account: str | None
    mail: str | None
    password: str
    """argon2id, PHC string."""
    now: int


_NAMED: Final = Statement(select(_USER.id).where(_USER.name == given(_USER.name)), "p_name")
_ADD: Final = adding(tables.user, "name shown_name role account_id mail password password_at created_at")


def create(session: Session, connection: Connection, new: NewUser) -> int:
    """Makes a user; answers its number. ConflictError where the name is taken, NotFoundError without the account."""
    name = new.name.casefold()
    if session.one(_NAMED, name) is not None:
        raise ConflictError(f"user {new.name} exists already")
    account = None if new.account is None else account_number(connection, new.account)
    session.run(_ADD, name, new.name, str(new.role), account, new.mail, new.password, new.now, new.now)
    found = session.one(_NAMED, name)
    assert found is not None
    return int(found[0])
