"""Users: who may sign in, as what. A supervisor deals with the users of the role `user` in its own account alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr

from gatewayd.credentials.passwords import KNOWN, LENGTH_MAX, LENGTH_MIN
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.limits import shown
from gatewayd.operations.ports import Backend
from gatewayd.operations.secondfactor import GONE
from gatewayd.store.commands import Change
from gatewayd.store.people import users
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Role, Scope
from gatewayd.values.errors import ForbiddenError, UsageError
from gatewayd.values.money import format_money, parse_money
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

UserName = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f/@]+$"), AfterValidator(wellformed)
]
"""What one signs in with: no space, no slash, and no @, by which a mail address is told from a name."""
Mail = Annotated[
    str,
    Field(min_length=3, max_length=254, pattern=r"^[^\s@<>,;:\x00-\x1f\x7f]+@[^\s@<>,;:\x00-\x1f\x7f]+$"),
    AfterValidator(wellformed),
]
Password = Annotated[SecretStr, Field(min_length=LENGTH_MIN, max_length=LENGTH_MAX)]
Language = Literal["es", "en"]
Amount = Annotated[str, Field(max_length=30)]


def shape(found: users.UserView) -> Json:
    """Returns a user as people and programs see it."""
    return {
        "name": found.shown_name,
        "role": str(found.role),
        "account": found.account,
        "mail": found.mail,
        "supervisor": found.supervisor,
        "monthly_limit": None if found.monthly_limit is None else format_money(found.monthly_limit),
        "totp": found.totp,
        "disabled": found.disabled,
        "language": found.language,
        "created_at": iso(found.created_at),
        "version": found.version,
    }


def limit_of(amount: str | None) -> int | None:
    """Returns a monthly limit in millionths; None for an empty one. UsageError."""
    if amount is None or amount == "":
        return None
    try:
        limit = parse_money(amount)
    except ValueError:
        limit = -1
    if limit < 0:
        raise UsageError(
            _("monthly_limit: not an amount: {amount} (digits, a point, at most six decimals)").format(amount=amount)
        )
    return limit


async def found_user(backend: Backend, name: str, by: Actor) -> users.UserView:
    """Returns the user of that name; NotFoundError where there is none within the actor's account."""
    return await backend.read(lambda reader: reader.ask(partial(users.user, scope=by.scope, name=name)))


async def changed_user(
    backend: Backend, found: users.UserView, values: Mapping[str, Any], by: Actor, version: int | None = None
) -> users.UserView:
    """Changes a user and returns it as it is then."""
    change = users.Edit(found.id, values, backend.now(), version, by.session if by.number == found.id else None)
    changed = await backend.execute(Change(lambda unit: users.edit(unit.session, change), by.name))
    return changed.answer


def _may_touch(by: Actor, role: Role) -> None:
    if by.role is Role.SUPERVISOR and role is not Role.USER:
        raise ForbiddenError(_("a supervisor may deal with users of the role user alone"))


def _fit(role: Role, account: str | None) -> None:
    """UsageError where role and account do not go together."""
    if role is Role.ADMINISTRATOR and account is not None:
        raise UsageError(_("account: an administrator belongs to none"))
    if role is not Role.ADMINISTRATOR and account is None:
        raise UsageError(_("account: a {role} belongs to one").format(role=role))


def unlike(password: SecretStr, name: str) -> None:
    if name.casefold() in {password.get_secret_value().casefold(), password.get_secret_value().casefold()[::-1]}:
        raise UsageError(_("password: it must not be the name"))


class CreateUser(Operation):
    """Makes a user."""

    name: ClassVar[str] = "user.create"
    user: UserName
    role: Role
    account: str | None = None
    mail: Mail | None = None
    supervisor: UserName | None = None
    monthly_limit: Amount | None = None
    language: Language | None = None
    password: Password

    async def perform(self, backend: Backend, by: Actor) -> Json:
        _may_touch(by, self.role)
        _fit(self.role, self.account)
        unlike(self.password, self.user)
        limit = limit_of(self.monthly_limit)
        hashed = await KNOWN.hashed(self.password.get_secret_value())
        new = users.NewUser(
            *(self.user, self.role, self.account, self.mail, hashed, backend.now()),
            *(self.supervisor, self.language, limit),
        )
        made = await backend.execute(Change(lambda unit: users.create(unit.session, new), by.name))
        return shape(made.answer)


