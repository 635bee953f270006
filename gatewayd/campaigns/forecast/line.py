"""A line as a forecast sees it: how fast it may go, how fast it does, what is left of its quotas. Pure; times in s."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from gatewayd.values.model import ALL_AREAS, Route

LineState = Literal["ready", "down", "disabled"]

DEVICE_S: Final[Mapping[str, tuple[float, float]]] = {
    "sms": (3.5, 1.2),
    "call": (35.0, 15.0),
    "email": (1.0, 0.6),
    "push": (0.3, 0.2),
    "whatsapp": (0.6, 0.4),
}
"""Mean and spread of what one send takes where nothing was measured yet, by channel; of an SMS, each segment."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as configured, with what is used already. None is no limit."""

    name: str
    channels: frozenset[str]
    prefixes: tuple[str, ...] = ()
    area: str = ALL_AREAS
    interval_s: float = 0.0
    """Between two segments; 0: no pace."""
    many: int = 1
    """Lines that it stands for; pace, capacity and quotas are theirs together."""
    at_once: int = 1
    """Sends that it works on at the same time."""
    device_s: float = 0.0
    """What one send takes (a segment of an SMS), mean."""
    device_sd: float = 0.0
    measured: int = 0
    """Sends that this was measured on; 0: a default."""
    times: tuple[float, ...] = ()
    """Quantiles of what sends took, evenly spaced; empty: as mean and spread say."""
    window: tuple[int, float] | None = None
    """Segments in any so many seconds."""
    window_used: int = 0
    quota_day: int | None = None
    day_used: int = 0
    quota_month: int | None = None
    month_used: int = 0
    recipients_month: int | None = None
    recipients_used: int = 0
    state: LineState = "ready"
    reason: str | None = None
    back_at: float | None = None
    """When a line that is down is taken to be back (Unix s); None: not by itself."""

    def fits(self, route: Route, areas: frozenset[str] = frozenset()) -> bool:
        """Returns whether messages of that route may take it; `areas` are those that some line is for: one that no
        line is for is everybody's."""
        if route.area and areas and route.area not in areas:
            route = Route(route.channel, route.prefix, route.lines, ALL_AREAS, route.without)
        return route.fits(self.name, self.channels, self.prefixes, self.area)

    def send_s(self, segments: float, factor: float = 1.0, *, by_segment: bool) -> float:
        """Returns how long the line is taken by a message on average (s): its pace or its device, whichever is slower
        each time. `factor` stretches the device's time."""
        paced = segments * self.interval_s
        if self.times and segments == int(segments) and segments <= SUMMED_MOST:
            times = _sums(self.times, int(segments) if by_segment else 1)
            scale = factor / self.at_once
            return max(sum(max(paced, time * scale) for time in times) / len(times), 1e-4)
        mean, spread = self.device_s * factor, self.device_sd * factor
        if by_segment:
            mean, spread = mean * segments, spread * math.sqrt(segments)
        mean, spread = mean / self.at_once, spread / self.at_once
        return max(_mean_of_greater(paced, mean, spread), 1e-4)


SUMMED_MOST: Final = 6
QUANTILES: Final = 24


def quantiles(times: Sequence[float], count: int = QUANTILES) -> tuple[float, ...]:
    """Returns so many quantiles of a sample, each the middle of its share; all of a sample that is no larger."""
    ordered = sorted(times)
    if len(ordered) <= count:
        return tuple(ordered)
    bounds = [round(number * len(ordered) / count) for number in range(count + 1)]
    return tuple(sum(ordered[low:high]) / (high - low) for low, high in pairwise(bounds) if high > low)


@lru_cache(maxsize=256)
def _sums(times: tuple[float, ...], count: int) -> tuple[float, ...]:
    """Returns quantiles of the sum of so many."""
    if count <= 1:
        return times
    before = _sums(times, count - 1)
    return quantiles([one + other for one in before for other in times], QUANTILES * 2)


def _mean_of_greater(bound: float, mean: float, spread: float) -> float:
    """Returns the mean of max(`bound`, X) where X is log-normal."""
    if mean <= 0:
        return bound
    if bound <= 0:
        return mean
    if spread <= 0:
        return max(bound, mean)
    variance = math.log1p((spread / mean) ** 2)
    sigma = math.sqrt(variance)
    middle = math.log(mean) - variance / 2
    far = (math.log(bound) - middle) / sigma
    return bound * _normal(far) + mean * _normal(sigma - far)


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))
