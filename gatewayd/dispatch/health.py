"""How much a line that keeps failing is trusted: less, then nothing, then one probe. Pure; times in s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 3
"""Failures in a row that are the line's own before it is rested; fewer happen to good lines."""

FIRST_REST_S: Final = 2.0
LONGEST_REST_S: Final = 300.0
"""Long enough to leave a broken SIM alone, short enough that its return is noticed within minutes."""


@dataclass(slots=True)
class Health:
    """Counts failures in a row; `resting_until` is Unix time (s)."""

    failures: int = 0
    resting_until: float = 0.0
    reason: str | None = None
    _failed_at: float = 0.0

    @property
    def probing(self) -> bool:
        """The next message is a probe: only one at a time, nothing claimed ahead."""
        return self.failures >= PATIENCE

    def failed(self, now: float, reason: str, began: float | None = None) -> None:
        """A send that began then (default: now) has failed, by the line's fault as far as is known.

        Sends that were under way together when the line broke (the calls of a trunk whose link was lost) have failed
        once: the line has had no other chance since.
        """
        self.reason = reason
        if began is not None and began <= self._failed_at:
            return
        self._failed_at = now
        self.failures += 1
        if self.failures >= PATIENCE:
            rest = FIRST_REST_S * 2.0 ** min(self.failures - PATIENCE, 16)
            self.resting_until = now + min(rest, LONGEST_REST_S)

    def worked(self) -> None:
        self.failures = 0
        self._failed_at = 0.0
        self.resting_until = 0.0
        self.reason = None

    def rest_s(self, now: float) -> float:
        """Seconds it is left alone from now on; bounded, so that a clock set back does not lose the line."""
        return min(max(self.resting_until - now, 0.0), LONGEST_REST_S)
