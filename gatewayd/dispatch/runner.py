"""The life of one line: made, opened, switched on and off, drained; what it is sent is its sender's.

A runner owns its driver's line and everything claimed for it. Lines fail alone: whatever goes wrong in here, a device
or a defect, ends in this runner's state and log, and the other lines never learn of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import structlog

from drivers.base import Driver, FollowsAttempts, Line, LineSetup, LineStatus, MisconfiguredError, Outcome
from gatewayd.config import LineConfig
from gatewayd.dispatch.desk import Desk
from gatewayd.dispatch.device import Device
from gatewayd.dispatch.resuming import asked, handed_over, left_open
from gatewayd.dispatch.sender import Sender
from gatewayd.dispatch.sink import LineSink
from gatewayd.dispatch.stopping import ended
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import OpenWork
from gatewayd.values.model import ALL_AREAS, Route
from gatewayd.values.pacing import Limits, Pace

log = structlog.get_logger()

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
        self.desk = desk
        self.variant = driver.encoding_variant(config.options)
        self._render = render
        self._routes: dict[Route, bool] = {}
        self.device = Device(config.name)
        self._switch: asyncio.Future[None] | None = None
        self._wake = asyncio.Event()
        self._ready = asyncio.Event()
        self._left: tuple[OpenWork, ...] = ()
        self.sender = Sender(self, desk, render, urgent_share=urgent_share)

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
        return self.sender.allowance.spent is not None

    @property
    def in_work(self) -> int:
        """Messages that are under way."""
        return self.sender.in_work

    @property
    def outcomes(self) -> Mapping[str, int]:
        """How often each outcome was, since the daemon began."""
        return self.sender.outcomes

    @property
    def state(self) -> tuple[str, str | None]:
        """State and reason, in the words that people see."""
        if not self.enabled:
            return "disabled", None
        if self.status.state != "ready":
            return self.status.state, self.status.reason
        spent, health = self.sender.allowance.spent, self.sender.health
        if spent:
            return "waiting", spent
        if (fault := health.shows(time.time())) is not None:
            return "waiting", fault
        return ("busy", None) if self.in_work else ("ready", None)

    def wake(self) -> None:
        """Something may have changed: look again."""
        self._wake.set()
        self.sender.wake()

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
                self.sender.stock.give_back()
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
                asyncio.create_task(self.sender.work(line), name=f"{self.name}: sender {number}")
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
            self.sender.stock.give_back()

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
        for finish in left_open(left, known, self.desk.terms, lambda queue: self.desk.content(queue).retries):
            self.desk.writer.post(finish)
            hit("resume.finished")
            self.desk.finished(self.name, finish)

    async def _while_enabled(self) -> None:
        """Ends once the line is switched off and nothing is past its point of no return."""
        while self.enabled or self.in_work:
            # It may be switched on again while the last message is still on its way.
            while self.enabled:
                self._switch = asyncio.get_running_loop().create_future()
                await self._switch
            await self.sender.idle.wait()
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
        self.sender.forgive()
        if self._switch is not None and not self._switch.done():
            self._switch.set_result(None)
        self.desk.line_changed(self.name)
        self.wake()

    async def drain(self) -> None:
        """Takes no new work, gives back what has not begun, and returns when nothing is past its point of no return."""
        self.draining = True
        self.sender.stock.give_back()
        self.wake()
        await self.sender.idle.wait()
        await self.sender.stock.drain()
