"""Whose fault the sends are that fail over one line: the person's, or the line's. Pure; times in s.

A refusal says seldom whose fault it is: a SIM without balance, a trunk without credit and a number that nobody has are
answered alike. What tells them apart is the company: the same refusal to several different people, with nobody reached
between, is the line's; one that is followed by somebody reached is the person's. Until one of the two is known the
refusal is *undecided*: the message waits, its verdict is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from drivers.base import Accepted, Blame, Completed, Fate, NotSent, Outcome, Partial, Refused, Uncertain
from gatewayd.store.commands import Finish

ALIKE: Final = 3
"""Different people in a row that are refused for the same reason before it is the line's."""
UNLIKE: Final = 5
"""... and for whatever reasons: providers and networks word one fault in several ways."""

KEPT: Final = 1000
"""Most undecided refusals of a line; above, the oldest are left to the message's tries."""

TOUCHED: Final = 5
"""Most people that one outage of a line is tried out on, unless all of them turn out to be refused for a long time."""
FAITHFUL: Final = 4
"""Least probes with the people touched already before one more is, where the line is at fault for certain."""

STARTERS: Final = 3
"""Sends that a line of many at once begins together until somebody is reached."""
PROVEN_S: Final = 0.5
"""A send that has lasted for so long has not been refused like those before it: the line may be trusted again."""


THROUGH_S: Final = 0.3
THROUGH_TIMES: Final = 5
"""A send has got through that has lasted so long, and so many times as long as a refusal took to come."""


def through(under_way: Iterable[float], began: float, now: float) -> float | None:
    """When the latest of the sends under way, by when each began, has begun that goes on though one that began at
    `began` has been refused; None where all of them may yet be refused like it."""
    lasting = max(THROUGH_S, THROUGH_TIMES * (now - began))
    return max((each for each in under_way if now - each >= lasting), default=None)


@dataclass(frozen=True, slots=True)
class Failure:
    """What an outcome says against its line."""

    blame: Blame
    reason: str


def failure(outcome: Outcome) -> Failure | None:
    """Whose fault the outcome may be; None where it is nobody's, or nobody knows what became of the message."""
    match outcome:
        case Completed(state=None | "failed", charged=False) if outcome.blame is not Blame.PERSON:
            return Failure(outcome.blame, outcome.line_reason or outcome.reason or "failed")
        case NotSent() if outcome.counts or outcome.blame is not Blame.PERSON:
            return Failure(outcome.blame, outcome.reason)
        case Refused():
            return Failure(Blame.PERSON if outcome.elsewhere else outcome.blame, outcome.reason)
        case Partial(parts):
            refused = [part for part in parts.values() if part.fate is Fate.REFUSED]
            for blame in (Blame.LINE, Blame.EITHER, Blame.PERSON):
                for part in refused:
                    if part.blame is blame:
                        return Failure(blame, part.reason or "refused")
    return None


def reached(outcome: Outcome) -> bool:
    """Whether the line has got through to somebody, or to their telephone."""
    match outcome:
        case Accepted():
            return True
        case Completed():
            return failure(outcome) is None
        case Partial(parts):
            fates = {part.fate for part in parts.values()}
            return Fate.TAKEN in fates and not fates & {Fate.REFUSED, Fate.DOUBT}
    return False


def doubtful(outcome: Outcome) -> str | None:
    """Why nobody knows what became of the message; None where it is known."""
    match outcome:
        case Uncertain(reason):
            return reason
        case Partial(parts):
            return next((part.reason or "silence" for part in parts.values() if part.fate is Fate.DOUBT), None)
    return None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A message that a failing line was tried out on: it may be tried again without touching anybody else."""

    queue_id: int
    message_id: int
    to: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """A message that waits, for its refusal may be the line's."""

    suspect: Suspect
    at: float
    recorded: Finish
    """The end of its attempt as it is on record."""
    person: Finish
    """... if it turns out to be the person's fault."""
    line: Finish
    """... if it turns out to be the line's."""


def untried(finish: Finish, before: Undecided) -> Finish:
    """`finish` with the tries that the message had before it first was refused by the line's fault."""
    recorded, work = before.recorded, before.recorded.work
    return replace(
        finish,
        tries=before.line.tries,
        detail=finish.detail if recorded.detail is None else work.detail or "{}",
        options=finish.options if recorded.options is None else work.options or "{}",
    )


@dataclass(frozen=True, slots=True)
class _Strike:
    at: float
    to: str
    reason: str
    reported: bool


