"""Sessions of signed-in people, and the browsers they use. The store knows hashes of their secrets alone: who reads it
cannot act with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, select

from gatewayd.credentials.tokens import digest
from gatewayd.store import tables
from gatewayd.store.accounts import language_in
from gatewayd.store.session import Session, Statement, adding, among, given
from gatewayd.values.actor import Actor, Role

IDLE_MS: Final = 12 * 3_600_000
"""A working day at a desk; a browser left alone overnight is signed out."""
ABSOLUTE_MS: Final = 30 * 86_400_000
SESSIONS_MAX: Final = 50
"""Of one person; the oldest gives way."""
DEVICES_MAX: Final = 20
DEVICE_MS: Final = 400 * 86_400_000
"""As long as a browser keeps a cookie (RFC 6265bis §5.5)."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to be opened."""

    secret: str
    """Its digest."""
    user: int
    address: str
    agent: str
    now: int
    device: str | None = None
    """Digest of the secret that the browser is known by from now on; None: it is known already."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session, as its owner sees it."""

    id: int
    created_at: int
    last_seen: int
    expires_at: int
    address: str
    agent: str


_SESSION: Final = tables.session.c
_DEVICE: Final = tables.device.c
_ADD: Final = adding(tables.session, "secret user_id created_at last_seen expires_at address agent")
_ADD_DEVICE: Final = adding(tables.device, "secret user_id created_at last_seen")
_END: Final = Statement(delete(tables.session).where(_SESSION.id == given(_SESSION.id)), "p_id")
_END_ALL: Final = Statement(delete(tables.session).where(_SESSION.user_id == given(_SESSION.user_id)), "p_user_id")
_END_OTHERS: Final = Statement(
    delete(tables.session).where(_SESSION.user_id == given(_SESSION.user_id), _SESSION.id != given(_SESSION.id)),
    "p_user_id p_id",
)
_OF_USER: Final = Statement(
    select(_SESSION.id).where(_SESSION.user_id == given(_SESSION.user_id)).order_by(_SESSION.id.desc()), "p_user_id"
)
_DEVICES_OF_USER: Final = Statement(
    select(_DEVICE.id).where(_DEVICE.user_id == given(_DEVICE.user_id)).order_by(_DEVICE.last_seen.desc()), "p_user_id"
)
_DROP: Final = Statement(delete(tables.session).where(among(_SESSION.id)))
_DROP_DEVICES: Final = Statement(delete(tables.device).where(among(_DEVICE.id)))
_FORGET_DEVICES: Final = Statement(delete(tables.device).where(_DEVICE.user_id == given(_DEVICE.user_id)), "p_user_id")
_SEE: Final = Statement(
    tables.session.update()
    .where(
        _SESSION.secret == given(_SESSION.secret, "k_secret"),
        _SESSION.last_seen > given(_SESSION.last_seen, "k_after"),
        _SESSION.last_seen < given(_SESSION.last_seen, "k_before"),
    )
    .values(last_seen=given(_SESSION.last_seen)),
    "k_secret k_after k_before p_last_seen",
)
_SEE_DEVICE: Final = Statement(
    tables.device.update()
    .where(_DEVICE.secret == given(_DEVICE.secret, "k_secret"))
    .values(last_seen=given(_DEVICE.last_seen)),
    "k_secret p_last_seen",
)
_ENDED: Final = Statement(
    delete(tables.session).where(
        (_SESSION.expires_at <= given(_SESSION.expires_at)) | (_SESSION.last_seen <= given(_SESSION.last_seen))
    ),
    "p_expires_at p_last_seen",
)
_OLD_DEVICES: Final = Statement(
    delete(tables.device).where(_DEVICE.last_seen <= given(_DEVICE.last_seen)), "p_last_seen"
)


def open_session(session: Session, new: NewSession, known: str | None = None) -> None:
    """Writes a session down; `known` is the digest of a browser's secret that was used. The oldest beyond
    `SESSIONS_MAX` end."""
    session.run(_ADD, new.secret, new.user, new.now, new.now, new.now + ABSOLUTE_MS, new.address[:64], new.agent[:200])
    session.among(_DROP, [row[0] for row in session.all(_OF_USER, new.user)[SESSIONS_MAX:]])
    if new.device is not None:
        session.run(_ADD_DEVICE, new.device, new.user, new.now, new.now)
        session.among(_DROP_DEVICES, [row[0] for row in session.all(_DEVICES_OF_USER, new.user)[DEVICES_MAX:]])
    elif known is not None:
        session.run(_SEE_DEVICE, known, new.now)


def end_session(session: Session, number: int) -> bool:
    """Ends a session; answers whether there was one."""
    return session.run(_END, number) > 0


def end_sessions(session: Session, user: int, *, but: int | None = None) -> int:
    """Ends a person's sessions, all or all but one; answers how many there were."""
    if but is None:
        return session.run(_END_ALL, user)
    return session.run(_END_OTHERS, user, but)


def forget_devices(session: Session, user: int) -> None:
    """Makes all of a person's browsers strangers."""
    session.run(_FORGET_DEVICES, user)


def see(session: Session, digests: Sequence[str], now: int) -> None:
    """Notes that sessions of these digests were used; one that has ended stays so."""
    session.many(_SEE, [(one, now - IDLE_MS, now, now) for one in digests])


def prune(session: Session, now: int) -> int:
    """Removes what has ended; answers how many."""
    session.run(_OLD_DEVICES, now - DEVICE_MS)
    return session.run(_ENDED, now, now - IDLE_MS)


def sessions_of(connection: Connection, *, user: int, now: int) -> Sequence[SessionView]:
    """Returns a person's sessions that have not ended, the latest seen first."""
    rows = connection.execute(
        select(tables.session)
        .where(_SESSION.user_id == user, _SESSION.expires_at > now, _SESSION.last_seen > now - IDLE_MS)
        .order_by(_SESSION.last_seen.desc())
    )
    return [SessionView(row.id, row.created_at, row.last_seen, row.expires_at, row.address, row.agent) for row in rows]


def device_user(connection: Connection, *, secret: str) -> int | None:
    """Returns the number of the person who has signed in with the browser that holds the secret."""
    found = connection.scalar(select(_DEVICE.user_id).where(_DEVICE.secret == digest(secret)))
    return None if found is None else int(found)


def person_of(connection: Connection, secret: str, now: int, address: str) -> Actor | None:
    """Returns who holds the secret of a session that has not ended; None where nobody does."""
    user, account, settings = tables.user.c, tables.account.c, tables.account_settings.c
    row = connection.execute(
        select(
            tables.user,
            account.name.label("account"),
            _SESSION.id.label("session"),
            settings.document.label("settings"),
        )
        .select_from(
            tables.session.join(tables.user, user.id == _SESSION.user_id)
            .outerjoin(tables.account, account.id == user.account_id)
            .outerjoin(tables.account_settings, settings.account_id == user.account_id)
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
        language=row.language or language_in(row.settings),
        theme=row.theme,
        session=row.session,
    )
