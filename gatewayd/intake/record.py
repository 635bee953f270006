"""A job and its rows on their way into the store: begun unseen, loaded portion by portion, then shown at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from gatewayd.clock import now_ms
from gatewayd.config import Config
from gatewayd.errors import ConflictError, CurrencyError, GatewayError
from gatewayd.failpoints import hit
from gatewayd.intake.feed import Stream
from gatewayd.model import Priority
from gatewayd.reasons import explained
from gatewayd.staff import ACCOUNT as STAFF
from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    DropJob,
    KeyBusyError,
    KeyReusedError,
    NewMessage,
    PostKey,
    PublishJob,
    QueueInfo,
)
from gatewayd.store.port import Writer
from spool.document import JobDocument
from spool.errors import JobFileError
from spool.intake import Taken

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
            begun = await self._writer.do(begin)
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
            return ()
        hit("intake.begun")
        try:
            judge()
            valid, first = await self._add(begun.job_id, stream)
            _need(valid, taken, first)
            hit("intake.loaded")
            shown = PublishJob(begun.job_id, now_ms(), keyed=begin.key is not None, follow=follow)
            return await self._writer.do(shown)
        except Exception:
            self._left.add(begun.job_id)
            with suppress(GatewayError):  # such as a full disk: before the next job is begun, then
                await self._clear_left()
            raise

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
        if not self._left:
            return
        async with self._clearing:
            for job_id in tuple(self._left):
                with suppress(ConflictError):  # it was recorded, for all that its answer said
                    while not await self._writer.do(DropJob(job_id)):
                        pass
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
