"""What an outcome makes of a message: the one place where a driver's answer becomes a state. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from drivers.base import Accepted, Blame, Completed, Fate, NotSent, Outcome, Partial, Refused, Uncertain
from gatewayd.store.commands import Amend, Finish, KeptBack, PartEnd, Work
from gatewayd.values.model import IN_NETWORK, PartState, State, message_state
from gatewayd.values.storable import bounded, maybe, wellformed

WITHDRAWN_TO: Final = {
    "expired": State.EXPIRED,
    **dict.fromkeys(
        ("cancelled", "blocked", "paid", "promised", "disputed", "changed", "no_claim", "no_consent"), State.CANCELLED
    ),
}
"""Reasons of a withdrawal that end the message; any other sends it back to its queue."""

PAUSES_S: Final = (10.0, 40.0, 160.0, 640.0, 3600.0)
"""Rest before the next try after a message-bound failure; the last repeats."""

ELSEWHERE_S: Final = 5.0
"""Rest of a message that its line cannot carry while it is moved into a queue of others."""

_GOES_ON: Final = frozenset({State.QUEUED, State.SCHEDULED, State.SUBMITTED})
_FATES: Final = {
    Fate.TAKEN: PartState.TAKEN,
    Fate.REFUSED: PartState.REFUSED,
    Fate.UNSENT: PartState.UNSENT,
    Fate.DOUBT: PartState.DOUBT,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """How patient the gateway is: tries before `failed`, how long a submitted message waits for its report (ms)."""

    tries: int
    report_wait_ms: int


@dataclass(frozen=True, slots=True)
class Retry:
    """A call's rule for one disposition: how often it is tried again, and after how long (s)."""

    times: int
    pause_s: float


Retries = Mapping[str, Retry]
"""By disposition; what has no rule is not tried again."""


def resolve(
    work: Work,
    outcome: Outcome,
    *,
    line: str,
    passed: frozenset[int],
    terms: Terms,
    now: int,
    retries: Retries = MappingProxyType({}),
    verdict: Blame = Blame.PERSON,
) -> Finish:
    """Turns the outcome of an attempt into the command that records it.

    `passed` are the parts whose point of no return was recorded in this attempt; `now` in ms. A part that never got
    there did not leave, whatever the driver says of it. `verdict` is whose fault a refusal is taken for: the line's
    gives the message back untried; while it may be either's, the message waits and uses up a try.
    """
    ending = _Ending(work, line, passed, terms, now)
    if verdict is not Blame.PERSON:
        back = ending.back(outcome, verdict, retries)
        if back is not None:
            return back
    match outcome:
        case Accepted(references):
            taken = {number: PartEnd(PartState.TAKEN, references.get(number)) for number in work.todo}
            if taken and not work.done:  # the way of nearly all messages
                return ending.finish("accepted", taken, State.SUBMITTED, None, final=not outcome.reported)
            finish = ending.by_parts("accepted", taken, NotSent("unsent"))
            if not outcome.reported and finish.state is State.SUBMITTED:
                return replace(finish, final=True)
            return finish
        case Partial(parts):
            ends = {n: PartEnd(_FATES[p.fate], p.reference, p.reason) for n, p in parts.items() if n in passed}
            reason = next((p.reason for p in parts.values() if p.fate is not Fate.TAKEN and p.reason), None)
            return ending.by_parts("partial", ends, NotSent(reason or "incomplete"))
        case Refused(reason):
            refused = dict.fromkeys(passed, PartEnd(PartState.REFUSED, reason=reason))
            if ending.begun(refused):
                return ending.finish("refused", refused, State.UNDELIVERED, "incomplete")
            return ending.finish("refused", refused, State.FAILED, reason)
        case Uncertain(reason) if passed:
            doubt = dict.fromkeys(passed, PartEnd(PartState.DOUBT, reason=reason))
            return ending.by_parts("uncertain", doubt, NotSent(reason))
        case Uncertain(reason):
            return ending.again("uncertain", {}, NotSent(reason, blame=Blame.LINE))
        case NotSent():
            unsent = dict.fromkeys(passed, PartEnd(PartState.UNSENT, reason=outcome.reason))
            return ending.again("not_sent", unsent, outcome)
        case Completed():
            return ending.completed(outcome, retries)


def held(finish: Finish, kept: KeptBack) -> Finish:
    """Returns the end of an attempt that the rules of contact have not let pass: its message waits, untried."""
    return replace(finish, state=State.HELD, reason=kept.reason, due=kept.until)


