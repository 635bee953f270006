"""People whom a trunk refuses alike before anything rings: what it says of each may be about itself.

Codes that speak of one telephone (busy, away, declined: RFC 3261 §21.4, §21.6) come of some trunks for everybody, when
their own gateway is down or has blocked us. One by one they are believed; not of a crowd with no telephone that rang
between.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from drivers.asterisk.disposition import Evidence
from drivers.base import Blame, Completed, Outcome

CROWD: Final = 4
"""Different people refused alike in a row."""
HOLD_S: Final = 1.0
"""How long the last of them waits for others that were placed with it and may yet ring."""


@dataclass(slots=True)
class Crowd:
    """One line's, since a telephone rang."""

    hold_s: float = HOLD_S
    _how: str = ""
    _people: frozenset[str] = frozenset()

    def hear(self, seen: Evidence) -> None:
        """A telephone that rings, or is answered, ends it."""
        if seen.rang or seen.answered:
            self._how, self._people = "", frozenset()

    async def judged(self, to: str, seen: Evidence, outcome: Outcome) -> Outcome:
        """Returns what became of a call to `to`: as it is, or as what may be the trunk's fault."""
        self.hear(seen)
        if seen.rang or seen.answered is not False:
            return outcome
        how = str(seen.sip or seen.cause or seen.far_cause or seen.dialstatus)
        known = self._people if self._how == how else frozenset()
        self._how, self._people = how, known if len(known) >= CROWD else known | {to}
        if not self._is(how) or not isinstance(outcome, Completed) or outcome.blame is not Blame.PERSON:
            return outcome
        await asyncio.sleep(self.hold_s)
        return replace(outcome, blame=Blame.EITHER, line_reason="trunk_refuses") if self._is(how) else outcome

    def _is(self, how: str) -> bool:
        return self._how == how and len(self._people) >= CROWD
