"""What comes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatewayd.store.commands.base import Command


@dataclass(frozen=True, slots=True)
class Inbound(Command["Received"]):
    """A received message or part. The same `key` on the same line again changes nothing. Parts are kept until all have
    come, then joined. Finds the account: latest message to the sender within 30 days, else `default_account`.
    `opt_out` words are decided by the core and put the number on the blocklist in the same transaction."""

    line: str
    channel: str
    key: str
    sender: str
    to: str | None
    text: str
    at: int
    concat: tuple[int, int, int] | None
    default_account: str | None
    opt_out_words: frozenset[str]
    """Upper case, without accents; compared with the whole joined text, trimmed."""
    now: int


@dataclass(frozen=True, slots=True)
class Received:
    stored: bool
    """False: a repeat."""
    complete: bool
    opt_out: bool


@dataclass(frozen=True, slots=True)
class InboxEntry:
    id: int
    public: str
    at: int
    account: str | None
    channel: str
    line: str
    sender: str
    to: str | None
    text: str
    key: str
    opt_out: bool
    job: str | None
    message: str | None
    ref: str | None


@dataclass(frozen=True, slots=True)
class UnwrittenInbox(Command["tuple[InboxEntry, ...]"]):
    """The oldest messages that no file holds yet, but for those of the accounts that `without` names."""

    limit: int = 500
    without: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class InboxWritten(Command[None]):
    ids: Sequence[int]
