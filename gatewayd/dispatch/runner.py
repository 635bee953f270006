"""One line at work: it pulls what it has room for, paces it, sends it, and says what became of it.

A runner owns its driver's line and everything claimed for it. Lines fail alone: whatever goes wrong in here, a device
or a defect, ends in this runner's state and log, and the other lines never learn of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog

from drivers.base import (
    Blame,
    Completed,
    Driver,
    FollowsAttempts,
    Line,
    LineSetup,
    LineStatus,
    MisconfiguredError,
    NotSent,
    OutboundMessage,
    Outcome,
    Partial,
    Refused,
)
from drivers.base import Uncertain as UncertainOutcome
from gatewayd.config import LineConfig
from gatewayd.dispatch.allowance import Allowance
from gatewayd.dispatch.attachments import MissingFilesError
from gatewayd.dispatch.content import options, opts_out, outbound, retries
from gatewayd.dispatch.desk import Desk
from gatewayd.dispatch.device import Device
from gatewayd.dispatch.health import Health
from gatewayd.dispatch.point_of_no_return import Intent
from gatewayd.dispatch.resuming import asked, handed_over, left_open
from gatewayd.dispatch.sink import LineSink
from gatewayd.dispatch.stagger import Spread
from gatewayd.dispatch.stock import Stock
from gatewayd.dispatch.stopping import ended
from gatewayd.failpoints import hit
from gatewayd.model import ALL_AREAS, Route
from gatewayd.numbers import NumberError
from gatewayd.outcomes import resolve
from gatewayd.pacing import Limits, Pace
from gatewayd.store.commands import Block, Finish, OpenWork, Work

log = structlog.get_logger()

MOST_AHEAD: Final = 16
"""Claimed messages a fast line keeps at hand, so that no send waits for the store. One of many at once has as many."""

AHEAD_S: Final = 0.05
"""... but no more than it sends in this time, so that an urgent message never waits behind them for long."""

LONG_WAIT_S: Final = 1.0
"""What would wait longer at this line may meanwhile go over another, or be paused."""

CRASH_PAUSE_S: Final = 5.0
"""Before a driver that raised is started anew; a defect must not burn a core."""


class LineRunner:
    """A configured line, enabled or not."""

    def __init__(
        self,
        config: LineConfig,
        driver: Driver,
        desk: Desk,
        render: Callable[[str], str],
        *,
        urgent_share: float,
    ) -> None:
        self.config = config
        self.name = config.name
        self.driver = driver
        self.enabled = config.enabled
        self.draining = False
        self.status = LineStatus("starting")
        self.since = time.time()
        self.pace = Pace(
            Limits(config.rate, config.window, config.quota_day, config.quota_month, config.recipients_month)
        )
        self.health = Health()
        self.in_work = 0
        self.outcomes: dict[str, int] = {}
        self.desk = desk
        self._render = render
        self._routes: dict[Route, bool] = {}
        self.device = Device(config.name)
        self._allowance = Allowance(self.pace, self.health, desk.calendar, lambda: desk.line_changed(self.name))
        self._switch: asyncio.Future[None] | None = None
        self._wake = asyncio.Event()
        self._door = asyncio.Lock()
        self._idle = asyncio.Event()
        self._idle.set()
        self._ready = asyncio.Event()
        self._send_s = 1.0
        self._spread = Spread()
        self._left: tuple[OpenWork, ...] = ()
        self._stock = Stock(
            self.name,
            desk,
            self.fits,
            self.wake,
            variant=driver.encoding_variant(config.options),
            urgent_interval_s=self.pace.gcra.interval_s / urgent_share if urgent_share else 0.0,
        )

    # ------------------------------------------------------------------------------------------------------ its state

    def fits(self, route: Route) -> bool:
        """Whether a message of that route may take this line."""
        known = self._routes.get(route)
        if known is None:
            # An area that no account is for is everybody's.
            asked = replace(route, area=ALL_AREAS) if route.area and route.area not in self.desk.areas else route
            known = asked.fits(self.name, self.driver.channels, self.config.prefixes, self.area)
            self._routes[route] = known
        return known

    @property
    def area(self) -> str:
        """The area of jobs that the line is for, where its driver's keys have one."""
        return str(getattr(self.config.options, "area", ALL_AREAS))

    def lines_changed(self) -> None:
        """Another line came or went: which routes fit may have changed."""
        self._routes.clear()

    @property
    def usable(self) -> bool:
        """Enabled and ready: what waits for it waits for its pace alone."""
        return self.enabled and self.status.state == "ready"

    @property
    def spent(self) -> bool:
        """Quota, window or pace let it send nothing for minutes at least."""
        return self._allowance.spent is not None

    @property
    def state(self) -> tuple[str, str | None]:
        """State and reason, in the words that people see."""
        if not self.enabled:
            return "disabled", None
        if self.status.state != "ready":
            return self.status.state, self.status.reason
        if self._allowance.spent:
            return "waiting", self._allowance.spent
        if self.health.rest_s(time.time()) > 0:
            return "waiting", self.health.reason
        return ("busy", None) if self.in_work else ("ready", None)

    def wake(self) -> None:
        """Something may have changed: look again."""
        self._wake.set()

    def set_status(self, status: LineStatus) -> None:
        """The driver's word on its health."""
        old = self.status
        self.status = status
        if status.state == "ready":
            self._ready.set()
        else:
            self._ready.clear()
        if (old.state, old.reason) != (status.state, status.reason):
            self.since = time.time()
            log.info("line", line=self.name, state=status.state, reason=status.reason)
            self.desk.line_changed(self.name)
        self.wake()

    # ------------------------------------------------------------------------------------------------------- its life

    async def run(self, sink: LineSink, resumed: Sequence[OpenWork]) -> None:
        """Until cancelled: keep the device running and send. `resumed` is what an earlier life left in doubt."""
        self.device.sink = sink
        self._left = tuple(resumed)
        while True:
            if not self.enabled:
                self._finish_left({})
                self._wake.clear()
                # A claim may have been under way when the line was switched off.
                self._stock.give_back()
                await self._wake.wait()
                continue
            try:
                line = self.driver.make(LineSetup(self.name, self.config.options))
            except MisconfiguredError as error:
                # Switched on by a person after the start, else the configuration would not have been taken.
                log.error("line misconfigured", line=self.name, key=error.key, error=str(error))  # noqa: TRY400
                self._finish_left({})
                self.set_status(LineStatus("quarantined", "misconfigured"))
                await self._while_enabled()
                continue
            self.device.line = line
            self.set_status(LineStatus("starting"))
            tasks = [asyncio.create_task(line.run(sink), name=f"{self.name}: device")]
            tasks += [
                asyncio.create_task(self._work(line), name=f"{self.name}: sender {number}")
                for number in range(max(line.capacity, 1))
            ]
            tasks.append(asyncio.create_task(self._while_enabled(), name=f"{self.name}: switch"))
            tasks.append(asyncio.create_task(self._resume(line), name=f"{self.name}: resume"))
            crashed = await self._first_end(tasks)
            self.device.line = None
            if crashed is not None:
                log.error("line crashed", line=self.name, error=repr(crashed), exc_info=crashed)
                self.set_status(LineStatus("recovering", "crashed"))
                await asyncio.sleep(CRASH_PAUSE_S)

    async def _first_end(self, tasks: list[asyncio.Task[None]]) -> BaseException | None:
        """Waits until one ends (a resume may end well), ends the others, gives work back. Answers what it raised; None
        where the line was switched off, whatever a person has said since."""
        try:
            pending = set(tasks)
            while True:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                over = [task for task in done if not task.get_name().endswith(": resume") or task.exception()]
                if any(task.get_name().endswith(": switch") and not task.exception() for task in over):
                    return None
                if over:
                    return over[0].exception() or RuntimeError(f"{over[0].get_name()} ended by itself")
        finally:
            await ended(tasks)
            self._stock.give_back()

    async def _resume(self, line: Line) -> None:
        """Ends what an earlier life left open: as the line can find out, else in doubt; a line that is made anew before
        that is asked again. Then the line learns of which earlier messages it has to ask what became of them."""
        if self._left:
            known = await asked(line, self._ready, self._left, self._render)
            self._finish_left(known)
        if isinstance(line, FollowsAttempts):
            terms = self.desk.terms
            await handed_over(line, self.name, self._ready, self.desk.writer, terms.report_wait_ms)

    def _finish_left(self, known: Mapping[str, Outcome]) -> None:
        left, self._left = self._left, ()
        for finish in left_open(left, known, self.desk.terms, lambda queue: retries(self.desk.content(queue))):
            self.desk.writer.post(finish)
            hit("resume.finished")
            if opts_out(known.get(finish.work.public)):
                self._block(finish)
            self.desk.finished(self.name, finish)

    async def _while_enabled(self) -> None:
        """Ends once the line is switched off and nothing is past its point of no return."""
        while self.enabled or self.in_work:
            # It may be switched on again while the last message is still on its way.
            while self.enabled:
                self._switch = asyncio.get_running_loop().create_future()
                await self._switch
            await self._idle.wait()
        self.set_status(LineStatus("starting"))

    @property
    def left(self) -> Sequence[OpenWork]:
        """What an earlier life left in doubt and this one has not ended yet."""
        return self._left

    def set_enabled(self, enabled: bool) -> None:
        """A person's word: begin, or stop once the message in work is through."""
        if enabled == self.enabled:
            return
        self.enabled = enabled
        self.since = time.time()
        self.health.worked()
        if self._switch is not None and not self._switch.done():
            self._switch.set_result(None)
        self.desk.line_changed(self.name)
        self.wake()

    async def drain(self) -> None:
        """Takes no new work, gives back what has not begun, and returns when nothing is past its point of no return."""
        self.draining = True
        self._stock.give_back()
        self.wake()
        await self._idle.wait()
        await self._stock.drain()

    # ------------------------------------------------------------------------------------------------------- its work

    async def _work(self, line: Line) -> None:
        while True:
            # One at a time waits for the next message: a trunk has hundreds of senders, and would wake all of them.
            async with self._door:
                work = await self._next()
            self.in_work += 1
            self._idle.clear()
            try:
                await self._send(line, work)
            finally:
                self.in_work -= 1
                if not self.in_work:
                    self._idle.set()

    async def _next(self) -> Work:
        """The next message, once the line may send it."""
        while True:
            self._wake.clear()
            if self.draining or not self.usable:
                self._stock.give_back()
                await self._wake.wait()
                continue
            now = time.time()
            wait = self._allowance.wait_s(now)
            if wait > 0:
                if wait > LONG_WAIT_S:
                    self._stock.give_back()
                await self._wait(wait)
                continue
            if self._stock:
                work = self._stock.take()
                if not self._allowance.bears(work):
                    self._stock.put_back(work)
                    self._stock.give_back()
                    continue
                ahead = self._ahead()
                if ahead > 1 and len(self._stock) <= ahead // 2:
                    self._stock.fill(ahead)
                return work
            self._stock.fill(self._ahead())
            await self._wake.wait()

    async def _wait(self, seconds: float) -> None:
        """Until the time is over or something changes."""
        timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    def _ahead(self) -> int:
        """How many messages to have at hand; 1 for a slow or a doubtful line, which claims only when it can send."""
        at_once = self.device.line.capacity if self.device.line is not None else 1
        each_s = max(self._send_s / max(at_once, 1), self.pace.gcra.interval_s, 0.0001)
        if self.health.probing or each_s > AHEAD_S:
            return 1
        # What began together ends together, and then wants as many again.
        return max(2, min(at_once, int(self._send_s / each_s)), min(MOST_AHEAD, int(AHEAD_S / each_s * 2)))

    async def _send(self, line: Line, work: Work) -> None:
        began = time.time()
        self.pace.begin(began, len(work.todo))
        intent = Intent(self, work, self.desk)
        try:
            address = self._render(work.to)
        except NumberError as error:
            # A form of this line (national …) that such a number does not have. The device was asked for nothing.
            self._end(work, Refused(error.reason), intent, None)
            return
        outcome: Outcome
        try:
            began = await self._spread.turn(self._send_s, line.capacity)
            outcome = await line.send(await self._message(work, address), intent)
        except MissingFilesError:
            outcome = NotSent("attachment_missing")
        except asyncio.CancelledError:
            # The daemon stops and could not wait: what is past its point of no return is left open, as after a crash,
            # and the next life asks the line about it. A line that goes alone says what is certain and what in doubt.
            if not (self.desk.stopping and intent.passed):
                self._end(work, intent.cut_off("stopped"), intent, began)
            raise
        except Exception as error:
            # The outermost edge of one send: a driver's defect stays its own.
            log.exception("driver failed", line=self.name, error=repr(error))
            outcome = intent.cut_off("driver_failed") if intent.passed else NotSent("driver_failed", blame=Blame.LINE)
        hit("send.answered")
        took = time.time() - began
        self._send_s += (took - self._send_s) * 0.5
        self._end(work, outcome, intent, began)

    async def _message(self, work: Work, address: str) -> OutboundMessage:
        """What the driver is handed. Raises MissingFilesError when what the job attaches is not where it should be."""
        beside: Mapping[str, Any] = {}
        if not work.parts:
            beside = options(work, self.desk.content(work.queue_id))
            if (beside.get("email") or {}).get("attachments"):
                beside = {**beside, "attachments": await self.desk.attachments(work.queue_id)}
        return outbound(work, address, beside)

    def _end(self, work: Work, outcome: Outcome, intent: Intent, began: float | None) -> None:
        """`began` is None where the device has had no part in the outcome."""
        now = time.time()
        if began is not None:
            self._judge(outcome, began, now)
        if isinstance(outcome, NotSent) and outcome.blame is Blame.LINE and self.health.probing:
            # By now it is the line that is broken, not the message: that must not use up the message's tries, and
            # another line may have it at once.
            outcome = replace(outcome, counts=False, retry_after=None)
        # Where parts are told apart, one that was cut off at its point of no return is told to be unsent.
        passed = frozenset(intent.begun if isinstance(outcome, NotSent | Partial) else intent.passed)
        rules = retries(self.desk.content(work.queue_id)) if isinstance(outcome, Completed) else {}
        finish = resolve(
            work, outcome, line=self.name, passed=passed, terms=self.desk.terms, now=int(now * 1000), retries=rules
        )
        self.outcomes[finish.outcome] = self.outcomes.get(finish.outcome, 0) + 1
        self.desk.writer.post(finish)
        hit("send.posted")
        if opts_out(outcome):
            self._block(finish)
        self.desk.finished(self.name, finish)

    def _block(self, finish: Finish) -> None:
        """The person asked not to be called again."""
        self.desk.writer.post(Block((finish.work.to,), "call", None, finish.now))

    def _judge(self, outcome: Outcome, began: float, now: float) -> None:
        """What an outcome says of the line itself."""
        match outcome:
            case NotSent(blame=Blame.LINE) | UncertainOutcome():
                self.health.failed(now, outcome.reason, began)
                if self.health.probing:
                    self._stock.give_back()
                    self.desk.line_changed(self.name)
            case NotSent():
                pass
            case _:
                if self.health.probing:
                    self.desk.line_changed(self.name)
                self.health.worked()