@dataclass(slots=True)
class Judge:
    """One line's run of refusals since it last reached somebody."""

    careful: bool = True
    """Whether nobody has been reached since the last refusal, or at all."""
    _strikes: list[_Strike] = field(default_factory=list)
    _undecided: dict[int, Undecided] = field(default_factory=dict)
    _suspects: list[Suspect] = field(default_factory=list)
    _touched: set[str] = field(default_factory=set)
    _probed: int = 0
    """Probes since somebody new was touched."""
    _certain: bool = False
    """Whether the fault is the line's by the driver's own word."""

    @property
    def undecided(self) -> int:
        return len(self._undecided)

    @property
    def touched(self) -> int:
        """Different people that the present run of failures has touched."""
        return len(self._touched)

    # ------------------------------------------------------------------------------------------------------- refusals

    def refused(
        self, to: str, reason: str, began: float, now: float, *, through: float | None = None, reported: bool = False
    ) -> str | None:
        """Takes down a refusal that may be the line's, of a send that began then. Answers the reason the line is to
        rest for; None while it is not the line's. `reported`: by a report that came after the network had accepted it;
        `through`: when the latest send began that goes on where this one was refused (a call that rings), if there is
        one: the line worked then.

        Sends that were under way together count once (the calls of a trunk): the line has had no other chance since.
        """
        self.careful = True
        if through is not None:
            self._strikes = [strike for strike in self._strikes if strike.at >= through]
        strikes = self._strikes
        if (not strikes or began > strikes[-1].at) and all(strike.to != to for strike in strikes):
            strikes.append(_Strike(now, to, reason, reported))
        alike = [strike for strike in strikes if strike.reason == reason]
        if len(alike) >= ALIKE:
            return reason
        if len(strikes) < UNLIKE:
            return None
        reasons = [strike.reason for strike in strikes]
        return max(reversed(reasons), key=reasons.count)

    def suspect(self, suspect: Suspect, *, certain: bool = False) -> None:
        """Remembers whom the failing line was tried out on, so that probes touch nobody else."""
        self._certain = self._certain or certain
        self.touch(suspect.to)
        known = [each for each in self._suspects if each.message_id != suspect.message_id]
        self._probed = self._probed + 1 if len(known) < len(self._suspects) else 0
        # What was tried last is tried last again.
        self._suspects = [*known, suspect][-KEPT:]

    def touch(self, to: str) -> None:
        """Remembers whom the failing line has touched."""
        if len(self._touched) < KEPT:
            self._touched.add(to)

    def wait(self, undecided: Undecided) -> None:
        """Keeps a message whose verdict is open; one that was refused before since the line last reached somebody goes
        back as it was before all of that, if it is the line's fault."""
        before = self._undecided.pop(undecided.suspect.message_id, None)
        if before is not None:
            undecided = replace(undecided, line=untried(undecided.line, before))
        if len(self._undecided) >= KEPT:
            del self._undecided[next(iter(self._undecided))]
        self._undecided[undecided.suspect.message_id] = undecided

    # ------------------------------------------------------------------------------------------------------- verdicts

    def take(self, message_id: int) -> Undecided | None:
        """Takes the open verdict of that message out: another has been passed."""
        return self._undecided.pop(message_id, None)

    def condemned(self) -> Sequence[Undecided]:
        """The line is at fault: whose messages go back to their queue untried."""
        found = tuple(self._undecided.values())
        self._undecided.clear()
        return found

    @property
    def by_report(self) -> bool:
        """Whether it was reports that said that nobody was reached."""
        return bool(self._strikes) and any(strike.reported for strike in self._strikes)

    def reached(self, to: str, began: float) -> Sequence[Undecided]:
        """Somebody was reached by a send that began then. Answers whose refusals were their own: those that came before
        it, of other people."""
        self.careful = False
        self._strikes = [strike for strike in self._strikes if strike.at >= began]
        decided = [each for each in self._undecided.values() if each.at < began]
        for each in decided:
            del self._undecided[each.suspect.message_id]
        if not self._strikes:
            self._suspects.clear()
            self._touched.clear()
            self._probed = 0
            self._certain = False
        return [each for each in decided if each.suspect.to != to]

    # --------------------------------------------------------------------------------------------------------- probes

    def probe(self) -> Suspect | None:
        """Whom to try a rested line out on; None where somebody new is to be: all who were touched may be refused for
        reasons of their own, and the line would never be found to work."""
        least = FAITHFUL if self._certain else 1
        if self.reluctant:
            least = max(least, len(self._suspects))
        return self._suspects[0] if self._suspects and self._probed < least else None

    @property
    def reluctant(self) -> bool:
        """Whether it has touched so many people that somebody new is tried only seldom."""
        return self.touched >= TOUCHED

    def lose(self, suspect: Suspect) -> None:
        """That message waits no more: another line has sent it, or it was withdrawn."""
        self._suspects = [each for each in self._suspects if each != suspect]

    def may_begin(self, under_way: Iterable[float], now: float) -> bool:
        """Whether one more send may begin beside those under way, by when each began: a line of many at once that
        reaches nobody must not touch as many before that is known."""
        if not self.careful:
            return True
        since = self._strikes[-1].at if self._strikes else 0.0
        later = [began for began in under_way if began > since]
        if any(now - began >= PROVEN_S for began in later):
            return True
        return len(later) < (1 if self._strikes else STARTERS)
