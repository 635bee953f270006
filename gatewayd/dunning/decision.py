"""What is decided about a customer and a currency, with everything that says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Verdict = Literal["send", "skip", "wait"]
Reason = Literal[
    "due",
    "no_policy",
    "nothing",
    "nothing_owed",
    "not_due",
    "tolerance",
    "minimum",
    "done",
    "in_flight",
    "promised",
    "disputed",
    "blocked",
    "claims_paid",
    "contacted_today",
    "hold_out",
    "no_channel",
    "ended",
    "hour",
]
"""`due` comes with `send` alone. `in_flight`: its step is planned and has not left yet. `no_channel` comes with a
level that no channel can carry: a person is given it. `ended`: every level and repeat is done.
`hour`: it is due, and the hour of its rule has not come today; said by the engine, never by `decide`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One currency of one customer on one day."""

    currency: str
    verdict: Verdict
    reason: Reason
    level: str | None = None
    """The step's level, a repeat with its number (`ultimo+2`)."""
    cycle: date | None = None
    channel: str | None = None
    """The first of the level's by which the customer can be reached."""
    invoices: tuple[str, ...] = ()
    """External ids of what the message lists: all that is overdue; before the due date what falls due."""
    amount: int = 0
    """What they come to, free credit taken off; millionths."""
    again: date | None = None
    """The first day on which it may be otherwise without a new fact."""
    warnings: tuple[str, ...] = ()
    """Codes: `minimum_missing`."""
    policy: tuple[str, int] | None = None
    """Name and version of the rule that it was decided by."""
    judged: tuple[tuple[str, str], ...] = ()
    """External id of each invoice with something open, and how it stands: `overdue`, `tolerance`, `not_due`, `no_due`,
    `disputed`, `covered` (by free credit), `nothing`, `no_policy`."""
