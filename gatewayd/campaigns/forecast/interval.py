"""The span within which it will probably end. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDEST: Final = 0.25
"""Of the whole: what is wider says nothing."""
_WITHIN: Final = WIDEST * (1 - 1e-6)
"""A Unix time as a float has seven digits behind the point."""
MARGIN: Final = 0.012
"""Of the whole, on either side: what no draw knows of."""
MARGIN_S: Final = 2.0
BEYOND: Final = 0.15
"""Of what the draws span, on either side where there is room: some dozens of them do not go as far as chance does."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float
    holds: float
    """Share of the draws within."""


def interval(ends: Sequence[float], begin: float, middle: float) -> Interval:
    """Returns the span that holds the most of `ends` and is no wider than a quarter of the whole from `begin` on; of
    equal ones the narrowest. `middle` is the end as expected, by which the whole is measured."""
    ordered = sorted(ends) or [middle]
    whole = max(middle - begin, 1.0)
    margin = min(MARGIN * whole + MARGIN_S, WIDEST * whole / 4)
    widest = WIDEST * whole - 2 * margin
    best = (0, 0.0, middle, middle)
    first = 0
    for last, high in enumerate(ordered):
        while high - ordered[first] > widest:
            first += 1
        found = (last - first + 1, ordered[first] - high, ordered[first], high)
        best = max(best, found)
    count, _, low, high = best
    # Where the end as expected lies behind the span, the end of it is what people are told.
    room = WIDEST * (min(middle, high) - begin) - 2 * margin - (high - low)
    margin += min(BEYOND * (high - low), max(room, 0.0) / 2)
    low, high = max(low - margin, begin), high + margin
    # The whole that people are told ends within the span: where that is sooner than expected, the span is cut to it.
    told = min(max(middle, low), high)
    return Interval(max(low, high - _WITHIN * max(told - begin, 0.0)), high, count / len(ordered))
