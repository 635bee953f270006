"""What became of what was sent, by the hour it was sent in: kept in the transaction that changes it.

Statistics are read from here alone. A message counts in the hour (UTC) of its latest attempt, under that attempt's
line, as what it is now; one that ended before any attempt counts under no line, in the hour of its end, or of its job
where it was refused when it was recorded. Counts outlive the messages, which retention removes.
"""

from __future__ import annotations

from typing import Final

from gatewayd.store.session import Session, merging
from gatewayd.store.tables import tally

HOUR_MS: Final = 3_600_000

RECEIVED: Final = "received"
"""Stands for a state in the rows that count what came in."""

_ADD: Final = merging(
    tally,
    "hour account_id channel line state messages segments cost",
    "hour account_id channel line state",
    add="messages segments cost",
)

Key = tuple[int, int, str, str, str]
"""Hour since 1970, account's number, channel, line or "", state."""


class Tallies:
    """The changes that one transaction makes."""

    __slots__ = ("_changes",)

    def __init__(self) -> None:
        self._changes: dict[Key, list[int]] = {}

    def add(self, key: Key, messages: int, segments: int, cost: int) -> None:
        change = self._changes.get(key)
        if change is None:
            self._changes[key] = [messages, segments, cost]
        else:
            change[0] += messages
            change[1] += segments
            change[2] += cost

    def flush(self, session: Session) -> None:
        """Writes the changes, in one order for all nodes, so that two never wait for each other's rows crosswise."""
        session.many(_ADD, [(*key, *change) for key, change in sorted(self._changes.items()) if any(change)])
        self._changes.clear()
