"""The point of no return of one attempt: durable first, then counted."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Protocol

from drivers.base import (
    Accepted,
    Completed,
    Fate,
    NotSent,
    Outcome,
    Partial,
    PartOutcome,
    Refused,
    Uncertain,
    Withdrawn,
)
from gatewayd.dispatch.desk import Desk
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import KeptBack, Pnr, Work
from gatewayd.values.errors import GatewayError
from gatewayd.values.pacing import Pace
from gatewayd.values.storable import bounded


class Switch(Protocol):
    """The line, as far as an intent asks: may anything still begin on it, and how much it has sent."""

    name: str
    enabled: bool
    draining: bool
    pace: Pace


class Intent:
    """The point of no return of one attempt: durable first, then counted."""

    __slots__ = ("_desk", "_line", "_reserved", "_taken", "_work", "begun", "kept_back", "passed")

    def __init__(self, line: Switch, work: Work, desk: Desk) -> None:
        self._line = line
        self._work = work
        self._desk = desk
        self._reserved = len(work.todo)
        line.pace.reserve(self._reserved)
        self.begun: set[int] = set()
        """Parts whose point of no return may have been recorded: asked for, perhaps cut off before the answer."""
        self.passed: set[int] = set()
        """Parts whose point of no return the driver was told of."""
        self._taken: dict[int, str] = {}
        self.kept_back: KeptBack | None = None
        """Why the rules of contact have not let it pass."""

    async def __call__(self, part: int, taken: Mapping[int, str] | None = None) -> None:
        hit("send.prompted")
        line, work, desk = self._line, self._work, self._desk
        told = {number: bounded(reference.strip()) for number, reference in (taken or {}).items()}
        self._taken.update(told)
        if not self.passed and (line.draining or not line.enabled):
            raise Withdrawn("stopping")
        now = time.time()
        day, month = desk.calendar.words(now)
        tat = line.pace.gcra.tat * 1000
        self.begun.add(part)
        try:
            await desk.writer.do(
                Pnr(
                    work.attempt_id,
                    part,
                    line.name,
                    work.to,
                    desk.epoch,
                    int(now * 1000),
                    day,
                    month,
                    tat,
                    tuple(told.items()),
                    work.ends,
                )
            )
        except Withdrawn as error:
            self.begun.discard(part)
            if isinstance(error, KeptBack):
                self.kept_back = error
            raise
        except GatewayError as error:
            # Nothing may leave that is not on record.
            raise Withdrawn("store_unavailable") from error
        hit("send.intended")
        self.passed.add(part)
        line.pace.count(now, work.to)
        if self._reserved:
            self._reserved -= 1
            line.pace.reserve(-1)

    def over(self) -> None:
        """Nothing more of it will pass: what was kept free of the line's quotas for it is free again."""
        if self._reserved:
            self._line.pace.reserve(-self._reserved)
            self._reserved = 0

    def kept(self, outcome: Outcome) -> Outcome:
        """The outcome, with every part taken that the network has answered with a reference: what comes after that,
        from whatever confusion of the device, does not undo it."""
        if not self._taken or isinstance(outcome, Accepted | Completed):
            return outcome
        match outcome:
            case Partial(parts):
                told = dict(parts)
            case Uncertain(reason):
                told = {part: PartOutcome(Fate.DOUBT, reason=reason) for part in self.passed}
            case NotSent(reason):
                told = {part: PartOutcome(Fate.UNSENT, reason=reason) for part in self.begun}
            case Refused(reason):
                told = {part: PartOutcome(Fate.REFUSED, reason=reason, blame=outcome.blame) for part in self.passed}
        return Partial(told | {part: PartOutcome(Fate.TAKEN, reference) for part, reference in self._taken.items()})

    def cut_off(self, reason: str) -> Outcome:
        """What is certain of a send that ended without an outcome: the parts whose references the driver told have been
        taken, a part that was not told of its point of no return did not leave, any other is in doubt."""
        if not self.passed:
            return NotSent(reason, counts=False)
        return in_doubt(self.begun, self.passed, self._taken, reason)


def in_doubt(begun: Collection[int], passed: Collection[int], taken: Mapping[int, str], reason: str) -> Outcome:
    """The outcome of a send that nobody can ask about: each part by what is on record of it."""
    if not taken and set(begun) == set(passed):
        return Uncertain(reason)
    parts = {part: PartOutcome(Fate.DOUBT if part in passed else Fate.UNSENT, reason=reason) for part in sorted(begun)}
    parts |= {part: PartOutcome(Fate.TAKEN, reference) for part, reference in taken.items()}
    return Partial(parts)
