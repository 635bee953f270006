"""Users: written by changes, found by questions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select, update

from gatewayd.store import tables
from gatewayd.store.accounts import account_number, language_in
from gatewayd.store.commands import Changed
from gatewayd.store.people.sessions import end_sessions, forget_devices
from gatewayd.store.session import Session, Statement, adding, given
from gatewayd.values.actor import Role, Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

USERS_MAX: Final = 5000
"""Far above any office; a list of them is one page."""

_USER: Final = tables.user.c
_ACCOUNT: Final = tables.account.c
_BOSS: Final = tables.user.alias("boss")


@dataclass(frozen=True, slots=True)
class UserView:
    """A user, without what only signing in may see."""

    id: int
    name: str
    shown_name: str
    mail: str | None
    role: Role
    account: str | None
    supervisor: str | None
    """Name of the person to whom its approvals go."""
    totp: bool
    disabled: bool
    language: str | None
    theme: str | None
    monthly_limit: int | None
    """Millionths of the account's currency; None: no limit."""
    created_at: int
    version: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in compares."""

    user: UserView
    password: str
    """argon2id, PHC string."""
    totp: str | None
    """Sealed seed."""
    totp_offered: str | None
    totp_step: int
    recovery: tuple[str, ...]
    """Digests of the codes that are left."""


_USERS: Final = select(tables.user, _ACCOUNT.name.label("account"), _BOSS.c.shown_name.label("supervisor")).select_from(
    tables.user.outerjoin(tables.account, _ACCOUNT.id == _USER.account_id).outerjoin(
        _BOSS, _BOSS.c.id == _USER.supervisor_id
    )
)


def _view(row: Any) -> UserView:
    return UserView(
        *(row.id, row.name, row.shown_name, row.mail, Role(row.role), row.account, row.supervisor),
        *(row.totp is not None, bool(row.disabled), row.language, row.theme, row.monthly_limit),
        *(row.created_at, row.version),
    )


def users(connection: Connection, *, scope: Scope) -> Sequence[UserView]:
    """Returns the users within a scope, by name."""
    statement = _within(_USERS, scope).order_by(_USER.name).limit(USERS_MAX)
    return [_view(row) for row in connection.execute(statement)]


def user(connection: Connection, *, scope: Scope, name: str) -> UserView:
    """Returns the user of that name; NotFoundError where there is none within the scope."""
    row = connection.execute(_within(_USERS, scope).where(_USER.name == name.casefold())).one_or_none()
    if row is None:
        raise NotFoundError(_("no user {user}").format(user=name))
    return _view(row)


def _within(statement: Select[Any], scope: Scope) -> Select[Any]:
    return statement if scope.account is None else statement.where(_ACCOUNT.name == scope.account)


def language_of(connection: Connection, *, number: int) -> str | None:
    """Returns the language that a user has chosen, else that of its account; None: the gateway's."""
    row = connection.execute(
        select(_USER.language, tables.account_settings.c.document)
        .select_from(
            tables.user.outerjoin(tables.account_settings, tables.account_settings.c.account_id == _USER.account_id)
        )
        .where(_USER.id == number)
    ).one()
    return row.language or language_in(row.document)


def administrators(connection: Connection, *, but: int | None = None) -> int:
    """Returns how many administrators may sign in, one left out."""
    statement = select(func.count()).where(_USER.role == str(Role.ADMINISTRATOR), _USER.disabled.is_(False))
    if but is not None:
        statement = statement.where(_USER.id != but)
    return int(connection.scalar(statement) or 0)


def credentials(connection: Connection, *, name: str | None = None, number: int | None = None) -> Credentials | None:
    """Returns what a user of that name or number signs in with; None where there is none."""
    meant = _USER.id == number if name is None else _USER.name == name.casefold()
    row = connection.execute(_USERS.where(meant)).one_or_none()
    if row is None:
        return None
    left = tuple(json.loads(row.recovery)) if row.recovery else ()
    return Credentials(_view(row), row.password, row.totp, row.totp_offered, row.totp_step, left)


def addressed(connection: Connection, *, name_or_mail: str) -> UserView | None:
    """Returns the user who may sign in and has that name, or that mail address and nobody else has it."""
    text = name_or_mail.strip()
    meant = func.lower(_USER.mail) == text.lower() if "@" in text else _USER.name == text.casefold()
    rows = connection.execute(_USERS.where(meant, _USER.disabled.is_(False)).limit(2)).all()
    return _view(rows[0]) if len(rows) == 1 else None


# ------------------------------------------------------------------------------------------------------------- changes


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
    supervisor: str | None = None
    language: str | None = None
    monthly_limit: int | None = None


_NAMED: Final = Statement(select(_USER.id).where(_USER.name == given(_USER.name)), "p_name")
_ADD: Final = adding(
    tables.user,
    "name shown_name role account_id supervisor_id mail password password_at created_at language monthly_limit",
)


