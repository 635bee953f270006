"""Messages whose report is still to come, and when to ask for each. Pure: time is an argument."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

KEPT: Final = 20_000
"""Messages remembered at once; the oldest go first. Their reports are then found by reference alone."""
GIVE_UP_S: Final = 72 * 3600.0
"""Networks keep a message for three days at most."""
SLOWEST_S: Final = 900.0
"""Pauses double up to this."""


@dataclass(slots=True)
class Pending:
    attempt: str
    reference: str
    to: str
    parts: tuple[int, ...]
    since: float
    pause_s: float = 0.0
    doubt: tuple[int, ...] = ()
    """Parts nobody knows of: the provider's word that it has the message ends the doubt."""


class PendingReports:
    def __init__(self, first_pause_s: float) -> None:
        self._first_pause_s = first_pause_s
        self._known: OrderedDict[str, Pending] = OrderedDict()
        self._due: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._known)

    def add(self, pending: Pending, now: float, *, poll: bool, later_s: float = 0.0) -> None:
        """Asked for after the first pause and `later_s`; then at the pauses that its age has come to."""
        pending.pause_s = min(max(self._first_pause_s, (now - pending.since) / 4), SLOWEST_S)
        self._known[pending.reference] = pending
        if poll:
            heapq.heappush(self._due, (now + self._first_pause_s + later_s, pending.reference))
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    def get(self, reference: str) -> Pending | None:
        return self._known.get(reference)

    def settled(self, reference: str) -> None:
        self._known.pop(reference, None)

    def next_at(self) -> float | None:
        return self._due[0][0] if self._due else None

    def due(self, now: float) -> Iterator[Pending]:
        """Returns those to ask for now; each is asked for again after a longer pause, unless settled meanwhile."""
        while self._due and self._due[0][0] <= now:
            _, reference = heapq.heappop(self._due)
            pending = self._known.get(reference)
            if pending is None:
                continue
            if now - pending.since > GIVE_UP_S:
                self.settled(reference)
                continue
            pending.pause_s = min(pending.pause_s * 2, SLOWEST_S)
            heapq.heappush(self._due, (now + pending.pause_s, reference))
            yield pending
