"""Tokens of programs: the store knows their hash alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.credentials.tokens import digest
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Changed
from gatewayd.store.session import Session, Statement, adding, given, setting
from gatewayd.values.actor import Actor, Role, Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

TOKENS_MAX: Final = 1000
"""Good ones at once in the whole gateway; a script that makes a token a request is stopped here."""

_TOKEN: Final = tables.token.c
_ACCOUNT: Final = tables.account.c
_TOKENS: Final = select(tables.token, _ACCOUNT.name.label("account")).select_from(
    tables.token.outerjoin(tables.account, _ACCOUNT.id == _TOKEN.account_id)
)


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token, without its secret."""

    id: int
    prefix: str
    name: str
    account: str | None
    """None: of administration."""
    kind: str
    scopes: tuple[str, ...]
    created_at: int
    created_by: str
    expires_at: int | None
    last_used: int | None
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be written down. `account` None: of administration."""

    prefix: str
    secret: str
    """Its digest."""
    name: str
    account: str | None
    kind: str
    scopes: tuple[str, ...]
    by: str
    expires_at: int | None
    now: int


_ADD: Final = adding(tables.token, "prefix secret name account_id kind scopes created_at created_by expires_at")
_SECRET: Final = Statement(select(_TOKEN.id).where(_TOKEN.secret == given(_TOKEN.secret)), "p_secret")
_GOOD: Final = Statement(select(_TOKEN.id).where(_TOKEN.revoked_at.is_(None)).limit(TOKENS_MAX))
_REVOKE: Final = setting(tables.token, "revoked_at", "id")
_USED: Final = Statement(
    tables.token.update()
    .where(
        _TOKEN.secret == given(_TOKEN.secret, "k_secret"),
        _TOKEN.last_used.is_(None) | (_TOKEN.last_used < given(_TOKEN.last_used, "k_last_used")),
    )
    .values(last_used=given(_TOKEN.last_used)),
    "k_secret k_last_used p_last_used",
)


def create(session: Session, new: NewToken) -> Changed[int]:
    """Writes a token down; answers its number. NotFoundError without the account, ConflictError with too many."""
    if len(session.all(_GOOD)) >= TOKENS_MAX:
        raise ConflictError(_("there are {count} tokens already; revoke some first").format(count=TOKENS_MAX))
    account = None if new.account is None else account_number(session.connection, new.account)
    session.run(
        *(_ADD, new.prefix, new.secret, new.name, account, new.kind, " ".join(new.scopes)),
        *(new.now, new.by, new.expires_at),
    )
    row = session.one(_SECRET, new.secret)
    assert row is not None
    after = {
        "token": new.prefix,
        "name": new.name,
        "account": new.account,
        "kind": new.kind,
        "scopes": new.scopes,
        "expires_at": new.expires_at,
    }
    return Changed(int(row[0]), None, after)


def revoke(session: Session, number: int, now: int) -> Changed[bool]:
    """Revokes a token for good; answers whether it was good until now."""
    row = session.connection.execute(_TOKENS.where(_TOKEN.id == number)).one()
    if row.revoked_at is not None:
        return Changed(False)
    session.run(_REVOKE, now, number)
    return Changed(True, {"token": row.prefix, "name": row.name, "account": row.account}, {"revoked": True})


def used(session: Session, digests: Sequence[str], now: int) -> None:
    """Notes that tokens of these digests were used."""
    session.many(_USED, [(one, now, now) for one in digests])


def tokens(connection: Connection, *, scope: Scope) -> Sequence[TokenView]:
    """Returns the tokens within a scope, the newest first; those that are revoked too."""
    statement = _TOKENS.order_by(_TOKEN.id.desc()).limit(10 * TOKENS_MAX)
    if scope.account is not None:
        statement = statement.where(_ACCOUNT.name == scope.account)
    return [_view(row) for row in connection.execute(statement)]


def token(connection: Connection, *, scope: Scope, number: int) -> TokenView:
    """Returns the token of that number; NotFoundError where there is none within the scope."""
    row = connection.execute(_TOKENS.where(_TOKEN.id == number)).one_or_none()
    if row is None or not (scope.account is None or row.account == scope.account):
        raise NotFoundError(_("no token {token}").format(token=number))
    return _view(row)


def program_of(connection: Connection, secret: str, now: int) -> Actor | None:
    """Returns the program that bears the token; None where it is not good (any more)."""
    row = connection.execute(_TOKENS.where(_TOKEN.secret == digest(secret))).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return Actor(
        "token",
        row.name,
        # What a token may is said by its scopes; the role keeps an account's from what is administration's.
        Role.ADMINISTRATOR if row.account_id is None else Role.SUPERVISOR,
        row.account,
        number=row.id,
        scopes=frozenset(row.scopes.split()),
        test=row.kind == "test",
    )


def _view(row: Any) -> TokenView:
    return TokenView(
        *(row.id, row.prefix, row.name, row.account, row.kind, tuple(row.scopes.split())),
        *(row.created_at, row.created_by, row.expires_at, row.last_used, row.revoked_at),
    )
