"""A job and its rows on their way into the store: begun unseen, loaded portion by portion, then shown at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from gatewayd.config import Config
from gatewayd.intake.feed import Stream
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    BegunJob,
    DropJob,
    ForsakenJob,
    KeyBusyError,
    KeyReusedError,
    NewMessage,
    PostKey,
    PublishJob,
    QueueInfo,
)
from gatewayd.store.port import Writer
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import ConflictError, CurrencyError, GatewayError, UnavailableError
from gatewayd.values.model import Priority
from gatewayd.values.staff import ACCOUNT as STAFF
from gatewayd.words.reasons import explained
from spool.document import JobDocument
from spool.errors import JobFileError
from spool.intake import Taken

log = structlog.get_logger()

ASK_AGAIN_S: Final = (0.1, 0.5, 2.0, 5.0, 5.0, 5.0, 5.0, 5.0)
"""Pauses before the store is asked again whether a job is shown: a server is back by then, or is gone for long."""

Follow = Callable[[Any, int], None]
"""What an engine says of its job in the transaction that shows it: unit of work, the job's number."""


@dataclass(frozen=True, slots=True)
class PostedBy:
    """The request that posted a job: its Idempotency-Key, and whether it was made with a test token."""

    key: PostKey | None = None
    test: bool = False
    may: frozenset[str] = frozenset()
    """Guarded classes that it may use."""


class Recorder:
    """Records jobs, and makes the store forget those that were begun and given up."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._left: set[int] = set()
        """Begun and given up, and not forgotten yet: they must not be taken for known ones."""
        self._unheard: list[BeginJob] = []
        """Begun, perhaps: nobody has heard what became of it."""
        self._unseen: set[int] = set()
        """Shown after all, as their removal was told: whoever brings them again is to publish them."""
        self._clearing = asyncio.Lock()

    async def load(
        self,
        begin: BeginJob,
        stream: Stream,
        taken: Taken,
        judge: Callable[[], None],
        replayed: Callable[[str], None] | None = None,
        *,
        follow: Follow | None = None,
    ) -> tuple[QueueInfo, ...]:
        """Rows under a job that nobody sees, then the one update that shows it. Empty: it was known already.

        `judge` may refuse (JobFileError) a job that is new: one that is known was fit when it came. KeyReusedError and
        KeyBusyError of a job that was posted; `replayed` learns what the key's first request was answered. `follow` is
        of `PublishJob`.
        """
        await self._clear_left()
        try:
            begun = await self._begun(begin)
        except CurrencyError as error:
            raise JobFileError(
                "value_invalid",
                "currency_other",
                file=taken.name,
                account=begin.account,
                currency=begin.currency,
                other=str(error),
            ) from None
        except (KeyReusedError, KeyBusyError):
            raise
        except ConflictError:
            raise JobFileError("job_conflict", file=taken.name, field="job", job=begin.name) from None
        if begun.known:
            if begun.answer is not None and replayed is not None:
                replayed(begun.answer)
            if begun.job_id in self._unseen:
                infos = await self._writer.do(PublishJob(begun.job_id, now_ms()))
                self._unseen.discard(begun.job_id)
                return infos
            return ()
        hit("intake.begun")
        try:
            judge()
            valid, first = await self._add(begun.job_id, stream)
            _need(valid, taken, first)
            hit("intake.loaded")
            shown = PublishJob(begun.job_id, now_ms(), keyed=begin.key is not None, follow=follow)
            return await self._show(shown)
        except BaseException as error:
            self._left.add(begun.job_id)
            if isinstance(error, Exception):
                with suppress(GatewayError):  # such as a full disk: before the next job is begun, then
                    await self._clear_left()
            raise

    async def _begun(self, begin: BeginJob) -> BegunJob:
        try:
            return await self._writer.do(begin)
        except (UnavailableError, asyncio.CancelledError):
            # Were it there, and never ended, its file would be taken for one that is known.
            self._unheard.append(begin)
            raise

    async def _show(self, shown: PublishJob) -> tuple[QueueInfo, ...]:
        """Shows the job. Where the answer is lost it may be shown already: the store is asked again for a while."""
        for pause in ASK_AGAIN_S:
            try:
                return await self._writer.do(shown)
            except UnavailableError as error:
                log.warning("a job may be recorded; the store is asked again", error=str(error))
            await asyncio.sleep(pause)
        return await self._writer.do(shown)

    async def _add(self, job_id: int, stream: Stream) -> tuple[int, NewMessage | None]:
        """Writes all rows; answers how many are valid, and the first of all. The next portion is read while one is
        written."""
        valid, first = 0, None
        adding: asyncio.Future[int] | None = None
        try:
            async for rows in stream:
                first = first or rows[0]
                if adding is not None:
                    valid += await adding
                    hit("intake.chunk")
                adding = asyncio.ensure_future(self._writer.do(AddMessages(job_id, rows, now_ms())))
            if adding is not None:
                valid += await adding
                hit("intake.chunk")
        finally:
            if adding is not None:
                # Nothing of the job is under way any more when it is given up for what the list has said.
                await asyncio.gather(adding, return_exceptions=True)
        return valid, first

    async def _clear_left(self) -> None:
        """One at a time, for the store may give the number of a job that is gone to the next one."""
        if not self._left and not self._unheard:
            return
        async with self._clearing:
            for begin in tuple(self._unheard):
                if (found := await self._writer.do(ForsakenJob(begin))) is not None:
                    self._left.add(found)
                self._unheard.remove(begin)
            for job_id in tuple(self._left):
                try:
                    while not await self._writer.do(DropJob(job_id)):
                        pass
                except ConflictError:  # it was recorded, for all that its answer said
                    self._unseen.add(job_id)
                self._left.discard(job_id)


def template_of(document: JobDocument) -> tuple[str, int] | None:
    """Returns name and version of the template that a job's words are of; None where they are its own."""
    return None if document.stored is None else (document.stored.name, document.stored.version)


def content_of(document: JobDocument, hashes: Mapping[str, str]) -> dict[str, Any]:
    """Returns what the store keeps of a job beside its columns; `hashes` by name are of the files it attaches."""
    email = None
    if document.email is not None:
        # What a mail attaches is told by what it held when the job was recorded.
        email = asdict(document.email) | {"sha256": {name: hashes[name] for name in document.email.attachments}}
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
    return {key: value for key, value in content.items() if value}


def beginning(
    config: Config,
    taken: Taken,
    document: JobDocument,
    content_hash: str,
    post: PostedBy | None = None,
    *,
    origin: str = "",
) -> BeginJob:
    """How the store gets to know the job; `post` is the request that posted it."""
    return BeginJob(
        account=taken.account,
        name=document.job,
        channel=document.channel,
        priority=Priority(document.priority),
        content_hash=content_hash,
        not_before=milliseconds(document.not_before),
        not_after=milliseconds(document.not_after),
        resend=document.resend == "allow",
        unit_price=0 if taken.account == STAFF else config.tariff.price(document.channel),
        currency=config.tariff.currency,
        content=json.dumps(
            content_of(document, taken.hashes) | ({"staff": True} if taken.account == STAFF else {}), ensure_ascii=False
        ),
        node=config.node,
        now=now_ms(),
        test=post is not None and post.test,
        klass=document.klass,
        template=template_of(document),
        key=None if post is None else post.key,
        origin=origin,
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


def milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)
