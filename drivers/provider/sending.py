"""One message to one provider: the request, the point of no return, the verdict, and what to do in doubt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from drivers.base import (
    Accepted,
    Blame,
    NotSent,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Refused,
    Uncertain,
    Withdrawn,
)
from drivers.http.answer import Answer
from drivers.http.exchange import Exchange, LostError, NotWrittenError
from drivers.provider.plan import Plan, UnsendableError
from drivers.provider.rules import Result, Verdict, judge

DOUBT_PAUSES_S: Final = (0.5, 2.0, 5.0, 15.0)
"""Before the same request goes to an idempotent provider again: long enough for a restart of its service, short enough
that the message's place in the line is not held for a minute."""
PAUSE_MAX_S: Final = 30.0
"""A Retry-After in the middle of a doubt is waited for up to this; then the doubt stands."""


@dataclass(slots=True)
class Trace:
    """The latest send, for a person who asks. Nothing in it is masked yet."""

    message: OutboundMessage
    answer: Answer | None
    outcome: Outcome
    at: float
    took_s: float
    in_block: bool = False
    """Whether others went in the same request."""


class Sender:
    def __init__(
        self,
        plan: Plan,
        exchange: Exchange,
        *,
        traced: Callable[[Trace], None],
        pauses_s: tuple[float, ...] = DOUBT_PAUSES_S,
    ) -> None:
        self._plan = plan
        self._exchange = exchange
        self._traced = traced
        self._pauses_s = pauses_s if plan.options.idempotent else ()

    async def send(
        self,
        message: OutboundMessage,
        point_of_no_return: PointOfNoReturn,
        *,
        passed: bool = False,
        doubt: str | None = None,
    ) -> Outcome:
        """`passed`: its points of no return are behind it; `doubt`: why an earlier request with it has no answer."""
        began = time.monotonic()
        flight = _Flight(self._plan, self._exchange, message, point_of_no_return, passed=passed)
        outcome = await flight.outcome(self._pauses_s, doubt)
        self._traced(Trace(message, flight.answer, outcome, time.time(), time.monotonic() - began))
        return outcome


class _Flight:
    """One message under way; used once."""

    __slots__ = ("_exchange", "_message", "_passed", "_plan", "_point_of_no_return", "answer")

    def __init__(
        self,
        plan: Plan,
        exchange: Exchange,
        message: OutboundMessage,
        point_of_no_return: PointOfNoReturn,
        *,
        passed: bool,
    ) -> None:
        self._plan = plan
        self._exchange = exchange
        self._message = message
        self._point_of_no_return = point_of_no_return
        self._passed = passed
        self.answer: Answer | None = None

    async def outcome(self, pauses_s: tuple[float, ...], doubt: str | None) -> Outcome:
        message = self._message
        if len(message.todo) < len(message.parts):
            # A provider takes whole texts: sending one whose other parts have left would say them twice.
            return Refused("parts_elsewhere", blame=Blame.PERSON, elsewhere=True)
        try:
            request = self._plan.send(message)
        except UnsendableError as error:
            return error.refused
        pause_s: float | None = None
        for pause in (0.0, *pauses_s):
            if doubt is not None:
                await asyncio.sleep(min(max(pause, pause_s or 0.0), PAUSE_MAX_S))
            try:
                self.answer = answer = await self._exchange(request, self._before)
            except Withdrawn as error:
                return NotSent(error.reason, counts=False)
            except NotWrittenError as error:
                if doubt is None:
                    return NotSent(error.reason, blame=Blame.LINE)
                continue
            except LostError as error:
                doubt = error.reason
                continue
            verdict = judge(self._plan.rules, answer, time.time())
            outcome = self._settled(answer, verdict, doubt)
            if outcome is not None:
                return outcome
            doubt, pause_s = doubt or verdict.reason, verdict.retry_after_s
        assert doubt is not None
        return Uncertain(doubt)

    async def _before(self) -> None:
        """Every part is durable before the first byte: they go in one request and share one fate."""
        if self._passed:
            return
        for part in self._message.todo:
            await self._point_of_no_return(part)
        self._passed = True

    def _settled(self, answer: Answer, verdict: Verdict, doubt: str | None) -> Outcome | None:
        """Returns the outcome; None where only another try could tell."""
        match verdict.result:
            case Result.ACCEPTED:
                return Accepted(self._references(answer), reported=self._plan.reported)
            case Result.REFUSED:
                # Of an idempotent provider: it does not know the id, and will not take it.
                return verdict.refused
            case Result.RETRY if doubt is None:
                return verdict.not_sent
        return None

    def _references(self, answer: Answer) -> dict[int, str]:
        """Returns the provider's id of the message, else the one we gave it."""
        finder = self._plan.reference
        found = (finder.find(answer) if finder is not None else None) or self._plan.foreign_id(self._message.attempt)
        return references(found, self._message.todo)


def references(found: str, parts: Sequence[int]) -> dict[int, str]:
    """The provider's id of a message as references of its parts: later parts bear it with their number, so that no
    reference means two."""
    return {part: found if part == 1 else f"{found}/{part}" for part in parts}
