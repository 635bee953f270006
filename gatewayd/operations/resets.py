"""A new password for who has forgotten theirs, by a link that is mailed."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, SecretStr

from gatewayd.credentials.passwords import KNOWN
from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.guard import GUARD
from gatewayd.operations.ports import Backend
from gatewayd.operations.users import Password, unlike
from gatewayd.process.logger import Logger
from gatewayd.store.commands import Change, Changed, CreateAccount
from gatewayd.store.people import resets, users
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, ForbiddenError, GatewayError
from gatewayd.values.staff import ACCOUNT, mark_of
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import speaking

log = Logger()

VALID_MIN: Final = resets.VALID_MS // 60_000
Secret = Annotated[SecretStr, Field(min_length=1, max_length=200)]

_MAILING: Final[set[asyncio.Task[None]]] = set()


def resettable(backend: Backend) -> bool:
    """Returns whether a link can be mailed: there is a mail line, and the panel knows its own address."""
    config = backend.config
    return config.web.base_url is not None and any(line.driver == "smtp" and line.enabled for line in config.lines)


class AskReset(Operation):
    """Mails a link to who has forgotten the password. Answers the same, and as soon, whether there is such a person."""

    name: ClassVar[str] = "reset.ask"
    user: Annotated[str, Field(min_length=1, max_length=254)]
    """Name or mail address."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live_of(backend)
        if not resettable(backend):
            raise ConflictError(_("no link can be mailed here; an administrator can give you a new password"))
        GUARD.once("reset", self.user.casefold(), by.address)
        found = await backend.read(lambda reader: reader.ask(partial(users.addressed, name_or_mail=self.user)))
        if found is not None and found.mail is not None:
            task = asyncio.create_task(_mail(backend, found))
            _MAILING.add(task)
            task.add_done_callback(_MAILING.discard)
        return {}


async def _mail(backend: Backend, found: users.UserView) -> None:
    """Puts the mail at intake, by the way of every message; it waits no longer than its link would be good."""
    try:
        with suppress(ConflictError):
            await backend.create_folders(ACCOUNT)
            await backend.execute(CreateAccount(ACCOUNT, backend.config.tariff.currency, backend.now()))
        spoken = await backend.read(lambda reader: reader.ask(partial(users.language_of, number=found.id)))
        with speaking(spoken):
            await live_of(backend).submit(ACCOUNT, _job(backend, found))
    except GatewayError as error:
        log.error("a link was not mailed", error=str(error))  # noqa: TRY400


def _job(backend: Backend, found: users.UserView) -> dict[str, Any]:
    link = f"{(backend.config.web.base_url or '').rstrip('/')}/entrar/clave/{mark_of(found.id)}"
    text = _(
        "Somebody, you most likely, asked for a new password for {user} in gatewayd.\n\n"
        "Set it here, within {minutes} minutes:\n{link}\n\n"
        "If it was not you, do nothing: your password stays as it is."
    ).format(user=found.shown_name, minutes=VALID_MIN, link=link)
    return {
        "job": f"reset-{secrets.token_hex(8)}",
        "channel": "email",
        "priority": "urgent",
        "subject": _("A new password for gatewayd").replace("%", "%%"),
        "text": text.replace("%", "%%"),
        # A second mail does no harm: its link is the one that works.
        "resend": "allow",
        "recipients": [{"to": found.mail}],
    }


class ShowReset(Operation):
    """Says whether a link is good."""

    name: ClassVar[str] = "reset.show"
    reads_store = True
    secret: Secret

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(resets.user_of, secret=self.secret.get_secret_value(), now=backend.now())
        return {"good": await backend.read(lambda reader: reader.ask(question)) is not None}


class UseReset(Operation):
    """Sets a new password by a link, which is used up; all sessions of that person end."""

    name: ClassVar[str] = "reset.use"
    secret: Secret
    password: Password

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live_of(backend)
        GUARD.once("link", "", by.address)
        secret, now = self.secret.get_secret_value(), backend.now()
        number = await backend.read(lambda reader: reader.ask(partial(resets.user_of, secret=secret, now=now)))
        found = None
        if number is not None:
            found = await backend.read(lambda reader: reader.ask(partial(users.credentials, number=number)))
        if found is None or found.user.disabled:
            raise ForbiddenError(_("this link is not good any more; ask for another one"))
        unlike(self.password, found.user.shown_name)
        hashed = await KNOWN.hashed(self.password.get_secret_value())

        def work(unit: Any) -> Changed[None]:
            if resets.take(unit.session, secret, now) != found.user.id:
                raise ForbiddenError(_("this link is not good any more; ask for another one"))
            changed = users.edit(unit.session, users.Edit(found.user.id, {"password": hashed}, now))
            return Changed(None, changed.before, changed.after, found.user.shown_name)

        await backend.execute(Change(work, by.name))
        return {"user": found.user.shown_name}
