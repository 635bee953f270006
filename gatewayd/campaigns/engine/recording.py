"""Records the slices of a run as jobs, by the daemon's private folder: each once, whatever is cut short."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

import structlog

from gatewayd import submission
from gatewayd.campaigns.slices import head_of
from gatewayd.intake.reception import IntakeDesk
from gatewayd.intake.rendering import CAUSE
from gatewayd.process.failpoints import hit
from gatewayd.store.campaigns import campaigns, events, runs, wishes
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.campaigns.runs import Person, Run, Slice
from gatewayd.store.commands import CAMPAIGN, Change, JobChange, SetJobState
from gatewayd.store.sending import jobs, paces
from spool.document import JobDocument
from spool.errors import JobFileError

log = structlog.get_logger()

_encoded: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


Written = tuple[JobDocument, bytes]


class Recording:
    """Records slices, one after another. `changed` is told of jobs that were paused or cancelled meanwhile."""

    def __init__(
        self,
        intake: IntakeDesk,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        changed: Callable[[JobChange], None],
        now: Callable[[], int],
    ) -> None:
        self._intake = intake
        self._ask = ask
        self._execute = execute
        self._changed = changed
        self._now = now

    async def written(self, campaign: Campaign, run: Run, slice_: Slice) -> Written:
        """Returns a slice's job and its file, in memory. JobFileError, GatewayError."""
        people: Sequence[Person] = await self._ask(partial(runs.slice_people, slice_=slice_))
        head = head_of(_worded(run.content[slice_.rung], campaign.lines), slice_.job)
        rows = map(_recipient, people)
        document, data = await asyncio.to_thread(submission.written, head, rows, f"{slice_.job}.json")
        return await self._intake.templates.filled(campaign.account, document), data

    async def record(self, campaign: Campaign, run: Run, slice_: Slice, written: Awaitable[Written]) -> None:
        """Makes a slice the job that it is, and takes over what a person said of the campaign meanwhile.

        `written` are its job and file. A slice whose job is refused is written down as such. GatewayError, SpoolError:
        it is to be tried again.
        """
        known = partial(runs.job_of, account=campaign.account, name=slice_.job, origin=CAMPAIGN)
        job_id = await self._ask(known)
        if job_id is None:
            try:
                await self._laid(campaign, run, slice_, await written)
            except JobFileError as error:
                await self._refused(campaign, slice_, error)
                return
            job_id = await self._ask(known)
        if job_id is None:
            return  # somebody else is recording it
        hit("campaign.recorded")
        change = await self._execute(Change(partial(self._follow, campaign, run, slice_, job_id), "campaigns"))
        if change is not None:
            self._changed(change)
        hit("campaign.noted")

    async def _laid(self, campaign: Campaign, run: Run, slice_: Slice, written: Written) -> None:
        document, data = written
        content = None if document.stored is not None else run.content[slice_.rung]
        taken = await submission.lay(self._intake, campaign.account, document, data, content)
        hit("campaign.laid")

        def follow(unit: Any, job_id: int) -> None:
            # From its first instant as was wished until now; one of a cancelled campaign rests until it is cancelled.
            self._wished(campaign, run, slice_, job_id, unit)
            if campaigns.state(unit.session, campaign.id) in {"paused", "cancelled"}:
                _turn(unit, "paused", campaign.account, slice_.job, self._now())

        await submission.enter(self._intake, taken, document, origin=CAMPAIGN, follow=follow)

    async def _refused(self, campaign: Campaign, slice_: Slice, error: JobFileError) -> None:
        sentence, now = error.text(self._intake.config.locale), self._now()
        log.warning("a campaign's job is refused", job=slice_.job, code=error.code)

        def work(unit: Any) -> None:
            runs.refused(unit.session, slice_, error.code)
            events.note(
                unit.session,
                campaign.id,
                "refused",
                now,
                run=slice_.run,
                people=slice_.people,
                code=error.code,
                sentence=sentence,
            )

        await self._execute(Change(work, "campaigns"))

    def _wished(self, campaign: Campaign, run: Run, slice_: Slice, job_id: int, unit: Any) -> JobChange | None:
        session = unit.session
        runs.recorded(session, slice_, job_id)
        # What was wished while it was being recorded.
        pace, lines = campaigns.wishes(session, campaign.id)
        content = run.content[slice_.rung]
        return paces.change(session, job_id, wishes.pace_of(campaign.id, pace), wishes.lines_of(lines, content))

    def _follow(self, campaign: Campaign, run: Run, slice_: Slice, job_id: int, unit: Any) -> JobChange | None:
        changed = self._wished(campaign, run, slice_, job_id, unit)
        return changed if (turned := self._turned(unit, campaign, slice_)) is None else turned

    def _turned(self, unit: Any, campaign: Campaign, slice_: Slice) -> JobChange | None:
        return follow(unit, campaigns.state(unit.session, campaign.id), campaign.account, slice_.job, self._now())


def follow(unit: Any, state: str, account: str, job: str, now: int) -> JobChange | None:
    """Gives a job the state that its campaign's asks for; None where it has it, or has nothing left to send."""
    wanted: Mapping[str, Literal["paused", "cancelled"]] = {"paused": "paused", "cancelled": "cancelled"}
    return _turn(unit, wanted[state], account, job, now) if state in wanted else None


def _turn(unit: Any, state: Literal["paused", "cancelled"], account: str, job: str, now: int) -> JobChange | None:
    (change,) = jobs.set_state(unit, [SetJobState(account, job, state, now)])
    return change if isinstance(change, JobChange) else None


def _worded(content: Mapping[str, Any], lines: str | None) -> Mapping[str, Any]:
    return content if lines is None else {**content, "lines": list(wishes.lines_of(lines, content))}


def _recipient(person: Person) -> str:
    """Returns a recipient as the job file says it. Cells are JSON already, and bear neither name of ours."""
    named = {"to": person.address, "ref": person.external_id or ""}
    if person.cause is not None:
        named[CAUSE] = str(person.cause)
    own = _encoded(named)
    return own if person.cells == "{}" else f"{own[:-1]}, {person.cells[1:]}"


def let_go(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Ends tasks whose results nobody wants any more."""
    for task in tasks:
        if not task.cancel() and not task.cancelled():
            task.exception()
