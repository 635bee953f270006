"""Sessions of signed-in people. The store knows a secret's hash alone: who reads it cannot act with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.actor import Actor, Role
from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, adding, given

IDLE_MS: Final = 12 * 3_600_000
"""A working day at a desk; a browser left alone overnight is signed out."""
ABSOLUTE_MS: Final = 30 * 86_400_000


def digest(secret: str) -> str:
    """Returns the hash of a secret of 256 random bits, which needs no salt and no work factor."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to be opened."""

    secret: str
    """Its digest."""
    user: int
    address: str
    agent: str
    now: int


_SESSION: Final = tables.session.c
_ADD: Final = adding(tables.session, "secret user_id created_at last_seen expires_at address agent")
_END: Final = Statement(tables.session.delete().where(_SESSION.id == given(_SESSION.id)), "p_id")


def open_session(session: Session, new: NewSession) -> None:
    """Writes a session down."""
    session.run(_ADD, new.secret, new.user, new.now, new.now, new.now + ABSOLUTE_MS, new.address[:64], new.agent[:200])


def end_session(session: Session, number: int) -> bool:
    """Ends a session; answers whether there was one."""
    return session.run(_END, number) > 0


def person_of(connection: Connection, secret: str, now: int, address: str) -> Actor | None:
    """Returns who holds the secret of a session that has not ended; None where nobody does."""
    user, account = tables.user.c, tables.account.c
    row = connection.execute(
        select(tables.user, account.name.label("account"), _SESSION.id.label("session"))
        .select_from(
            tables.session.join(tables.user, user.id == _SESSION.user_id).outerjoin(
                tables.account, account.id == user.account_id
            )
        )
        .where(
            _SESSION.secret == digest(secret),
            _SESSION.expires_at > now,
            _SESSION.last_seen > now - IDLE_MS,
            user.disabled.is_(False),
        )
    ).one_or_none()
    if row is None:
        return None
    return Actor(
        "person",
        row.shown_name,
        Role(row.role),
        row.account,
        number=row.id,
        address=address,
        language=row.language,
        session=row.session,
    )
