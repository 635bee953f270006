"""What became of the messages of a block, asked for after the provider took it: while their senders wait, and later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import structlog

from drivers.base import (
    Accepted,
    DeliveryReport,
    Event,
    EventSink,
    LateAccept,
    LineError,
    OpenAttempt,
    Outcome,
)
from drivers.http.answer import Answer
from drivers.provider.block import BlockPlan
from drivers.provider.pending import Pending, PendingReports
from drivers.provider.rules import Result, Verdict
from drivers.provider.sending import references

ASKED_TOGETHER: Final = 16
"""Questions under way at once: where each tells of one message only, there is one for every message."""
SLOWEST_S: Final = 5.0
"""Pauses between two looks grow up to this while senders wait for the answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message of a block, and whether the provider has said that it has it."""

    attempt: str
    foreign: str
    to: str
    parts: tuple[int, ...]
    taken: bool


class Results:
    """Asks for results. `ask` puts the question about one of our ids; raises `LineError`."""

    def __init__(self, line: str, block: BlockPlan, ask: Callable[[str], Awaitable[Answer]]) -> None:
        self._block = block
        self._ask = ask
        self._limit = asyncio.Semaphore(ASKED_TOGETHER)
        self._later = PendingReports(block.keys.result_wait)
        self._more = asyncio.Event()
        self._log = structlog.get_logger("drivers.provider").bind(line=line)

    async def wait(self, foreigns: Collection[str], settle: Callable[[str, Verdict], None]) -> Collection[str]:
        """Hands every result to `settle` as it is told; answers those of whom nothing was told in time."""
        until = time.monotonic() + self._block.keys.result_wait
        left = dict.fromkeys(foreigns)
        pause = self._block.keys.result_interval
        while True:
            for foreign, verdict in (await self.look(left, one_block=True)).items():
                del left[foreign]
                settle(foreign, verdict)
            left = dict.fromkeys([*islice(left, 1, None), *islice(left, 1)])  # another speaks for them next time
            if not left or time.monotonic() + pause > until:
                return left
            await asyncio.sleep(pause)
            pause = min(pause * 2, SLOWEST_S)

    async def look(self, foreigns: Collection[str], *, one_block: bool = False) -> Mapping[str, Verdict]:
        """What is told of these now. Whether an answer tells of one message or of its whole block is found out: what
        an earlier answer told is not asked again, and of one block that still waits one message is enough to ask."""
        told: dict[str, Verdict] = {}

        async def one(foreign: str) -> None:
            async with self._limit:
                if foreign in told:
                    return
                try:
                    found = self._block.result.read(await self._ask(foreign))
                except LineError as error:
                    self._log.warning("results of a block not read", reason=str(error))
                    return
                told.update((each, verdict) for each, verdict in found.items() if each in foreigns)

        first, *others = foreigns
        await one(first)
        if one_block and not told:
            return told
        await asyncio.gather(*(one(each) for each in others if each not in told))
        return told

    async def known(self, attempts: Sequence[OpenAttempt], foreign_id: Callable[[str], str]) -> Mapping[str, Outcome]:
        """Of attempts that a crash left in doubt: those whose result is told."""
        by_foreign = {foreign_id(each.attempt): each for each in attempts}
        if not by_foreign:
            return {}
        told = await self.look(by_foreign)
        outcomes: dict[str, Outcome] = {}
        for foreign, each in by_foreign.items():
            match told.get(foreign):
                case Verdict(result=Result.ACCEPTED):
                    outcomes[each.attempt] = Accepted(references(foreign, each.parts), reported=False)
                case Verdict(result=Result.REFUSED) as verdict:
                    outcomes[each.attempt] = verdict.refused
        return outcomes

    def later(self, told: Told) -> None:
        """Nobody waits for it any more: what is told from now on becomes an event."""
        now = time.time()
        doubt = () if told.taken else told.parts
        pending = Pending(told.attempt, told.foreign, told.to, told.parts, now, doubt=doubt)
        self._later.add(pending, now, poll=True)
        self._more.set()

    async def follow(self, events: EventSink) -> None:
        """Until cancelled."""
        while True:
            self._more.clear()
            now = time.time()
            due = {each.reference: each for each in self._later.due(now)}
            if due:
                for foreign, verdict in (await self.look(due)).items():
                    await self._tell(due[foreign], verdict, events)
                continue
            next_at = self._later.next_at()
            try:
                async with asyncio.timeout(None if next_at is None else max(next_at - now, 0.01)):
                    await self._more.wait()
            except TimeoutError:
                pass

    async def _tell(self, pending: Pending, verdict: Verdict, events: EventSink) -> None:
        try:
            for event in _events(pending, verdict, time.time()):
                await events.put(event)
        except Exception as error:  # noqa: BLE001 - the line's outermost edge: it is told again at the next look
            self._log.warning("result not kept", error=type(error).__name__)
        else:
            if verdict.result is not Result.UNCERTAIN:
                self._later.settled(pending.reference)


def _events(pending: Pending, verdict: Verdict, at: float) -> list[Event]:
    given = references(pending.reference, pending.parts).items()
    match verdict.result:
        case Result.ACCEPTED if pending.doubt:
            return [LateAccept(pending.attempt, part, reference) for part, reference in given]
        case Result.REFUSED | Result.RETRY:
            return [
                DeliveryReport(
                    reference, pending.to, "undelivered", verdict.reason, at, attempt=pending.attempt, part=part
                )
                for part, reference in given
            ]
    return []
