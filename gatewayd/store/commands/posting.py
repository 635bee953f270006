"""What programs post: single messages that share a job, and the keys by which a repeated post is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatewayd.store.commands.base import Command
from gatewayd.store.commands.jobs import NewMessage, QueueInfo
from gatewayd.store.commands.keys import PostKey
from gatewayd.values.model import Priority

ORIGIN = "post"
"""Origin of the jobs that single messages share."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who posts: `label` is a piece of a job's name, `test` says that nothing is to be sent."""

    account: str
    label: str
    test: bool = False
    language: str = "es"
    may: frozenset[str] = frozenset()
    """Guarded classes of messages that it may use."""


@dataclass(frozen=True, slots=True)
class MessagePost:
    """One request: its messages, as objects of the API's schema, and its key."""

    messages: Sequence[Mapping[str, Any]]
    key: PostKey | None = None


@dataclass(frozen=True, slots=True)
class SharedJob:
    """The job that single messages share which are alike in all of this and come within one hour."""

    name: str
    """Of the first of that hour; another one gets a number behind it."""
    channel: str
    priority: Priority
    content_hash: str
    not_before: int | None
    not_after: int | None
    resend: bool
    unit_price: int
    currency: str
    content: str
    """JSON, as in `BeginJob`."""
    test: bool
    klass: str | None = None
    template: tuple[str, int] | None = None
    """As in `BeginJob`."""


@dataclass(frozen=True, slots=True)
class PostItem:
    """One message of a post: its row, or what says that it was refused before it could become one."""

    shared: SharedJob | None
    row: NewMessage | None
    refused: dict[str, Any] | None = None
    """The item's answer where there is no row."""
    unique: str | None = None
    """A name of which the account has one message (within the time that keys are kept)."""


@dataclass(frozen=True, slots=True)
class Post(Command["Posted"]):
    """Adds messages to the jobs they share, makes those that are missing, and writes the key, all in one transaction.

    A key that is known changes nothing and answers what was answered then. KeyReusedError where it stands for another
    request, KeyBusyError where that request is still being recorded.
    """

    account: str
    items: Sequence[PostItem]
    key: PostKey | None
    node: str
    now: int

    @property
    def weight(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Posted:
    """`answers` are JSON objects, one an item and in their order; `replayed`: they are those of an earlier request."""

    answers: list[dict[str, Any]]
    queues: tuple[QueueInfo, ...] = ()
    jobs: tuple[int, ...] = ()
    """Jobs that are new or got receipts."""
    replayed: bool = False
    numbers: tuple[int, ...] = ()
    """Of the messages, one an item; 0 where none was recorded. Those of a replay are not known."""
