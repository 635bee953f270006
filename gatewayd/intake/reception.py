"""Intake: a job file becomes a job in the store, whole or not at all; what cannot be recorded goes back with a reason.

Small jobs do not wait behind large ones, which are read by worker processes and have lanes of their own here. The
originals leave `incoming` only once the store has the job.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog

from gatewayd.clock import now_ms
from gatewayd.config import Config
from gatewayd.errors import ConflictError, CurrencyError, GatewayError, NotFoundError
from gatewayd.failpoints import hit
from gatewayd.intake.feed import SMALL, Feed, Request, Stream
from gatewayd.model import Priority
from gatewayd.numbers import Policy
from gatewayd.reasons import explained
from gatewayd.store.commands import AddMessages, BeginJob, DropJob, NewMessage, PublishJob, QueueInfo
from gatewayd.store.port import Writer
from spool.document import JobDocument
from spool.errors import JobFileError, SpoolError, SpoolGoneError, SpoolUnsettledError
from spool.folders import Spool
from spool.intake import Taken, commit, discard, reject, take, take_files, verify
from spool.submit import deposit
from spool.watch import Arrival, Watcher

T = TypeVar("T")

log = structlog.get_logger()

SMALL_LANES: Final = 4
"""Small jobs in work at once: enough to overlap their disk waits, few enough to leave the store to the lines."""

LARGE_LANES: Final = 2
"""As many as the feed has worker processes."""

TROUBLE_S: Final = 5.0
"""Between tries while the disk is full or the store refuses; the file stays where it is."""


class Dispatch(Protocol):
    def publish(self, infos: Sequence[QueueInfo]) -> None: ...


class Told(Protocol):
    """Whom intake tells of a job; for people who watch, and for those who wait for theirs."""

    def recorded(self, job_id: int) -> None:
        """A new job is in the store, visible, and about to be published: it has receipts, its times will come."""

    def happened(self, subject: str, state: str, reason: str | None) -> None: ...


Waiter = Callable[[int | JobFileError], None]
"""Told the number of a job that was recorded, before its queues are, or why it was refused."""


@dataclass(slots=True)
class IntakeDesk:
    """Takes what the watcher finds, for as long as it runs."""

    config: Config
    spool: Spool
    writer: Writer
    policy: Policy
    prefixes: Sequence[str]
    dispatcher: Dispatch
    told: Told
    feed: Feed = field(default_factory=Feed)
    _watcher: Watcher = field(init=False)
    _threads: ThreadPoolExecutor = field(init=False)
    _small: asyncio.Queue[Arrival] = field(default_factory=asyncio.Queue)
    _large: asyncio.Queue[tuple[Arrival, Taken, JobDocument]] = field(default_factory=asyncio.Queue)
    _waiters: dict[tuple[str, str], Waiter] = field(default_factory=dict)
    _left: set[int] = field(default_factory=set)
    """Jobs begun and given up that the store could not be made to forget: they must not be taken for known ones."""
    _clearing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._watcher = Watcher(self.spool)
        self._threads = ThreadPoolExecutor(SMALL_LANES + LARGE_LANES, thread_name_prefix="intake")

    async def run(self) -> None:
        """Until cancelled."""
        self.feed.warm(self.policy)
        try:
            async with asyncio.TaskGroup() as lanes, self._watcher:
                for _ in range(SMALL_LANES):
                    lanes.create_task(self._small_lane())
                for _ in range(LARGE_LANES):
                    lanes.create_task(self._large_lane())
                async for arrival in self._watcher:
                    self._small.put_nowait(arrival)
        finally:
            await self.feed.close()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def take_over(self, config: Config, prefixes: Sequence[str]) -> None:
        """A new configuration: tariff, language and prefixes hold for jobs taken from now on."""
        self.config = config
        self.prefixes = prefixes

    async def submit(self, account: str, document: JobDocument, data: bytes, waiter: Waiter) -> None:
        """Puts a job of the gateway's own into the spool, as anybody would; `waiter` learns what became of it."""
        self._waiters[account, document.job] = waiter
        try:
            await self._in_thread(deposit, self.spool, account, document, data, {})
        except BaseException:
            self._waiters.pop((account, document.job), None)
            raise

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

    # ------------------------------------------------------------------------------------------------------ the lanes

    async def _small_lane(self) -> None:
        while True:
            arrival = await self._small.get()
            taken: Taken | None = None
            try:
                taken = await self._in_thread(take, self.spool, arrival.account, arrival.name)
                hit("intake.taken")
                document = await self.feed.read(taken)
                if document.files:
                    taken = await self._in_thread(take_files, self.spool, taken, document, self._watcher.settled)
                    hit("intake.files_taken")
                    verify(taken, document)
                if size(taken) > SMALL:
                    self._large.put_nowait((arrival, taken, document))
                    continue
                await self._record(taken, document)
            except Exception as error:  # noqa: BLE001 - told apart, logged and answered in one place
                await self._failed(arrival, taken, error)
            else:
                self._watcher.done(arrival)

    async def _large_lane(self) -> None:
        while True:
            arrival, taken, document = await self._large.get()
            try:
                await self._record(taken, document)
            except Exception as error:  # noqa: BLE001 - as in the small lane
                await self._failed(arrival, taken, error)
            else:
                self._watcher.done(arrival)

    async def _failed(self, arrival: Arrival, taken: Taken | None, error: Exception) -> None:
        """One job could not be recorded: refuse it, or leave it where it is and try again."""
        try:
            match error:
                case JobFileError(code="recipients_missing") if not arrival.last and error.file:
                    await self._discard(taken)
                    self._watcher.postpone(arrival, error.file)
                case JobFileError() if taken is not None:
                    await self._refuse(arrival, taken, error)
                    self._watcher.done(arrival)
                case SpoolGoneError():
                    self._watcher.done(arrival)
                case SpoolUnsettledError():
                    await self._discard(taken)
                    self._watcher.postpone(arrival, str(error))
                case NotFoundError():
                    # It stays, and a rescan finds it again: an account of that name may yet be created.
                    log.warning("a job of no account waits", account=arrival.account)
                    await self._discard(taken)
                    self._watcher.done(arrival)
                case SpoolError() | GatewayError():
                    log.error("job not recorded; it stays where it is", account=arrival.account, error=str(error))
                    await self._discard(taken)
                    self._again(arrival)
                case _:
                    # The outermost edge of one job: a defect leaves the file where it is and the others go on.
                    log.error("intake failed", account=arrival.account, error=repr(error), exc_info=error)
                    await self._discard(taken)
                    self._watcher.done(arrival)
        except (SpoolError, OSError) as trouble:
            log.error("job neither recorded nor refused", account=arrival.account, error=str(trouble))  # noqa: TRY400
            self._again(arrival)

    async def _refuse(self, arrival: Arrival, taken: Taken, error: JobFileError) -> None:
        path = await self._in_thread(reject, self.spool, taken, error, self.config.locale)
        log.warning("job refused", account=arrival.account, file=path.name, code=error.code, field=error.field)
        self.told.happened(f"{arrival.account}/{arrival.name}", "refused", error.code)
        if waiter := self._waiters.pop((arrival.account, arrival.name.removesuffix(".json")), None):
            waiter(error)

    async def _discard(self, taken: Taken | None) -> None:
        if taken is not None:
            await self._in_thread(discard, self.spool, taken)

    def _again(self, arrival: Arrival) -> None:
        asyncio.get_running_loop().call_later(TROUBLE_S, self._small.put_nowait, arrival)

    # -------------------------------------------------------------------------------------------------------- a record

    async def _record(self, taken: Taken, document: JobDocument) -> None:
        """The job into the store, then its files to `accepted`."""
        request = Request(document, taken.path, self.policy, self.prefixes, taken.hashes)
        async with self.feed.open(request) as stream:
            infos = await self._load(self._begin(taken, document, stream.content_hash or ""), stream, taken)
            if infos and stream.totals is not None and stream.totals.lost:
                # Before the first of them leaves, so that a person may still stop the job.
                lost = stream.totals.lost
                log.warning(
                    "characters become question marks", account=taken.account, job=document.job, kinds=len(lost)
                )
                self.told.happened(f"{taken.account}/{document.job}", "replaced", " ".join(lost))
        hit("intake.recorded")
        # Whoever sends mails with attachments reads them from where this commit puts them.
        attached = document.email is not None and bool(document.email.attachments)
        if infos and not attached:
            self._publish(infos, taken, document)
        try:
            await self._in_thread(commit, self.spool, taken, document.job)
        finally:
            if infos and attached:
                self._publish(infos, taken, document)
        hit("intake.accepted")

    def _publish(self, infos: Sequence[QueueInfo], taken: Taken, document: JobDocument) -> None:
        job_id = infos[0].job_id
        self.told.recorded(job_id)
        if waiter := self._waiters.pop((taken.account, document.job), None):
            waiter(job_id)
        self.dispatcher.publish(infos)
        log.info("job recorded", account=taken.account, job=document.job)
        self.told.happened(f"{taken.account}/{document.job}", "recorded", None)

    async def _load(self, begin: BeginJob, stream: Stream, taken: Taken) -> tuple[QueueInfo, ...]:
        """Rows under a job that nobody sees, then the one update that shows it. Empty: it was known already."""
        await self._clear_left()
        try:
            begun = await self.writer.do(begin)
        except CurrencyError as error:
            raise JobFileError(
                "value_invalid",
                "currency_other",
                file=taken.name,
                account=begin.account,
                currency=begin.currency,
                other=str(error),
            ) from None
        except ConflictError:
            raise JobFileError("job_conflict", file=taken.name, field="job", job=begin.name) from None
        if begun.known:
            return ()
        hit("intake.begun")
        valid, first = 0, None
        try:
            async for rows in stream:
                first = first or rows[0]
                valid += await self.writer.do(AddMessages(begun.job_id, rows, now_ms()))
                hit("intake.chunk")
            _need(valid, taken, first)
            hit("intake.loaded")
            return await self.writer.do(PublishJob(begun.job_id, now_ms()))
        except Exception:
            self._left.add(begun.job_id)
            with suppress(GatewayError):  # such as a full disk: before the next job is begun, then
                await self._clear_left()
            raise

    async def _clear_left(self) -> None:
        """One at a time, for the store may give the number of a job that is gone to the next one."""
        if not self._left:
            return
        async with self._clearing:
            for job_id in tuple(self._left):
                with suppress(ConflictError):  # it was recorded, for all that its answer said
                    while not await self.writer.do(DropJob(job_id)):
                        pass
                self._left.discard(job_id)

    def _begin(self, taken: Taken, document: JobDocument, content_hash: str) -> BeginJob:
        email = None
        if document.email is not None:
            # What a mail attaches is told by what it held when the job was recorded.
            sha256 = {name: taken.hashes[name] for name in document.email.attachments}
            email = asdict(document.email) | {"sha256": sha256}
        content = {
            "file": document.file,
            "text": document.text,
            "lines": list(document.lines),
            "encoding": document.encoding,
            "call": document.call,
            "email": email,
            "push": asdict(document.push) if document.push else None,
            "whatsapp": asdict(document.whatsapp) if document.whatsapp else None,
        }
        return BeginJob(
            account=taken.account,
            name=document.job,
            channel=document.channel,
            priority=Priority(document.priority),
            content_hash=content_hash,
            not_before=milliseconds(document.not_before),
            not_after=milliseconds(document.not_after),
            resend=document.resend == "allow",
            unit_price=self.config.tariff.price(document.channel),
            currency=self.config.tariff.currency,
            content=json.dumps({key: value for key, value in content.items() if value}, ensure_ascii=False),
            node=self.config.node,
            now=now_ms(),
        )


def _need(valid: int, taken: Taken, first: NewMessage | None) -> None:
    """Someone must be left to send to; else the first recipient's fault tells what is wrong with the list."""
    if valid:
        return
    if first is None:
        raise JobFileError("no_valid_recipient", file=taken.name, field="recipients")
    raise JobFileError(
        "no_valid_recipient",
        "none_valid",
        file=taken.name,
        field="recipients",
        row=first.row,
        why=explained(first.reason or "blocked"),
    )


def size(taken: Taken) -> int:
    """Octets of the job with all its files."""
    return taken.identity.size + sum(copy.identity.size for copy in taken.files)


def milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)
