"""The way of messages over one line: taken when the line may send, sent, and judged by what became of them.

What an outcome says of the line itself (that it rests, for how long, and what comes back to the queue untried) is
decided here with the pure rules of `blame` and `health`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol

import structlog

from drivers.base import (
    Blame,
    CarriesSome,
    Completed,
    DeliveryReport,
    Line,
    NotSent,
    OutboundMessage,
    Outcome,
    Partial,
    Refused,
)
from gatewayd.dispatch.allowance import Allowance
from gatewayd.dispatch.attachments import MissingFilesError
from gatewayd.dispatch.blame import PROVEN_S, Judge, Suspect, Undecided, doubtful, failure, reached, through, untried
from gatewayd.dispatch.content import outbound, rendered
from gatewayd.dispatch.desk import Desk
from gatewayd.dispatch.health import Health
from gatewayd.dispatch.point_of_no_return import Intent
from gatewayd.dispatch.stagger import Spread
from gatewayd.dispatch.stock import Stock
from gatewayd.numbers import NumberError
from gatewayd.outcomes import ELSEWHERE_S, amended, held, resolve
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import Finish, Work
from gatewayd.values.model import WAITING, Route, State
from gatewayd.values.pacing import Pace

log = structlog.get_logger()

MOST_AHEAD: Final = 16
"""Claimed messages a fast line keeps at hand, so that no send waits for the store. One of many at once has as many."""

AHEAD_S: Final = 0.05
"""... but no more than it sends in this time, so that an urgent message never waits behind them for long."""

LONG_WAIT_S: Final = 1.0
"""What would wait longer at this line may meanwhile go over another, or be paused."""


class Owner(Protocol):
    """The line that the messages go over, as far as its sender asks."""

    name: str
    enabled: bool
    draining: bool
    pace: Pace

    @property
    def usable(self) -> bool: ...
    @property
    def variant(self) -> Any: ...
    def fits(self, route: Route) -> bool: ...


class Sender:
    """Of one line, as long as it is configured; `line` of its methods is the driver's object of the moment."""

    def __init__(self, owner: Owner, desk: Desk, render: Callable[[str], str], *, urgent_share: float) -> None:
        self._owner = owner
        self._desk = desk
        self._render = render
        self.health = Health()
        self.judge = Judge()
        self.allowance = Allowance(owner.pace, self.health, desk.calendar, lambda: desk.line_changed(owner.name))
        self.outcomes: dict[str, int] = {}
        self._rested = False
        self._urged = False
        self._sending: dict[int, float] = {}
        """When each attempt that is under way began."""
        self._wake = asyncio.Event()
        self._door = asyncio.Lock()
        self.idle = asyncio.Event()
        self.idle.set()
        self._send_s = 1.0
        self._at_once = 1
        self._carries: Callable[[OutboundMessage], str | None] | None = None
        self._spread = Spread()
        self.stock = Stock(
            owner.name,
            desk,
            owner.fits,
            self.wake,
            variant=owner.variant,
            urgent_interval_s=owner.pace.gcra.interval_s / urgent_share if urgent_share else 0.0,
        )

    def wake(self) -> None:
        """Something may have changed: look again."""
        self._wake.set()

    @property
    def in_work(self) -> int:
        """Messages that are under way."""
        return len(self._sending)

    @property
    def held(self) -> Iterator[int]:
        """The attempts that this line has in its hands."""
        yield from self._sending
        yield from self.stock.held

    # ---------------------------------------------------------------------------------------------------- the next one

    async def work(self, line: Line) -> None:
        """Sends one message after the other until cancelled; run once for each that the line works on at once."""
        self._at_once = max(line.capacity, 1)
        self._carries = line.carries if isinstance(line, CarriesSome) else None
        while True:
            # One at a time waits for the next message: a trunk has hundreds of senders, and would wake all of them.
            async with self._door:
                work = await self._next()
                self._sending[work.attempt_id] = time.time()
                self.idle.clear()
            try:
                await self.send(line, work)
            finally:
                self._sending.pop(work.attempt_id, None)
                if not self._sending:
                    self.idle.set()
                if self.judge.careful or self.health.probing or self._owner.pace.is_bounded:
                    self._wake.set()

    async def _next(self) -> Work:
        """The next message, once the line may send it."""
        while True:
            self._wake.clear()
            if self._owner.draining or not self._owner.usable:
                self.stock.give_back()
                await self._wake.wait()
                continue
            now = time.time()
            wait = self.allowance.wait_s(now)
            if wait > 0:
                if wait > LONG_WAIT_S:
                    self.stock.give_back()
                await self._wait(wait)
                continue
            if self._sending and not self._may_begin(now):
                await self._wait(PROVEN_S)  # what ends wakes us, too
                continue
            self.stock.most = most = self.allowance.most(now)
            if most == 0:  # what is under way may need all there is; its end wakes us
                self.stock.give_back()
                await self._wait(self.allowance.cramped(now))
                continue
            if self.stock:
                work = self.stock.take()
                if not self.allowance.bears(work, now):
                    self.stock.put_back(work)
                    self.stock.give_back()
                    continue
                self.allowance.taken()
                ahead = self._ahead()
                if ahead > 1 and len(self.stock) <= ahead // 2:
                    self.stock.fill(ahead)
                return work
            self._fill()
            if self.stock.cramped:
                await self._wait(self.allowance.cramped(now))
            else:
                await self._wake.wait()

    def _may_begin(self, now: float) -> bool:
        under_way = self._sending.values()
        if self.health.probing:
            return self.health.may_probe(under_way, now)
        return not self.judge.careful or self.judge.may_begin(under_way, now)

    async def _wait(self, seconds: float) -> None:
        """Until the time is over or something changes."""
        timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    def _ahead(self) -> int:
        """How many messages to have at hand; 1 for a slow or a doubtful line, which claims only when it can send."""
        at_once = self._at_once
        each_s = max(self._send_s / at_once, self._owner.pace.gcra.interval_s, 0.0001)
        if self.health.probing or each_s > AHEAD_S:
            return 1
        # What began together ends together, and then wants as many again.
        return max(2, min(at_once, int(self._send_s / each_s)), min(MOST_AHEAD, int(AHEAD_S / each_s * 2)))

    def _fill(self) -> None:
        """Claims what comes next; for a line on probation, what it was tried out on before, if that still waits."""
        health, judge = self.health, self.judge
        if not health.probing or self._urged:
            self._urged = False
            self.stock.fill(self._ahead())
            return
        while (probe := judge.probe()) is not None:
            if self.stock.fetch(probe.queue_id, probe.message_id, partial(judge.lose, probe)):
                return
            judge.lose(probe)
        if judge.reluctant:
            health.rest_long()
            if health.rest_s(time.time()) > 0:
                self._wake.set()
                return
        self.stock.fill(1)

    # --------------------------------------------------------------------------------------------------------- its send

    async def send(self, line: Line, work: Work) -> None:
        """Sends a claimed message and records what became of it."""
        began = time.time()
        self._owner.pace.begin(began, len(work.todo))
        intent = Intent(self._owner, work, self._desk)
        try:
            address = self._render(work.to)
        except NumberError as error:
            # A form of this line (national …) that such a number does not have. The device was asked for nothing.
            self._end(work, Refused(error.reason, Blame.PERSON, elsewhere=True), intent, None)
            return
        outcome: Outcome
        try:
            message = await self._message(work, address)
            unfit = self._carries(message) if self._carries is not None else None
            if unfit is not None:
                self._end(work, Refused(unfit, Blame.PERSON, elsewhere=True), intent, None)
                return
            began = await self._spread.turn(self._send_s, line.capacity)
            if work.attempt_id in self._sending:
                self._sending[work.attempt_id] = began
            outcome = await line.send(message, intent)
        except MissingFilesError:
            outcome = NotSent("attachment_missing")
        except asyncio.CancelledError:
            # The daemon stops and could not wait: what is past its point of no return is left open, as after a crash,
            # and the next life asks the line about it. A line that goes alone says what is certain and what in doubt.
            intent.over()
            if not (self._desk.stopping and intent.passed):
                self._end(work, intent.cut_off("stopped"), intent, began)
            raise
        except Exception as error:
            # The outermost edge of one send: a driver's defect stays its own.
            log.exception("driver failed", line=self._owner.name, error=repr(error))
            outcome = intent.cut_off("driver_failed") if intent.passed else NotSent("driver_failed", blame=Blame.LINE)
        hit("send.answered")
        took = time.time() - began
        self._send_s += (took - self._send_s) * 0.5
        self._end(work, outcome, intent, began)

    async def _message(self, work: Work, address: str) -> OutboundMessage:
        """What the driver is handed. Raises MissingFilesError when what the job attaches is not where it should be."""
        if work.parts:
            return outbound(work, address, None)
        job = self._desk.content(work.queue_id)
        files = await self._desk.attachments(work.queue_id) if job.attaches else {}
        message = outbound(work, address, rendered(job.content, work.options, files))
        return await self._desk.linked(message) if job.staff else message

    # ---------------------------------------------------------------------------------------------- what became of it

    def _end(self, work: Work, outcome: Outcome, intent: Intent, began: float | None) -> None:
        """`began` is None where the device has had no part in the outcome."""
        now = time.time()
        intent.over()
        outcome = intent.kept(outcome)
        if isinstance(outcome, NotSent) and outcome.blame is Blame.EITHER and not outcome.counts:
            # Its try is given back if it is the line's; were it never used up, the message might go round for good.
            outcome = replace(outcome, counts=True)
        verdict = Blame.PERSON if began is None else self._judge(work, outcome, began, now)
        # Where parts are told apart, one that was cut off at its point of no return is told to be unsent.
        passed = frozenset(intent.begun if isinstance(outcome, NotSent | Partial) else intent.passed)

        def resolved(verdict: Blame) -> Finish:
            rules = self._desk.content(work.queue_id).retries if isinstance(outcome, Completed) else {}
            return resolve(
                work, outcome, line=self._owner.name, passed=passed, terms=self._desk.terms, now=int(now * 1000),
                retries=rules, verdict=verdict,
            )  # fmt: skip

        away = isinstance(outcome, Refused) and outcome.elsewhere and self._desk.elsewhere(self._owner.name, work)
        finish = (
            replace(resolved(Blame.LINE), state=State.SCHEDULED, due=int((now + ELSEWHERE_S) * 1000))
            if away
            else resolved(verdict)
        )
        if (kept := intent.kept_back) is not None and finish.state in WAITING:
            finish = held(finish, kept)
        before = self.judge.take(work.message_id) if verdict is Blame.LINE and self.judge.undecided else None
        if before is not None:
            finish = untried(finish, before)
        if verdict is Blame.EITHER and not finish.final:
            suspect = Suspect(work.queue_id, work.message_id, work.to)
            self.judge.wait(Undecided(suspect, now, finish, resolved(Blame.PERSON), resolved(Blame.LINE)))
        self.outcomes[finish.outcome] = self.outcomes.get(finish.outcome, 0) + 1
        self._desk.writer.post(finish)
        hit("send.posted")
        self._desk.finished(self._owner.name, finish)
        if away:
            self._desk.reroute(self._owner.name, finish)
        if self.judge.undecided and self.health.broken:
            self._amend(self.judge.condemned(), Blame.LINE)

    def _judge(self, work: Work, outcome: Outcome, began: float, now: float) -> Blame:
        """What an outcome says of the line itself; answers whose fault it is taken to be that nobody was reached."""
        health, judge = self.health, self.judge
        if reached(outcome):
            self._reached(work.to, began, now)
            return Blame.PERSON
        if (doubt := doubtful(outcome)) is not None:
            health.failed(now, doubt, began)
            self._rests()
            return Blame.PERSON
        failed = failure(outcome)
        if failed is None or failed.blame is Blame.PERSON:
            if isinstance(outcome, Refused) and not outcome.elsewhere and not health.broken:
                health.worked(began, now)  # it was asked, and has answered of this person
            return Blame.PERSON
        certain = failed.blame is Blame.LINE
        judge.suspect(Suspect(work.queue_id, work.message_id, work.to), certain=certain)
        counts = isinstance(outcome, NotSent) and outcome.counts
        if certain and isinstance(outcome, NotSent):
            health.failed(now, failed.reason, began, alone=True, rest_s=outcome.retry_after)
            judge.careful = True
            self._rests()
        elif certain:
            self._condemn(failed.reason, began, now)
        else:
            goes_on = through(self._sending.values(), began, now)
            if (reason := judge.refused(work.to, failed.reason, began, now, through=goes_on)) is not None:
                self._condemn(reason, began, now)
        if health.broken or (certain and not counts):
            return Blame.LINE
        return Blame.EITHER

    def _reached(self, to: str, began: float, now: float, *, reported: bool = False) -> None:
        """Somebody was reached, as the network says; or, where it is `reported`, as their telephone does."""
        was, judge = self.health.probing, self.judge
        if judge.by_report and not reported:
            # The network accepts what it then gives up: only a report tells that the line works.
            self.health.rest_again(now)
            self._rests()
            return
        self.health.worked(began, now)
        self._rested = self.health.broken
        if not was and not judge.careful and not judge.undecided:
            return
        self._amend(judge.reached(to, began), Blame.PERSON)
        self._wake.set()
        if was:
            self._desk.line_changed(self._owner.name)

    def reported(self, event: DeliveryReport, sent_at: float) -> None:
        """What a report says of the line: accepting is no proof where the network then gives up everybody's."""
        to, now = event.to or event.attempt or event.reference, time.time()
        if event.status in {"delivered", "read"}:
            if self.judge.by_report:
                self._reached(to, sent_at, now, reported=True)
        elif event.status == "undelivered" and event.blame is not Blame.PERSON:
            reason = event.reason or "undelivered"
            known = self.judge.refused(to, reason, sent_at, now, reported=True)
            self.judge.touch(to)
            known = reason if event.blame is Blame.LINE else known
            if known is not None:
                self._condemn(known, sent_at, now)

    def _condemn(self, reason: str, began: float, now: float) -> None:
        self.health.condemned(now, reason, began)
        self._rests()

    def try_now(self) -> None:
        """Tries a line that rests out at once, on what is most urgent: a person has sent a test over it."""
        self.health.try_now(time.time())
        self._urged = True
        self._wake.set()

    def _rests(self) -> None:
        """Nothing more is begun for now: what is at hand may go over another line."""
        if self.health.broken and not self._rested:
            log.warning("line rests", line=self._owner.name, reason=self.health.reason, people=self.judge.touched)
        self._rested = self.health.broken
        if self.health.probing:
            self.stock.give_back()
        if self.health.broken:
            self._desk.line_changed(self._owner.name)

    def forgive(self) -> None:
        """Forgets what was held against the line, by a person's word; what waits for a verdict is tried again."""
        self.health.worked()
        self.judge = Judge()

    def _amend(self, decided: Sequence[Undecided], verdict: Blame) -> None:
        now = int(time.time() * 1000)
        for each in decided:
            end = each.line if verdict is Blame.LINE else each.person
            if _kept(end) != _kept(each.recorded):
                self._desk.amended(self._owner.name, end, amended(each.recorded, end, now))


def _kept(end: Finish) -> tuple[object, ...]:
    """Returns what an end leaves in its message while that waits."""
    return end.state, end.due, end.tries, end.detail, end.options
