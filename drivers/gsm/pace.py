"""How fast one modem answers, as it has proven; the waits of a dialogue follow from that. Pure; times in seconds.

A wait grows at once with one slow answer and shrinks slowly: to wait too long costs little, to give up too early makes
a slow modem a silent one.
"""

from __future__ import annotations

from drivers.gsm.timing import Timing

_QUICK_S = 0.05
"""What is quicker than this need not be remembered: no wait is as short."""

_FORGETS = 16
"""A slow answer weighs a sixteenth less with every quick one after it."""


class Pace:
    """Kept by the line, beyond one connection."""

    __slots__ = (
        *("_command", "_missed", "_prompt", "_prompts_missed", "_slow_submit", "_submit", "_timing"),
        *("prompt_s", "still_there_s"),
    )

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._command = 0.0
        self._missed = 0
        self._prompt = 0.0
        self._prompts_missed = 0
        self._submit = self._slow_submit = 0.0
        self.prompt_s = timing.prompt_s
        """How long to wait for a prompt."""
        self.still_there_s = min(timing.still_there_s, timing.submit_s)
        """How long after Ctrl-Z a modem is asked whether it is still there."""

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
        if self._prompts_missed or seconds > self._prompt or self._prompt > _QUICK_S:
            self._prompts_missed = 0
            self._prompt = _slower(self._prompt, seconds)
            self._set_prompt_s()

    def unprompted(self) -> None:
        """Records a prompt that did not come."""
        self._prompts_missed += 1
        self._set_prompt_s()

    def _set_prompt_s(self) -> None:
        timing = self._timing
        wanted = max(timing.prompt_s * 2.0 ** min(self._prompts_missed, 8), self._prompt * 2)
        self.prompt_s = min(wanted, timing.prompt_max_s)

    def submitted(self, seconds: float) -> None:
        """Records the answer of a submission."""
        self._submit += (seconds - self._submit) / 4
        if seconds > _QUICK_S or self._slow_submit > _QUICK_S:
            timing = self._timing
            self._slow_submit = _slower(self._slow_submit, seconds)
            self.still_there_s = min(max(timing.still_there_s, self._slow_submit * 2), timing.submit_s)

    # ------------------------------------------------------------------------------------------------- what to wait for

    def command_s(self, given: float) -> float:
        """Returns how long to wait for an answer for which a usual modem is given `given`."""
        if not self._missed and self._command * 4 <= given:
            return given
        stretch = max(2.0 ** min(self._missed, 8), self._command * 4 / given)
        return given * min(stretch, self._timing.stretch_max)

    @property
    def quiet_s(self) -> float:
        return max(self._timing.quiet_s, min(self._command * 1.5, self._timing.quiet_max_s))

    @property
    def probe_s(self) -> float:
        return max(self._timing.probe_s, min(self._command * 3, self._timing.probe_max_s))

    @property
    def overlap_s(self) -> float:
        """How long a second answer is awaited where the first may be that of another submission."""
        return self._timing.overlap_s + self._submit * 3


def _slower(known: float, seconds: float) -> float:
    return seconds if seconds > known else known + (seconds - known) / _FORGETS
