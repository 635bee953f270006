"""What a signed-in person does with the own account: password, sessions, second factor, language and look."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SecretStr

from gatewayd.credentials.passwords import KNOWN, LENGTH_MAX
from gatewayd.credentials.totp import new_seed, step_of
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.guard import GUARD
from gatewayd.operations.limits import shown
from gatewayd.operations.ports import Backend
from gatewayd.operations.secondfactor import GONE, as_told, offered, place_of, recovery
from gatewayd.operations.users import Language, Mail, Password, changed_user, shape
from gatewayd.store.commands import Change
from gatewayd.store.people import sessions
from gatewayd.store.people.users import Credentials, credentials
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError, UsageError
from gatewayd.words.translation import gettext as _

Current = Annotated[SecretStr, Field(max_length=LENGTH_MAX)]
"""The password that the person has now."""


async def _self(backend: Backend, by: Actor) -> Credentials:
    """Returns the person who acts; UnauthenticatedError for who is none, as an operator at the command line."""
    found = None
    if by.kind == "person":
        found = await backend.read(lambda reader: reader.ask(partial(credentials, number=by.number)))
    if found is None:
        raise UnauthenticatedError(_("only a person who is signed in has an account of their own"))
    return found


async def _sure(found: Credentials, password: SecretStr) -> None:
    """ForbiddenError where the password is wrong: a browser that was left open is not the person."""
    if not await GUARD.confirm(f"user {found.user.id}", password.get_secret_value(), found.password):
        raise ForbiddenError(_("the password you have now is not that; nothing was changed"))


class ShowMe(Operation):
    """Shows the person's own account, and how many recovery codes are left."""

    name: ClassVar[str] = "me.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        return shape(found.user) | {
            "theme": found.user.theme,
            "recovery_codes": len(found.recovery),
            "month": await shown(backend, found.user.id, found.user.account),
        }


class EditMe(Operation):
    """Changes language, look and mail address; an empty text takes a value away.

    The mail address needs the password: a link to a new one would go there.
    """

    name: ClassVar[str] = "me.edit"
    language: Language | Literal[""] | None = None
    theme: Literal["light", "dark", ""] | None = None
    mail: Mail | Literal[""] | None = None
    current: Current | None = None
    version: int | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        if self.mail is not None:
            await _sure(found, self.current or SecretStr(""))
        names = ("language", "theme", "mail")
        values: dict[str, Any] = {
            name: getattr(self, name) or None for name in names if getattr(self, name) is not None
        }
        changed = await changed_user(backend, found.user, values, by, self.version)
        return shape(changed) | {"theme": changed.theme}


class ChangePassword(Operation):
    """Changes the person's own password; all other sessions end."""

    name: ClassVar[str] = "me.password"
    current: Current
    password: Password

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        await _sure(found, self.current)
        if self.password.get_secret_value().casefold() == found.user.name:
            raise UsageError(_("password: it must not be the name"))
        hashed = await KNOWN.hashed(self.password.get_secret_value())
        return shape(await changed_user(backend, found.user, {"password": hashed}, by))


class ListSessions(Operation):
    """Lists where the person is signed in."""

    name: ClassVar[str] = "me.sessions"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        question = partial(sessions.sessions_of, user=found.user.id, now=backend.now())
        items = [
            {
                "session": one.id,
                "this": one.id == by.session,
                "address": one.address,
                "agent": one.agent,
                "created_at": iso(one.created_at),
                "last_seen": iso(one.last_seen),
                "expires_at": iso(one.expires_at),
            }
            for one in await backend.read(lambda reader: reader.ask(question))
        ]
        return {"items": items, "next": None}


class EndSession(Operation):
    """Ends one of the person's sessions; without a number, all but this one."""

    name: ClassVar[str] = "me.sign_out"
    session: int | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        number = self.session
        if number is None:
            ended = await backend.execute(
                Change(lambda unit: sessions.end_sessions(unit.session, found.user.id, but=by.session), by.name)
            )
            return {"ended": ended}
        question = partial(sessions.sessions_of, user=found.user.id, now=backend.now())
        mine = await backend.read(lambda reader: reader.ask(question))
        if number not in {one.id for one in mine}:
            raise NotFoundError(_("no session {session}").format(session=number))
        ended = await backend.execute(Change(lambda unit: int(sessions.end_session(unit.session, number)), by.name))
        return {"ended": ended}


class OfferTotp(Operation):
    """Makes a new seed for the person's telephone, in force once a code of it has come. Shown once."""

    name: ClassVar[str] = "me.totp_offer"
    current: Current

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        await _sure(found, self.current)
        if found.totp is not None:
            raise ConflictError(_("a second factor is in force already; take it away first"))
        seed = new_seed()
        sealed = backend.vault.seal(seed, place_of(found.user.id))
        await changed_user(backend, found.user, {"totp_offered": sealed}, by)
        return as_told(seed, found)


class ShowOffered(Operation):
    """Shows the offered seed again while it is not in force: the page draws it as a picture of its own."""

    name: ClassVar[str] = "me.totp_picture"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        seed = offered(backend, found)
        if seed is None:
            raise NotFoundError(_("no second factor was offered; begin again"))
        return as_told(seed, found)


class ConfirmTotp(Operation):
    """Puts the seed in force that was offered; answers recovery codes, shown once."""

    name: ClassVar[str] = "me.totp_confirm"
    code: Annotated[SecretStr, Field(max_length=40)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        if found.totp_offered is None:
            raise ConflictError(_("no second factor was offered; begin again"))
        GUARD.code(f"offer {found.user.id}")
        seed = offered(backend, found) or ""
        step = step_of(seed, self.code.get_secret_value(), backend.now(), found.totp_step)
        if step is None:
            raise UsageError(_("code: this is not the code that the telephone shows now; is its clock right?"))
        GUARD.right_code(f"offer {found.user.id}")
        codes, kept = recovery()
        values = {
            "totp_sealed": found.totp_offered,
            "totp_offered": None,
            "totp_step": step,
            "recovery": kept,
        }
        await changed_user(backend, found.user, values, by, found.user.version)
        return {"recovery_codes": codes}


class DropTotp(Operation):
    """Takes the person's own second factor away."""

    name: ClassVar[str] = "me.totp_drop"
    current: Current

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        await _sure(found, self.current)
        return shape(await changed_user(backend, found.user, GONE, by))


class RenewCodes(Operation):
    """Makes new recovery codes, shown once; the old ones are good no more."""

    name: ClassVar[str] = "me.recovery"
    current: Current

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _self(backend, by)
        await _sure(found, self.current)
        if found.totp is None:
            raise ConflictError(_("there is no second factor to recover"))
        codes, kept = recovery()
        await changed_user(backend, found.user, {"recovery": kept}, by)
        return {"recovery_codes": codes}
