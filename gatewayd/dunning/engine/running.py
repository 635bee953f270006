"""Goes on with a day's run: a worker reads and decides, this writes slice by slice."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, Final

import structlog

from gatewayd.claims.gathering import Gathering, release
from gatewayd.claims.moment import Moment
from gatewayd.claims.slice_writing import put
from gatewayd.claims.slices import Slice, portion
from gatewayd.claims.writing import WRITTEN, Written, write
from gatewayd.dunning.engine.facts import Facts
from gatewayd.intake.reception import IntakeDesk
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import Change
from gatewayd.store.dunning import runs
from gatewayd.store.dunning.runs import Run
from gatewayd.workers.launch import worker

log = structlog.get_logger()

MODULE: Final = "gatewayd.workers.claims"
MEMORY: Final = 1 << 30
"""Octets of address space of a worker; it uses a tenth of it."""
NEAR: Final = 4
"""Slices that the daemon decides by itself, before a process is worth its start."""


class Running:
    """Runs of claims, one after another."""

    def __init__(
        self,
        intake: IntakeDesk,
        facts: Facts,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
        wrote: Callable[[Written], object],
    ) -> None:
        """`facts` may decide at any time meanwhile; `wrote` is called with what transactions did that wrote more than
        messages."""
        self._intake = intake
        self._facts = facts
        self._ask = ask
        self._execute = execute
        self._now = now
        self._wrote = wrote

    async def go_on(self, run: Run, moment: Moment) -> bool:
        """Looks at everybody behind where a run is; False where it is to be gone on with under other rules, on another
        day, or by whoever has gone further."""
        cursor, counts, gathering = run.cursor, Counter(run.counts), Gathering(open_=True)
        self._facts.decided.clear()
        async with aclosing(self._slices(run, moment, cursor)) as slices:
            async for found in slices:
                moment = moment.at(self._now())
                if not await self._written(moment, found, gathering):
                    return await self._left(gathering, moment)
                hit("claims.portion")
                counts.update(found.counts)
                advance = partial(_advance, run, found.last, dict(counts), cursor)
                if not await self._execute(Change(advance, "collections")):
                    return await self._left(gathering, moment)
                cursor = found.last
        await self._execute(Change(partial(_end, run, moment.at(self._now())), "collections"))
        hit("claims.ended")
        log.info("claims decided", account=run.account, day=run.day, **{key: counts[key] for key in sorted(counts)})
        return True

    async def _left(self, gathering: Gathering, moment: Moment) -> bool:
        if gathering.numbers:
            work = partial(_release, gathering, moment)
            await self._execute(Change(work, "collections"))
        return False

    async def _written(self, moment: Moment, found: Slice, gathering: Gathering) -> bool:
        """Writes a slice; False where it holds no more."""
        decided = self._facts.decided
        try:
            rest = await self._execute(
                Change(
                    partial(put, moment=moment, found=found, gathering=gathering, decided=decided),
                    "collections",
                    bulk=True,
                )
            )
            if rest is None:
                return False
            for start in range(0, len(rest), WRITTEN):
                part = rest[start : start + WRITTEN]
                work = partial(write, moment=moment, customers=part, gathering=gathering)
                self._wrote(await self._execute(Change(work, "collections", bulk=True)))
        except Exception:
            gathering.forget()
            raise
        return True

    # -------------------------------------------------------------------------------------------------------- decided

    async def _slices(self, run: Run, moment: Moment, cursor: int) -> AsyncGenerator[Slice, None]:
        for _place in range(NEAR):
            found = await self._near(run, moment, cursor)
            if not found.last:
                return
            yield found
            cursor = found.last
        async with worker(MODULE, MEMORY, self._request(run, cursor)) as process:
            async for document in process.documents():
                if "error" in document:
                    log.warning("the worker of claims has failed", error=document["error"])
                    break
                found = Slice.read(document)
                if not found.last:
                    return
                yield found
                cursor = found.last
        # It died, and has said why where it could.
        while (found := await self._near(run, moment, cursor)).last:
            yield found
            cursor = found.last

    async def _near(self, run: Run, moment: Moment, cursor: int) -> Slice:
        found: Slice = await self._ask(partial(portion, moment=moment.at(self._now()), after=cursor, hour=run.hour))
        return found

    def _request(self, run: Run, cursor: int) -> dict[str, Any]:
        config = self._intake.config
        password = None if config.store.password is None else config.store.password.get_secret_value()
        return {
            "url": config.store.url,
            "password": password,
            "zone": str(config.timezone),
            "region": config.numbers.region,
            "account": run.account,
            "hour": run.hour,
            "after": cursor,
            "now": self._now(),
        }


def _advance(run: Run, cursor: int, counts: Mapping[str, int], before: int, unit: Any) -> bool:
    return runs.go_on(unit.session, replace(run, cursor=before), cursor, counts)


def _end(run: Run, moment: Moment, unit: Any) -> None:
    runs.end(unit.session, run, moment.now)
    release(unit.session, moment)


def _release(gathering: Gathering, moment: Moment, unit: Any) -> None:
    gathering.release(unit.session, moment)
