"""A rule for claims as a frozen record: its levels, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Basis = Literal["due", "contact"]
Action = Literal["message", "event", "visit"]
CHANNELS: Final = ("sms", "email", "call", "push", "whatsapp")
LEVELS_MAX: Final = 30
DAYS_MAX: Final = 3_650
"""From a due date or a contact, both ways."""


@dataclass(frozen=True, slots=True)
class Level:
    """One rung of the ladder."""

    id: str
    """Survives every change of the rule: a step is done by level, not by its place or name."""
    days: int
    """From the due date (below zero: before it), or from the contact of the level before."""
    basis: Basis = "due"
    name: str = ""
    action: Action = "message"
    channels: tuple[str, ...] = ("sms",)
    """In the order in which they are tried."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """By channel: name of the template."""
    approval: bool = False
    """Whether a person says yes to each batch first."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How an account claims from the customers that the rule is for."""

    name: str
    version: int
    levels: tuple[Level, ...] = ()
    """In the order of the ladder: a later one is higher."""
    nothing: bool = False
    """Whether it says: claim nothing."""
    tolerance_days: int = 0
    """Days past the due date during which nobody is claimed; levels before the due date do not mind."""
    reclaim_days: int = 0
    """Days after the last level's contact until it is repeated; 0: never."""
    repeats: int = 0
    """How often, at most."""
    minimums: Mapping[str, int] = field(default_factory=dict)
    """By currency, millionths: less than this is not claimed. A currency that is not named has none, and says so."""
    hour: str = "09:00"
    """HH:MM in the account's zone, when the day's run begins."""
    hold_out: int = 0
    """Share of the customers that are left alone, to compare with; per cent, 0 to 10."""
