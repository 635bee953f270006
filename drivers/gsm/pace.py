"""How fast one modem answers, as it has proven; the waits of a dialogue follow from that. Pure; times in seconds.

A wait grows at once with one slow answer and shrinks slowly: to wait too long costs little, to give up too early makes
a slow modem a silent one.
"""

from __future__ import annotations

from drivers.gsm.timing import Timing

_FORGETS = 16
"""A slow answer weighs a sixteenth less with every quick one after it."""


class Pace:
    """Kept by the line, beyond one connection."""

    __slots__ = ("_command", "_missed", "_prompt", "_prompts_missed", "_submit", "_timing")

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._command = 0.0
        self._missed = 0
        self._prompt = 0.0
        self._prompts_missed = 0
        self._submit = 0.0

    # -------------------------------------------------------------------------------------------------- what happened

    def answered(self, seconds: float) -> None:
        """Records the final result of a command that the modem answers from its own memory."""
        self._missed = 0
        self._command = _slower(self._command, seconds)

    def missed(self) -> None:
        """Records a command without an answer."""
        self._missed += 1

    def prompted(self, seconds: float) -> None:
        """Records a prompt, in time or late."""
        self._prompts_missed = 0
        self._prompt = _slower(self._prompt, seconds)

    def unprompted(self) -> None:
        """Records a prompt that did not come."""
        self._prompts_missed += 1

    def submitted(self, seconds: float) -> None:
        """Records the answer of a submission."""
        self._submit += (seconds - self._submit) / 4

    # ------------------------------------------------------------------------------------------------- what to wait for

    def command_s(self, given: float) -> float:
        """How long to wait for an answer for which a usual modem is given `given`."""
        if not self._missed and self._command * 4 <= given:
            return given
        stretch = max(2.0 ** min(self._missed, 8), self._command * 4 / given)
        return given * min(stretch, self._timing.stretch_max)

    @property
    def prompt_s(self) -> float:
        timing = self._timing
        if not self._prompts_missed and self._prompt * 2 <= timing.prompt_s:
            return timing.prompt_s
        wanted = max(timing.prompt_s * 2.0 ** min(self._prompts_missed, 8), self._prompt * 2)
        return min(wanted, timing.prompt_max_s)

    @property
    def quiet_s(self) -> float:
        return max(self._timing.quiet_s, min(self._command * 1.5, self._timing.quiet_max_s))

    @property
    def probe_s(self) -> float:
        return max(self._timing.probe_s, min(self._command * 3, self._timing.probe_max_s))

    @property
    def still_there_s(self) -> float:
        """How long after Ctrl-Z a modem is asked whether it is still there."""
        return min(max(self._timing.still_there_s, self._submit * 2), self._timing.submit_s)

    @property
    def overlap_s(self) -> float:
        """How long another answer to a submission is awaited after the first that may be anothers'."""
        return self._timing.overlap_s + self._submit * 3


def _slower(known: float, seconds: float) -> float:
    return seconds if seconds > known else known + (seconds - known) / _FORGETS
