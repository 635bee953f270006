"""The root of all commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Command(Generic[R_co]):
    """Root of the commands; `R_co` is what it answers."""

    @property
    def weight(self) -> int:
        """How much work it is for the store: rows of parts, or 1."""
        return 1
