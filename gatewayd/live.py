"""The running daemon as operations see it: its lines, its pulse, and what a person's word sets in motion."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import structlog

from drivers.base import HookCall
from gatewayd.answers.engine.service import Answers
from gatewayd.billing.engine.acknowledgement import Outcomes
from gatewayd.campaigns.engine.service import Campaigns
from gatewayd.config import Config
from gatewayd.credentials.vault import Vault
from gatewayd.dispatch.attachments import Attachments
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.dispatch.runner import LineRunner
from gatewayd.dunning.engine.reminding import Reminding
from gatewayd.dunning.engine.service import Collections
from gatewayd.feeds.engine.service import Feeds
from gatewayd.imports.engine.service import Imports
from gatewayd.intake.posting import PostDesk
from gatewayd.intake.reception import IntakeDesk
from gatewayd.intake.uploads import UploadDesk
from gatewayd.store.commands import Change, Command, JobChange, LoadingJobs, LoadQueues, SetJobState, Settled, Sweep
from gatewayd.store.reader import Reader
from gatewayd.store.sending.gate import look_again
from gatewayd.store.writer import Writer
from gatewayd.tasks.engine import TaskEngine
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import ConflictError, GatewayError, NotFoundError, UnavailableError, UsageError
from gatewayd.values.news import Kind, News
from gatewayd.values.stalls import Stalls
from gatewayd.values.views import EventView, LineView, Rates, StallView, WriterView
from gatewayd.webhooks.engine.service import Webhooks
from gatewayd.webhooks.verdict import Verdict
from gatewayd.words.reasons import standing
from gatewayd.words.translation import gettext as _
from spool.document import parse
from spool.errors import JobFileError
from spool.folders import ACCEPTED, Spool

log = structlog.get_logger()

R = TypeVar("R")

TAKE_OVER_S: Final = 3.0
"""Of waiting for a line that is being changed; it goes on by itself, and its card shows it."""

TROUBLE_S: Final = 5.0
"""Between tries while the store refuses."""

SUBMIT_S: Final = 60.0
"""How long a job of the gateway's own may take to be recorded: intake reads what came before it first."""
TEST_S: Final = 180.0
"""How long `line test` waits for its message: pace of a slow line, a prompt, a minute of silence of the network."""


