"""The ladder of a rule as a drawing: a line of days before and after the due date, its levels on it. Pure.

The same stands in the table beside it; no level is told by its colour or place alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

HEIGHT: Final = 96
_AT: Final = 62
"""Of the line."""
MARGIN: Final = 8.0
"""Per cent left free on either side, so that words fit."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A level on the line."""

    days: int
    word: str
    people: int
    """How many stand on it today."""


_DRAWING: Final = Markup('<svg class="plot ladder" width="100%" height="{}" role="img" aria-label="{}">{}</svg>')
_LINE: Final = Markup('<line class="axis" x1="{:.2f}%" x2="{:.2f}%" y1="{}" y2="{}"/>')
_MARK: Final = Markup('<circle class="key t-accent" cx="{:.2f}%" cy="{}" r="6"/>')
_TEXT: Final = Markup('<text x="{:.2f}%" y="{}" text-anchor="middle">{}</text>')
_DUE: Final = Markup('<line class="axis" x1="{0:.2f}%" x2="{0:.2f}%" y1="{1}" y2="{2}"/>')


def places(days: Sequence[int]) -> list[float]:
    """Returns where days stand on the line, in per cent: near ones are kept apart, far ones drawn together."""
    ordered = sorted({0, *days})
    if len(ordered) == 1:
        return [50.0 for _day in days]
    step = (100 - 2 * MARGIN) / (len(ordered) - 1)
    at = {day: MARGIN + place * step for place, day in enumerate(ordered)}
    return [at[day] for day in days]


def ladder(rungs: Sequence[Rung], due: str, label: str) -> Markup:
    """Returns the drawing; `due` is the word for the due date, `label` says all of it."""
    found = [*places([*(one.days for one in rungs), 0])]
    zero = found.pop()
    parts = [
        _LINE.format(MARGIN / 2, 100 - MARGIN / 2, _AT, _AT),
        _DUE.format(zero, _AT - 16, _AT + 16),
        _TEXT.format(zero, _AT + 30, due),
    ]
    for number, (one, at) in enumerate(zip(rungs, found, strict=True)):
        high = number % 2 == 0
        parts += [
            _MARK.format(at, _AT),
            _TEXT.format(at, _AT - 30 if high else _AT - 14, one.word),
            _TEXT.format(at, _AT + 24, f"{one.people}"),
        ]
    return _DRAWING.format(HEIGHT, label, Markup().join(parts))
