"""The engine of campaigns: knows when something is to be done, and has it done. One a daemon.

It is woken: by people (`due`), by messages that change (`jobs`), by its clock. Whatever it finds half done in the store
it goes on with; nothing is known to it that the store does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import structlog

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.engine.climbing import Climbing
from gatewayd.campaigns.engine.clock import Clock
from gatewayd.campaigns.engine.freezing import Freezing
from gatewayd.campaigns.engine.lists import ListReader
from gatewayd.campaigns.engine.recording import Recording, Written, let_go
from gatewayd.campaigns.engine.reviewing import Reviewing, sheet_of
from gatewayd.campaigns.engine.standstill import Standstill
from gatewayd.campaigns.engine.words import Words, speaks_of_debt
from gatewayd.campaigns.slices import head_of
from gatewayd.campaigns.states import FINISHED, RUNNING, SCHEDULED
from gatewayd.intake.reception import IntakeDesk
from gatewayd.numbers import Policy
from gatewayd.process.failpoints import hit
from gatewayd.process.rounds import TROUBLE_S, rounds
from gatewayd.store.campaigns import audience, campaigns, events, lists, runs
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.campaigns.occasion import occasion
from gatewayd.store.campaigns.runs import OPEN_STATES, Counts, Run, Slice
from gatewayd.store.commands import Change, JobChange
from gatewayd.store.port import Writer
from gatewayd.store.reader import Reader
from gatewayd.store.sending.restoration import standing_still
from gatewayd.submission import bare
from gatewayd.values.actor import Scope
from gatewayd.values.errors import GatewayError
from spool.document import JobDocument
from spool.errors import JobFileError, SpoolError

log = structlog.get_logger()

R = TypeVar("R")

STILL_S: Final = 60.0
"""Between looks whether the engines were released after a restore."""
LONGEST_S: Final = 60.0
"""Of one sleep: then the clock is looked at again, since clocks are set."""
MOMENT_S: Final = 0.05
SETTLE_S: Final = 1.0
"""Messages that change within it are looked at together."""
OPEN_S: Final = 30.0
"""The longest pause while a campaign is open: a net below the words of those who change messages."""


class Tell(Protocol):
    """Whom the engine tells of what happens: those who watch, webhooks, staff."""

    def __call__(self, campaign: Campaign, state: str, reason: str | None = None) -> object: ...


class Campaigns:
    """Runs campaigns. `threads` are for questions to the reader; `now` is Unix ms."""

    def __init__(
        self,
        intake: IntakeDesk,
        writer: Writer,
        reader: Reader,
        threads: Executor,
        policy: Policy,
        *,
        now: Callable[[], int],
        changed: Callable[[JobChange], None],
        tell: Tell = lambda _campaign, _state, _reason=None: None,
        logged: Callable[[], object] = lambda: None,
    ) -> None:
        """`changed` takes over the states of jobs; `tell` is told of what happens, for those who watch; `logged` that
        there may be something for webhooks to post."""
        self._intake = intake
        self._writer = writer
        self._reader = reader
        self._threads = threads
        self._policy = policy
        self._now = now
        self._tell = tell
        self._logged = logged
        self._wake = asyncio.Event()
        self._open_jobs: set[int] = set()
        """Of the campaigns that are open."""
        self._tasks: dict[int, asyncio.Task[None]] = {}
        """By campaign: what is being done for it; by list, with its sign turned."""
        self._again: set[int] = set()
        self._waits: dict[int, tuple[str, ...]] = {}
        """By run: why some of its messages wait, as was noted last."""
        self._stirred: asyncio.TimerHandle | None = None
        self._recording: dict[int, asyncio.Lock] = {}
        """Of each, held while a slice becomes a job: a person's word waits for it, and then holds for that job too."""
        self._lists = ListReader(lambda: intake.config, intake.spool, policy, ask=self._ask, execute=self._execute)
        self._clock = Clock(
            ask=self._ask,
            execute=self._execute,
            now=now,
            source=self._source,
            zone=lambda: str(intake.config.timezone),
            tell=tell,
        )
        self._reviews = Reviewing(intake, policy, execute=self._execute, now=now)
        self._ladders = Climbing(ask=self._ask, execute=self._execute, now=now, source=self._source)
        self._standstill = Standstill(ask=self._ask, execute=self._execute, now=now, tell=tell)
        self._looks: dict[int, int] = {}
        """By run: when its ladder is looked at again (Unix ms)."""
        self._recorder = Recording(intake, ask=self._ask, execute=self._execute, changed=changed, now=now)

    # -------------------------------------------------------------------------------------------- what others call

    def due(self) -> None:
        """There is something new to do, and something new to tell."""
        self._logged()
        self._wake.set()

    def jobs(self, jobs: Iterable[int]) -> None:
        """Messages of these jobs have changed: a campaign may be over."""
        if self._stirred is None and not self._open_jobs.isdisjoint(jobs):
            self._stirred = asyncio.get_running_loop().call_later(SETTLE_S, self._stir)

    def _stir(self) -> None:
        self._stirred = None
        self._wake.set()

    async def settled(self, campaign: int) -> None:
        """Returns when no job of a campaign is being recorded: what a person said before holds for all its jobs."""
        async with self._recording.setdefault(campaign, asyncio.Lock()):
            pass

    async def review(
        self, campaign: Campaign, wait_s: float, lines: Sequence[Sequence[tuple[Sequence[str], str]]] = ()
    ) -> int | None:
        """Looks through a campaign: how many people were seen, None once that is done and written down. `lines` are
        those that may send it, by rung: prefixes of numbers, and how they cut texts."""
        return await self._reviews.review(campaign, wait_s, lines)

    def left_out(self, campaign: int) -> Path:
        """Returns where the sheet of those lies whom a review has left out."""
        return sheet_of(self._intake.config.exports_folder, campaign)

    # ------------------------------------------------------------------------------------------------------ the loop

    async def run(self) -> None:
        """Works until it is cancelled."""
        try:
            await rounds(self._wake, self._work, "campaigns wait")
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *self._reviews.close(), return_exceptions=True)

    async def _work(self) -> float:
        """Has done what is to be done; returns the seconds until it is to be looked at again."""
        if await self._ask(standing_still):
            return STILL_S
        for known in await self._ask(lists.loading):
            self._begin(-known.id, self._lists.read(known))
        following = await self._clock.strike()
        self._logged()
        open_ones = await self._ask(campaigns.open_campaigns)
        for campaign in open_ones:
            self._begin(campaign.id, self._go_on(campaign))
        times = [*self._looks.values(), *([] if following is None else [following])]
        longest = OPEN_S if open_ones else LONGEST_S
        pause = (min(times) - self._now()) / 1000 if times else longest
        return min(longest, max(MOMENT_S, pause))

    def _begin(self, key: int, work: Coroutine[Any, Any, None]) -> None:
        """Has something done, unless it is being done; then it is looked at once more afterwards."""
        running = self._tasks.get(key)
        if running is not None:
            self._again.add(key)
            work.close()
            return
        self._again.discard(key)
        self._tasks[key] = task = asyncio.create_task(work, name=f"campaign {key}")
        task.add_done_callback(partial(self._done, key))

    def _done(self, key: int, task: asyncio.Task[None]) -> None:
        del self._tasks[key]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            expected = isinstance(error, (GatewayError, SpoolError, OSError))
            log.error("a campaign waits", campaign=key, error=repr(error), exc_info=None if expected else error)
            asyncio.get_running_loop().call_later(TROUBLE_S, self._wake.set)
        elif key < 0 or key in self._again:
            asyncio.get_running_loop().call_later(SETTLE_S if key > 0 else 0, self._wake.set)

    async def _go_on(self, campaign: Campaign) -> None:
        """Brings every run of a campaign as far as it can be now."""
        document = CampaignDocument.model_validate_json(campaign.document)
        open_ones = 0
        for run in await self._ask(partial(runs.runs, campaign=campaign.id)):
            if run.ended_at is not None or run.state == "skipped":
                continue
            waiting: Sequence[Slice] = await self._ask(partial(runs.open_slices, run=run.id))
            if run.state == "freezing" or waiting:
                await self._launch(campaign, document, run)
            climbing = campaign.state == RUNNING and await self._climbs(campaign, document, run)
            # Before it is asked who is open, and behind whatever has recorded jobs: what changes then is told.
            await self._watch(run)
            if climbing or not await self._ended(campaign, run):
                open_ones += 1
        if not open_ones and campaign.state == RUNNING:
            await self._finish(campaign)

    async def _watch(self, run: Run) -> None:
        """Looks again when messages of a run's jobs change."""
        self._open_jobs.update(await self._ask(partial(runs.job_numbers, run=run.id)))

    # --------------------------------------------------------------------------------------------------------- a run

    async def _launch(self, campaign: Campaign, document: CampaignDocument, run: Run) -> None:
        """Freezes what is not frozen and records what is not recorded, the first while the second goes on."""
        sliced, done = asyncio.Event(), asyncio.Event()

        async def freeze() -> None:
            try:
                if run.state == "freezing":
                    source: audience.Source = await self._ask(self._source(campaign, document))
                    freezing = Freezing(
                        source,
                        ask=self._ask,
                        execute=self._execute,
                        same=Words(await self._words(campaign, run, 0), self._policy),
                        sliced=sliced.set,
                        now=self._now,
                        caused=await self._caused(campaign, run, source),
                        again=campaign.origin is not None or source.first is not None,
                    )
                    await freezing.freeze(run)
            finally:
                done.set()
                sliced.set()

        freezer = asyncio.create_task(freeze(), name=f"freeze {run.id}")
        try:
            while True:
                over = done.is_set()
                await self._record(campaign, run)
                if over:
                    break
                await sliced.wait()
                sliced.clear()
            await freezer
        finally:
            freezer.cancel()
            await asyncio.gather(freezer, return_exceptions=True)

    def _source(
        self, campaign: Campaign, document: CampaignDocument, rung: int = 0
    ) -> Callable[[Any], audience.Source]:
        """Returns the question where the people of a campaign come from, as a channel reaches them."""
        config, now = self._intake.config, self._now()

        def question(connection: Any) -> audience.Source:
            about = occasion(
                *(connection, campaign.account, document.klass),
                now=now,
                zone=str(config.timezone),
                region=config.numbers.region,
            )
            return audience.source(
                connection,
                campaign=campaign,
                meant=document.meant,
                channel=document.ladder[rung].channel,
                occasion=about,
            )

        return question

    async def _caused(self, campaign: Campaign, run: Run, source: audience.Source) -> bool:
        """Whether a payment is to withdraw what a run says: it says what somebody owes, or it goes to those who owe."""
        if source.chosen is not None and source.chosen.owing:
            return True
        rungs = [await self._words(campaign, run, rung) for rung in range(len(run.content))]
        return any(speaks_of_debt(one, self._policy) for one in rungs if one is not None)

    async def _words(self, campaign: Campaign, run: Run, rung: int) -> JobDocument | None:
        """Returns the job of one of a run's rungs, with nobody in it; None where it is none by itself."""
        try:
            return await self._intake.templates.filled(campaign.account, bare(head_of(run.content[rung], "c")))
        except JobFileError:
            return None

    async def _record(self, campaign: Campaign, run: Run) -> None:
        """Records the slices that wait; the file of the next one is written while one is recorded."""
        waiting: Sequence[Slice] = await self._ask(partial(runs.open_slices, run=run.id))
        ahead: list[asyncio.Task[Written]] = []

        def begin(some: Iterable[Slice]) -> None:
            ahead.extend(asyncio.create_task(self._recorder.written(campaign, run, one)) for one in some)

        begin(waiting[:1])
        try:
            for place, slice_ in enumerate(waiting, 1):
                begin(waiting[place : place + 1])
                async with self._recording.setdefault(campaign.id, asyncio.Lock()):
                    fresh = await self._ask(partial(campaigns.campaign, scope=Scope.all(), number=campaign.id))
                    if fresh.state == "cancelled":
                        await self._withdrawn(slice_)
                    else:
                        await self._recorder.record(fresh, run, slice_, ahead[0])
                let_go([ahead.pop(0)])
                self._tell(campaign, "recording")
        finally:
            let_go(ahead)
            await asyncio.gather(*ahead, return_exceptions=True)

    async def _withdrawn(self, slice_: Slice) -> None:
        await self._execute(Change(lambda unit: runs.refused(unit.session, slice_, "cancelled"), "campaigns"))

    async def _climbs(self, campaign: Campaign, document: CampaignDocument, run: Run) -> bool:
        """Whether somebody of a run may still go on to the next channel; whoever can now does."""
        if len(document.ladder) == 1:
            return False
        fresh: Run = await self._ask(partial(runs.run, number=run.id))
        if fresh.state != "frozen":
            return True
        look = self._looks.get(run.id, 0)
        if look <= self._now():
            following = await self._ladders.climb(campaign, document, fresh)
            await self._record(campaign, fresh)
            if following is None:
                self._looks.pop(run.id, None)
                return False
            self._looks[run.id] = following
        return True

    async def _ended(self, campaign: Campaign, run: Run) -> bool:
        """Whether a run has nobody open; then that is written down."""
        fresh: Run = await self._ask(partial(runs.run, number=run.id))
        waiting: Sequence[Slice] = await self._ask(partial(runs.open_slices, run=run.id))
        if fresh.state != "frozen" or waiting:
            return False
        counts = await self._ask(partial(runs.counts, runs=[run.id]))
        await self._notice(campaign, run, counts)
        if any(counts.states.get(state) for state in OPEN_STATES):
            if campaign.state == RUNNING:
                await self._standstill.look(campaign, run, counts)
            return False
        self._standstill.forget(run.id)
        now = self._now()
        await self._execute(Change(lambda unit: runs.end(unit.session, run.id, now), "campaigns"))
        self._open_jobs.difference_update(await self._ask(partial(runs.job_numbers, run=run.id)))
        return True

    async def _notice(self, campaign: Campaign, run: Run, counts: Counts) -> None:
        """Notes why messages of a run wait, once for each change of that: hours, caps, credit, lines, quotas."""
        waits = tuple(sorted(counts.held))
        if self._waits.get(run.id, ()) == waits:
            return
        self._waits[run.id] = waits
        kind, now = ("waits" if waits else "goes_on"), self._now()

        def work(unit: Any) -> None:
            events.note(unit.session, campaign.id, kind, now, run=run.id, reasons=list(waits))

        await self._execute(Change(work, "campaigns"))

    async def _finish(self, campaign: Campaign) -> None:
        now = self._now()

        def work(unit: Any) -> bool:
            session = unit.session
            if campaigns.state(session, campaign.id) != RUNNING or runs.has_open(
                session.connection, campaign=campaign.id
            ):
                return False
            if campaigns.planned(session, campaign.id) is not None:
                campaigns.put(session, campaign.id, state=SCHEDULED, updated_at=now)
                events.note(session, campaign.id, "run_finished", now)
            else:
                campaigns.put(session, campaign.id, state=FINISHED, ended_at=now, updated_at=now)
                events.note(session, campaign.id, "finished", now)
            return True

        if await self._execute(Change(work, "campaigns")):
            hit("campaign.finished")
            log.info("campaign finished", campaign=campaign.id, account=campaign.account)
            self._tell(campaign, FINISHED)
            self._logged()
            self._wake.set()

    # --------------------------------------------------------------------------------------------------------- store

    async def _ask(self, question: Callable[..., R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._reader.ask, question)

    def _execute(self, command: Change[R]) -> Awaitable[R]:
        return self._writer.do(command)
