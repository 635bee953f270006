"""Users: who may sign in, as what."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from gatewayd.actor import Actor, Role
from gatewayd.errors import ForbiddenError, UsageError
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.ports import Backend
from gatewayd.operations.sessions import HASHER
from gatewayd.store.commands import Change
from gatewayd.store.people import users
from gatewayd.store.snapshots import iso
from gatewayd.translation import gettext as _

LENGTH_MIN = 10
"""Characters of a password (NIST SP 800-63B asks for 8 at least)."""


def _shape(found: users.UserView) -> Json:
    return {
        "name": found.shown_name,
        "role": str(found.role),
        "account": found.account,
        "mail": found.mail,
        "totp": found.totp,
        "disabled": found.disabled,
        "created_at": iso(found.created_at),
    }


class CreateUser(Operation):
    """Makes a user; a supervisor makes users of the role `user` in its own account alone."""

    name: ClassVar[str] = "user.create"
    user: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f]+$")]
    role: Role
    account: str | None = None
    mail: Annotated[str | None, Field(max_length=254)] = None
    password: Annotated[SecretStr, Field(min_length=LENGTH_MIN, max_length=1000)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if by.role is Role.SUPERVISOR and self.role is not Role.USER:
            raise ForbiddenError(_("a supervisor may only make users of the role user"))
        if self.role is not Role.ADMINISTRATOR and self.account is None:
            raise UsageError(_("account: a {role} belongs to an account").format(role=self.role))
        hashed = await asyncio.to_thread(HASHER.hash, self.password.get_secret_value())
        new = users.NewUser(self.user, self.role, self.account, self.mail, hashed, backend.now())
        await backend.execute(Change(lambda unit: users.create(unit.session, unit.session.connection, new), by.name))
        found = await backend.read(lambda reader: reader.ask(partial(users.credentials, name=self.user)))
        assert found is not None
        return _shape(found.user)


class ListUsers(Operation):
    """Lists the users within the actor's account."""

    name: ClassVar[str] = "user.list"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await backend.read(lambda reader: reader.ask(partial(users.users, scope=by.scope)))
        items = [_shape(one) for one in found if self.account in {None, one.account}]
        return {"items": items, "next": None}
