"""Spreads what happens among the daemon's parts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gatewayd.answers.engine.service import Answers
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.outgoing.inbox_writer import InboxWriter
from gatewayd.outgoing.receipt_writer import ReceiptWriter
from gatewayd.restoration import Restoration
from gatewayd.upkeep import Upkeep
from gatewayd.values.news import News

GATHER_S: Final = 0.05
"""Messages that change within it are told together: each line that sends quickly has several, and each of those who are
told does the same for one as for all."""


class Changes(Protocol):
    """An engine that wants to know of which jobs messages have changed."""

    def jobs(self, jobs: Iterable[int]) -> object: ...


class Due:
    """Spreads that messages of some jobs have changed, those of a moment together. Lives on one event loop."""

    def __init__(
        self, restoration: Restoration, receipts: ReceiptWriter, news: News, engines: Sequence[Changes]
    ) -> None:
        self._restoration = restoration
        self._receipts = receipts
        self._news, self._engines = news, engines
        self._jobs: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, jobs: Iterable[int]) -> None:
        self._jobs.update(jobs)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self.spread)

    def spread(self) -> None:
        """Spreads what has gathered, without waiting for more."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer, jobs, self._jobs = None, self._jobs, set()
        self._restoration.sent()
        self._receipts.due(jobs)
        # Now, not when this was made: engines are added while the daemon is put together.
        for one in (self._news, *self._engines):
            one.jobs(jobs)


@dataclass(frozen=True, slots=True)
class Came:
    """Spreads that something came in."""

    inbox: InboxWriter
    answers: Answers

    def due(self) -> None:
        self.inbox.due()
        self.answers.due()

    def look(self) -> None:
        """Something may have come in, and more may have happened to what is answered."""
        self.inbox.due()
        self.answers.look()


@dataclass(frozen=True, slots=True)
class Told:
    """Spreads what intake tells of a job."""

    dispatcher: Dispatcher
    receipts: ReceiptWriter
    upkeep: Upkeep
    restoration: Restoration

    def recorded(self, job_id: int) -> None:
        self.restoration.recorded(job_id)
        self.receipts.due([job_id])
        self.upkeep.due()

    def happened(self, subject: str, state: str, reason: str | None) -> None:
        self.dispatcher.events.add("job", subject, state, reason)

    def stalled(self, subject: str, state: str, reason: str | None) -> None:
        self.dispatcher.events.add("account", subject, state, reason)
