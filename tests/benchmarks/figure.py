"""A figure of the table: what was promised, what was measured, and what the best peer does."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

Sense = Literal[">=", "<="]
_MEETS: Mapping[Sense, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `peer` is the best peer's under the same conditions, None where no peer does it at all."""

    name: str
    value: float
    unit: str
    target: float | None = None
    """None: told beside the others, nothing was promised."""
    sense: Sense = ">="
    peer: float | None = None
    peer_name: str = ""
    runs: tuple[float, ...] = ()
    """Of several runs, each; `value` is their median."""

    @property
    def met(self) -> bool | None:
        return None if self.target is None else _MEETS[self.sense](self.value, self.target)

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer: above 1 is better, whatever the sense."""
        if self.peer is None or not self.value:
            return None
        return self.value / self.peer if self.sense == ">=" else self.peer / self.value

    def document(self) -> dict[str, Any]:
        """As JSON has it: its fields, and what follows from them."""
        return {**asdict(self), "ratio": self.ratio, "met": self.met}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """From what `document` gave."""
        given = {each.name: document[each.name] for each in fields(cls)}
        return cls(**{**given, "runs": tuple(given["runs"])})


@dataclass(slots=True)
class Result:
    """What one row of the table came to."""

    row: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    conditions: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    """Why there is no figure, or not all."""


def shown(value: float | None) -> str:
    """Three figures, as people read them."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
