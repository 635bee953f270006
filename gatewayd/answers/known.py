"""What is known of whoever wrote, and of what was answered before: all that a judgement needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Incoming:
    """A text that came in. `at` is Unix ms."""

    id: int
    channel: str
    line: str
    sender: str
    text: str
    at: int
    opt_out: bool = False
    review: bool = False
    """Whether it may be an opt-out, for a person to see."""
    answers_customer: int | None = None
    """The customer to whom the message went that it answers."""
    pressed: str = ""
    """What the key means that was pressed in a call (promise, paid, wrong_person, its_me); empty: it is a text."""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with that address on file."""

    id: int
    external_id: str
    name: str
    state: str
    """Of the contact point: unknown, confirmed, wrong_person."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What a customer owes in a currency; millionths."""

    currency: str
    balance: int
    due: date | None = None
    invoices: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """The invoice that a customer owes longest; what billing has not said of it is empty."""

    number: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """One earlier answer to the same number. `at` is Unix ms."""

    at: int
    kind: str
    told: bool
    """Whether a message was made of it."""
    long: bool = False
    """Whether the text only began with the word: as machines write."""


@dataclass(frozen=True, slots=True)
class OpenTicket:
    number: int
    id: int


@dataclass(frozen=True, slots=True)
class Known:
    """All that decides about one text."""

    people: tuple[Person, ...] = ()
    """Every customer of the account with that address, wrong persons too."""
    owed: Mapping[int, tuple[Owed, ...]] = field(default_factory=dict)
    """By customer."""
    bills: Mapping[int, Bill] = field(default_factory=dict)
    """The same; of those who owe, where the account's words name one."""
    fresh: bool = False
    """Whether the account has billing, and it is young enough to be spoken of."""
    recent: tuple[Answered, ...] = ()
    """To this number within the last hours, newest first."""
    account_hour: int = 0
    """Answers of the account within the hour."""
    tickets_today: int = 0
    open_ticket: OpenTicket | None = None


Kind = Literal[
    "none", "opt_out", "doubtful", "wrong_person", "paid", "promise", "day", "ticket", "tickets", "debt", "other",
    "confirm",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a text."""

    kind: Kind
    """`none`: no word matches, a person reads it."""
    speaks: bool = False
    """Whether an answer is sent; its words are those of `kind`."""
    reason: str | None = None
    """Why a person is to see it although a word matched."""
    people: tuple[Person, ...] = ()
    """Whom it is about."""
    day: date | None = None
    """That was promised."""
    long: bool = False
    confirms: bool = False
    """Whether the number is confirmed by it."""
    note: str = ""
