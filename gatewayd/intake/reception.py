"""Job files on their way from `incoming` into the store. What cannot be recorded goes back with a reason.

Accounts take turns, and none has all lanes. Small jobs do not wait behind large ones, which are read by worker
processes and have lanes of their own here. The originals leave `incoming` only once the store has the job.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog

from gatewayd.config import Config
from gatewayd.intake import moves
from gatewayd.intake.feed import LARGE, SMALL, Feed, Request
from gatewayd.intake.fitness import judge
from gatewayd.intake.lane import WorkerDiedError
from gatewayd.intake.lines import Lines
from gatewayd.intake.moves import NoSheets, Sheets
from gatewayd.intake.record import Follow, PostedBy, Recorder, beginning
from gatewayd.intake.stored import NoTemplates, Templates, kept_files
from gatewayd.numbers import Policy
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import CAMPAIGN_JOB, QueueInfo
from gatewayd.store.port import Writer
from gatewayd.values.errors import GatewayError, NotFoundError
from gatewayd.values.stalls import Stalls
from gatewayd.values.turns import Turns
from spool.customers import CustomersDocument
from spool.document import JobDocument
from spool.errors import JobFileError, SpoolError, SpoolGoneError, SpoolUnsettledError
from spool.folders import Spool
from spool.intake import Taken, discard, octets, reject, take_files, verify, withdraw
from spool.recovery import HUNG, Recovered, mark, unmark
from spool.submit import deposit
from spool.watch import Arrival, Watcher

T = TypeVar("T")

log = structlog.get_logger()

SMALL_LANES: Final = 6
"""Small jobs in work at once: enough to overlap their disk waits, few enough to leave the store to the lines."""

LANES_EACH: Final = 3
"""Of them for one account: what it brings may be slow."""

LARGE_LANES: Final = 2
"""As many as the feed has worker processes."""

REFUSED_AT: Final = 2 * HUNG
"""A file that the daemon hung over twice, or died over eight times, is refused; after the first it is read apart."""

ENDS: Final = 3
"""A worker process has ended so often over a list that the list is refused."""

TROUBLE_S: Final = 5.0
"""Between tries while the disk is full or the store refuses; the file stays where it is."""


class Dispatch(Protocol):
    def publish(self, infos: Sequence[QueueInfo]) -> None: ...
    def appeared(self, infos: Sequence[QueueInfo]) -> None: ...


class Told(Protocol):
    """Whom intake tells of a job; for people who watch, and for those who wait for theirs."""

    def recorded(self, job_id: int) -> None:
        """A new job is in the store, visible, and about to be published: it has receipts, its times will come."""

    def happened(self, subject: str, state: str, reason: str | None) -> None: ...

    def stalled(self, subject: str, state: str, reason: str | None) -> None:
        """Files of an account cannot be read, or can again."""


Waiter = Callable[[int | JobFileError], None]
"""Told the number of a job that was recorded, before its queues are, or why it was refused."""


@dataclass(slots=True)
class _Large:
    """A job for a lane of the large ones."""

    arrival: Arrival
    taken: Taken
    document: JobDocument | None
    """None: it is still to be read."""
    apart: bool = False
    """Never read by the daemon itself: it died over it once."""
    octets: int = 0

    def __post_init__(self) -> None:
        self.octets = self.octets or moves.size(self.taken)


@dataclass(slots=True)
class IntakeDesk:
    """Takes what the watcher finds, for as long as it runs."""

    config: Config
    spool: Spool
    writer: Writer
    policy: Policy
    lines: Lines
    dispatcher: Dispatch
    told: Told
    recovered: Recovered = field(default_factory=Recovered)
    """What the last life left: files over which it may have died."""
    feed: Feed = field(default_factory=Feed)
    templates: Templates = field(default_factory=NoTemplates)
    stalls: Stalls[Arrival] = field(init=False)
    """Accounts whose files cannot be read, or moved."""
    _watcher: Watcher = field(init=False)
    _threads: ThreadPoolExecutor = field(init=False)
    _small: Turns[Arrival] = field(default_factory=lambda: Turns(LANES_EACH))
    _large: Mapping[bool, Turns[_Large]] = field(default_factory=lambda: {False: Turns(), True: Turns()})
    """By whether they are of the largest: each size has a worker process of its own."""
    sheets: Sheets = field(default_factory=NoSheets)
    _ends: dict[tuple[str, str], int] = field(default_factory=dict)
    """By file, how often a worker has ended over it."""
    _waiters: dict[tuple[str, str], Waiter] = field(default_factory=dict)
    _recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        self._recorder = Recorder(self.writer)
        self._watcher = Watcher(self.spool, settle_s=self.config.spool.settle, stray=self._lies_idle, seen=self._seen)
        self.stalls = Stalls("intake", self._retry, self.told.stalled)
        self._threads = ThreadPoolExecutor(SMALL_LANES + LARGE_LANES, thread_name_prefix="intake")

    async def run(self) -> None:
        """Until cancelled."""
        self.feed.warm(self.policy)
        try:
            async with asyncio.TaskGroup() as lanes, self._watcher:
                for _ in range(SMALL_LANES):
                    lanes.create_task(self._small_lane())
                for turns in self._large.values():
                    lanes.create_task(self._large_lane(turns))
                async for arrival in self._watcher:
                    self._small.put(arrival.account, arrival)
        finally:
            self.stalls.close()
            await self.feed.close()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _lies_idle(self, key: tuple[str, str], reason: str) -> None:
        account, name = key
        log.warning("a file lies in incoming and is not taken", account=account, file=name, reason=reason)
        self.told.happened(f"{account}/{name}", "waiting", reason)

    def take_over(self, config: Config, lines: Lines) -> None:
        """A new configuration: tariff, language and lines hold for jobs taken from now on."""
        self.config = config
        self.lines = lines

    async def submit(
        self, account: str, document: JobDocument, data: bytes, waiter: Waiter, files: Mapping[str, bytes] | None = None
    ) -> None:
        """Puts a job of the gateway's own into the spool, with the files that it names, as anybody would; `waiter`
        learns what became of it."""
        self._waiters[account, document.job] = waiter
        try:
            await self._in_thread(deposit, self.spool, account, document, data, files or {})
        except BaseException:
            self._waiters.pop((account, document.job), None)
            raise

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

    # ------------------------------------------------------------------------------------------------------ the lanes

    async def _small_lane(self) -> None:
        while True:
            account, arrival = await self._small.get()
            try:
                await self._small_one(arrival)
            finally:
                self._small.done(account)

    async def _small_one(self, arrival: Arrival) -> None:
        taken: Taken | None = None
        try:
            taken = await self._in_thread(moves.taken, self.spool, arrival.account, arrival.name)
            hit("intake.taken")
            suspicion = self._suspicion(taken)
            if taken.obstacle is None and (suspicion or taken.identity.size > SMALL):
                await self._hand_over(_Large(arrival, taken, None, apart=suspicion > 0))
                return
            if (sheet := await self._in_thread(moves.customers_of, taken)) is not None:
                taken = await self._with_files(taken, sheet)
                await self.sheets.bring(taken, sheet)
                await self._in_thread(moves.committed, self.spool, taken, sheet.name)
                self._done(arrival)
                return
            document = await self._read(taken)
            if document.files and await self._octets(taken, document) > SMALL:
                await self._hand_over(_Large(arrival, taken, document))
                return
            taken = await self._with_files(taken, document)
            if not self.feed.reads_itself(self._request(taken, document)):
                await self._hand_over(_Large(arrival, taken, document))
                return
            await self.record(taken, document)
        except Exception as error:  # noqa: BLE001 - told apart, logged and answered in one place
            await self._failed(arrival, taken, error)
        else:
            self._done(arrival)

    def _suspicion(self, taken: Taken) -> int:
        """What speaks against the file since the daemon died over it; JobFileError when that is too much."""
        suspicion = self.recovered.suspicion(taken)
        if suspicion >= REFUSED_AT:
            raise JobFileError("recipients_unreadable", "reader_died", file=taken.name)
        return suspicion

    async def _hand_over(self, work: _Large) -> None:
        await self._in_thread(unmark, work.taken)  # a worker's death is not the daemon's
        self._large[work.octets > LARGE].put(work.arrival.account, work)

    async def _large_lane(self, turns: Turns[_Large]) -> None:
        while True:
            _, work = await turns.get()
            try:
                if not await self._large_one(work, turns):
                    continue
            except Exception as error:  # noqa: BLE001 - as in the small lanes
                await self._failed(work.arrival, work.taken, error)
            else:
                self._done(work.arrival)

    async def _large_one(self, work: _Large, turns: Turns[_Large]) -> bool:
        """Whether it is done; False where it has gone on to the lane of its size."""
        taken = work.taken
        if work.apart:
            await self._in_thread(mark, taken)
        document = work.document or await self._read(taken, apart=work.apart)
        if document.files and not taken.files:
            work.octets = await self._octets(taken, document)
            if self._large[work.octets > LARGE] is not turns:
                work.document = document
                await self._hand_over(work)
                return False
            taken = work.taken = await self._with_files(taken, document)
        await self.record(taken, document, apart=work.apart)
        return True

    async def _read(self, taken: Taken, *, apart: bool = False) -> JobDocument:
        """Returns the job with the words of the template that it names. JobFileError."""
        return await self.templates.filled(taken.account, await self.feed.read(taken, apart=apart))

    async def _octets(self, taken: Taken, document: JobDocument) -> int:
        return taken.identity.size + await self._in_thread(octets, self.spool, taken, document)

    async def _with_files(self, taken: Taken, document: JobDocument | CustomersDocument) -> Taken:
        if not document.files:
            return taken
        kept = await kept_files(self.templates, taken.account, document)
        taken = await self._in_thread(take_files, self.spool, taken, document, self._watcher.settled, kept)
        hit("intake.files_taken")
        verify(taken, document)
        return taken

    def _done(self, arrival: Arrival) -> None:
        self._watcher.done(arrival)
        self._ends.pop(arrival.key, None)
        self.stalls.over(arrival.account, arrival)

    async def _failed(self, arrival: Arrival, taken: Taken | None, error: Exception) -> None:
        """One job could not be recorded: refuse it, or leave it where it is and try again."""
        if isinstance(error, WorkerDiedError):
            ends = self._ends[arrival.key] = self._ends.get(arrival.key, 0) + 1
            if ends >= ENDS:
                error = JobFileError(
                    "recipients_unreadable", "recipients_damaged", file=arrival.name, reason=str(error)
                )
        try:
            match error:
                case JobFileError(code="recipients_missing") if not arrival.last and error.file:
                    await self._discard(taken)
                    self._watcher.postpone(arrival, error.file)
                case JobFileError() if taken is not None:
                    await self._refuse(arrival, taken, error)
                    self._done(arrival)
                case SpoolGoneError():
                    await self._discard(taken)
                    self._done(arrival)
                case SpoolUnsettledError():
                    await self._discard(taken)
                    self._watcher.postpone(arrival, str(error))
                case NotFoundError():
                    # It stays, and a rescan finds it again: an account of that name may yet be created.
                    log.warning("a job of no account waits", account=arrival.account)
                    await self._discard(taken)
                    self._done(arrival)
                case SpoolError():
                    await self._discard(taken)
                    self.stalls.failed(arrival.account, arrival, str(error))
                case GatewayError():
                    log.error("job not recorded; it stays where it is", account=arrival.account, error=str(error))
                    await self._discard(taken)
                    self._again(arrival)
                case _:
                    # The outermost edge of one job: a defect leaves the file where it is and the others go on.
                    log.error("intake failed", account=arrival.account, error=repr(error), exc_info=error)
                    await self._discard(taken)
                    self._done(arrival)
        except (SpoolError, OSError) as trouble:
            self.stalls.failed(arrival.account, arrival, str(trouble))

    async def _refuse(self, arrival: Arrival, taken: Taken, error: JobFileError) -> None:
        if waiter := self._waiters.pop((arrival.account, arrival.name.removesuffix(".json")), None):
            await self._in_thread(withdraw, self.spool, taken)
            waiter(error)
            return
        path = await self._in_thread(reject, self.spool, taken, error, self.config.locale)
        log.warning("job refused", account=arrival.account, file=path.name, code=error.code, field=error.field)
        self.told.happened(f"{arrival.account}/{arrival.name}", "refused", error.code)

    async def _discard(self, taken: Taken | None) -> None:
        if taken is not None:
            await self._in_thread(discard, self.spool, taken)

    def _again(self, arrival: Arrival) -> None:
        asyncio.get_running_loop().call_later(TROUBLE_S, self._small.put, arrival.account, arrival)

    def _retry(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            if arrival.name:
                self._small.put(arrival.account, arrival)
            else:
                self._watcher.look_again()

    def _seen(self, account: str, trouble: str | None) -> None:
        """The watcher looked into an account's folder. An arrival without a name stands for the folder itself."""
        folder = Arrival(account, "")
        if trouble is None:
            self.stalls.over(account, folder)
        else:
            self.stalls.failed(account, folder, f"incoming/{account}: {trouble}")

    # -------------------------------------------------------------------------------------------------------- a record

    def _request(self, taken: Taken, document: JobDocument, *, apart: bool = False, own: bool = False) -> Request:
        prefixes, most = self.lines.prefixes, self.lines.most(document)
        return Request(document, taken.path, self.policy, prefixes, taken.hashes, apart=apart, own=own, most=most)

    async def record(
        self,
        taken: Taken,
        document: JobDocument,
        *,
        apart: bool = False,
        post: PostedBy | None = None,
        origin: str = "",
        follow: Follow | None = None,
    ) -> str | None:
        """Brings the job into the store, then its files to `accepted`. `post` is the request that posted it; returns
        what its key's first request was answered, None where it is the first. `origin` is the engine whose job it is:
        such a one may say which facts its texts were written from, and `follow` its job."""
        answers: list[str] = []
        # One of a campaign that is read again after a restore says so, too; nobody else's of such a name is taken.
        own = bool(origin or CAMPAIGN_JOB.fullmatch(document.job))
        async with self.feed.open(self._request(taken, document, apart=apart, own=own)) as stream:
            content_hash = stream.content_hash or ""
            begin = beginning(self.config, taken, document, content_hash, post, origin=origin)
            names = {line.name for line in self.config.lines}
            # What the gateway itself brings in may be an answer.
            ours = frozenset({"reply"}) if (taken.account, document.job) in self._waiters else frozenset[str]()
            may = ours if post is None else post.may
            fit = partial(judge, document, names, time.time(), may)
            infos = await self._recorder.load(begin, stream, taken, fit, answers.append, follow=follow)
            if infos and stream.totals is not None and stream.totals.lost:
                # Before the first of them leaves, so that a person may still stop the job.
                lost = stream.totals.lost
                log.warning(
                    "characters become question marks", account=taken.account, job=document.job, kinds=len(lost)
                )
                self.told.happened(f"{taken.account}/{document.job}", "replaced", " ".join(lost))
        hit("intake.recorded")
        if answers or (post is not None and post.test):
            # Of a repeat the files are where they belong; of a test none may be found there after a restore.
            await self._in_thread(discard, self.spool, taken)
            if infos:
                self._publish(infos, taken, document)
            return answers[0] if answers else None
        # Whoever sends mails with attachments reads them from where this commit puts them.
        attached = document.email is not None and bool(document.email.attachments)
        if infos and not attached:
            self._publish(infos, taken, document)
        try:
            await self._in_thread(moves.committed, self.spool, taken, document.job)
        except SpoolError as error:
            if post is None and not origin:
                raise
            # The store has it, and who brought it is to know so; the next start finishes it (`spool.posted`).
            log.error("files of a job stay in the private folder", job=document.job, error=str(error))  # noqa: TRY400
        finally:
            if infos and attached:
                self._publish(infos, taken, document)
        hit("intake.accepted")
        return None

    def _publish(self, infos: Sequence[QueueInfo], taken: Taken, document: JobDocument) -> None:
        job_id = infos[0].job_id
        self.told.recorded(job_id)
        if waiter := self._waiters.pop((taken.account, document.job), None):
            waiter(job_id)
        self.dispatcher.appeared(infos)
        log.info("job recorded", account=taken.account, job=document.job)
        self.told.happened(f"{taken.account}/{document.job}", "recorded", None)
