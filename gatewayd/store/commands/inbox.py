"""What comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gatewayd.contact.said import Verdict
from gatewayd.store.commands.base import Command

Judge = Callable[[str, str], Verdict]
"""A text and a subject to what they say about further messages."""


@dataclass(frozen=True, slots=True)
class Inbound(Command["Received"]):
    """A received message or part. The same `key` on the same line again changes nothing. Parts are kept until all have
    come, then joined. Finds the account: that of the message it answers, else of the latest message to the sender
    within 30 days, else `default_account`. An opt-out puts the sender on the do-not-contact list in the same
    transaction."""

    line: str
    channel: str
    key: str
    sender: str
    to: str | None
    text: str
    at: int
    concat: tuple[int, int, int] | None
    default_account: str | None
    judge: Judge
    """Asked for the whole text: of parts, once they are joined."""
    now: int
    subject: str = ""
    opted_out: bool = False
    """By a means that is no text."""
    aliases: tuple[str, ...] = ()
    """Further addresses of the sender, which an opt-out blocks as well."""
    answers: int | None = None
    """The attempt that it answers."""
    answers_reference: str | None = None
    """The reference, on this line, of what it answers."""


@dataclass(frozen=True, slots=True)
class KeyPressed(Command["Received"]):
    """A key that was pressed in a call of which that becomes known after its end: it comes into the inbox as with the
    end, each attempt's once. One that opts out blocks the number in the account that called. An attempt that a store
    lacks, which was put back, is taken for the latest message to that number. Answers `opt_out` where that was done, of
    a repeat as well."""

    attempt_id: int
    line: str
    to: str | None
    """Who was called, in E.164; None where that is not known."""
    key: str
    action: str | None
    """What it means, by the script of the call."""
    detail: str
    """What is known of the call, as JSON: the message says it from now on."""
    now: int

    @property
    def opted_out(self) -> bool:
        return self.action == "opt_out"


@dataclass(frozen=True, slots=True)
class Received:
    stored: bool
    """False: a repeat."""
    complete: bool
    opt_out: bool
    doubtful: bool = False
    """It may be an opt-out: a person has to see it."""
    jobs: tuple[int, ...] = ()
    """Whose waiting messages an opt-out has withdrawn."""


@dataclass(frozen=True, slots=True)
class EndParts(Command["Ended"]):
    """Keeps what there is of long texts of which no part has come since `before`."""

    before: int
    accounts: Mapping[str, str]
    """Account of messages that belong to none, by line."""
    default_account: str | None
    judge: Judge
    now: int
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Ended:
    texts: int
    jobs: tuple[int, ...]


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
    review: str | None = None
    """`opt_out`: a person has to see whether it is one."""


@dataclass(frozen=True, slots=True)
class UnwrittenInbox(Command["tuple[InboxEntry, ...]"]):
    """The oldest messages that no file holds yet, but for those of the accounts that `without` names."""

    limit: int = 500
    without: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class InboxWritten(Command[None]):
    ids: Sequence[int]
