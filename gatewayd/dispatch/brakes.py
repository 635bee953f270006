"""Paces that several jobs share: no line takes more of them than so many segments a minute. Pure; times are Unix ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gatewayd.store.commands import JobPace
from gatewayd.values.pacing import Gcra

AT_ONCE: Final = 1_200
"""Of a pace at most so large a part is claimed at once: what goes in 50 ms."""
LATE_S: Final = 6.0
"""What is late because lines were busy with others is made up for, so long at most: whoever asks for 60 a minute gets
60, and in no minute more than a tenth above."""
KEPT: Final = 1_000
"""Groups that are remembered; one that is idle for longer than a segment takes needs no memory."""


def most(pace: JobPace) -> int:
    """Returns how many segments of a group may be claimed at once."""
    return max(1, pace.segments // AT_ONCE)


@dataclass(slots=True)
class Brakes:
    """Knows when each group may go on."""

    _groups: dict[str, Gcra] = field(default_factory=dict)

    def until(self, pace: JobPace | None, now: int) -> int | None:
        """Returns when the group may go on, None: now."""
        if pace is None:
            return None
        brake = self._groups.get(pace.group)
        if brake is None:
            return None
        longest = now / 1000 + 2 * self._at_once_s(pace)
        # A clock that was set back must not hold a group for longer than what was claimed last.
        brake.tat = min(brake.tat, longest)
        return None if brake.tat * 1000 <= now else int(brake.tat * 1000) + 1

    def take(self, pace: JobPace | None, segments: int, now: int) -> None:
        """So many segments go."""
        if pace is None or not segments:
            return
        if pace.group not in self._groups and len(self._groups) >= KEPT:
            over = [name for name, brake in self._groups.items() if brake.tat * 1000 < now]
            for name in over:
                del self._groups[name]
        brake = self._groups.setdefault(pace.group, Gcra(60 / pace.segments, now / 1000))
        brake.interval_s = 60 / pace.segments
        brake.tat = max(brake.tat, now / 1000 - LATE_S) + segments * brake.interval_s

    @staticmethod
    def _at_once_s(pace: JobPace) -> float:
        # The longest message there is may be what was claimed.
        return max(255, most(pace)) * 60 / pace.segments
