"""A store that is older than its spool: found out at the start, before anything is sent, and put right.

A backup that is put back does not know what was sent after it was made. Two marks tell: a copy made by `gatewayd db
backup` says so of itself, and `<spool>/.generation` holds a number that the store had when the spool was last written
to, so that any older copy (of the file, of the disk, of a server) is below it; one for each store that it has served.
Then every job with something left is paused, and the receipts, which are outside the store, say what became of its
messages: what left is in doubt until a person settles it, and jobs that came after the copy are read again from
`accepted`, paused as well; the campaigns, steps of claims and sends of reminders that they were count as done. Numbers
of campaigns that were given out after the copy are given to no other. Who has opted out in the meantime, as inbox files
say, is blocked again.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

import structlog

from gatewayd.store.campaigns import numbers, recalled
from gatewayd.store.commands import CAMPAIGN_JOB, CLAIM_JOB, REMINDER_JOB, Block, Change, Command
from gatewayd.store.dunning import recalled_sends, recalling
from gatewayd.store.sending import restoration
from gatewayd.store.sending.inbox import OPT_OUT
from gatewayd.store.sending.keys import is_known
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import GatewayError, NotFoundError
from gatewayd.values.model import State, ulid_number, ulid_salt
from spool import durable, posted
from spool.errors import SpoolError
from spool.evidence import (
    Receipts,
    accepted_at,
    accepted_jobs,
    read_accepted,
    read_events,
    read_opt_outs,
    read_receipts,
    segments_after,
)
from spool.folders import Spool
from spool.readmission import readmit

log = structlog.get_logger()

R = TypeVar("R")

MARK: Final = ".generation"
MARK_BYTES_MAX: Final = 1 << 20
MARK_S: Final = 1.0
"""What was sent is marked within this time; receipts take as long to be written."""
PORTION: Final = 1000
"""Messages compared in one transaction, so that nothing else waits for long."""


class Execute(Protocol):
    """Hands a command to whoever writes the store."""

    def __call__(self, command: Command[R], /) -> Awaitable[R]: ...


@dataclass(frozen=True, slots=True)
class Restored:
    """What was found in a store that is older than its spool."""

    paused: int
    """Jobs that wait for a person's word."""
    doubted: int
    """Messages that the receipts show to have left after the copy was made."""
    retaken: tuple[str, ...]
    """Jobs (`ACCOUNT/JOB`) that the store did not know, read again from `accepted`."""


async def finish_posted(execute: Execute, spool: Spool) -> None:
    """Gives jobs that were posted and recorded their files, where a crash came in between. Of those that are not in the
    store nobody was answered, and `spool.recovery` clears them."""
    for account, job, folder in posted.unfinished(spool):
        question = partial(is_known, account_name=account, job_name=job)
        if await execute(Change(lambda unit, question=question: question(unit.session))):  # type: ignore[misc]
            posted.finish(spool, account, job, folder)


