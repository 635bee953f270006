"""What programs post enters here: jobs by the private folder, single messages straight into the store.

A job that is posted is taken as a file is, but for `incoming`: its copies are laid into the private folder by the
daemon itself. A single message is rendered by the same rules as a job of one recipient, and joins the job that its
token shares for the hour: its durable act is the store's commit, and no file is made of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from gatewayd.clock import now_ms
from gatewayd.intake.fitness import judge
from gatewayd.intake.loading import open_table
from gatewayd.intake.reception import IntakeDesk
from gatewayd.intake.record import PostedBy, content_of, milliseconds
from gatewayd.intake.rendering import Rendering, RenderPlan
from gatewayd.model import Priority, State
from gatewayd.numbers import Numbers
from gatewayd.store.commands import MessagePost, NewMessage, Origin, Post, Posted, PostItem, PostKey, SharedJob
from spool import posted
from spool.document import JobDocument, document_of, parse
from spool.errors import JobFileError
from spool.strict_json import dump, load

AT_ONCE: Final = 8
"""Messages that are rendered on the loop itself, some 0.2 ms each; more go to a thread."""
_MINUTE_MS: Final = 60_000
_NOWHERE: Final = Path("/nonexistent")
"""A single message names no file."""
_NAME: Final = "message"


class PostDesk:
    """Takes what programs post. Lives on the daemon's loop, beside the desk that takes files."""

    def __init__(self, intake: IntakeDesk, zone: tzinfo) -> None:
        self._intake = intake
        self._zone = zone

    # ---------------------------------------------------------------------------------------------------------- a job

    async def job(
        self, origin: Origin, data: bytes, files: Mapping[str, Path], key: PostKey | None
    ) -> tuple[str, str | None]:
        """Records a job; returns its name, and what its key's first request was answered (JSON) where it is a repeat.

        JobFileError where it is refused, KeyReusedError and KeyBusyError.
        """
        name = self._job_name(origin, key)
        document, data = await asyncio.to_thread(_read, data, f"{name}.json")
        spool = self._intake.spool
        taken = await asyncio.to_thread(posted.lay, spool, origin.account, document, data, files)
        try:
            # The name that the private copy has is what its errors and its rows are known by.
            document = replace(document, file=taken.name)
            answer = await self._intake.record(taken, document, post=PostedBy(key, origin.test))
        except Exception:
            await asyncio.to_thread(posted.drop, spool, taken)
            raise
        return document.job, answer

    def _job_name(self, origin: Origin, key: PostKey | None) -> str:
        """Returns the name of a job that bears none: of a request with a key, always the same one."""
        if key is not None:
            return f"post-{hashlib.sha256(f'{origin.account} {key.key}'.encode()).hexdigest()[:24]}"
        return f"post-{datetime.now(self._zone):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"

    # ------------------------------------------------------------------------------------------------------- messages

    async def messages(self, origin: Origin, posts: Sequence[MessagePost]) -> list[Posted | Exception]:
        """Records the messages of several requests in one commit; the answer to each, or the error it ended with."""
        now = now_ms()
        count = sum(len(post.messages) for post in posts)
        items = self._items if count <= AT_ONCE else self._items_apart
        commands = []
        for post in posts:
            made = await items(origin, post.messages, now)
            commands.append(Post(origin.account, made, post.key, self._intake.config.node, now))
        results = await asyncio.gather(*map(self._intake.writer.do, commands), return_exceptions=True)
        answers: list[Posted | Exception] = []
        for result in results:
            if isinstance(result, Posted):
                for job_id in result.jobs:
                    self._intake.told.recorded(job_id)
                self._intake.dispatcher.publish(result.queues)
            elif not isinstance(result, Exception):
                raise result
            answers.append(result)
        return answers

    async def _items(self, origin: Origin, messages: Sequence[Mapping[str, Any]], now: int) -> list[PostItem]:
        numbers = self._intake.feed.numbers(self._intake.policy)
        return [self._item(origin, one, numbers, now) for one in messages]

    async def _items_apart(self, origin: Origin, messages: Sequence[Mapping[str, Any]], now: int) -> list[PostItem]:
        numbers = self._intake.feed.numbers(self._intake.policy)
        return await asyncio.to_thread(lambda: [self._item(origin, one, numbers, now) for one in messages])

    def _item(self, origin: Origin, message: Mapping[str, Any], numbers: Numbers, now: int) -> PostItem:
        try:
            document = self._document(message)
            judge(document, {line.name for line in self._intake.config.lines}, now / 1000)
            row = self._row(document, numbers)
        except JobFileError as error:
            return PostItem(None, None, refused=_refusal(error, message, origin))
        unique = f"{origin.label}:{message['ref']}" if message.get("ref_unique") and message.get("ref") else None
        return PostItem(self._shared(origin, document, now), row, unique=unique)

    @staticmethod
    def _document(message: Mapping[str, Any]) -> JobDocument:
        raw = {key: value for key, value in message.items() if key not in {"to", "ref", "values", "ref_unique"}}
        raw.setdefault("channel", "sms")
        recipient = dict(message.get("values") or {})
        if "ref" in message:
            recipient["ref"] = message["ref"]
        raw["recipients"] = [{**recipient, "to": message["to"]}]
        raw["job"] = _NAME
        return document_of(raw, _NAME)

    def _row(self, document: JobDocument, numbers: Numbers) -> NewMessage:
        plan = RenderPlan.of(document, self._intake.policy, self._intake.prefixes)
        with open_table(document, _NOWHERE, numbers) as table:
            ((row,),) = Rendering(plan, table, numbers).chunks()
        return NewMessage._make(row)

    def _shared(self, origin: Origin, document: JobDocument, now: int) -> SharedJob:
        """Returns the job that the message shares with others: alike in all that is not a message's own."""
        config = self._intake.config
        content = json.dumps(_common(document), ensure_ascii=False, sort_keys=True)
        not_before = _up(milliseconds(document.not_before))
        not_after = _up(milliseconds(document.not_after))
        price, currency = config.tariff.price(document.channel), config.tariff.currency
        alike = json.dumps(
            [
                *(document.channel, document.priority, document.resend, not_before, not_after),
                *(content, price, currency, origin.test),
            ]
        )
        digest = hashlib.sha256(alike.encode()).hexdigest()
        hour = datetime.fromtimestamp(now / 1000, self._zone)
        return SharedJob(
            name=f"post-{origin.label}-{hour:%Y%m%d-%H}-{digest[:6]}",
            channel=document.channel,
            priority=Priority(document.priority),
            content_hash=digest,
            not_before=not_before,
            not_after=not_after,
            resend=document.resend == "allow",
            unit_price=price,
            currency=currency,
            content=content,
            test=origin.test,
        )


