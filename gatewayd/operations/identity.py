"""Who makes a request that bears a session or a token: the same judgement in the daemon and in the web process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from gatewayd.credentials.tokens import digest, wellformed_token
from gatewayd.operations.ports import Backend
from gatewayd.process.logger import Logger
from gatewayd.store.commands import Change
from gatewayd.store.people import sessions, tokens
from gatewayd.store.people.sessions import person_of
from gatewayd.store.people.tokens import program_of
from gatewayd.values.actor import NOBODY, Actor
from gatewayd.values.errors import GatewayError, UnauthenticatedError, UsageError
from gatewayd.words.translation import gettext as _

log = Logger()

SECRET_MAX = 200
"""Characters; ours have 43 and 47."""
REMEMBERED_S: Final = 1.0
"""How long a good token is believed without a look into the store: so soon a revoked one is known."""
REMEMBERED_MAX: Final = 2000
NOTED_S: Final = 20.0
"""How long it is gathered who was seen, before it is written down in one go."""
NOTED_MAX: Final = 1000
"""Secrets of one note; whoever comes beyond is noted the next time."""


@dataclass(slots=True)
class Seen:
    """Secrets that were borne since the last note."""

    sessions: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)


Note = Callable[[Seen], Awaitable[object]]


async def noted(backend: Backend, seen: Seen) -> None:
    """Writes down who was seen; secrets that are nobody's are passed over."""
    now = backend.now()
    borne, used = [digest(one) for one in seen.sessions], [digest(one) for one in seen.tokens]

    def work(unit: Any) -> None:
        sessions.see(unit.session, borne, now)
        tokens.used(unit.session, used, now)

    await backend.execute(Change(work))


class Identities:
    """Knows who bears what; remembers good tokens for a second, and hands on who was seen, in batches."""

    def __init__(self, backend: Backend, note: Note) -> None:
        self._backend = backend
        self._note = note
        self._known: dict[str, tuple[Actor, float]] = {}
        self._seen = Seen()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    async def identify(self, bearing: Any, address: str) -> Actor:
        """Returns who bears `{"session": SECRET}` or `{"token": SECRET}`; nobody for None.

        UnauthenticatedError where the session has ended or the token is not good.
        """
        if bearing is None:
            return replace(NOBODY, address=address)
        if not isinstance(bearing, dict) or len(bearing) != 1:
            raise UsageError("a request bears a session or a token")
        ((kind, secret),) = bearing.items()
        if not isinstance(secret, str) or not 0 < len(secret) <= SECRET_MAX or kind not in {"session", "token"}:
            raise UnauthenticatedError(_("sign in first"))
        if kind == "session":
            actor = await self._person(secret, address)
            self._saw(self._seen.sessions, secret)
        else:
            actor = await self._program(secret, address)
            self._saw(self._seen.tokens, secret)
        return actor

    async def close(self) -> None:
        """Hands on who was seen last."""
        if self._timer is not None:
            self._timer.cancel()
            self._start()
        if self._writing is not None:
            await self._writing

    async def _person(self, secret: str, address: str) -> Actor:
        question = partial(person_of, secret=secret, now=self._backend.now(), address=address)
        found = await self._backend.read(lambda reader: reader.ask(question))
        if found is None:
            raise UnauthenticatedError(_("your session has ended; sign in again"))
        return found

    async def _program(self, secret: str, address: str) -> Actor:
        now = asyncio.get_running_loop().time()
        known = self._known.get(secret)
        if known is not None and known[1] > now:
            return replace(known[0], address=address)
        self._known.pop(secret, None)
        found = None
        if wellformed_token(secret):
            question = partial(program_of, secret=secret, now=self._backend.now())
            found = await self._backend.read(lambda reader: reader.ask(question))
        if found is None:
            raise UnauthenticatedError(_("this token is not good: mistyped, revoked or too old"))
        if len(self._known) >= REMEMBERED_MAX:
            self._known.clear()
        self._known[secret] = (found, now + REMEMBERED_S)
        return replace(found, address=address)

    def _saw(self, secrets: set[str], secret: str) -> None:
        if len(secrets) < NOTED_MAX:
            secrets.add(secret)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(NOTED_S, self._start)

    def _start(self) -> None:
        self._timer = None
        seen, self._seen = self._seen, Seen()
        self._writing = asyncio.get_running_loop().create_task(self._write(seen))

    async def _write(self, seen: Seen) -> None:
        try:
            await self._note(seen)
        except GatewayError as error:
            # Only times are lost; a session that is used on is noted again.
            log.info("who was seen is not noted", error=str(error))
