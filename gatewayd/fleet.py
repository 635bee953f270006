"""The lines that run: made from their configuration with what the store remembers of them, changed by a new one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from drivers.base import DeliveryReport, InboundMessage, LateAccept, LineStatus
from gatewayd import registry as drivers
from gatewayd.config import Config, LineConfig
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.dispatch.runner import LineRunner
from gatewayd.dispatch.sink import LineSink
from gatewayd.inbound import InboundRules
from gatewayd.numbers import NumberError, Numbers, Policy, render
from gatewayd.store.commands import LineUse, LoadLine, OpenWork, Received, Reported
from gatewayd.values.errors import GatewayError

log = structlog.get_logger()

TROUBLE_S: Final = 5.0
"""Between tries while the store refuses to say what it knows of a line."""


class InboxDue(Protocol):
    def due(self) -> None: ...


Start = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"]
"""Starts a service of the daemon."""


class Fleet:
    """Starts, stops and replaces lines. Lives as long as the daemon."""

    def __init__(
        self,
        config: Config,
        dispatcher: Dispatcher,
        inbox: InboxDue,
        policy: Policy,
        start: Start,
        *,
        rules: InboundRules,
    ) -> None:
        self._config = config
        self._rules = rules
        self._dispatcher = dispatcher
        self._inbox = inbox
        self._policy = policy
        self._start = start
        self._normalise = _normaliser(policy)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def launch(self) -> None:
        """Every line of the configuration; what lines that are gone had left open becomes uncertain."""
        for line in self._config.lines:
            await self._add(line)
        self._dispatcher.finish_orphans()
        for name, runner in self._dispatcher.runners.items():
            self._run(runner, self._dispatcher.opened_by(name))
            log.debug("line starts", line=name)

    async def take_over(self, config: Config) -> list[str]:
        """A new configuration: lines that appeared start, lines that went stop, changed ones are made anew once their
        message in work is through. Answers the names of all that changed."""
        old = {line.name: line for line in self._config.lines}
        new = {line.name: line for line in config.lines}
        self._config = config
        self._rules.take_over(config)
        changed = [name for name in old | new if old.get(name) != new.get(name)]
        for name in changed:
            left = await self._remove(name) if name in old else ()
            if name in new:
                await self._add_again(new[name])
                self._run(self._dispatcher.runners[name], left)
                self._dispatcher.line_changed(name)
            else:
                self._dispatcher.give_up(left)
        return changed

    async def look_again(self) -> None:
        """Switches lines on and off as the store says that people have."""
        for runner in tuple(self._dispatcher.runners.values()):
            use = await self._dispatcher.writer.do(self._load(runner.config))
            if use.enabled is not None:
                runner.set_enabled(use.enabled)

    async def _add_again(self, line: LineConfig) -> None:
        """While the daemon runs: a store that refuses for a moment must not cost it a line."""
        while True:
            try:
                return await self._add(line)
            except GatewayError as error:
                log.error("line waits for the store", line=line.name, error=str(error))  # noqa: TRY400
                await asyncio.sleep(TROUBLE_S)

    async def _remove(self, name: str) -> Sequence[OpenWork]:
        """Answers what an earlier life of the daemon had left open there and was not ended yet."""
        runner = self._dispatcher.runners[name]
        try:
            async with asyncio.timeout(self._config.delivery.drain):
                await runner.drain()
        except TimeoutError:
            log.warning("line stopped in the middle of a message", line=name)
        task = self._tasks.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._dispatcher.remove(name)
        return runner.left

    async def _add(self, line: LineConfig) -> None:
        form, policy = line.number_format, self._policy

        def address(to: str) -> str:
            return render(to, form, policy) if to.startswith("+") else to

        driver = drivers.driver(line.driver)
        share = self._config.delivery.urgent_share
        runner = LineRunner(line, driver, self._dispatcher, address, urgent_share=share)
        use = await self._dispatcher.writer.do(self._load(line))
        self._restore(runner, use)
        self._dispatcher.add(runner)

    def _run(self, runner: LineRunner, left: Sequence[OpenWork]) -> None:
        sink = LineSink(
            runner.name,
            min(runner.driver.channels),
            self._dispatcher.writer,
            _Heard(runner, self._dispatcher, self._inbox),
            self._normalise,
            salt=self._dispatcher.salt,
            report_wait_ms=self._dispatcher.terms.report_wait_ms,
            default_account=self._rules.account(runner.name),
            judge=self._rules.judge,
        )
        self._tasks[runner.name] = self._start(runner.run(sink, left), f"line {runner.name}")

    def _load(self, line: LineConfig) -> LoadLine:
        now = time.time()
        look = line.window.seconds if line.window else 0.0
        day, month = self._dispatcher.calendar.words(now)
        return LoadLine(line.name, day, month, since=int((now - look) * 1000))

    def _restore(self, runner: LineRunner, use: LineUse) -> None:
        day, month = self._dispatcher.calendar.words(time.time())
        runner.pace.restore(
            day=day,
            month=month,
            day_segments=use.day_segments,
            month_segments=use.month_segments,
            recipients=set(use.month_recipients),
            tat=use.tat / 1000,
            recent=[at / 1000 for at in use.recent] if runner.config.window else [],
        )
        if use.enabled is not None:
            runner.enabled = use.enabled


@dataclass(frozen=True, slots=True)
class _Heard:
    """Spreads what a line learns, once it is durable."""

    runner: LineRunner
    dispatcher: Dispatcher
    inbox: InboxDue

    def status(self, status: LineStatus) -> None:
        self.runner.set_status(status)

    def reported(self, event: DeliveryReport | LateAccept, reported: Reported) -> None:
        self.dispatcher.reported(self.runner.name, event, reported)

    def pressed(self, received: Received) -> None:
        if received.stored:
            self.inbox.due()
            self.dispatcher.withdrawn(received.jobs)

    def received(self, event: InboundMessage, received: Received) -> None:  # noqa: ARG002 - the port's signature
        if received.complete:
            self.inbox.due()
            self.dispatcher.withdrawn(received.jobs)
            state = "opt_out" if received.opt_out else "doubtful" if received.doubtful else "received"
            self.dispatcher.events.add("inbound", self.runner.name, state)


def _normaliser(policy: Policy) -> Callable[[str], str | None]:
    numbers = Numbers(policy)

    def normalise(text: str) -> str | None:
        try:
            return numbers.parse(text, fixed=True).e164
        except NumberError:
            return None

    return normalise
