"""The desk between queues and lines: it knows what waits, who can take it, and why the rest may not go.

Lines pull; nothing is pushed at them. What blocks a queue (credit, pause, no line) takes it out of the ring, is told
once as a queue receipt, and its own event brings it back.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter as Counts
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import structlog

from drivers.base import DeliveryReport, LateAccept, OutboundMessage
from gatewayd.dispatch.attachments import Attachments, MissingFilesError
from gatewayd.dispatch.brakes import Brakes
from gatewayd.dispatch.content import PLAIN, JobContent, parsed
from gatewayd.dispatch.detours import Detours
from gatewayd.dispatch.events import Counter, Events, Pulse
from gatewayd.dispatch.ownerless import Ownerless
from gatewayd.dispatch.resuming import left_open
from gatewayd.dispatch.runner import LineRunner
from gatewayd.dispatch.scheduler import Chooser, Queue, Scheduler
from gatewayd.dispatch.unserved import Unserved
from gatewayd.outcomes import Terms
from gatewayd.store.commands import (
    Amend,
    Claimed,
    Finish,
    HoldQueue,
    JobChange,
    OpenWork,
    QueueInfo,
    Reported,
    Settled,
    Started,
    Work,
)
from gatewayd.store.port import Writer
from gatewayd.values.clock import now_ms
from gatewayd.values.days import Calendar
from gatewayd.values.model import WAITING, State

log = structlog.get_logger()

LOUD: Final = frozenset({State.FAILED, State.UNCERTAIN, State.UNDELIVERED})
"""Ends of a message that a person watching wants to see."""


class Dispatcher:
    """All lines and all queues of this node."""

    def __init__(
        self,
        writer: Writer,
        started: Started,
        *,
        node: str,
        calendar: Calendar,
        terms: Terms,
        receipts_due: Callable[[Iterable[int]], None],
        sweep_due: Callable[[], None],
        inbox_due: Callable[[], None],
        files: Attachments,
        links: Callable[[OutboundMessage], Awaitable[OutboundMessage]] | None = None,
    ) -> None:
        """`links` puts the secret into a message to staff, at its send."""
        self.writer = writer
        self.node = node
        self.epoch = started.epoch
        self.stopping = False
        self.salt = started.salt
        self.calendar = calendar
        self.terms = terms
        self.events = Events()
        self.pulse = Pulse()
        self.runners: dict[str, LineRunner] = {}
        self.sent: dict[str, Counter] = {}
        self.unknown_reports: Counts[str] = Counts()
        """Reports by line that were of nothing known when they came: of others, or ahead of their answer."""
        self._open = started.open
        self._scheduler = Scheduler()
        self._brakes = Brakes()
        self._files = files
        self._links = links
        self._receipts_due = receipts_due
        self._sweep_due = sweep_due
        self._inbox_due = inbox_due
        self._unserved = Unserved(self._scheduler, self.runners, writer, receipts_due)
        self._told: dict[str, tuple[str, str | None]] = {}
        """State and reason of each line, as the newest event says."""
        self.ownerless = Ownerless(writer, self)
        self._detours = Detours(self._scheduler, self.runners, writer, self.recovered, self.answer_lost)
        self._timer: asyncio.TimerHandle | None = None
        self._broke: set[str] = set()
        """Accounts that are said to have no credit left."""
        self._attempted: dict[int, asyncio.Future[None]] = {}
        self._out: dict[int, int] = Counts(work.work.queue_id for work in started.open)
        """Claimed messages that are out, by queue; those that a crash left open, too, until they are finished."""

    # ------------------------------------------------------------------------------------------------------ lines

    def add(self, runner: LineRunner) -> None:
        self.runners[runner.name] = runner
        self.sent[runner.name] = Counter()
        self._lines_changed()

    def remove(self, name: str) -> None:
        """A line that is configured no more."""
        del self.runners[name]
        del self.sent[name]
        self._told.pop(name, None)
        self._lines_changed()
        # What only it could send is held now, and says so.
        self._unserved.lines_changed()

    def _lines_changed(self) -> None:
        for runner in self.runners.values():
            runner.lines_changed()

    @property
    def areas(self) -> frozenset[str]:
        """Those that some line is for."""
        return frozenset(runner.area for runner in self.runners.values())

    def opened_by(self, line: str) -> Sequence[OpenWork]:
        """What that line left past its point of no return when the daemon last stopped."""
        return [each for each in self._open if each.line == line]

    def finish_orphans(self) -> None:
        """Open attempts of lines that are configured no more can only be uncertain."""
        self.give_up([each for each in self._open if each.line not in self.runners])

    def give_up(self, orphans: Sequence[OpenWork]) -> None:
        """Attempts that no line can be asked about any more are in doubt."""
        for finish in left_open(orphans, {}, self.terms):
            self.writer.post(finish)
            self.finished(finish.line, finish)

    def held(self) -> Iterator[int]:
        """The attempts that some line has in its hands, or has still to end."""
        for runner in self.runners.values():
            yield from runner.sender.held
            yield from (each.work.attempt_id for each in runner.left)

    def recovered(self, queues: Iterable[QueueInfo]) -> None:
        """Messages of these queues wait, whatever is known of them here."""
        for info in tuple(queues):
            if not self._scheduler.knows(info):
                self._hold(info.id, "paused" if info.paused else None)
                self.publish([info])
            self._came_back(info.id, 0)

    def answer_lost(self) -> None:
        """The store may have done what it could not answer: what it claimed for nobody is looked for."""
        self.ownerless.lost()

    def line_changed(self, line: str) -> None:
        """A line became able or unable to send."""
        if (runner := self.runners.get(line)) is not None and self._told.get(line) != runner.state:
            self._told[line] = runner.state
            self.events.add("line", line, *runner.state)
        self._unserved.lines_changed()

    # ------------------------------------------------------------------------------------------------------ queues

    def publish(self, infos: Iterable[QueueInfo]) -> None:
        """Queues of a job that has just become visible, or that a restart finds."""
        now = now_ms()
        for info in infos:
            queue = self._scheduler.add(info, now)
            self._unserved.learn(info)
            if queue.ready:
                self._wake_lines(queue)
                self._unserved.appeared(queue)
        self._schedule(now)
        self._unserved.look_soon()

    def appeared(self, infos: Iterable[QueueInfo]) -> None:
        """Publishes what is not known: a person may have been quicker, and what they said is newer."""
        self.publish([info for info in infos if self._scheduler.get(info.id) is None])

    def job_changed(self, change: JobChange) -> None:
        """Paused, resumed or cancelled by a person."""
        if change.state == "cancelled":
            for queue in self._scheduler.of_job(change.job_id):
                self._scheduler.remove(queue.info.id)
            self._sweep_due()
        else:
            for info in change.queues:
                self._hold(info.id, "paused" if info.paused else None, force=True)
            self.publish(change.queues)
            for runner in self.runners.values():
                runner.sender.stock.recall({info.id for info in change.queues})  # it goes by what is, not by what was
        self._receipts_due([change.job_id])

    def credited(self, account: str | None) -> None:
        """A top-up of an account, or perhaps of any: what waited for credit tries again."""
        self._broke -= self._broke if account is None else {account}
        self._retry_credit([queue for queue in self._scheduler if account in {None, queue.info.account}])

    def look_again(self, account: str | None) -> None:
        """Rules of contact have changed, of an account or of all: what rests until an instant asks anew."""
        for queue in tuple(self._scheduler):
            if queue.due and account in {None, queue.info.account}:
                self._came_back(queue.info.id, 0)

    def withdrawn(self, jobs: Sequence[int]) -> None:
        """An opt-out has withdrawn messages of these jobs."""
        if jobs:
            self._receipts_due(jobs)

    def settled(self, settled: Settled) -> bool:
        """A person's word on an uncertain message. False: its queue had been forgotten and must be loaded again."""
        self._receipts_due([settled.job_id])
        if settled.state is not State.QUEUED:
            return True
        self._came_back(settled.queue_id, 0)
        return self._scheduler.get(settled.queue_id) is not None

    def _tell_broke(self, account: str) -> None:
        """Says once that an account's credit no longer pays for what it wants to send; a top-up ends that."""
        if account not in self._broke:
            self._broke.add(account)
            log.warning("an account has no credit left for what it sends", account=account)
            self.events.add("credit", account, "exhausted")

    def _retry_credit(self, queues: Iterable[Queue]) -> None:
        for queue in queues:
            if queue.held == "credit":
                self._hold(queue.info.id, None)
                self._wake_lines(queue)

    def _hold(self, queue_id: int, reason: str | None, *, force: bool = False) -> None:
        queue = self._scheduler.get(queue_id)
        if not force and (queue is None or queue.held == reason):
            return
        self._scheduler.hold(queue_id, reason)
        self.writer.post(HoldQueue(queue_id, reason, now_ms()))
        if queue is not None:
            self._receipts_due([queue.info.job_id])

    def _came_back(self, queue_id: int, due: int) -> None:
        self._scheduler.came_back(queue_id, due, now := now_ms())
        if (queue := self._scheduler.get(queue_id)) is None:
            self.ownerless.unknown()  # all of it was out at the start: nothing waited then, and it was not loaded
        elif queue.ready:
            self._wake_lines(queue)
        self._schedule(now)

    def _wake_lines(self, queue: Queue) -> None:
        for runner in self.runners.values():
            if runner.usable and runner.fits(queue.info.route):
                runner.wake()

    def _schedule(self, now: int) -> None:
        """One timer for the earliest queue whose time will come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (next_at := self._scheduler.next_at) is not None:
            delay = min(max(next_at - now, 0) / 1000, 3600.0)
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        now = now_ms()
        for queue in self._scheduler.wake_due(now):
            self._wake_lines(queue)
        self._schedule(now)

    # ------------------------------------------------------------------------------------------- what runners ask for

    def content(self, queue_id: int) -> JobContent:
        """What the job says beyond a text, parsed once."""
        if (queue := self._scheduler.get(queue_id)) is None:
            return PLAIN
        if queue.content is None:
            queue.content = parsed(queue.info.content)
        return queue.content

    async def attachments(self, queue_id: int) -> Mapping[str, str]:
        """Where the files are that the job attaches, by name. MissingFilesError."""
        queue = self._scheduler.get(queue_id)
        wanted = self.content(queue_id).sha256
        if queue is None or not wanted:
            raise MissingFilesError
        return await self._files.find(queue.info.account, queue.info.job, wanted)

    async def linked(self, message: OutboundMessage) -> OutboundMessage:
        """Returns a message to staff with the secret of its link, which works from now on."""
        return message if self._links is None else await self._links(message)

    def queue(self, queue_id: int) -> Queue | None:
        return self._scheduler.get(queue_id)

    def choose(self, chooser: Chooser, now: int) -> Queue | None:
        """The queue that a line pulls from; one whose jobs have gone as fast as they may rests until they may again."""
        while (queue := self._scheduler.choose(chooser, now)) is not None:
            until = self._brakes.until(queue.info.pace, now)
            if until is None:
                self._brakes.take(queue.info.pace, 1, now)  # nobody else takes the same before the store has answered
                break
            self._scheduler.brake(queue.info.id, until, now)
            self._schedule(now)
        return queue

    def claimed(self, queue: Queue, claimed: Claimed, now: int, seen: int) -> None:
        """The store's answer to a claim: how much was had, and what it tells of the queue, whose `returned` was `seen`
        when it was asked."""
        segments = sum(len(work.todo) for work in claimed.work)
        self._scheduler.served(queue, segments)
        self._brakes.take(queue.info.pace, segments - 1, now)
        queue_id = queue.info.id
        self._out[queue_id] = self._out.get(queue_id, 0) + len(claimed.work)
        if not claimed.work:
            # The claim may have found messages that a late report had settled while they waited.
            self._receipts_due([queue.info.job_id])
        if claimed.blocked == "credit":
            self._hold(queue_id, "credit")
            self._tell_broke(queue.info.account)
        elif claimed.blocked == "paused":
            self._scheduler.hold(queue_id, "paused")
        elif claimed.blocked is not None or not claimed.work or claimed.next_due is None or claimed.next_due > now:
            self._scheduler.rest(queue_id, claimed.next_due, now, seen=seen)
            self._schedule(now)
            if claimed.blocked not in {None, "room"}:
                self._sweep_due()
            self._in(queue_id, 0)

    def _in(self, queue_id: int, count: int) -> None:
        """So many claimed messages of the queue are out no more; an empty queue with none out is forgotten."""
        left = self._out.get(queue_id, 0) - count
        queue = self._scheduler.get(queue_id)
        if left > 0:
            self._out[queue_id] = left
            return
        self._out.pop(queue_id, None)
        if queue is not None and queue.due is None:
            self._scheduler.remove(queue_id)

    def given_back(self, work: Sequence[Work], now: int) -> None:
        for each in work:
            self._came_back(each.queue_id, now)
            self._in(each.queue_id, 1)

    def finished(self, line: str, finish: Finish) -> None:
        """An attempt ended; its record is on its way to the store."""
        work, state = finish.work, finish.state
        self._receipts_due([work.job_id])
        if finish.pressed:
            self._inbox_due()
        now = time.time()
        if finish.parts:
            sent = len(finish.parts)
            self.pulse.segments.add(now, sent)
            if line in self.sent:
                self.sent[line].add(now, sent)
        if state in WAITING:
            self._came_back(work.queue_id, finish.due)
        self._in(work.queue_id, 1)
        if state is not State.SUBMITTED:
            self._retry_credit(self._scheduler.of_account(work.account_id))
            if state in LOUD:
                self.events.add("message", line, state.value, finish.reason)
        if (future := self._attempted.pop(work.job_id, None)) is not None and not future.done():
            future.set_result(None)

    def amended(self, line: str, end: Finish, amend: Amend) -> None:
        """What an attempt meant for its message has become known after its end."""
        self.writer.post(amend)
        self._receipts_due([end.work.job_id])
        if amend.state in {State.QUEUED, State.SCHEDULED}:
            self._came_back(end.work.queue_id, amend.due)
        elif amend.state in LOUD:
            self.events.add("message", line, amend.state.value, amend.reason)

    def elsewhere(self, line: str, work: Work) -> bool:
        return self._detours.possible(line, work.queue_id)

    def reroute(self, line: str, finish: Finish) -> None:
        self._detours.take(line, finish.work)

    def attempted(self, job_id: int, ended: asyncio.Future[None]) -> None:
        """`ended` is done once the next attempt of a message of that job has ended."""
        self._attempted[job_id] = ended

    # ---------------------------------------------------------------------------------------------- what lines report

    def reported(self, line: str, event: DeliveryReport | LateAccept, reported: Reported) -> None:
        if reported.job_id is None:
            # Other systems may send over the same account: counted, for to tell of each one would be a flood.
            self.unknown_reports[line] += 1
            return
        if isinstance(event, DeliveryReport):
            if event.status == "pending":
                return
            if reported.sent_at is not None and line in self.runners:
                self.runners[line].sender.reported(event, reported.sent_at / 1000)
        self.pulse.ends.add(time.time())
        self._receipts_due([reported.job_id])
        if reported.state in LOUD:
            reason = event.reason if isinstance(event, DeliveryReport) else None
            self.events.add("message", line, str(reported.state), reason)

    async def drain(self, seconds: float) -> None:
        """The daemon ends: no new work, and at most so long a wait for what is past its point of no return."""
        self.stopping = True
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(runner.drain() for runner in self.runners.values()))
        except TimeoutError:
            log.warning("drain time is over; what is in work is left open for the next start")

    def close(self) -> None:
        self._unserved.close()
        if self._timer is not None:
            self._timer.cancel()
