"""Signing in and out."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import Annotated, ClassVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pydantic import Field, SecretStr

from gatewayd.actor import Actor
from gatewayd.errors import UnauthenticatedError
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change
from gatewayd.store.people import sessions
from gatewayd.store.people.users import credentials
from gatewayd.translation import gettext as _

HASHER = PasswordHasher()
"""argon2id with the library's parameters (RFC 9106, second recommended option)."""

_UNKNOWN = HASHER.hash(secrets.token_urlsafe(16))
"""What a name that does not exist is compared with, so that it takes as long as one that does."""


def matches(password: str, hashed: str) -> bool:
    """Returns whether a password is the one that was hashed."""
    try:
        return HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


class OpenSession(Operation):
    """Signs a person in; answers the session's secret, once."""

    name: ClassVar[str] = "session.open"
    user: Annotated[str, Field(max_length=200)]
    password: Annotated[SecretStr, Field(max_length=1000)]
    agent: Annotated[str, Field(max_length=1000)] = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await backend.read(lambda reader: reader.ask(partial(credentials, name=self.user)))
        hashed = _UNKNOWN if found is None else found.password
        right = await asyncio.to_thread(matches, self.password.get_secret_value(), hashed)
        if found is None or not right or found.user.disabled:
            raise UnauthenticatedError(_("wrong name or password"))
        secret = secrets.token_urlsafe(32)
        new = sessions.NewSession(sessions.digest(secret), found.user.id, by.address, self.agent, backend.now())
        await backend.execute(Change(lambda unit: sessions.open_session(unit.session, new), found.user.name))
        return {"session": secret}


class CloseSession(Operation):
    """Signs the person out."""

    name: ClassVar[str] = "session.close"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        number = by.session
        ended = number is not None and await backend.execute(
            Change(lambda unit: sessions.end_session(unit.session, number), by.name)
        )
        return {"ended": bool(ended)}


class ShowSession(Operation):
    """Says who is signed in."""

    name: ClassVar[str] = "session.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return {
            "name": by.name,
            "role": None if by.role is None else str(by.role),
            "account": by.account,
            "language": by.language,
        }
