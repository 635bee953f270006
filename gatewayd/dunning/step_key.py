"""The key of a step as it stands in a claim's job: a store that was put back learns of the step by it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Self

COLUMN: Final = "paso_de_reclamo"
"""A column of every claim's job that no template names."""


@dataclass(frozen=True, slots=True)
class StepKey:
    """What is taken once for a customer."""

    currency: str
    level: str
    """A level's id; a repeat with its number behind it."""
    cycle: date

    @classmethod
    def read(cls, text: str) -> Self:
        """Returns the key that a cell names; ValueError."""
        currency, _, rest = text.partition("|")
        level, _, cycle = rest.rpartition("|")
        if not currency or not level:
            raise ValueError(text)
        return cls(currency, level, date.fromisoformat(cycle))

    def __str__(self) -> str:
        return f"{self.currency}|{self.level}|{self.cycle}"
