"""What stands around a page: navigation with its counts, the account, credit, who one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Count:
    """How much waits for a person behind an entry."""

    number: int
    urgent: bool = False
    """Red: act; else amber: look."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation."""

    key: str
    word: str
    """English; of the catalogue."""
    icon: str
    path: str
    current: bool
    count: Count | None = None
    below: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Credit:
    """What is left to an account."""

    balance: str
    """Decimal."""
    currency: str
    low: bool
    href: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What has just happened, for the next page."""

    text: str
    tone: str = "good"


@dataclass(frozen=True, slots=True)
class Own:
    """A link below the person's name."""

    path: str
    word: str
    icon: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page."""

    nav: Sequence[Entry]
    here: str
    """Address of the page, to come back to."""
    company: str
    person: str
    role: str
    logo: str = ""
    """Address of the company's logo; "" where it has none."""
    bound: str = ""
    """The account somebody is bound to; "" for who sees all of them."""
    accounts: Sequence[str] = ()
    """Those that may be chosen; empty where there is no choice."""
    account: str = ""
    """The account that is worked in; "" for all."""
    credit: Credit | None = None
    away: bool = False
    """Whether the daemon does not answer."""
    search: str = ""
    stream: str = "/eventos"
    own: Sequence[Own] = ()
    notices: Sequence[Notice] = field(default_factory=tuple)


NONE: Final = Frame((), "/", "gatewayd", "", "")
"""Around what is shown before anybody is signed in."""
