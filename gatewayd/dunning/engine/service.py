"""The engine of claims: knows when something is to be decided, and has it done. One a daemon.

It is woken by facts (`due`), by messages that change (`jobs`), by the hours of the rules. Whatever it finds half done
in the store it goes on with; nothing is known to it that the store does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from gatewayd.claims.gathering import release
from gatewayd.claims.moment import Moment, moments
from gatewayd.claims.writing import WRITTEN, Written
from gatewayd.dunning.engine.facts import Facts
from gatewayd.dunning.engine.recording import Recording
from gatewayd.dunning.engine.running import Running
from gatewayd.dunning.engine.settling import settle
from gatewayd.intake.reception import IntakeDesk
from gatewayd.process.failpoints import hit
from gatewayd.process.rounds import Apart, rounds
from gatewayd.store.billing import marks
from gatewayd.store.commands import Change
from gatewayd.store.contacts import billing_age
from gatewayd.store.dunning import batches, decisions, runs, steps
from gatewayd.store.dunning.runs import Run
from gatewayd.store.dunning.steps import StepRow
from gatewayd.store.sending.restoration import standing_still
from gatewayd.store.session import Session

log = structlog.get_logger()

STILL_S: Final = 60.0
LONGEST_S: Final = 30.0
"""Of one sleep: then clocks, marks and open steps are looked at again, whatever was told."""
MOMENT_S: Final = 0.05
SETTLE_S: Final = 0.5
"""Messages that change within it are read together."""
PORTION: Final = 500
"""Steps that are read together."""
KEEP_S: Final = 400 * 86_400
"""How long decisions are kept once they hold no more."""


class Collections:
    """Runs claims. `ask` puts a question to the reader, off the loop; `now` is Unix ms."""

    def __init__(
        self,
        intake: IntakeDesk,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
        told: Callable[[str], object] = lambda _account: None,
        carry: Callable[[], Awaitable[int]],
    ) -> None:
        """`told` is called with an account of which something has changed, for those who watch; `carry` brings what
        other systems are told to them."""
        self._intake = intake
        self._ask = ask
        self._execute = execute
        self._now = now
        self._told = told
        self._carry = carry
        self._events = True
        """Whether there may be something for other systems."""
        self._wake = asyncio.Event()
        self._fact = asyncio.Event()
        self._recorder = Recording(intake, ask=ask, execute=execute, now=now)
        self._changed: set[int] = set()
        """Jobs whose messages have changed."""
        self._looked = 0
        """When every open step was looked at last."""
        self._stirred: asyncio.TimerHandle | None = None
        self._ruled = True
        """Whether any account had rules when they were looked at last: without, no step is settled."""
        self._forgotten: date | None = None
        self._facts = Facts(ask=ask, execute=execute, now=now, wrote=self._wrote, fresh=self._fresh)
        self._running = Running(intake, self._facts, ask=ask, execute=execute, now=now, wrote=self._wrote)
        self._stale: set[str] = set()
        """Accounts whose runs stand still, so that it is told once."""

    # -------------------------------------------------------------------------------------------- what others call

    def due(self) -> None:
        """A fact has changed, or a rule, or a person has said something."""
        self._fact.set()
        self._wake.set()

    def jobs(self, jobs: Iterable[int]) -> None:
        """Messages of these jobs have changed."""
        if not self._ruled:
            return
        self._changed.update(jobs)
        if self._stirred is None:
            self._stirred = asyncio.get_running_loop().call_later(SETTLE_S, self._stir)

    def _stir(self) -> None:
        self._stirred = None
        self._wake.set()

    # ------------------------------------------------------------------------------------------------------ the loop

    async def run(self) -> None:
        """Works until it is cancelled."""
        await rounds(self._wake, self.work, "claims wait")

    async def work(self) -> float:
        """Does what is to be done; returns the seconds until it is to be looked at again."""
        if await self._ask(standing_still):
            return STILL_S
        known = await self._moments()
        if self._is_time():
            await self._pick_up(known)
            await self._recorder.lapse()
        await self._settle(known)
        await self._facts.decide(known)
        async with self._facts_meanwhile():
            following = await self._runs(known)
            await self._record()
        await self._forget()
        if self._events:
            await self._carry()
            self._events = False
        return min(LONGEST_S, max(MOMENT_S, following))

    async def _moments(self) -> Mapping[int, Moment]:
        """Returns the rules and the clock of each account that has any, by its number."""
        config = self._intake.config
        question = partial(moments, now=self._now(), zone=str(config.timezone), region=config.numbers.region)
        found: Mapping[int, Moment] = await self._ask(question)
        self._ruled = bool(found)
        return found

    def _wrote(self, written: Written) -> None:
        self._events = self._events or written.events > 0
        for account in written.accounts:
            self._told(account)

    @asynccontextmanager
    async def _facts_meanwhile(self) -> AsyncIterator[None]:
        """Decides about facts that come while something longer is done."""
        over = False

        async def attend() -> None:
            while not over:
                self._fact.clear()
                if await self._ask(_marked):
                    await self._facts.decide(await self._moments())
                if not over:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LONGEST_S):
                            await self._fact.wait()

        attending = asyncio.create_task(attend())
        try:
            yield
        except BaseException:
            attending.cancel()
            await asyncio.gather(attending, return_exceptions=True)
            raise
        over = True
        self._fact.set()
        # Whoever cancels us meanwhile is obeyed: the daemon waits for it.
        await attending

    async def _pick_up(self, known: Mapping[int, Moment]) -> None:
        """Lets go of what was gathered, and not let go of: its life ended before, or the store refused it. Nobody
        gathers meanwhile."""
        for number in await self._ask(batches.forsaken):
            await self._execute(Change(partial(_release, number, known.get(number)), "collections"))

    async def _fresh(self, moment: Moment) -> bool:
        """Returns whether an account's billing is young enough to claim by; says so once where it is not."""
        account = moment.rules.account
        limit = int(self._intake.config.billing.max_age * 1000)
        number = moment.rules.account_id
        fresh: bool = await self._ask(partial(billing_age.fresh, account_id=number, most_ms=limit, now=self._now()))
        if fresh:
            self._stale.discard(account)
        elif account not in self._stale:
            self._stale.add(account)
            log.warning("billing is too old to claim by", account=account)
            self._told(account)
        return fresh

    # ---------------------------------------------------------------------------------------------------------- runs

    async def _runs(self, known: Mapping[int, Moment]) -> float:
        """Begins the day's runs whose hour has come, and goes on with those that are open; returns the seconds until
        the next one."""
        for one in known.values():
            now, number = one.at(self._now()), one.rules.account_id
            for hour in sorted(one.rules.hours()):
                if now.begun(hour):
                    day = now.today.isoformat()
                    begin = partial(_begin, number, day, hour, now.now)
                    run = await self._ask(partial(runs.run_of, account_id=number, day=day, hour=hour))
                    if run is None and await self._execute(Change(begin, "collections")):
                        hit("claims.begun")
        for run in await self._ask(runs.open_runs):
            open_moment = known.get(run.account_id)
            if open_moment is None or run.day != open_moment.at(self._now()).today.isoformat():
                ended = partial(_ended, run, open_moment, self._now())
                await self._execute(Change(ended, "collections"))
            elif await self._fresh(open_moment):
                if not await self._running.go_on(run, open_moment):
                    return MOMENT_S
            elif run.state != "stopped":
                await self._execute(Change(partial(_stop, run, open_moment), "collections"))
                self._told(run.account)
        waits = [_until(one.at(self._now()), hour) for one in known.values() for hour in one.rules.hours()]
        return min(waits, default=LONGEST_S)

    async def _record(self) -> None:
        """Makes jobs of the batches that are ready."""
        tries = Apart("a batch of claims waits")
        for batch in await self._ask(batches.waiting):
            with tries.one(batch.job):
                await self._recorder.record(batch)
                self._told(batch.account)
        tries.end()

    # --------------------------------------------------------------------------------------------------------- steps

    def _is_time(self) -> bool:
        """Returns whether all that is open is to be looked at, and not only what has changed."""
        return abs(self._now() - self._looked) >= LONGEST_S * 1000

    async def _settle(self, known: Mapping[int, Moment]) -> None:
        """Reads what became of open steps: of the jobs that changed, and now and then of all."""
        jobs: set[int] | None = set(self._changed)
        self._changed.clear()
        if self._is_time():
            self._looked, jobs = self._now(), None
        if jobs is not None and not jobs:
            return
        after = 0
        while True:
            found: Sequence[StepRow] = await self._ask(partial(steps.unsettled, after=after, limit=PORTION, jobs=jobs))
            by_account: dict[int, list[int]] = {}
            for one in found:
                if one.over:
                    by_account.setdefault(one.account_id, []).append(one.id)
            for number, own in by_account.items():
                moment = known.get(number)
                if moment is None:
                    continue
                for start in range(0, len(own), WRITTEN):
                    part = own[start : start + WRITTEN]
                    work = partial(settle, moment=moment.at(self._now()), numbers=part)
                    await self._execute(Change(work, "collections", bulk=True))
                    hit("claims.settled")
                self._told(moment.rules.account)
            if len(found) < PORTION:
                return
            after = found[-1].id

    async def _forget(self) -> None:
        """Removes old decisions, once a day."""
        today = datetime.fromtimestamp(self._now() / 1000, UTC).date()
        if self._forgotten == today:
            return
        before = today - timedelta(seconds=KEEP_S)
        while await self._execute(
            Change(lambda unit: decisions.forget(unit.session, before), "collections", bulk=True)
        ):
            pass
        self._forgotten = today


def _until(now: Moment, hour: str) -> float:
    """Returns the seconds until an hour comes next."""
    zone = ZoneInfo(now.zone)
    here = datetime.fromtimestamp(now.now / 1000, zone)
    hours, minutes = map(int, hour.split(":"))
    at = here.replace(hour=hours, minute=minutes, second=0, microsecond=0)
    if at <= here:
        at += timedelta(days=1)
    return at.timestamp() - here.timestamp()


def _marked(connection: Any) -> bool:
    return bool(marks.marked(Session(connection), 1))


def _begin(account_id: int, day: str, hour: str, now: int, unit: Any) -> bool:
    return runs.begin(unit.session, account_id, day, hour, now)


def _ended(run: Run, moment: Moment | None, now: int, unit: Any) -> None:
    runs.end(unit.session, run, now, state="stopped", reason=run.reason or "missed")
    _release(run.account_id, moment, unit)


def _stop(run: Run, moment: Moment, unit: Any) -> None:
    runs.stop(unit.session, run, "stale")
    _release(run.account_id, moment, unit)


def _release(account_id: int, moment: Moment | None, unit: Any) -> None:
    if moment is None:
        batches.release(unit.session, account_id)
    else:
        release(unit.session, moment)
