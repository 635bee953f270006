"""Tokens: by which programs ask, in an account or, of administration, in all of them."""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar, Final, Literal, get_args

from pydantic import AfterValidator, Field

from gatewayd.config.values import read_duration
from gatewayd.credentials.tokens import TokenKind, digest, make_token, token_prefix
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change
from gatewayd.store.people import tokens
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Role, Scope
from gatewayd.values.errors import ForbiddenError, UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

TokenScope = Literal["read", "send", "manage", "mass", "push", "transactional"]
SCOPES: Final[tuple[str, ...]] = get_args(TokenScope)
EXPIRES_MIN_S: Final = 60.0
EXPIRES_MAX_S: Final = 10 * 366 * 86_400.0
TokenName = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(wellformed)
]


def shape(found: tokens.TokenView, now: int) -> Json:
    """Returns a token as people and programs see it, without its secret."""
    expired = found.expires_at is not None and found.expires_at <= now
    return {
        "token": found.id,
        "prefix": found.prefix,
        "name": found.name,
        "account": found.account,
        "kind": found.kind,
        "scopes": list(found.scopes),
        "state": "revoked" if found.revoked_at is not None else "expired" if expired else "good",
        "created_at": iso(found.created_at),
        "created_by": found.created_by,
        "expires_at": None if found.expires_at is None else iso(found.expires_at),
        "last_used": None if found.last_used is None else iso(found.last_used),
        "revoked_at": None if found.revoked_at is None else iso(found.revoked_at),
    }


class CreateToken(Operation):
    """Makes a token; `secret` is shown this once."""

    name: ClassVar[str] = "token.create"
    acts_on: ClassVar[str | None] = "label"
    label: TokenName
    """What it is for."""
    account: str | None = None
    admin: bool = False
    """Of administration, in every account."""
    kind: TokenKind = "live"
    scopes: Annotated[tuple[TokenScope, ...], Field(min_length=1, max_length=len(SCOPES))] = ("read", "send")
    expires: Annotated[str, Field(max_length=40)] | None = None
    """How long it is good, as "90d"; None: until it is revoked."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if self.admin and by.role is not Role.ADMINISTRATOR:
            raise ForbiddenError(_("your role does not allow that"))
        if self.admin == (self.account is not None):
            raise UsageError(_("a token is of an account, or of administration: name one of the two"))
        if by.kind == "token" and not set(self.scopes) <= by.scopes:
            raise ForbiddenError(_("a token gives no scope that it has not itself"))
        if by.test and self.kind != "test":
            raise ForbiddenError(_("a test token makes test tokens alone"))
        now = backend.now()
        expires = None if self.expires is None else now + _ms(self.expires)
        token = make_token(self.kind)
        scopes = tuple(sorted(set(self.scopes)))
        new = tokens.NewToken(
            *(token_prefix(token), digest(token), self.label, self.account, self.kind, scopes, by.name, expires, now)
        )
        made = await backend.execute(Change(lambda unit: tokens.create(unit.session, new), by.name))
        question = partial(tokens.token, scope=Scope.all(), number=made.answer)
        found = await backend.read(lambda reader: reader.ask(question))
        return shape(found, now) | {"secret": token}


def _ms(expires: str) -> int:
    try:
        seconds = read_duration(expires)
    except ValueError:
        seconds = 0.0
    if not EXPIRES_MIN_S <= seconds <= EXPIRES_MAX_S:
        raise UsageError(_("expires: not a duration from a minute to ten years: {value}").format(value=expires))
    return int(seconds * 1000)


class ListTokens(Operation):
    """Lists tokens, the newest first; those that are revoked or expired too."""

    name: ClassVar[str] = "token.list"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = by.scope if self.account is None else Scope.of(self.account)
        found = await backend.read(lambda reader: reader.ask(partial(tokens.tokens, scope=scope)))
        return {"items": [shape(one, backend.now()) for one in found], "next": None}


class RevokeToken(Operation):
    """Revokes a token for good; it is refused within a second."""

    name: ClassVar[str] = "token.revoke"
    token: int

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(tokens.token, scope=by.scope, number=self.token)
        await backend.read(lambda reader: reader.ask(question))
        now = backend.now()
        await backend.execute(Change(lambda unit: tokens.revoke(unit.session, self.token, now), by.name))
        return shape(await backend.read(lambda reader: reader.ask(question)), now)
