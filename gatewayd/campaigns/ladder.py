"""Who of a rung goes on to the next channel of a ladder. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

COUNTABLE: Final = ("submitted", "uncertain")
"""States that say neither: they count as reached unless a campaign says otherwise."""
REACHED: Final = frozenset({"delivered", "read"})
MISSED: Final = frozenset({"undelivered", "failed", "expired", "invalid"})
NEVER_MISSED: Final = frozenset({"delivered", "read", "uncertain", "submitted", "cancelled"})
"""None of these is ever among the failed of a campaign that is sent again."""


def missed_states(count_as_reached: Collection[str]) -> frozenset[str]:
    """Returns the states in which a message has reached nobody, once the rung's wait is over.

    What still waits to be sent is in none of them: its wait begins with the send.
    """
    return MISSED | (frozenset(COUNTABLE) - frozenset(count_as_reached))