class LiveGateway:
    """Implements the operations' `Live` and `Backend` over the daemon's parts."""

    def __init__(
        self,
        config: Config,
        *,
        dispatcher: Dispatcher,
        writer: Writer,
        reader: Reader,
        spool: Spool,
        intake: IntakeDesk,
        posts: PostDesk,
        threads: Executor,
        receipts_due: Callable[[Sequence[int]], None],
        vault: Vault,
        news: News,
        engines: Sequence[TaskEngine],
        imports: Imports,
        webhooks: Webhooks,
        campaigns: Campaigns,
        claims: Collections,
        answers: Answers,
        reminders: Reminding,
        feeds: Feeds,
        outcomes: Outcomes,
        stalls: Sequence[Stalls[Any]] = (),
    ) -> None:
        self.config = config
        self._dispatcher = dispatcher
        self._writer = writer
        self._reader = reader
        self._spool = spool
        self._intake = intake
        self.posts = posts
        self.uploads = UploadDesk(spool)
        self._threads = threads
        self._receipts_due = receipts_due
        self._stalls = stalls
        self._tasks: set[asyncio.Task[Any]] = set()
        self.stopping = False
        self.vault = vault
        self.news = news
        self._engines = engines
        self.imports = imports
        imports.outcomes = outcomes
        self._webhooks = webhooks
        self.campaigns = campaigns
        self.claims = claims
        self.answers = answers
        self.reminders = reminders
        self.feeds = feeds
        self.outcomes = outcomes
        self.take_over: Callable[[], Awaitable[object]] | None = None
        """Takes over what people changed of lines."""

    @property
    def live(self) -> LiveGateway:
        return self

    # ------------------------------------------------------------------------------------------------- what it shows

    def lines(self) -> Sequence[LineView]:
        return [self._view(runner) for runner in self._dispatcher.runners.values()]

    def _view(self, runner: LineRunner) -> LineView:
        state, reason = runner.state
        now = time.time()
        runner.pace.roll(*self._dispatcher.calendar.words(now))
        return LineView(
            name=runner.name,
            driver=runner.config.driver,
            channel=",".join(sorted(runner.driver.channels)),
            enabled=runner.enabled,
            state=state,
            reason=reason,
            rate=str(runner.config.rate),
            # What a line that rests once knew is not known now.
            signal=runner.status.signal if runner.enabled else None,
            operator=runner.status.operator if runner.enabled else None,
            sent_today=runner.pace.day_segments,
            pace=self._dispatcher.sent[runner.name].last(now, 60),
            at_once=1 if runner.device.line is None else max(runner.device.line.capacity, 1),
            in_work=runner.in_work,
            since=int(runner.since * 1000),
            detail=dict(runner.status.detail) if runner.enabled else {},
            outcomes=dict(runner.outcomes),
            unknown_reports=self._dispatcher.unknown_reports[runner.name],
        )

    def rates(self) -> Rates:
        return self._dispatcher.pulse.rates()

    def writer(self) -> WriterView:
        stats = self._writer.stats
        return WriterView(
            commits=stats.commits,
            commands=stats.commands,
            seconds=stats.seconds,
            buckets=stats.buckets(),
            waiting=self._writer.waiting,
            healthy=not (self._writer.stalled or self._writer.damaged),
        )

    def events(self, since: int = 0) -> Sequence[EventView]:
        return self._dispatcher.events.since(since)

    def begin_news(self) -> None:
        """Passes on what happens from now on to those who watch."""
        self._dispatcher.events.told = self._told

    def _told(self, event: EventView) -> None:
        """Passes on an event as news: of one account where it is that one's."""
        match event.kind:
            case "credit":
                self.news.say("credit", event.subject)
            case "account":
                self.news.say("daemon", event.subject)
            case "campaign":
                self.news.say("campaign", event.subject.partition("/")[0])
            case "job":
                self.news.say("job", event.subject.partition("/")[0])
            case kind:  # of lines, which are everybody's; whose a message is, its job says
                self.news.say("line" if kind == "message" else cast("Kind", kind))

    def happened(self, state: str, reason: str | None) -> None:
        """Something became of the daemon's own surroundings: a person watching would like to see it."""
        self._dispatcher.events.add("daemon", self.config.node, state, reason)

    def stalls(self) -> Sequence[StallView]:
        return [view for service in self._stalls for view in service.views()]

    def draining(self) -> bool:
        return self.stopping

    # ------------------------------------------------------------------------------------------- what a person asks for

    def _runner(self, line: str) -> LineRunner:
        runner = self._dispatcher.runners.get(line)
        if runner is None:
            raise NotFoundError(_("no line {line}").format(line=line))
        return runner

    async def set_enabled(self, line: str, enabled: bool) -> None:
        self._runner(line).set_enabled(enabled)

    async def test(self, line: str, number: str, account: str | None, text: str) -> int:
        """Sends one urgent message over that line alone, by the way of every message: a job in the spool."""
        runner = self._runner(line)
        if not runner.usable:  # the gateway is there: it is this line that is not
            raise ConflictError(_("line {line} is {state}").format(line=line, state=standing(*runner.state)))
        if len(runner.driver.channels) != 1:
            raise ConflictError(_("line {line} serves several channels").format(line=line))
        if account is None:
            account = await self._only_account()
        else:
            await self.read(lambda reader: reader.account(account))
        job = await self._tested(account, min(runner.driver.channels), line, number, text)
        await self._writer.do(LoadingJobs(""))  # what the attempt's end posted is committed by then
        # The person is told how it ended: it must not go hours later, when the line works again.
        await self._withdraw(account, job)
        now = self.now()
        page = await self.read(lambda reader: reader.messages(f"{account}/{job}", now))
        return page.items[0].id

    async def _withdraw(self, account: str, job: str) -> None:
        """Cancels what still waits of a test."""
        try:
            change = await self._writer.do(SetJobState(account, job, "cancelled", self.now()))
        except (ConflictError, NotFoundError):
            return  # nothing waits: it has gone, or has failed, or was never recorded
        self.job_changed(change)
        await self._writer.do(Sweep(self.now()))

    async def _only_account(self) -> str:
        accounts = await self.read(lambda reader: reader.accounts())
        if len(accounts) != 1:
            raise UsageError(_("name the account that pays for the test"))
        return accounts[0].name

    async def _tested(self, account: str, channel: str, line: str, number: str, text: str) -> str:
        """The name of the test's job, once its first attempt has ended."""
        name = f"test-{line[:40]}-{self.now()}"  # never cut at its end: that alone tells tests apart
        raw = {
            "job": name,
            "channel": channel,
            "text": text.replace("%", "%%"),
            "recipients": [{"to": number}],
            "priority": "urgent",
            "lines": [line],
            "class": "reply",  # whoever asks for a test waits for it
        }
        if channel == "email":
            raw["subject"] = "gatewayd"
        data = json.dumps(raw, ensure_ascii=False).encode()
        try:
            document = parse(data, f"{name}.json")
        except JobFileError as error:
            raise UsageError(error.text(self.config.locale)) from error
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def known(result: int | JobFileError) -> None:
            if isinstance(result, int):
                self._dispatcher.attempted(result, ended)
                # A line that rests is tried at once where a person asks.
                loop.call_soon(self._runner(line).sender.try_now)
            elif not ended.done():
                ended.set_exception(UsageError(result.text(self.config.locale)))

        await self._intake.submit(account, document, data, known)
        try:
            async with asyncio.timeout(TEST_S):
                await ended
        except TimeoutError:
            await self._withdraw(account, name)
            told = _("line {line} has not sent it; the test is cancelled").format(line=line)
            raise UnavailableError(told) from None
        return name

    async def attachments(self, account: str, job: str, sha256: Mapping[str, str]) -> Mapping[str, bytes] | None:
        return await Attachments(self._intake.spool.folder(ACCEPTED)).contents(account, job, sha256)

    async def submit(self, account: str, job: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> str:
        """Puts a job of the gateway's own at intake, by the way of every job: files in the spool."""
        data = json.dumps(job, ensure_ascii=False).encode()
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            document = parse(data, f"{job['job']}.json")
        except JobFileError as error:
            raise UsageError(error.text(self.config.locale)) from error

        def known(result: int | JobFileError) -> None:
            if ended.done():
                return
            if isinstance(result, int):
                ended.set_result(None)
            else:
                ended.set_exception(UsageError(result.text(self.config.locale)))

        await self._intake.submit(account, document, data, known, files)
        try:
            async with asyncio.timeout(SUBMIT_S):
                await ended
        except TimeoutError:
            told = _("the job waits in the spool; it is sent when it has been read")
            raise UnavailableError(told) from None
        return document.job

    async def command(self, line: str, name: str, argument: str) -> Mapping[str, Any]:
        return await self._runner(line).device.command(name, argument)

    def exchange(self, line: str, attempt: str) -> Mapping[str, Any] | None:
        return self._runner(line).device.exchange(attempt)

    async def hook(self, line: str, call: HookCall) -> str:
        """A device or provider calls us; durable when it returns what to answer. HookRefusedError says how else to."""
        return await self._runner(line).device.hook(call)

    def file(self, line: str, name: str) -> Path | None:
        runner = self._dispatcher.runners.get(line)
        return None if runner is None else runner.device.file(name)

    # -------------------------------------------------------------------------------- what an operation has changed

    def account_created(self, account: str) -> None:  # noqa: ARG002 - the watcher sees its folder by itself
        """The file may have a webhook for the account."""
        self._webhooks.changed()

    async def rules_changed(self, account: str | None = None) -> None:
        contact, age, now = self.config.contact, int(self.config.billing.max_age * 1000), self.now()

        def take(unit: Any) -> bool:
            unit.memory.rules.take(contact, age)
            return look_again(unit, account, now)

        while await self._writer.do(Change(take, aside=True)):
            pass
        self._dispatcher.look_again(account)

    def credited(self, account: str) -> None:
        self._dispatcher.credited(account)
        self._webhooks.due()
        self.news.say("credit", account)

    def webhooks_changed(self, number: int | None = None) -> None:
        self._webhooks.changed(number)

    async def test_webhook(self, number: int) -> Verdict:
        return await self._webhooks.test(number)

    def job_changed(self, change: JobChange) -> None:
        self._dispatcher.job_changed(change)

    def changed(self, kind: Kind, account: str) -> None:
        self.news.say(kind, account)

    def tasks_due(self) -> None:
        for engine in self._engines:
            engine.due()

    def task_cancelled(self, process: int) -> None:
        for engine in self._engines:
            engine.cancelled(process)

    def settled(self, settled: Settled) -> None:
        if not self._dispatcher.settled(settled):
            self._tasks.add(task := asyncio.get_running_loop().create_task(self._load_queues()))
            task.add_done_callback(self._tasks.discard)

    async def _load_queues(self) -> None:
        while True:
            try:
                queues = await self._writer.do(LoadQueues())
            except GatewayError as error:
                # The person has been told that it goes again: it must not wait for a restart.
                log.error("queues cannot be read", error=str(error))  # noqa: TRY400
                await asyncio.sleep(TROUBLE_S)
            else:
                return self._dispatcher.publish(queues)

    async def lines_changed(self) -> None:
        """Takes over what the store now says of lines. A line in the middle of a message is not waited for long."""
        if self.take_over is None:
            return
        task = asyncio.ensure_future(self.take_over())
        self._tasks.add(task)
        task.add_done_callback(self._taken_over)
        await asyncio.wait({task}, timeout=TAKE_OVER_S)

    def _taken_over(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("changed lines were not taken over", error=repr(error))

    def receipts_due(self, jobs: Sequence[int]) -> None:
        self._receipts_due(jobs)

    # -------------------------------------------------------------------------------------------------------- backend

    def now(self) -> int:
        return now_ms()

    async def execute(self, command: Command[R]) -> R:
        return await self._writer.do(command)

    async def read(self, question: Callable[[Reader], R]) -> R:
        # In the context of the task that asks: what is not found is said in the language of the person it serves.
        asked = partial(copy_context().run, question, self._reader)
        return await asyncio.get_running_loop().run_in_executor(self._threads, asked)

    async def create_folders(self, account: str, gid: int | None = None) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._spool.create_account, account, gid)
