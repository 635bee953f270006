"""The engine of answers: knows when something came in, and has it answered. One a daemon.

It is woken by what comes in, by messages that change, by people; whatever it finds in the store it goes on with. A slow
look beside that is the net for a word that was lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

import structlog

from gatewayd.answers.engine.answering import Answering, Done
from gatewayd.answers.engine.notices import Notices
from gatewayd.answers.engine.portion import Make
from gatewayd.config import Config
from gatewayd.outgoing.carrying import Cargo, Carrying
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import Change, QueueInfo
from gatewayd.store.port import Writer
from gatewayd.store.tickets import tickets
from gatewayd.values.errors import GatewayError
from gatewayd.values.news import Kind
from spool.errors import SpoolError
from spool.folders import Spool
from spool.inbox import write_ticket

log = structlog.get_logger()

R = TypeVar("R")

GATHER_S: Final = 0.01
"""What comes in within it is answered together: a transaction for fifty costs little more than one."""
LOOK_S: Final = 20.0
"""The slow look, whatever was told."""
AGAIN_S: Final = 0.5
"""Messages that change within it are looked at together, for answers whose debt has changed."""
BATCH_S: Final = 1.0
"""Between looks whether a batch of notices is whole."""
TROUBLE_S: Final = 5.0
BY: Final = "answers"
_TICKETS: Final = Cargo("ticket", BY, tickets.unwritten, tickets.written, write_ticket, lambda: hit("ticket.carried"))


class Told(Protocol):
    """Whom the engine tells of what it has recorded."""

    def publish(self, queues: Iterable[QueueInfo]) -> None:
        """There are queues with something new."""

    def recorded(self, job_id: int) -> None:
        """A job is new, or has receipts."""

    def collections(self) -> None:
        """Facts about debts have changed."""

    def news(self, kind: Kind) -> None:
        """Something of a kind has changed, for those who watch."""


class Answers:
    """Answers and tells. `now` is Unix ms; `in_thread` runs what touches the disk."""

    def __init__(
        self,
        config: Callable[[], Config],
        writer: Writer,
        spool: Spool,
        *,
        make: Make,
        told: Told,
        logged: Callable[[], object],
        in_thread: Callable[..., Awaitable[Any]],
        now: Callable[[], int],
    ) -> None:
        """`logged` is told when there may be something for webhooks to post."""
        self._writer = writer
        self._told = told
        self._logged = logged
        self._now = now
        self._answering = Answering(config, make)
        self._notices = Notices(config, make)
        self._carrying = Carrying(_TICKETS, writer.do, spool, in_thread)
        self._wake = asyncio.Event()
        self._wake.set()
        self._open = 0
        """Answers that may be withdrawn before they leave."""
        self._again_at = 0.0
        self._changed = False
        self._facts = True
        self._tickets = True
        self._telling = False
        """Whether notices wait, for their batch or for the line."""
        self._look_at = 0.0
        """When the slow look is due, in the loop's time."""

    # -------------------------------------------------------------------------------------------- what others call

    def due(self) -> None:
        """Something came in."""
        self._wake.set()

    def jobs(self, jobs: Iterable[int]) -> None:
        """Messages have changed: an answer may have to be made anew."""
        del jobs
        if self._open and not self._changed:
            self._changed = True
            self._wake.set()

    def look(self) -> None:
        """Anything may have happened: it is looked for in the store."""
        self._facts = self._tickets = self._changed = True
        self._wake.set()

    def facts(self) -> None:
        """Payments or invoices have come, or a person has said yes."""
        self._facts = True
        self._wake.set()

    def tickets(self) -> None:
        """A ticket has changed."""
        self._tickets = True
        self._wake.set()

    # ------------------------------------------------------------------------------------------------------ the loop

    async def run(self) -> None:
        """Works until it is cancelled; begins with what a crash has left."""
        while True:
            self._wake.clear()
            pause = LOOK_S
            try:
                await self._work()
                if self._open:
                    pause = AGAIN_S
                elif self._telling:
                    pause = BATCH_S
            except (GatewayError, SpoolError, OSError) as error:
                log.error("answers wait", error=str(error))  # noqa: TRY400
                pause = TROUBLE_S
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
                await asyncio.sleep(GATHER_S)

    async def _work(self) -> None:
        more = True
        while more:
            done = await self._change(self._answering.portion)
            if done.answered:
                hit("answer.recorded")
            self._spread(done)
            more = done.more
        loop = asyncio.get_running_loop()
        if self._changed or (self._open and loop.time() >= self._again_at):
            self._changed = False
            self._again_at = loop.time() + AGAIN_S
            done = await self._change(self._answering.again)
            self._spread(done)
            self._open = done.open
        looks = loop.time() >= self._look_at
        if self._tickets or looks:
            self._tickets = False
            self._facts = True
            if await self._carrying.carry():
                self._logged()
        if self._facts or self._telling or looks:
            await self._tell()
        if looks:
            self._look_at = loop.time() + LOOK_S

    async def _tell(self) -> None:
        """Tells of what is new, portion by portion."""
        self._facts, more = False, True
        while more:
            done = await self._change(self._notices.portion)
            if done.answered:
                hit("notice.recorded")
                self._logged()
            self._spread(done)
            self._telling = done.later or done.open > 0
            more = done.more

    def _spread(self, done: Done) -> None:
        for job_id in done.jobs:
            self._told.recorded(job_id)
        if done.queues:
            self._told.publish(done.queues)
        if done.spoke_of_debts:
            self._open += done.spoke_of_debts
        if "collections" in done.wakes:
            self._told.collections()
        if "tickets" in done.wakes:
            self._tickets = True
            self._logged()
            self._told.news("tickets")
        if "asked" in done.wakes:
            self._told.news("notices")
        if done.answered:
            self._told.news("inbox")

    def _change(self, work: Callable[[Any, int], R]) -> Awaitable[R]:
        now = self._now()
        return self._writer.do(Change(lambda unit: work(unit, now), BY, bulk=True))
