"""When an event that was not acknowledged is tried again, and how a receiver that is down is looked after. Pure.

Source: Standard Webhooks 1.0.0, "Deliverability and reliability": ten tries, the pauses below, with jitter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0

PAUSES_S: Final = (
    5.0,
    5 * MINUTE_S,
    30 * MINUTE_S,
    *(hours * HOUR_S for hours in (2.0, 5.0, 10.0, 14.0, 20.0, 24.0)),
)
"""Between the ten tries: 75 h 35 min in all, and five seconds."""

PROBES_S: Final = (5.0, 30.0, 2 * MINUTE_S, 5 * MINUTE_S)
"""Between looks at a receiver that is down, with the next new event; the last repeats."""

BACK_S: Final = (*[15 * MINUTE_S] * 8, 4 * HOUR_S)
"""Between looks with an event that was tried already, where no new one may go before it; the last repeats."""

JITTER: Final = 0.1
"""Share of a pause by which it may be longer, so that a hundred endpoints of one server do not come at once."""

RETRY_AFTER_MAX_S: Final = 24 * HOUR_S
"""A receiver that wants longer is asked again after a day: its clock may be wrong."""

DOWN_AFTER: Final = 3
"""New events that failed in a row, none acknowledged between: it is the receiver, not the event."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Pauses between tries and looks; `draw` answers a number from 0 to 1."""

    draw: Callable[[], float]
    pauses_s: tuple[float, ...] = PAUSES_S
    probes_s: tuple[float, ...] = PROBES_S
    back_s: tuple[float, ...] = BACK_S

    @property
    def tries(self) -> int:
        """How often an event is tried at most."""
        return len(self.pauses_s) + 1

    def again_at(self, tries: int, now: int, retry_after_s: float | None = None) -> int | None:
        """Returns when (ms) an event is due again that failed for the `tries`th time; None: never."""
        if tries >= self.tries:
            return None
        return now + self._ms(max(self.pauses_s[tries - 1], bounded(retry_after_s)))

    def look_at(self, looks: int, now: int) -> int:
        """Returns when (ms) a receiver that is down is looked at again, after `looks` looks (from 0) in vain."""
        return now + self._ms(self.probes_s[min(looks, len(self.probes_s) - 1)])

    def look_back_at(self, looks: int, now: int) -> int:
        """Returns when (ms) a receiver that is down may be looked at again with an event that it has refused."""
        return now + self._ms(self.back_s[min(looks, len(self.back_s) - 1)])

    def _ms(self, pause_s: float) -> int:
        return int(pause_s * (1 + JITTER * self.draw()) * 1000)


def bounded(retry_after_s: float | None) -> float:
    """Returns the seconds that a receiver asked for, within bounds."""
    return 0.0 if retry_after_s is None else min(max(retry_after_s, 0.0), RETRY_AFTER_MAX_S)
