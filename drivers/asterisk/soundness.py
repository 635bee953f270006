"""Whether answered calls say what they are for: a prompt that cannot be played rings people for nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.base import Completed, Outcome

UNPLAYABLE: Final = "prompt_unplayable"
IN_A_ROW: Final = 2
"""One may be a recording that was just replaced; the second stops the line."""
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 600.0


@dataclass(slots=True)
class Soundness:
    """One line's."""

    _row: int = 0
    _pause_s: float = FIRST_PAUSE_S

    def after(self, outcome: Outcome) -> str | None:
        """Takes the end of a call; returns the reason for which the line has to stop, None while it may go on."""
        if not isinstance(outcome, Completed) or outcome.detail.get("disposition") not in {"answered", "machine"}:
            return None
        if outcome.reason != UNPLAYABLE:
            if outcome.charged:
                self._row, self._pause_s = 0, FIRST_PAUSE_S
            return None
        self._row += 1
        return UNPLAYABLE if self._row >= IN_A_ROW else None

    def pause_s(self) -> float:
        """Returns how long to leave it alone before a trial; twice as long each time that it did not help."""
        pause = self._pause_s
        self._pause_s = min(pause * 2, LONGEST_PAUSE_S)
        return pause

    def admit(self) -> None:
        """A trial that rang nobody went well: the next call shows more, and stops the line at once if it does not."""
        self._row = IN_A_ROW - 1
