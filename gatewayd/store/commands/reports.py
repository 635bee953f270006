"""What comes after an attempt: reports, late answers, a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gatewayd.store.commands.base import Command
from gatewayd.values.model import State


@dataclass(frozen=True, slots=True)
class Report(Command["Reported"]):
    """A delivery report: matched by attempt and part, else by line, reference, recipient and newest still awaiting. A
    reference that is another but for case, leading zeros or its base is that one where only one can be meant.

    A report that matches no reference says nothing of a part in doubt, unless all that the line sends is ours
    (`exclusive`) and it names its recipient: then it settles the one part in doubt of the same line, recipient and time
    window; if several could be meant, none. What names another recipient than ours changes nothing. What matches
    nothing is kept for a while, for it may precede its `+CMGS`.
    """

    line: str
    reference: str
    to: str | None
    """Normalised (E.164) where it could be; compared as such."""
    status: Literal["delivered", "read", "undelivered", "pending"]
    reason: str | None
    at: int
    attempt_id: int | None
    part: int | None
    now: int
    whole: bool = False
    """It is of every part of the attempt that it is matched with."""
    exclusive: bool = False
    """Whether nobody else sends over the line's account or SIM."""


@dataclass(frozen=True, slots=True)
class Reported:
    job_id: int | None
    """None: nothing matched (yet)."""
    state: State | None
    sent_at: int | None = None
    """When the part passed its point of no return."""


@dataclass(frozen=True, slots=True)
class LateAnswer(Command["Reported"]):
    """A part in doubt was answered after all: it is taken, charged, and the message moves on."""

    attempt_id: int
    part: int
    reference: str
    report_due: int
    now: int


@dataclass(frozen=True, slots=True)
class Settle(Command["Settled"]):
    """A person's word on an uncertain message: `sent` charges what is in doubt, `not-sent` releases it (`failed`, or
    `undelivered` where parts had left), `resend` releases and queues a new try. ConflictError unless `uncertain`."""

    message_id: int
    verdict: Literal["sent", "not-sent", "resend"]
    now: int


@dataclass(frozen=True, slots=True)
class Settled:
    job_id: int
    queue_id: int
    state: State
