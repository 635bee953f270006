"""How fast a trunk takes calls, as it is learned: many refuse all calls above so many a second, as if people were busy.

One busy person says nothing. Several different people who are refused at once, before anything rings, and each of them
after more calls within a second than any that got through, are a trunk that takes no more: the calls rest, uncounted,
and are placed further apart from then on. Pure; times in s.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field
from typing import Final

LIMIT_S: Final = 1.0
"""Trunks count calls by the second."""
WINDOW_S: Final = 4.0
"""What is looked at together."""
AT_ONCE_S: Final = 3.0
"""A refusal later than this after the call was placed is not one of those."""
CROWD: Final = 4
"""Different people refused within the window before it may be the trunk."""
HOLD_S: Final = 1.0
"""How long a refusal waits to be seen beside those that were placed with it."""
REST_S: Final = 2.0
"""How long a call rests that the trunk had no room for."""

LONGEST_S: Final = 5.0
"""Between two calls. A trunk that takes less refuses everybody, and that is not a question of pace."""
SHORTEST_S: Final = 0.01
SLOWER: Final = 1.25
FASTER: Final = 0.9
CALM_S: Final = 60.0
"""Without a refusal of that kind before the pace is tried a little faster; doubled each time that this was wrong."""
CALMEST_S: Final = 3600.0
DEFERRED_MAX: Final = 1000


@dataclass(slots=True)
class Placed:
    """A call on its way."""

    at: float
    to: str
    refused: bool = False
    passed: bool = False


@dataclass(slots=True)
class TrunkPace:
    """One line's; nothing is held back until its trunk has refused a crowd."""

    spacing_s: float = 0.0
    """Least time between two calls; 0 while the trunk is not known to have a limit."""
    _next_at: float = 0.0
    _calm_s: float = CALM_S
    _quiet_since: float = 0.0
    _changed_at: float = float("-inf")
    _placed: deque[Placed] = field(default_factory=deque)
    _deferred: dict[str, float] = field(default_factory=dict)
    """Who has rested once since the limit was learned, and since when: a second refusal is their own."""

    def turn(self, now: float) -> float:
        """Takes the next turn; returns how long to wait for it."""
        if self.spacing_s and now - self._quiet_since >= self._calm_s:
            self._quiet_since = now
            self.spacing_s *= FASTER
            if self.spacing_s < SHORTEST_S:
                self.spacing_s = 0.0
                self._deferred.clear()
        at = max(now, self._next_at)
        self._next_at = at + self.spacing_s
        return at - now

    def ahead_s(self, now: float) -> float:
        """Returns how long the next turn would have to be waited for."""
        return max(0.0, self._next_at - now)

    def placed(self, to: str, now: float) -> Placed:
        """Notes a call that is placed now; `passed` and `refused` take what this returns."""
        while self._placed and self._placed[0].at < now - WINDOW_S - AT_ONCE_S:
            self._placed.popleft()
        call = Placed(now, to)
        self._placed.append(call)
        return call

    def passed(self, call: Placed, now: float) -> None:
        """It rang, was answered, or was refused in a way that has nothing to do with room."""
        if call.passed:
            return
        call.passed = True
        if self._deferred and self._deferred.pop(call.to, float("-inf")) > self._changed_at:
            # It was the trunk and not the person: the limit is lower than believed.
            self._slow(now, self.spacing_s * SLOWER)

    def refused(self, call: Placed, now: float) -> bool:
        """Notes that there was no room, or the person is busy; returns whether it is worth to wait `HOLD_S` for those
        that were placed with it."""
        if now - call.at > AT_ONCE_S:
            call.passed = True
            return False
        call.refused, call.passed = True, False
        return self.spacing_s > 0 or len(self._placed) >= CROWD

    def crowded(self, call: Placed, now: float) -> bool:
        """Returns whether the trunk is believed to have refused the call, and not the person; the pace is changed."""
        learned = self._limit(now)
        if learned is not None:
            if call.at > self._changed_at and self.spacing_s < LONGEST_S:
                self._slow(now, max(1.0 / learned, self.spacing_s * SLOWER))
            return True
        if not self.spacing_s or call.to in self._deferred:
            return False
        if call.at > self._changed_at:
            if len(self._deferred) >= DEFERRED_MAX:
                del self._deferred[next(iter(self._deferred))]
            self._deferred[call.to] = now
        return True

    def _limit(self, now: float) -> int | None:
        """Returns how many calls a second the trunk takes, None where nobody but people has refused."""
        recent = [each for each in self._placed if each.at > now - WINDOW_S - HOLD_S]
        refused = [each for each in recent if each.refused]
        if len({each.to for each in refused}) < CROWD:
            return None
        through = sorted(each.at for each in self._placed if each.passed)
        if not through:
            return None  # what takes nobody has no pace

        def beside(at: float) -> int:
            return bisect_left(through, at) - bisect_right(through, at - LIMIT_S)

        most = max((beside(each.at) for each in recent if each.passed), default=0)
        if min(beside(each.at) for each in refused) > most or len(refused) >= len(recent) - len(refused):
            return most + 1
        return None

    def _slow(self, now: float, spacing_s: float) -> None:
        if self._changed_at > now - 2 * self._calm_s:
            self._calm_s = min(self._calm_s * 2, CALMEST_S)
        self.spacing_s = min(max(spacing_s, SHORTEST_S), LONGEST_S)
        self._next_at = max(self._next_at, now + self.spacing_s)
        self._quiet_since = self._changed_at = now
