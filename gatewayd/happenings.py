"""Spreads what happens among the daemon's parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gatewayd.answers.engine.service import Answers
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.inbox_writer import InboxWriter
from gatewayd.news import News
from gatewayd.receipt_writer import ReceiptWriter
from gatewayd.restoration import Restoration
from gatewayd.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class Due:
    """Spreads that messages of some jobs have changed."""

    restoration: Restoration
    receipts: ReceiptWriter
    news: News
    engines: Callable[[Iterable[int]], object]

    def __call__(self, jobs: Iterable[int]) -> None:
        self.restoration.sent()
        self.receipts.due(jobs)
        self.news.jobs(jobs)
        self.engines(jobs)


@dataclass(frozen=True, slots=True)
class Came:
    """Spreads that something came in."""

    inbox: InboxWriter
    answers: Answers

    def due(self) -> None:
        self.inbox.due()
        self.answers.due()


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