class ListUsers(Operation):
    """Lists the users within the actor's account."""

    name: ClassVar[str] = "user.list"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = by.scope if self.account is None else Scope.of(self.account)
        found = await backend.read(lambda reader: reader.ask(partial(users.users, scope=scope)))
        return {"items": [shape(one) for one in found], "next": None}


class ShowUser(Operation):
    name: ClassVar[str] = "user.show"
    reads_store = True
    user: UserName

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_user(backend, self.user, by)
        return shape(found) | {"month": await shown(backend, found.id, found.account)}


class EditUser(Operation):
    """Changes what is named; an empty text takes a value away. `version` is that of the user who was looked at."""

    name: ClassVar[str] = "user.edit"
    user: UserName
    rename: UserName | None = None
    mail: Mail | Literal[""] | None = None
    supervisor: UserName | Literal[""] | None = None
    monthly_limit: Amount | None = None
    language: Language | Literal[""] | None = None
    version: int | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_user(backend, self.user, by)
        _may_touch(by, found.role)
        values: dict[str, Any] = {
            name: getattr(self, name) or None
            for name in ("mail", "supervisor", "language")
            if getattr(self, name) is not None
        }
        if self.rename is not None:
            values["shown_name"] = self.rename
        if self.monthly_limit is not None:
            values["monthly_limit"] = limit_of(self.monthly_limit)
        return shape(await changed_user(backend, found, values, by, self.version))


class SetRole(Operation):
    """Gives a user another role; its sessions end. An administrator belongs to no account, all others to one."""

    name: ClassVar[str] = "user.role"
    user: UserName
    role: Role
    account: str | None = None
    """None: as it is, where the role has one."""
    version: int | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_user(backend, self.user, by)
        account = self.account or (None if self.role is Role.ADMINISTRATOR else found.account)
        _fit(self.role, account)
        values: dict[str, Any] = {"role": self.role, "account": account}
        if account != found.account or self.role is not Role.USER:
            values["supervisor"] = None
        return shape(await changed_user(backend, found, values, by, self.version))


class _SwitchUser(Operation):
    user: UserName
    version: int | None = None
    disabled: ClassVar[bool]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_user(backend, self.user, by)
        _may_touch(by, found.role)
        return shape(await changed_user(backend, found, {"disabled": self.disabled}, by, self.version))


class DisableUser(_SwitchUser):
    """Lets a user sign in no more; its sessions end."""

    name: ClassVar[str] = "user.disable"
    disabled = True


class EnableUser(_SwitchUser):
    name: ClassVar[str] = "user.enable"
    disabled = False


class SetPassword(Operation):
    """Sets a user's password; its sessions end."""

    name: ClassVar[str] = "user.password"
    user: UserName
    password: Password

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_user(backend, self.user, by)
        _may_touch(by, found.role)
        unlike(self.password, found.shown_name)
        hashed = await KNOWN.hashed(self.password.get_secret_value())
        return shape(await changed_user(backend, found, {"password": hashed}, by))


class ResetTotp(Operation):
    """Takes a user's second factor away: the telephone is lost, and the recovery codes too."""

    name: ClassVar[str] = "user.totp_reset"
    user: UserName

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_user(backend, self.user, by)
        _may_touch(by, found.role)
        return shape(await changed_user(backend, found, GONE, by))


class EndSessions(Operation):
    """Ends all sessions of a user."""

    name: ClassVar[str] = "user.sign_out"
    user: UserName

    async def perform(self, backend: Backend, by: Actor) -> Json:
        from gatewayd.store.people.sessions import end_sessions

        found = await found_user(backend, self.user, by)
        _may_touch(by, found.role)
        ended = await backend.execute(Change(lambda unit: end_sessions(unit.session, found.id), by.name))
        return {"ended": ended}