@dataclass(frozen=True, slots=True)
class _Ending:
    """The attempt that ends, and what is needed to say how."""

    work: Work
    line: str
    passed: frozenset[int]
    terms: Terms
    now: int

    def begun(self, ends: Mapping[int, PartEnd]) -> bool:
        """Whether any part, of this attempt or an earlier one, is in the network."""
        states = [state for _, state in self.work.done] + [end.state for end in ends.values()]
        if not self.work.parts:
            # Of one piece: an earlier try that reached nobody (a call) leaves nothing behind.
            states = [state for state in states if state is not PartState.UNDELIVERED]
        return any(state in IN_NETWORK for state in states)

    def by_parts(self, name: str, ends: Mapping[int, PartEnd], rest: NotSent) -> Finish:
        """Each part by its own fate, the message by the worst; `rest` says how parts that did not leave go again."""
        known = dict(self.work.done) | {number: end.state for number, end in ends.items()}
        states = list(known.values())
        if PartState.DOUBT in states:
            if self.work.resend:
                return self.again(name, ends, rest)
            return self.finish(name, ends, State.UNCERTAIN, rest.reason)
        if PartState.REFUSED in states:
            if self.begun(ends):
                return self.finish(name, ends, State.UNDELIVERED, "incomplete")
            return self.finish(name, ends, State.FAILED, rest.reason)
        if PartState.UNSENT in states or any(number not in ends for number in self.work.todo):
            return self.again(name, ends, rest)
        return self.finish(name, ends, message_state(states), None)

    def again(self, name: str, ends: Mapping[int, PartEnd], why: NotSent) -> Finish:
        """Nothing (more) left: another try, or the end of tries."""
        withdrawn = not why.counts and why.blame is Blame.PERSON
        withdrawn_to = WITHDRAWN_TO.get(why.reason) if withdrawn else None
        if withdrawn_to is not None:
            if self.begun(ends):
                return self.finish(name, ends, State.UNDELIVERED, "incomplete")
            return self.finish(name, ends, withdrawn_to, why.reason if withdrawn_to is State.CANCELLED else None)
        tries = self.work.tries + (1 if why.counts else 0)
        if why.counts and tries >= self.terms.tries:
            if self.begun(ends):
                return self.finish(name, ends, State.UNDELIVERED, "incomplete", tries=tries)
            return self.finish(name, ends, State.FAILED, why.reason, tries=tries)
        pause_s = why.retry_after
        if pause_s is None:
            # Where the line is to blame it rests by itself, and another may take the message at once.
            counts = why.counts and why.blame is not Blame.LINE
            pause_s = PAUSES_S[min(tries, len(PAUSES_S)) - 1] if counts else 0.0
        state = State.SCHEDULED if pause_s > 0 else State.QUEUED
        return self.finish(name, ends, state, why.reason, tries=tries, due=self.now + int(pause_s * 1000))

    def back(self, outcome: Outcome, verdict: Blame, retries: Retries) -> Finish | None:
        """A refusal that is the line's, or may be: nothing of it counts as refused. None where tries are used up."""
        why = NotSent("refused", counts=verdict is Blame.EITHER, blame=verdict)
        match outcome:
            case NotSent():
                if verdict is Blame.EITHER and outcome.blame is Blame.EITHER:
                    return None  # as the person's: it counts, and rests
                pause_s = outcome.retry_after if verdict is Blame.EITHER else None
                why = replace(outcome, counts=why.counts and outcome.counts, blame=Blame.LINE, retry_after=pause_s)
                name, ends = "not_sent", dict.fromkeys(self.passed, PartEnd(PartState.UNSENT, reason=outcome.reason))
            case Refused(reason):
                why = replace(why, reason=reason)
                name, ends = "refused", dict.fromkeys(self.passed, PartEnd(PartState.UNSENT, reason=reason))
            case Partial(parts):
                unsent = {Fate.REFUSED: PartState.UNSENT}
                ends = {
                    n: PartEnd(unsent.get(p.fate) or _FATES[p.fate], p.reference, p.reason)
                    for n, p in parts.items()
                    if n in self.passed
                }
                why = replace(
                    why, reason=next((p.reason for p in parts.values() if p.fate is Fate.REFUSED), None) or "refused"
                )
                finish = self.by_parts("partial", ends, why)
                return finish if finish.state in {State.QUEUED, State.SCHEDULED} else None
            case Completed():
                return self.undecided_call(outcome, verdict, retries)
            case _:
                return None
        finish = self.again(name, ends, why)
        return finish if finish.state in {State.QUEUED, State.SCHEDULED} else None

    def undecided_call(self, outcome: Completed, verdict: Blame, retries: Retries) -> Finish | None:
        """A call that reached nobody, perhaps by the line's fault: the rule of its disposition is not used up. How
        often it has waited for a verdict is kept beside."""
        reason = outcome.reason or "failed"
        ends = dict.fromkeys(self.passed, PartEnd(PartState.UNSENT, reason=reason))
        if verdict is Blame.LINE:
            return self.finish("completed", ends, State.QUEUED, reason)
        options = json.loads(self.work.options or "{}")
        waited = int(options.get("undecided", 0)) + 1
        if waited >= self.terms.tries:
            return None
        rule = retries.get(str(outcome.detail.get("disposition", outcome.reason)))
        pause_s = rule.pause_s if rule is not None else PAUSES_S[min(waited, len(PAUSES_S)) - 1]
        finish = self.finish(
            "completed",
            ends,
            State.SCHEDULED,
            reason,
            tries=self.work.tries + 1,
            due=self.now + int(pause_s * 1000),
        )
        return replace(finish, options=_stored(options | {"undecided": waited}))

    def completed(self, outcome: Completed, retries: Retries) -> Finish:
        """A call is over: one part, charged when it was answered; its disposition may have a rule to try again."""
        state = State(outcome.state) if outcome.state else State.FAILED
        disposition = str(outcome.detail.get("disposition", outcome.reason))
        kept = json.loads(self.work.detail or "{}")
        options = json.loads(self.work.options or "{}")
        used = dict(options.get("retried", {}))
        tries = self.work.tries + 1
        due = None
        rule = retries.get(disposition)
        again = None
        if state is not State.DELIVERED and rule is not None and used.get(disposition, 0) < rule.times:
            used[disposition] = used.get(disposition, 0) + 1
            state, due = State.SCHEDULED, self.now + int(rule.pause_s * 1000)
            again = _stored(options | {"retried": used})
        shown = kept | dict(outcome.detail) | {"tries": tries}
        end = PartEnd(PartState.DELIVERED if state is State.DELIVERED else PartState.UNDELIVERED)
        reason = None if state is State.DELIVERED else outcome.reason
        ended = self.finish(
            "completed", dict.fromkeys(self.passed, end), state, reason, tries=tries, due=due, charge=outcome.charged
        )
        pressed, action = outcome.detail.get("key"), outcome.detail.get("action")
        return replace(
            ended,
            detail=_stored(shown),
            options=again,
            pressed=str(pressed) if pressed else None,
            opted_out=action == "opt_out",
            action=str(action) if action else None,
        )

    def finish(
        self,
        name: str,
        ends: Mapping[int, PartEnd],
        state: State,
        reason: str | None,
        *,
        tries: int | None = None,
        due: int | None = None,
        charge: bool = False,
        final: bool | None = None,
    ) -> Finish:
        """`final`, where it is not what the state says by itself."""
        if due is None:
            due = self.now + self.terms.report_wait_ms if state is State.SUBMITTED else self.now
        return Finish(
            work=self.work,
            line=self.line,
            parts={n: _holdable(end) for n, end in ends.items()},
            outcome=name,
            state=state,
            reason=maybe(reason),
            final=state not in _GOES_ON if final is None else final,
            due=due,
            tries=self.work.tries if tries is None else tries,
            charge=charge,
            detail=None,
            now=self.now,
        )


def _holdable(end: PartEnd) -> PartEnd:
    """Returns an end as every store can hold it: nearly always the same one."""
    reference = None if end.reference is None else bounded(end.reference.strip())
    reason = maybe(end.reason)
    if reference == end.reference and reason == end.reason:
        return end
    return PartEnd(end.state, reference, reason)


def _stored(detail: Mapping[str, Any]) -> str:
    return wellformed(json.dumps(detail, ensure_ascii=False, separators=(",", ":")))


def amended(finish: Finish, verdict: Finish, now: int) -> Amend:
    """The command that puts `verdict`, the end of the same attempt as it is known now, in the place of `finish`."""
    work = finish.work
    waits = verdict.state in {State.QUEUED, State.SCHEDULED}
    return Amend(
        message_id=work.message_id,
        attempt_id=work.attempt_id,
        state=verdict.state,
        reason=verdict.reason,
        final=verdict.final,
        due=max(verdict.due, now) if waits else now,
        tries=verdict.tries,
        detail=work.detail if verdict.detail is None else verdict.detail,
        refused=tuple(number for number, end in verdict.parts.items() if end.state is PartState.REFUSED),
        now=now,
        options=work.options or "{}" if verdict.options is None and finish.options is not None else verdict.options,
    )
