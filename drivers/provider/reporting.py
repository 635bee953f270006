"""What becomes of messages that a provider took: asked for, or told in a call, and made into events."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog

from drivers.base import AwaitedAttempt, DeliveryReport, EventSink, LateAccept, LineError, OpenAttempt
from drivers.http.answer import Answer
from drivers.provider.identity import attempt_of
from drivers.provider.pending import Pending, PendingReports
from drivers.provider.plan import Plan
from drivers.provider.received import Reported, ReportReader
from drivers.provider.sending import references

POLLS: Final = 4
"""Questions about states under way at once: sends come first."""
EARLIER_PAUSE_S: Final = 0.05
"""Between questions about messages of an earlier life, so that those of now have their turn."""
TOGETHER: Final = 100
"""Questions handed out at once."""

Ask = Callable[[str, str], Awaitable[Answer]]
"""Puts the question of `poll_url`, given the provider's id and ours; raises `LineError`."""


class Reporting:
    """The messages of one line whose report is to come."""

    def __init__(self, line: str, plan: Plan, ask: Ask) -> None:
        options = plan.options
        self._options, self._plan, self._ask = options, plan, ask
        self.reader = ReportReader(options.report)
        self._pending = PendingReports(options.poll_interval)
        self._polled = asyncio.Event()
        self._log = structlog.get_logger("drivers.provider").bind(line=line)

    @property
    def _hears(self) -> bool:
        """Whether a report can come at all."""
        return self._plan.reported

    @property
    def asks_by_id(self) -> bool:
        """Whether the provider can be asked for a message that it has said nothing about."""
        return self._plan.poll_shape is not None and self.reader.by == "id"

    def taken(self, attempt: str, to: str, given: Mapping[int, str]) -> None:
        """The provider has taken a message: its report is awaited, where one can come."""
        if self._hears:
            self._await(attempt, to, given, (), time.time())

    def doubted(self, attempt: str, to: str, parts: tuple[int, ...]) -> None:
        """Nobody knows whether the provider has it: it is asked, where it can be."""
        if self.asks_by_id:
            self._await(attempt, to, {}, parts, time.time())

    async def resume(self, attempts: Sequence[OpenAttempt]) -> dict[str, Mapping[int, str]]:
        """Returns the references of those that the provider, asked by our id, knows."""
        if not self.asks_by_id:
            return {}
        limit = asyncio.Semaphore(POLLS)

        async def known(attempt: OpenAttempt) -> bool:
            foreign = self._plan.foreign_id(attempt.attempt)
            try:
                async with limit:
                    answer = await self._ask(foreign, foreign)
            except LineError:
                return False
            return self.reader.poll(answer) is not None

        found: dict[str, Mapping[int, str]] = {}
        for each in itertools.compress(attempts, await asyncio.gather(*map(known, attempts))):
            found[each.attempt] = references(self._plan.foreign_id(each.attempt), each.parts)
            self._await(each.attempt, each.to, found[each.attempt], (), each.at)
        return found

    def follow(self, attempts: Sequence[AwaitedAttempt]) -> None:
        """Reports are asked for again; where the provider can be asked by our id, also for what is in doubt."""
        if not self._hears:
            return
        for number, each in enumerate(attempts):
            doubt = each.doubt if self.asks_by_id else ()
            if each.references or doubt:
                later_s = number * EARLIER_PAUSE_S
                self._await(each.attempt, each.to, each.references, doubt, each.at, later_s=later_s)

    def _await(
        self,
        attempt: str,
        to: str,
        given: Mapping[int, str],
        doubt: tuple[int, ...],
        since: float,
        *,
        later_s: float = 0.0,
    ) -> None:
        """The provider knows a message by the reference of its first part; one in doubt by our own id."""
        found = {reference.partition("/")[0] for reference in given.values()} or {self._plan.foreign_id(attempt)}
        for reference in found:
            pending = Pending(attempt, reference, to, (*given, *doubt), since, doubt=doubt)
            polled = self._plan.poll_shape is not None
            self._pending.add(pending, time.time(), poll=polled, later_s=later_s)
            self._polled.set()

    async def run(self, events: EventSink) -> None:
        """Asks for states until cancelled."""
        limit = asyncio.Semaphore(POLLS)
        while True:
            self._polled.clear()
            now = time.time()
            due = list(itertools.islice(self._pending.due(now), TOGETHER))
            if due:
                await asyncio.gather(*(self._look(each, events, limit) for each in due))
                continue
            next_at = self._pending.next_at()
            try:
                async with asyncio.timeout(None if next_at is None else max(next_at - now, 0.01)):
                    await self._polled.wait()
            except TimeoutError:
                pass

    async def _look(self, pending: Pending, events: EventSink, limit: asyncio.Semaphore) -> None:
        try:
            async with limit:
                answer = await self._ask(pending.reference, self._plan.foreign_id(pending.attempt))
                reported = self.reader.poll(answer)
            if reported is None:
                return
            await self._ended_doubt(pending, events)
            if reported.status == "pending":
                return
            await events.put(self._report(pending.reference, pending.attempt, pending.to, reported, time.time()))
            if reported.status != "delivered" or "read" not in self._options.report.states.values():
                self._pending.settled(pending.reference)
        except LineError as error:
            self._log.warning("state not read", reason=str(error))
        except Exception as error:  # noqa: BLE001 - the line's outermost edge: the next look may do
            self._log.warning("state failed", error=type(error).__name__)

    async def _ended_doubt(self, pending: Pending, events: EventSink) -> None:
        given = references(pending.reference, pending.doubt)
        for part in pending.doubt:
            await events.put(LateAccept(pending.attempt, part, given[part]))
        pending.doubt = ()

    def of(self, reported: Reported, at: float) -> DeliveryReport:
        """The report of a call. It is about a message of ours where it names our id, or an id that the provider gave
        us; about a message in doubt only where it names its recipient as well, and the account is ours alone."""
        reference = reported.reference or reported.own or ""
        attempt = None if reported.own is None else self._attempt(reported.own)
        if attempt is None and self.reader.by == "id":
            attempt = self._attempt(reference)
        pending = self._pending.get(reference)
        if pending is not None and attempt in (None, pending.attempt):
            return self._report(pending.reference, pending.attempt, pending.to, reported, at)
        exclusive = not self._options.shared and reported.to is not None
        return self._report(reference, attempt, reported.to, reported, at, exclusive=exclusive)

    def _attempt(self, own: str) -> str | None:
        return attempt_of(own, self._options.id_alphabet, self._options.id_length)

    def _report(
        self,
        reference: str,
        attempt: str | None,
        to: str | None,
        reported: Reported,
        at: float,
        *,
        exclusive: bool = False,
    ) -> DeliveryReport:
        """Of a whole message: providers know no parts."""
        status, reason = reported.status, reported.reason
        return DeliveryReport(reference, to, status, reason, at, attempt=attempt, whole=True, exclusive=exclusive)
