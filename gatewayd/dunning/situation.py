"""All that decides about one customer, as it is read in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from gatewayd.billing.facts import Invoice, Payment
from gatewayd.dunning.policy import Policy

StepState = Literal["planned", "done", "undone"]
"""`planned`: its message is recorded, and has not passed its point of no return. `done`: it has (a doubt included),
its event or visit is written, or a person was given it after every channel failed. `undone`: withdrawn or cancelled
before."""


@dataclass(frozen=True, slots=True)
class Step:
    """A level that was taken for a customer, a currency and a cycle."""

    currency: str
    level: str
    """A level's id; a repeat of the last one has its number behind it: `ultimo+2`."""
    cycle: date
    """The oldest unpaid due date when it was planned."""
    state: StepState
    at: int
    """When it was planned or, once done, when it passed; Unix ms."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A person said until when it pays."""

    currency: str
    day: date
    amount: int | None
    """None: all of it."""
    tolerance_days: int
    made_at: int
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is claimed: a block, or "ya pagué"."""

    until: int | None
    """Unix ms; None: until somebody lifts it."""
    reason: Literal["blocked", "claims_paid"]


@dataclass(frozen=True, slots=True)
class Situation:
    """A customer at one moment. Its zone for dates is the account's."""

    customer: int
    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...] = ()
    steps: tuple[Step, ...] = ()
    promises: tuple[Promise, ...] = ()
    pauses: tuple[Pause, ...] = ()
    policy: Policy | None = None
    """The company's or the customer's, by precedence; None: nobody wrote one. An invoice's own is in `policies`."""
    policies: tuple[Policy, ...] = ()
    """Those that its invoices name."""
    contacts: tuple[tuple[str, date], ...] = ()
    """Days on which it was contacted about a debt, by hand too: currency and day."""
    channels: frozenset[str] = frozenset()
    """Channels by which it can be reached."""
    hold_out: bool = False
    """Whether it belongs to those that are left alone."""