class Restoration:
    """Compares store and spool at the start, and keeps the mark by which the next start does."""

    def __init__(
        self, execute: Execute, spool: Spool, *, node: str, salt: int, now: Callable[[], int] = now_ms
    ) -> None:
        self._execute = execute
        self._spool = spool
        self._node = node
        self._salt = salt
        self._now = now
        self._others: dict[str, int] = {}
        self._campaigns = 0
        """The highest number of a campaign that the spool knows of."""
        self._outstanding: set[str] = set()
        self._recorded: deque[int] = deque()
        self._wake = asyncio.Event()

    async def examine(self) -> Restored | None:
        """Puts an older store right before anything is sent from it; None where it is not older.

        May be cut short anywhere: the next start begins again, and what was taken over is not taken over twice.
        """
        age = await self._change(partial(restoration.age, node=self._node))
        mark = self._read_mark()
        found = None
        if age.copied or (mark is not None and age.generation < mark):
            found = await self._carry_out()
        self._outstanding = set(await self._change(restoration.outstanding))
        if self._outstanding:
            for job in await self._change(restoration.jobs):
                await self._compare_again(job)
        await self._advance(mark or 0)
        return found

    async def _carry_out(self) -> Restored:
        await self._change(partial(restoration.stand_still, now=self._now()))
        paused = await self._change(restoration.pause)
        await self._change(lambda unit: recalled.hold(unit.session, self._now()))
        await self._change(restoration.skip_ids)
        known = await self._change(restoration.jobs)
        doubted = 0
        for job in known:
            doubted += await self._compare(job.id, job.account, job.name, job.written)
        await self._block()
        await self._recall_events()
        names = {(job.account, job.name) for job in known}
        strange = [
            (account, name)
            for account in self._spool.accounts()
            for name in accepted_jobs(self._spool, account)
            if (account, name) not in names
        ]
        sent = [one for one in strange if CAMPAIGN_JOB.fullmatch(one[1])]
        beyond = max([self._campaigns, *(recalled.campaign_of(name) for _account, name in sent)])
        await self._change(lambda unit: numbers.skip(unit.session, beyond))
        # Of sends of one reminder the earlier first: their names differ in a number at the end.
        await self._change(lambda unit: recalled.take_over(unit.session, sent, self._now()))
        strange.sort(key=lambda each: (each[0], len(each[1]), each[1]))
        retaken = [f"{account}/{name}" for account, name in strange if await self._retake(account, name)]
        return Restored(paused, doubted, tuple(retaken))

    async def _block(self) -> None:
        """Blocks who has opted out since the copy was made, as the inbox files say."""
        last = await self._change(restoration.last_inbound)

        def later(message_id: str) -> bool:
            with suppress(ValueError):
                return ulid_salt(message_id) == self._salt and ulid_number(message_id) > last
            return False

        for account, senders in (await asyncio.to_thread(read_opt_outs, self._spool, later)).items():
            block = Block(senders, OPT_OUT, None, self._now(), account=account)
            try:
                blocked = await self._execute(block)
            except NotFoundError:
                # The copy is older than the account: nobody writes to them until somebody has looked.
                blocked = await self._execute(replace(block, account=None))
            log.warning("people who opted out after the copy was made are blocked again", people=blocked.added)

    async def _recall_events(self) -> None:
        """Counts the levels of which other systems were told as done, as the files of events say."""
        for account in self._spool.accounts():
            documents = await asyncio.to_thread(read_events, self._spool, account)
            taken = recalling.told_of(documents, _instant)
            for start in range(0, len(taken), PORTION):
                part = taken[start : start + PORTION]
                await self._change(_recalled(account, part, self._now()))

    async def _compare(self, job_id: int, account: str, name: str, written: int) -> int:
        said = await asyncio.to_thread(read_receipts, self._spool, account, name, written)
        if said.last_seq <= written:
            return 0
        await self._change(partial(restoration.renumber, job_id=job_id, last_seq=said.last_seq))
        await self._post_again(job_id, (account, name), written, said.last_seq)
        return await self._take_over(job_id, said)

    async def _post_again(self, job_id: int, job: tuple[str, str], after: int, last: int) -> None:
        """Lets webhooks have the receipts that came after the copy was made, once they go on."""
        segments = await asyncio.to_thread(segments_after, self._spool, *job, after, last)
        if segments:
            work = partial(restoration.post_again, job_id=job_id, segments=segments, now=self._now())
            await self._change(work)

    async def _take_over(self, job_id: int, receipts: Receipts) -> int:
        words: Mapping[int, restoration.Said] = {
            row: restoration.Said(each.state, each.reason, each.line) for row, each in receipts.rows.items()
        }
        doubted, last = 0, 0
        while words:
            work = partial(
                restoration.compare,
                job_id=job_id,
                said=words,
                after=last,
                limit=PORTION,
                node=self._node,
                now=self._now(),
            )
            portion = await self._change(work)
            doubted += portion.doubted
            if portion.last is None:
                break
            last = portion.last
        return doubted

    async def _retake(self, account: str, name: str) -> bool:
        """Reads a job again that came after the copy was made.

        False for one that had ended or has lost its files: should upstream ever put it into the spool again, it is
        compared then, and waits for a person.
        """
        said = await asyncio.to_thread(read_receipts, self._spool, account, name, 0)
        await self._change(partial(restoration.expect, account_name=account, job_name=name, last_seq=said.last_seq))
        if CLAIM_JOB.fullmatch(name):
            await self._recall(account, name, said)
        elif REMINDER_JOB.fullmatch(name):
            made = await asyncio.to_thread(accepted_at, self._spool, account, name)
            if made is not None:
                await self._change(partial(_recalled_send, account=account, job=name, at=made, now=self._now()))
        try:
            if await asyncio.to_thread(readmit, self._spool, account, name):
                return True
        except SpoolError as error:
            log.warning("a job that the store does not know cannot be read again", job=name, error=str(error))
        return False

    async def _recall(self, account: str, name: str, said: Receipts) -> None:
        """Counts the steps that a job of claims names as done, whatever has become of its messages: but for those that
        were cancelled, nobody knows here that they did not leave."""
        document = await asyncio.to_thread(read_accepted, self._spool, account, name)
        never = {row for row, each in said.rows.items() if each.state == State.CANCELLED.value}
        at = int(name.removeprefix("d-").partition(".")[0])
        taken = recalling.taken_of(document, at=at, without=never)
        for start in range(0, len(taken), PORTION):
            part = taken[start : start + PORTION]
            await self._change(_recalled(account, part, self._now()))

    def recorded(self, job_id: int) -> None:
        """A job is recorded: one that is read again is compared with its receipts."""
        if self._outstanding:
            self._recorded.append(job_id)
            self._wake.set()

    async def _compare_recorded(self) -> None:
        """Compares the jobs that were read again and are recorded by now; they are paused until a person decides."""
        while self._recorded:
            job_id = self._recorded[0]
            for job in await self._change(partial(restoration.jobs, only=job_id)):
                await self._compare_again(job)
            self._recorded.popleft()

    async def _compare_again(self, job: restoration.KnownJob) -> None:
        name = f"{job.account}/{job.name}"
        if name not in self._outstanding:
            return
        said = await asyncio.to_thread(read_receipts, self._spool, job.account, job.name, 0)
        doubted = await self._take_over(job.id, said)
        await self._post_again(job.id, (job.account, job.name), 0, said.last_seq)
        await self._change(partial(restoration.compared, name=name))
        self._outstanding.discard(name)
        log.info("a job that the store did not know was read again and waits", job=name, uncertain=doubted)

    # ------------------------------------------------------------------------------------------------------- the mark

    def sent(self) -> None:
        """Something was sent: the store has gone on."""
        self._wake.set()

    async def run(self) -> None:
        """Marks, until cancelled, that the store has gone on, at most once a second."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            with suppress(GatewayError, SpoolError, OSError):  # the next one will do; receipts are the evidence
                await self._compare_recorded()
                await self._advance(0)
            await asyncio.sleep(MARK_S)

    async def _advance(self, beyond: int) -> None:
        def advance(unit: Any) -> tuple[int, int]:
            return restoration.advance(unit, self._node, beyond), numbers.last(unit.session)

        generation, last = await self._change(advance)
        self._campaigns = max(self._campaigns, last)
        await asyncio.to_thread(self._write_mark, generation)

    def _read_mark(self) -> int | None:
        """Returns the generation that the spool knows of this very store; None where it knows nothing of it.

        What it knows of other stores is kept: an empty one that ran meanwhile must not make a copy look new.
        """
        try:
            with durable.open_folder(self._spool.path) as root:
                mark = json.loads(durable.read_file(root, MARK, MARK_BYTES_MAX))
            known = {str(mark["store"]): int(mark["generation"])}
            known |= {str(store): int(generation) for store, generation in mark.get("others", {}).items()}
            campaigns = int(mark.get("campaigns", 0))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        own = known.pop(str(self._salt), None)
        self._others, self._campaigns = known, campaigns
        return own

    def _write_mark(self, generation: int) -> None:
        own = {"store": self._salt, "node": self._node, "generation": generation}
        mark = own | {"others": self._others, "campaigns": self._campaigns}
        with durable.open_folder(self._spool.path) as root:
            durable.replace(root, MARK, [json.dumps(mark).encode()])
            os.chmod(MARK, 0o600, dir_fd=root)

    async def _change(self, work: Callable[[Any], R]) -> R:
        return await self._execute(Change(work, "restoration"))


def _instant(text: str) -> int:
    """Returns an instant of a file in Unix ms; ValueError."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _recalled(account: str, taken: Sequence[recalling.Taken], now: int) -> Callable[[Any], int]:
    return lambda unit: recalling.take_over(unit.session, account, taken, now)


def _recalled_send(unit: Any, *, account: str, job: str, at: int, now: int) -> bool:
    def zone_of(number: int) -> ZoneInfo:
        found: ZoneInfo = unit.memory.rules.of(unit.session, number).zone
        return found

    return recalled_sends.take_over(unit.session, account, job, at=at, now=now, zone_of=zone_of)
