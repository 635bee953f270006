"""Who acts, with which role, and which rows that may touch. Values that every door hands to the operations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal, Self


class Role(StrEnum):
    """The three roles of people."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that a question or a change may touch. A required argument of both in the upper wings."""

    account: str | None
    """None: every account's."""
    person: int | None = None
    """The user's number where only what is that person's own counts; None: everybody's of the account."""

    @classmethod
    def all(cls) -> Self:
        """Returns the scope without a bound, for administrators and engines."""
        return cls(None)

    @classmethod
    def of(cls, account: str, person: int | None = None) -> Self:
        return cls(account, person)

    def holds(self, account: str) -> bool:
        """Returns whether rows of `account` are within."""
        return self.account is None or self.account == account


Kind = Literal["operator", "person", "token", "engine", "nobody"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for an operation."""

    kind: Kind
    """operator: at the command line or control socket, with the machine's own rights; engine: the gateway itself."""
    name: str
    """The user's or the token's name; `uid 1000 (ana)` of an operator. For the audit trail, never for a decision."""
    role: Role | None = None
    """None: nobody is signed in."""
    account: str | None = None
    """The account it is bound to; None: none, every account is open to its role."""
    number: int | None = None
    """Row of the user or token."""
    scopes: frozenset[str] = frozenset()
    """Of a token: `read`, `send`, `manage`, `mass` …"""
    test: bool = False
    """Whether it is a test token: what it posts is accepted and priced, and never sent."""
    address: str = ""
    """IP address it comes from; empty at this machine's own sockets."""
    language: str | None = None
    theme: str | None = None
    """light, dark; None: the browser's."""
    session: int | None = None
    """Row of the session of a signed-in person."""

    @property
    def scope(self) -> Scope:
        """The rows it may touch."""
        return Scope(self.account)

    def within(self, account: str) -> Self:
        """Returns the same actor, bound to one account (an administrator who works in it)."""
        return replace(self, account=account)


NOBODY: Final = Actor("nobody", "")


def engine(name: str) -> Actor:
    """Returns the gateway itself, acting by one of its engines."""
    return Actor("engine", name, Role.ADMINISTRATOR)