def _read(data: bytes, file: str) -> tuple[JobDocument, bytes]:
    """Returns a posted job, and its job file: without the word that tells the API which uploads are its files."""
    if b'"uploads"' in data:
        raw = load(data)
        if isinstance(raw, dict) and raw.pop("uploads", None) is not None:
            data = dump(raw).encode()
    return parse(data, file), data


def _common(document: JobDocument) -> dict[str, Any]:
    """Returns a message's content without what is rendered for it alone and kept with it."""
    content = content_of(document, {})
    for key in ("text", "file"):
        content.pop(key, None)
    if "email" in content:
        content["email"] |= {"subject": "", "html": None}
    if "push" in content:
        content["push"] |= {"title": "", "data": {}}
    if "whatsapp" in content:
        parameters = content["whatsapp"]["parameters"]
        blank = dict.fromkeys(parameters, "") if isinstance(parameters, Mapping) else [""] * len(parameters)
        content["whatsapp"] |= {"parameters": blank}
    return content


def _up(ms: int | None) -> int | None:
    """Returns a time rounded up to the minute, so that times of their own do not make each message a job."""
    return None if ms is None else -(-ms // _MINUTE_MS) * _MINUTE_MS


def _refusal(error: JobFileError, message: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
    """Returns the answer to a message that cannot be recorded."""
    return {
        "status": "rejected",
        "account": origin.account,
        "job": None,
        "id": None,
        "ref": message.get("ref"),
        "to": message.get("to"),
        "reason": error.code,
        "detail": error.text(origin.language),
        "state": State.INVALID.value,
        "segments": None,
        "price": None,
        "test": origin.test,
    }
