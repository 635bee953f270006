"""Messages that are sent at the same time share a request, where the provider takes blocks.

Each message keeps its own sender, its own point of no return and its own outcome. The first waits a moment for company;
then, with the connection standing and before the first byte, every sender passes its own point of no return. One that
may not go any more leaves, and the others go without it. So nothing leaves whose intent is not on the disk, and nothing
that was withdrawn is in the request.

A block that the provider refuses as a whole is sent message by message: one bad number must not fail the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from drivers.base import (
    Accepted,
    Blame,
    NotSent,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Uncertain,
    Withdrawn,
)
from drivers.http.answer import Answer
from drivers.http.exchange import LIST_MAX, Exchange, LostError, NotWrittenError
from drivers.provider.block import BlockPlan, NotARowError, Row
from drivers.provider.plan import UnsendableError
from drivers.provider.results import Results, Told
from drivers.provider.rules import Result, Verdict, judge
from drivers.provider.sending import Sender, Trace, references

IN_WORK: Final = 4
"""Blocks' worth of messages in work at once: one that gathers, one on its way, two whose results are still to come."""
IN_WORK_MAX: Final = 500


class _FewerError(Exception):
    """Somebody may not go any more; nothing was written."""


class _Seat:
    """One message's place in a block."""

    __slots__ = ("began", "called", "doubt", "gone", "message", "outcome", "passed", "row", "stands")

    def __init__(self, message: OutboundMessage, row: Row) -> None:
        loop = asyncio.get_running_loop()
        self.message = message
        self.row = row
        self.began = time.monotonic()
        self.gone = False
        self.passed = False
        """Its points of no return are behind it."""
        self.doubt: str | None = None
        """Why a request that may have carried it has no answer."""
        self.called: asyncio.Future[bool | None] = loop.create_future()
        """True: its block is about to go; False: it goes by itself; None: it is over already."""
        self.stands: asyncio.Future[None] = loop.create_future()
        """Done once it has passed its point of no return, or has left."""
        self.outcome: asyncio.Future[Outcome | None] = loop.create_future()
        """None: by itself after all."""

    def leave(self) -> None:
        self.gone = True
        if not self.stands.done():
            self.stands.set_result(None)

    def call(self, together: bool | None) -> None:
        if not self.called.done():
            self.called.set_result(together)

    def end(self, outcome: Outcome | None) -> None:
        self.call(None)
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Gatherer:
    """Sends as `Sender` does, in blocks where enough is at hand. `close` on the same loop."""

    def __init__(
        self,
        line: str,
        block: BlockPlan,
        exchange: Exchange,
        sender: Sender,
        results: Results | None,
        *,
        requests: int,
        idempotent: bool,
        reported: bool,
        traced: Callable[[Trace], None],
    ) -> None:
        """`results`: where they are asked for; `requests`: how many at once; `reported`: whether reports can come."""
        self._block = block
        self._exchange = exchange
        self._sender = sender
        self._results = results
        self._turns = asyncio.Semaphore(requests)
        self._idempotent = idempotent
        self._reported = reported
        self._traced = traced
        self._waiting: list[_Seat] = []
        self._timer: asyncio.TimerHandle | None = None
        self._blocks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("drivers.provider").bind(line=line)

    async def close(self) -> None:
        """Ends what is under way: what may have left is in doubt."""
        if self._timer is not None:
            self._timer.cancel()
        for seat in self._waiting:
            seat.end(NotSent("stopped", counts=False))
        for task in self._blocks:
            task.cancel()
        await asyncio.gather(*self._blocks, return_exceptions=True)

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if len(message.todo) < len(message.parts):
            return await self._sender.send(message, point_of_no_return)
        try:
            seat = _Seat(message, self._block.row(message))
        except UnsendableError as error:
            return error.refused
        except NotARowError:
            return await self._alone(message, point_of_no_return)
        try:
            self._sit(seat)
            together = await seat.called
            if together:
                for part in message.todo:
                    await point_of_no_return(part)
                seat.passed = True
                seat.stands.set_result(None)
            elif together is not None:
                return await self._alone(message, point_of_no_return)
            outcome = await seat.outcome
        except Withdrawn as error:
            return NotSent(error.reason, counts=False)
        finally:
            seat.leave()
        return await self._alone(message, point_of_no_return, seat) if outcome is None else outcome

    async def _alone(self, message: OutboundMessage, pnr: PointOfNoReturn, seat: _Seat | None = None) -> Outcome:
        async with self._turns:
            passed, doubt = (False, None) if seat is None else (seat.passed, seat.doubt)
            return await self._sender.send(message, pnr, passed=passed, doubt=doubt)

    def _sit(self, seat: _Seat) -> None:
        self._waiting.append(seat)
        if len(self._waiting) >= self._block.keys.most:
            self._depart()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._block.keys.gather, self._depart)

    def _depart(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        seats = [seat for seat in self._waiting if not seat.gone]
        self._waiting.clear()
        if len(seats) < self._block.keys.least:
            for seat in seats:
                seat.call(False)
            return
        task = asyncio.get_running_loop().create_task(self._carry(seats), name="provider block")
        self._blocks.add(task)
        task.add_done_callback(self._blocks.discard)

    # ----------------------------------------------------------------------------------------------------- one block

    async def _carry(self, seats: Sequence[_Seat]) -> None:
        """Ends every seat, whatever happens."""
        try:
            await self._go(seats)
        except Exception as error:  # noqa: BLE001 - the edge of one block: its senders must not wait without end
            self._log.error("block failed", error=type(error).__name__)
        finally:
            for seat in seats:
                seat.end(Uncertain("block_failed") if seat.passed else NotSent("block_failed", blame=Blame.LINE))

    async def _go(self, seats: Sequence[_Seat]) -> None:
        living = list(seats)

        async def before() -> None:
            for seat in living:
                seat.call(True)
            await asyncio.wait([seat.stands for seat in living])
            if any(seat.gone for seat in living):
                raise _FewerError

        while living := [seat for seat in living if not seat.gone]:
            request = self._block.request([seat.row for seat in living])
            try:
                async with self._turns:
                    answer = await self._exchange(request, before, LIST_MAX)
            except _FewerError:
                continue
            except NotWrittenError as error:
                self._end_all(living, None, NotSent(error.reason, blame=Blame.LINE))
            except LostError as error:
                await self._in_doubt(living, None, error.reason)
            else:
                await self._answered(living, answer)
            return

    async def _answered(self, living: Sequence[_Seat], answer: Answer) -> None:
        verdict = judge(self._block.rules, answer, time.time())
        left = living
        if self._block.answer is not None:
            left = self._told(living, answer, self._block.answer.read(answer))
        match verdict.result:
            case Result.ACCEPTED:
                await self._taken(left, answer)
            case Result.REFUSED:
                for seat in left:
                    seat.end(None)
            case Result.RETRY:
                self._end_all(left, answer, verdict.not_sent)
            case Result.UNCERTAIN:
                await self._in_doubt(left, answer, verdict.reason)

    async def _taken(self, living: Sequence[_Seat], answer: Answer) -> None:
        """The provider has the block. Of a message about which nothing is told in time, that is all that is known."""
        left = await self._asked(living, answer)
        for seat in left:
            self._end(seat, answer, self._accepted(seat, pending=self._results is not None))
            self._later(seat, taken=True)

    async def _in_doubt(self, living: Sequence[_Seat], answer: Answer | None, reason: str) -> None:
        """It may have left: what the provider is asked by id and tells, is known; else it is in doubt."""
        if self._idempotent:
            for seat in living:
                seat.doubt = reason
                seat.end(None)
            return
        for seat in await self._asked(living, answer):
            self._end(seat, answer, Uncertain(reason))
            self._later(seat, taken=False)

    async def _asked(self, living: Sequence[_Seat], answer: Answer | None) -> Sequence[_Seat]:
        """Ends those whose result is told within the wait; answers the others."""
        if self._results is None or not living:
            return living
        by_foreign = {seat.row.foreign: seat for seat in living}

        def settle(foreign: str, verdict: Verdict) -> None:
            self._told([by_foreign[foreign]], answer, {foreign: verdict})

        left = await self._results.wait(by_foreign, settle)
        return [seat for foreign, seat in by_foreign.items() if foreign in left]

    def _told(self, living: Sequence[_Seat], answer: Answer | None, told: Mapping[str, Verdict]) -> Sequence[_Seat]:
        """Ends those of whom something is told; answers the others."""
        left = []
        for seat in living:
            verdict = told.get(seat.row.foreign)
            match verdict:
                case Verdict(result=Result.ACCEPTED):
                    self._end(seat, answer, self._accepted(seat))
                case Verdict(result=Result.REFUSED):
                    self._end(seat, answer, verdict.refused)
                case Verdict(result=Result.RETRY):
                    self._end(seat, answer, verdict.not_sent)
                case _:
                    left.append(seat)
        return left

    def _accepted(self, seat: _Seat, *, pending: bool = False) -> Accepted:
        return Accepted(references(seat.row.foreign, seat.message.todo), reported=self._reported or pending)

    def _later(self, seat: _Seat, *, taken: bool) -> None:
        if self._results is not None:
            message = seat.message
            self._results.later(Told(message.attempt, seat.row.foreign, message.to, message.todo, taken))

    def _end_all(self, living: Sequence[_Seat], answer: Answer | None, outcome: Outcome) -> None:
        for seat in living:
            self._end(seat, answer, outcome)

    def _end(self, seat: _Seat, answer: Answer | None, outcome: Outcome) -> None:
        took = time.monotonic() - seat.began
        self._traced(Trace(seat.message, answer, outcome, time.time(), took, in_block=True))
        seat.end(outcome)
