"""Signing in and out."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, SecretStr

from gatewayd.credentials.passwords import LENGTH_MAX
from gatewayd.credentials.tokens import digest
from gatewayd.operations import secondfactor
from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.guard import GUARD
from gatewayd.operations.identity import Seen, noted
from gatewayd.operations.ports import Backend
from gatewayd.operations.resets import resettable
from gatewayd.store.commands import Change, Changed
from gatewayd.store.people import sessions
from gatewayd.store.people.users import Credentials, UserView, administrators, credentials, take_code
from gatewayd.values.actor import Actor
from gatewayd.values.errors import GatewayError, UnauthenticatedError
from gatewayd.words.translation import gettext as _

Secret = Annotated[SecretStr, Field(max_length=200)]
Agent = Annotated[str, Field(max_length=1000)]

HALF_S: Final = 300.0
"""How long the second factor may take: a telephone has to be found."""
HALF_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class _Half:
    """A sign-in whose password was right and whose second factor is to come."""

    user: int
    password: str
    """The hash that was compared: another one meanwhile ends it."""
    device: str | None
    until: float


class _Halves:
    """Sign-ins that wait for their second factor, by the digest of their ticket. Gone with the process."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, _Half] = OrderedDict()

    def add(self, found: Credentials, device: str | None) -> str:
        """Returns the ticket by which it goes on."""
        ticket = secrets.token_urlsafe(32)
        until = time.monotonic() + HALF_S
        self._waiting[digest(ticket)] = _Half(found.user.id, found.password, device, until)
        if len(self._waiting) > HALF_MAX:
            self._waiting.popitem(last=False)
        return ticket

    def of(self, ticket: str) -> _Half | None:
        half = self._waiting.get(digest(ticket))
        return half if half is not None and half.until > time.monotonic() else None

    def end(self, ticket: str) -> None:
        self._waiting.pop(digest(ticket), None)


_HALVES: Final = _Halves()


class ShowDoor(Operation):
    """Says what the sign-in page needs to know: whether anybody can sign in yet, and whether a reset can be mailed."""

    name: ClassVar[str] = "session.door"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await backend.read(lambda reader: reader.ask(administrators))
        return {"anybody": found > 0, "reset": resettable(backend)}


class OpenSession(Operation):
    """Signs a person in. Answers the session's secret, once, or the ticket with which a second factor follows.

    `device` is the secret by which the browser is known; a browser that is not gets one with its session.
    """

    name: ClassVar[str] = "session.open"
    user: Annotated[str, Field(max_length=200)]
    password: Annotated[SecretStr, Field(max_length=LENGTH_MAX)]
    device: Secret | None = None
    agent: Agent = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live_of(backend)
        found = await backend.read(lambda reader: reader.ask(partial(credentials, name=self.user)))
        device = await _device(backend, self.device, found)
        hashed = None if found is None or found.user.disabled else found.password
        name = self.user.casefold()
        right = await GUARD.sign_in(name, by.address, self.password.get_secret_value(), hashed, device)
        if found is None or not right:
            raise UnauthenticatedError(_("wrong name or password"))
        if found.totp is not None:
            return {"session": None, "device": None, "ticket": _HALVES.add(found, device)}
        return await _opened(backend, found, device, by, self.agent)


class ConfirmSession(Operation):
    """Signs a person in by the second factor, once the password was right: a code of the telephone, or of recovery."""

    name: ClassVar[str] = "session.confirm"
    ticket: Secret
    code: Annotated[SecretStr, Field(max_length=40)]
    agent: Agent = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live_of(backend)
        ticket = self.ticket.get_secret_value()
        half = _HALVES.of(ticket)
        found = None
        if half is not None:
            found = await backend.read(lambda reader: reader.ask(partial(credentials, number=half.user)))
        if half is None or found is None or found.user.disabled or found.password != half.password:
            raise UnauthenticatedError(_("this took too long; sign in again"))
        who = f"{found.user.id} {half.device or by.address}"
        try:
            GUARD.code(who)
            taken = secondfactor.taken(backend, found, self.code.get_secret_value())
            if taken is None:
                raise UnauthenticatedError(_("this code is not right, or was used before"))
        except GatewayError as error:
            error.about = found.user.shown_name
            raise
        await backend.execute(Change(partial(_take, user=found.user, taken=taken), by.name))
        GUARD.right_code(who)
        _HALVES.end(ticket)
        return await _opened(backend, found, half.device, by, self.agent)


def _take(unit: Any, *, user: UserView, taken: tuple[int | None, str | None]) -> Changed[None]:
    """Takes the second factor; UnauthenticatedError where another sign-in was first."""
    if not take_code(unit.session, user.id, *taken):
        error = UnauthenticatedError(_("this code is not right, or was used before"))
        error.about = user.shown_name
        raise error
    return Changed(None, None, {"factor": "recovery code" if taken[0] is None else "telephone"}, user.shown_name)


async def _device(backend: Backend, secret: SecretStr | None, found: Credentials | None) -> str | None:
    """Returns the digest of a browser's secret where it is this person's; None for a stranger's."""
    if secret is None or found is None:
        return None
    borne = secret.get_secret_value()
    owner = await backend.read(lambda reader: reader.ask(partial(sessions.device_user, secret=borne)))
    return digest(borne) if owner == found.user.id else None


async def _opened(backend: Backend, found: Credentials, known: str | None, by: Actor, agent: str) -> Json:
    secret = secrets.token_urlsafe(32)
    device = None if known is not None else secrets.token_urlsafe(32)
    new = sessions.NewSession(
        *(digest(secret), found.user.id, by.address, agent, backend.now()),
        None if device is None else digest(device),
    )
    await backend.execute(Change(lambda unit: sessions.open_session(unit.session, new, known), found.user.name))
    return {"session": secret, "device": device, "ticket": None}


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
    """Says who is signed in, or whose token it is, and what they may."""

    name: ClassVar[str] = "session.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return {
            "kind": by.kind,
            "name": by.name,
            "role": None if by.role is None else str(by.role),
            "account": by.account,
            "language": by.language,
            "scopes": sorted(by.scopes),
            "test": by.test,
        }


Secrets = Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=1000)]


class TouchSessions(Operation):
    """Notes that sessions and tokens were used: the web process reads the store by itself, and tells so in batches."""

    name: ClassVar[str] = "session.touch"
    sessions: Secrets = ()
    tokens: Secrets = ()

    async def perform(self, backend: Backend, by: Actor) -> Json:
        await noted(backend, Seen(set(self.sessions), set(self.tokens)))
        return {}
