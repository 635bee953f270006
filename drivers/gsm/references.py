"""Whose reference a `+CMGS` bears, where submissions before it were never answered. Pure; time is an argument.

A modem counts TP-MR up with each submission (23.040 §9.2.3.6). A submission given up after silence may still be
answered while the next one is under way, so a reference is held against what each of them should get.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from drivers.gsm.at import number


class Verdict(Enum):
    OURS = auto()
    """It answers the submission under way."""
    LATE = auto()
    """It answers one that was given up."""
    EITHER = auto()
    """The one given up may have got no reference, and this is ours; another answer will tell."""


@dataclass(slots=True)
class _GivenUp:
    token: Any
    expected: int | None
    until: float
    counted: bool = False
    """A later submission got the reference that follows: this one has its own."""


class References:
    """The count of one connection, and the submissions that were given up on it."""

    def __init__(self, remembered_s: float) -> None:
        self._remembered_s = remembered_s
        self._last: int | None = None
        self._expected: int | None = None
        self._given_up: list[_GivenUp] = []

    def begin(self, now: float) -> None:
        """Counts a submission that has passed Ctrl-Z."""
        if self._given_up:
            self._given_up = [each for each in self._given_up if each.until > now]
        self._expected = self._last = None if self._last is None else (self._last + 1) % 256

    def judge(self, reference: str) -> Verdict:
        """Returns what a reference means that comes while a submission awaits its answer."""
        if not self._given_up:
            return Verdict.OURS
        match = self._match(reference)
        if match is None or number(reference) == self._expected:
            return Verdict.OURS
        return Verdict.LATE if match.counted else Verdict.EITHER

    def answered(self, reference: str) -> None:
        """Records that the submission under way has got `reference`."""
        got = number(reference)
        if got is not None and got == self._expected:
            for each in self._given_up:
                each.counted = True
        self._last = got

    def give_up(self, token: Any, now: float) -> None:
        """Remembers the submission under way, which is not awaited any longer."""
        self._given_up.append(_GivenUp(token, self._expected, now + self._remembered_s))

    def late(self, reference: str) -> Any | None:
        """Returns the token of the submission that `reference` answers late, and forgets it; None if not certain."""
        match = self._match(reference)
        if match is None and len(self._given_up) == 1 and self._given_up[0].expected is None:
            match = self._given_up[0]
        if match is None:
            return None
        self._given_up.remove(match)
        if self._last is None:
            self._last = number(reference)
        return match.token

    @property
    def doubtful(self) -> bool:
        """Whether an answer may still come that nobody waits for."""
        return bool(self._given_up)

    def _match(self, reference: str) -> _GivenUp | None:
        got = number(reference)
        found = [each for each in self._given_up if each.expected is not None and each.expected == got]
        return found[0] if found else None
