"""How much a line that keeps failing is trusted: less, then nothing, then one probe. Pure; times in s."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 3
"""Failures in a row that are the line's own before it is rested for long; fewer happen to good lines."""

FIRST_REST_S: Final = 2.0
"""After so many; doubled with each further one, and halved with each one fewer where a single one is enough."""
LONGEST_REST_S: Final = 300.0
"""Long enough to leave a broken SIM alone, short enough that its return is noticed within minutes."""


PROBE_S: Final = 2.0
"""Refusals of trunks and providers take less."""


@dataclass(slots=True)
class Health:
    """Counts failures in a row; `resting_until` is Unix time (s)."""

    failures: int = 0
    resting_until: float = 0.0
    reason: str | None = None
    _failed_at: float = 0.0
    _worked_at: float = 0.0
    _certain_at: float = 0.0

    @property
    def probing(self) -> bool:
        """The next message is a probe: only one at a time, nothing claimed ahead."""
        return self.failures >= PATIENCE or self.resting_until > 0

    @property
    def broken(self) -> bool:
        """It has failed so often, or so certainly, that what failed over it was not the message's fault."""
        return self.failures >= PATIENCE

    def may_probe(self, under_way: Iterable[float], now: float) -> bool:
        """Whether another send may begin on probation, beside those under way by when each began: one at a time. One
        that has lasted well beyond a refusal is a call that rings, where refusals are what is wrong."""
        patience = PROBE_S if self._certain_at else float("inf")
        return not any(began > self._failed_at and now - began < patience for began in under_way)

    def shows(self, now: float) -> str | None:
        """Why people see it wait: a fault that is certain until it works again, any other while it rests for it. None
        where nothing is wrong, or too little to say so."""
        return self.reason if self.broken and (self._certain_at or self.rest_s(now)) else None

    def failed(
        self, now: float, reason: str, began: float | None = None, *, alone: bool = False, rest_s: float | None = None
    ) -> None:
        """A send that began then (default: now) has failed, by the line's fault as far as is known; `alone`: one such
        failure is enough to rest it, unless somebody was reached while it lasted, for `rest_s` where that is known.

        Sends that were under way together when the line broke (the calls of a trunk whose link was lost) have failed
        once: the line has had no other chance since.
        """
        self.reason = reason
        if began is not None and began <= self._failed_at:
            return
        self._failed_at = now
        self.failures += 1
        if self.failures >= PATIENCE or (alone and (began is None or began >= self._worked_at)):
            self._rest(now, rest_s or 0.0)

    def condemned(self, now: float, reason: str, began: float) -> None:
        """The line is at fault for certain: by a run of refusals, or by the word of its driver. Somebody reached by a
        send that began before does not say otherwise."""
        self.reason = reason
        if began <= self._certain_at:
            return
        self.failures = max(self.failures + 1, PATIENCE)
        self._failed_at = self._certain_at = now
        self._rest(now)

    def _rest(self, now: float, least_s: float = 0.0) -> None:
        rest = FIRST_REST_S * 2.0 ** min(self.failures - PATIENCE, 16)
        self.resting_until = now + min(max(rest, least_s), LONGEST_REST_S)

    def try_now(self, now: float) -> None:
        """Ends the rest, not the probation: a person asks for a probe."""
        self.resting_until = min(self.resting_until, now)

    def rest_again(self, now: float) -> None:
        """Leaves it alone until what it accepted is reported on."""
        self._rest(now)

    def rest_long(self) -> None:
        """Leaves it alone as long as a line ever is, counted from its last failure."""
        self.resting_until = max(self.resting_until, self._failed_at + LONGEST_REST_S)

    def worked(self, began: float | None = None, now: float | None = None) -> None:
        """Somebody was reached by a send that began and ended then; or a person has said that the line is well."""
        if now is not None:
            self._worked_at = now
        if began is not None and began <= self._certain_at:
            return
        self.failures = 0
        self._failed_at = self._certain_at = 0.0
        self.resting_until = 0.0
        self.reason = None

    def rest_s(self, now: float) -> float:
        """Seconds it is left alone from now on; bounded, so that a clock set back does not lose the line."""
        return min(max(self.resting_until - now, 0.0), LONGEST_REST_S)