def create(session: Session, new: NewUser) -> Changed[UserView]:
    """Makes a user. ConflictError where the name is taken, NotFoundError without the account or supervisor."""
    name = new.name.casefold()
    if session.one(_NAMED, name) is not None:
        raise ConflictError(_("user {user} exists already").format(user=new.name))
    connection = session.connection
    account = None if new.account is None else account_number(connection, new.account)
    supervisor = None if new.supervisor is None else _supervisor(connection, new.supervisor, new.account)
    session.run(
        *(_ADD, name, new.name, str(new.role), account, supervisor, new.mail),
        *(new.password, new.now, new.now, new.language, new.monthly_limit),
    )
    made = user(connection, scope=Scope.all(), name=name)
    return Changed(made, None, _told(made))


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be changed of a user; what is not in `values` stays."""

    user: int
    values: Mapping[str, Any]
    """By field of `UserView`; beside them `password`, `totp_sealed`, `totp_offered`, `totp_step`, `recovery`."""
    now: int
    version: int | None = None
    """The version that the person looked at; None: whichever there is."""
    but: int | None = None
    """The session that goes on where the others end."""


_ENDING: Final = frozenset({"password", "role", "account", "disabled"})
"""What ends a person's sessions when it changes: whoever signed in with what was before is not who acts now."""


def edit(session: Session, change: Edit) -> Changed[UserView]:
    """Changes a user. ConflictError where somebody else was first, or where nobody would be left to administer."""
    connection = session.connection
    row = connection.execute(_USERS.where(_USER.id == change.user)).one_or_none()
    if row is None:
        raise NotFoundError(_("no user {user}").format(user=change.user))
    before = _view(row)
    if change.version is not None and change.version != before.version:
        raise ConflictError(
            _("somebody has changed {user} meanwhile; load it again. Nothing was saved").format(user=before.shown_name)
        )
    _keep_an_administrator(connection, before, change.values)
    columns = _columns(connection, before, change)
    connection.execute(update(tables.user).where(_USER.id == change.user).values(**columns, version=before.version + 1))
    after = _view(connection.execute(_USERS.where(_USER.id == change.user)).one())
    if _ENDING & {
        name
        for name in change.values
        if name == "password" or getattr(before, name, None) != getattr(after, name, None)
    }:
        end_sessions(session, change.user, but=change.but)
    if "password" in change.values:
        forget_devices(session, change.user)
    was, told = _told(before), _told(after)
    changed = {name for name in told if told[name] != was[name]}
    # A secret's row says that it was set, never to what.
    secret = {name: "***" for name in ("password", "totp_sealed", "recovery") if change.values.get(name) is not None}
    return Changed(
        after,
        {"name": before.shown_name, **{name: was[name] for name in changed}},
        {"name": after.shown_name, **{name: told[name] for name in changed}, **secret},
    )


def _keep_an_administrator(connection: Connection, before: UserView, values: Mapping[str, Any]) -> None:
    leaves = values.get("role", before.role) != Role.ADMINISTRATOR or values.get("disabled", before.disabled)
    was = before.role is Role.ADMINISTRATOR and not before.disabled
    if was and leaves and administrators(connection, but=before.id) == 0:
        raise ConflictError(
            _("{user} is the last administrator; make another one first").format(user=before.shown_name)
        )


def _columns(connection: Connection, before: UserView, change: Edit) -> dict[str, Any]:
    """Returns the values of an edit by column."""
    columns: dict[str, Any] = {}
    account = change.values.get("account", before.account)
    for name, value in change.values.items():
        if name == "account":
            columns["account_id"] = None if value is None else account_number(connection, value)
        elif name == "supervisor":
            columns["supervisor_id"] = None if value is None else _supervisor(connection, value, account)
        elif name == "shown_name":
            folded = value.casefold()
            taken = connection.scalar(select(_USER.id).where(_USER.name == folded, _USER.id != before.id))
            if taken is not None:
                raise ConflictError(_("user {user} exists already").format(user=value))
            columns |= {"name": folded, "shown_name": value}
        elif name == "password":
            columns |= {"password": value, "password_at": change.now}
        elif name == "totp_sealed":
            columns["totp"] = value
        elif name == "recovery":
            columns["recovery"] = json.dumps(list(value)) if value else None
        elif name == "role":
            columns["role"] = str(value)
        else:
            columns[name] = value
    return columns


def _supervisor(connection: Connection, name: str, account: str | None) -> int:
    """Returns the number of a supervisor of that account; NotFoundError."""
    statement = select(_USER.id).select_from(tables.user.outerjoin(tables.account, _ACCOUNT.id == _USER.account_id))
    number = connection.scalar(
        statement.where(_USER.name == name.casefold(), _USER.role == str(Role.SUPERVISOR), _ACCOUNT.name == account)
    )
    if number is None:
        raise NotFoundError(_("no supervisor {user} in this account").format(user=name))
    return int(number)


def take_code(session: Session, user: int, step: int | None, recovery: str | None) -> bool:
    """Takes a second factor, once: a time step that is later than any before, or a recovery code (its digest).

    False where another sign-in took it first.
    """
    connection = session.connection
    row = connection.execute(select(_USER.totp_step, _USER.recovery).where(_USER.id == user)).one_or_none()
    if row is None:
        return False
    if step is not None:
        if step <= row.totp_step:
            return False
        connection.execute(update(tables.user).where(_USER.id == user).values(totp_step=step))
        return True
    left = json.loads(row.recovery) if row.recovery else []
    if recovery not in left:
        return False
    left.remove(recovery)
    connection.execute(update(tables.user).where(_USER.id == user).values(recovery=json.dumps(left)))
    return True


_UNTOLD: Final = frozenset({"id", "version", "created_at", "name"})


def _told(found: UserView) -> dict[str, Any]:
    """Returns what the audit trail says of a user."""
    return {one.name: getattr(found, one.name) for one in fields(found) if one.name not in _UNTOLD}
