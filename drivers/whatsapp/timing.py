"""Every wait of the WhatsApp driver, in seconds, each with its reason. Tests hand in shorter ones."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.http.keeping import Rests

RESTS = Rests(well_s=900.0, back_s=1.0, back_most_s=60.0, blocked_s=300.0)
"""A look counts against Meta's limits and its answer moves within hours; an API that is back shall work within a
minute; refused credentials need a person."""


@dataclass(frozen=True, slots=True)
class Timing:
    rests: Rests = RESTS
    pair_s: float = 60.0
    """The rest after "too many messages to this person": the limit is counted by the minute."""
    limit_s: float = 30.0
    """The rest after a limit of the account without a Retry-After."""
