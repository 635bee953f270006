"""The arithmetic of the ledger: immutable transfers between an account's three pots. Pure.

`granted` is what came in from outside; it lies in `balance` (free), `held` (promised to attempts) or `charged` (gone).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    GRANT = "grant"
    HOLD = "hold"
    CHARGE = "charge"
    RELEASE = "release"


class Step(StrEnum):
    """What a transfer is to a part of an attempt; each happens at most once."""

    HOLD = "hold"
    SETTLE = "settle"


_SIGNS: Final = {
    Kind.GRANT: (1, 0, 0, 1),
    Kind.HOLD: (-1, 1, 0, 0),
    Kind.CHARGE: (0, -1, 1, 0),
    Kind.RELEASE: (1, -1, 0, 0),
}


@dataclass(slots=True)
class Pots:
    """What an account has, in millionths of its currency."""

    balance: int = 0
    held: int = 0
    charged: int = 0
    granted: int = 0

    def move(self, kind: Kind, amount: int) -> None:
        """ValueError, and no change, when a pot would fall below zero."""
        balance, held, charged, granted = _SIGNS[kind]
        after = (
            self.balance + balance * amount,
            self.held + held * amount,
            self.charged + charged * amount,
            self.granted + granted * amount,
        )
        if min(after) < 0:
            raise ValueError(f"{kind} of {amount} leaves a pot below zero: {self}")
        self.balance, self.held, self.charged, self.granted = after

    @property
    def sums_up(self) -> bool:
        return self.balance + self.held + self.charged == self.granted
