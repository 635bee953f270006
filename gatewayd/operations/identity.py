"""Who makes a request that bears a session or a token: the same judgement in the daemon and in the web process."""

from __future__ import annotations

from functools import partial
from typing import Any

from gatewayd.actor import NOBODY, Actor
from gatewayd.errors import UnauthenticatedError, UsageError
from gatewayd.operations.ports import Backend
from gatewayd.store.people.sessions import person_of
from gatewayd.translation import gettext as _

SECRET_MAX = 200
"""Characters; ours have 43."""


async def identify(backend: Backend, bearing: Any, address: str) -> Actor:
    """Returns who bears `{"session": SECRET}` or `{"token": SECRET}`; nobody for None.

    UnauthenticatedError where the session has ended or the token is not good.
    """
    if bearing is None:
        return NOBODY
    if not isinstance(bearing, dict) or len(bearing) != 1:
        raise UsageError("a request bears a session or a token")
    ((kind, secret),) = bearing.items()
    if not isinstance(secret, str) or not 0 < len(secret) <= SECRET_MAX or kind not in {"session", "token"}:
        raise UnauthenticatedError(_("sign in first"))
    if kind == "session":
        question = partial(person_of, secret=secret, now=backend.now(), address=address)
        found = await backend.read(lambda reader: reader.ask(question))
        if found is None:
            raise UnauthenticatedError(_("your session has ended; sign in again"))
        return found
    raise UnauthenticatedError(_("this token is not good"))
