"""Links by which a person who has forgotten the password sets another: kept hashed, half an hour, one use."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, select

from gatewayd.credentials.tokens import digest
from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, adding, given

VALID_MS: Final = 30 * 60_000

_RESET: Final = tables.reset.c
_ADD: Final = adding(tables.reset, "secret user_id created_at expires_at")
_OLD: Final = Statement(delete(tables.reset).where(_RESET.expires_at <= given(_RESET.expires_at)), "p_expires_at")
_OF_USER: Final = Statement(delete(tables.reset).where(_RESET.user_id == given(_RESET.user_id)), "p_user_id")


def offer(session: Session, user: int, secret: str, now: int) -> None:
    """Writes down the digest of a link's secret; earlier links of that person are good no more."""
    session.run(_OF_USER, user)
    session.run(_ADD, secret, user, now, now + VALID_MS)


def take(session: Session, secret: str, now: int) -> int | None:
    """Uses a link up; answers whose it is. None where it is not good (any more)."""
    user = user_of(session.connection, secret=secret, now=now)
    if user is not None:
        session.run(_OF_USER, user)
    return user


def user_of(connection: Connection, *, secret: str, now: int) -> int | None:
    """Returns whose link it is; None where it is not good (any more)."""
    found = connection.scalar(select(_RESET.user_id).where(_RESET.secret == digest(secret), _RESET.expires_at > now))
    return None if found is None else int(found)


def prune(session: Session, now: int) -> int:
    """Removes what is too old; answers how many."""
    return session.run(_OLD, now)
