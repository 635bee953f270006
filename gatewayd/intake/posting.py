"""What programs post enters here: jobs by the private folder, single messages straight into the store.

A job that is posted is taken as a file is, but for `incoming`: its copies are laid into the private folder by the
daemon itself. A single message is rendered by the same rules as a job of one recipient, and joins the job that its
token shares for the hour: its durable act is the store's commit, and no file is made of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import operator
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from gatewayd.intake.fitness import judge
from gatewayd.intake.reception import IntakeDesk
from gatewayd.intake.record import PostedBy, content_of, milliseconds, template_of
from gatewayd.intake.rendering import Rendering, RenderPlan
from gatewayd.intake.stored import kept_files
from gatewayd.numbers import Numbers
from gatewayd.store.commands import MessagePost, NewMessage, Origin, Post, Posted, PostItem, PostKey, SharedJob
from gatewayd.values.clock import now_ms
from gatewayd.values.model import Priority, State
from spool import posted
from spool.document import JobDocument, document_of, parse
from spool.errors import JobFileError
from spool.lists.cells import USUAL_NOTHING, is_nothing
from spool.recipients import Recipients
from spool.stored import filled
from spool.strict_json import Number, dump, load

AT_ONCE: Final = 32
"""Messages that are rendered on the loop itself, some 60 µs each; more go to a thread."""
_MINUTE_MS: Final = 60_000
KEPT_MAX: Final = 256
"""Texts, and shared jobs, that are kept ready."""
_NAME: Final = "message"
_APART: Final = frozenset({"to", "ref", "values", "ref_unique"})


_TemplateKey = tuple[str, str, int | None]
"""Channel, name, version."""
_Templates = Mapping[_TemplateKey, JobDocument | JobFileError]
"""A job without recipients that has the template's words, or why there is none."""


class PostDesk:
    """Takes what programs post. Lives on the daemon's loop, beside the desk that takes files."""

    def __init__(self, intake: IntakeDesk, zone: tzinfo) -> None:
        self._intake = intake
        self._zone = zone
        self._kept = _Kept()

    # ---------------------------------------------------------------------------------------------------------- a job

    async def job(
        self, origin: Origin, data: bytes, files: Mapping[str, Path], key: PostKey | None
    ) -> tuple[str, str | None]:
        """Records a job; returns its name, and what its key's first request was answered (JSON) where it is a repeat.

        JobFileError where it is refused, KeyReusedError and KeyBusyError.
        """
        name = self._job_name(origin, key)
        document, data = await asyncio.to_thread(_read, data, f"{name}.json")
        document = await self._intake.templates.filled(origin.account, document)
        spool = self._intake.spool
        kept = await kept_files(self._intake.templates, origin.account, document)
        taken = await asyncio.to_thread(posted.lay, spool, origin.account, document, data, {**files, **kept})
        try:
            # The name that the private copy has is what its errors and its rows are known by.
            document = replace(document, file=taken.name)
            answer = await self._intake.record(taken, document, post=PostedBy(key, origin.test, origin.may))
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
        found = await self._templates(origin, posts)
        for post in posts:
            made = await items(origin, post.messages, now, found)
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

    async def _templates(self, origin: Origin, posts: Sequence[MessagePost]) -> _Templates:
        """Looks up the stored templates that the messages name, each once."""
        found: dict[_TemplateKey, JobDocument | JobFileError] = {}
        for message in (one for post in posts for one in post.messages if one.get("template") is not None):
            with suppress(JobFileError):  # of a message that is none `_item` says the same again
                document = _document(message)
                if (key := _template_key(document)) not in found:
                    found[key] = await self._looked_up(origin, document)
        return found

    async def _looked_up(self, origin: Origin, document: JobDocument) -> JobDocument | JobFileError:
        blank = replace(document, values={})
        try:
            return await self._intake.templates.filled(origin.account, blank)
        except JobFileError as error:
            return error

    async def _items(
        self, origin: Origin, messages: Sequence[Mapping[str, Any]], now: int, found: _Templates
    ) -> list[PostItem]:
        return self._made(origin, messages, now, self._kept, found)

    def maker(self) -> Callable[..., PostItem]:
        """Returns what makes messages of another thread's: answers are written in the transaction that reads facts.

        It takes the origin, the message, Unix ms, and the version of the stored template that the message names.
        """
        kept = _Kept()

        def make(origin: Origin, message: Mapping[str, Any], now: int, version: Any = None) -> PostItem:
            found: dict[_TemplateKey, JobDocument | JobFileError] = {}
            if version is not None:
                document = _document(message)
                found[_template_key(document)] = filled(document, version.version, version.content, document.values)
            (item,) = self._made(origin, [message], now, kept, found)
            return item

        return make

    async def _items_apart(
        self, origin: Origin, messages: Sequence[Mapping[str, Any]], now: int, found: _Templates
    ) -> list[PostItem]:
        return await asyncio.to_thread(self._made, origin, messages, now, _Kept(), found)

    def _made(
        self, origin: Origin, messages: Sequence[Mapping[str, Any]], now: int, kept: _Kept, found: _Templates
    ) -> list[PostItem]:
        intake = self._intake
        kept.hold(intake.config, intake.lines, intake.policy)
        kept.numbers = intake.feed.numbers(intake.policy)
        kept.lines = {line.name for line in intake.config.lines}
        return [self._item(origin, one, now, kept, found) for one in messages]

    def _item(self, origin: Origin, message: Mapping[str, Any], now: int, kept: _Kept, found: _Templates) -> PostItem:
        try:
            document = _filled(_document(message), found)
            judge(document, kept.lines, now / 1000, origin.may)
            _without_files(document)
            row = self._row(document, message, kept)
        except JobFileError as error:
            return PostItem(None, None, refused=_refusal(error, message, origin))
        unique = f"{origin.label}:{message['ref']}" if message.get("ref_unique") and message.get("ref") else None
        return PostItem(self._shared(origin, document, now, kept), row, unique=unique)

    def _row(self, document: JobDocument, message: Mapping[str, Any], kept: _Kept) -> NewMessage:
        """Renders the message. Its address is what `to` says: no other value of it is looked at for one."""
        values = {name: value for name, value in (message.get("values") or {}).items() if name not in {"to", "ref"}}
        columns = ("to", "ref", *values)
        cells = [message["to"], message.get("ref") or "", *values.values()]
        if not USUAL_NOTHING.isdisjoint(cells):
            cells = ["" if is_nothing(cell) else cell for cell in cells]
        plain = document.channel == "sms"
        own = tuple(document.values.items())
        key = document.text, document.encoding, document.max_segments, columns, own, document.lines
        rendering = kept.renderings.get(key) if plain else None
        if rendering is None:
            lines = self._intake.lines
            plan = RenderPlan.of(document, self._intake.policy, lines.prefixes, most=lines.most(document))
            table = Recipients(document.file, columns, 0, 1, iter(()))
            rendering = Rendering(plan, table, kept.numbers)
            if plain:
                kept.renderings[key] = rendering
        return NewMessage._make(rendering.one(cells))

    def _shared(self, origin: Origin, document: JobDocument, now: int, kept: _Kept) -> SharedJob:
        """Returns the job that the message shares with others: alike in all that is not a message's own."""
        hour = datetime.fromtimestamp(now / 1000, self._zone)
        before, after = _up(milliseconds(document.not_before)), _up(milliseconds(document.not_after))
        ways = document.priority, document.resend, document.klass, document.encoding, document.lines, before, after
        key = origin, ways, f"{hour:%Y%m%d-%H}", template_of(document)
        plain = document.channel == "sms"
        found = kept.shared.get(key) if plain else None
        if found is None:
            found = self._made_shared(origin, document, before, after, key[2])
            if plain:
                kept.shared[key] = found
        return found

    def _made_shared(
        self, origin: Origin, document: JobDocument, before: int | None, after: int | None, hour: str
    ) -> SharedJob:
        config = self._intake.config
        content = json.dumps(_common(document), ensure_ascii=False, sort_keys=True)
        price, currency = config.tariff.price(document.channel), config.tariff.currency
        alike = json.dumps(
            [
                *(document.channel, document.priority, document.resend, before, after),
                *(content, price, currency, origin.test),
                *([] if document.klass is None else [document.klass]),
                *(template_of(document) or ()),
            ]
        )
        digest = hashlib.sha256(alike.encode()).hexdigest()
        return SharedJob(
            name=f"post-{origin.label}-{hour}-{digest[:6]}",
            channel=document.channel,
            priority=Priority(document.priority),
            content_hash=digest,
            not_before=before,
            not_after=after,
            resend=document.resend == "allow",
            unit_price=price,
            currency=currency,
            content=content,
            test=origin.test,
            klass=document.klass,
            template=template_of(document),
        )


class _Kept:
    """What messages that are alike need but once. For one thread."""

    def __init__(self) -> None:
        self.renderings: dict[Any, Rendering] = {}
        """Of SMS, by text and names of the values."""
        self.shared: dict[Any, SharedJob] = {}
        self.numbers: Numbers
        self.lines: Collection[str] = ()
        self._under: tuple[object, ...] = ()

    def hold(self, *under: object) -> None:
        """Forgets what was kept under another configuration, and all where it is much."""
        same = len(under) == len(self._under) and all(map(operator.is_, under, self._under))
        if not same or len(self.renderings) > KEPT_MAX or len(self.shared) > KEPT_MAX:
            self.renderings.clear()
            self.shared.clear()
            self._under = under


def _document(message: Mapping[str, Any]) -> JobDocument:
    """Returns a message as a job of one; its address and its values are read apart. JobFileError."""
    # A number of JSON has come as one of Python; a job file's is known as it was written.
    raw = {key: Number(value) if type(value) is int else value for key, value in message.items() if key not in _APART}
    raw.setdefault("channel", "sms")
    raw["recipients"] = [{"to": "-"}]
    raw["job"] = _NAME
    return document_of(raw, _NAME)


def _template_key(document: JobDocument) -> _TemplateKey:
    return document.channel, document.template or "", document.template_version


def _filled(document: JobDocument, found: _Templates) -> JobDocument:
    """Returns a message with the words of the template that it names. JobFileError."""
    if document.template is None:
        return document
    known = found[_template_key(document)]
    if isinstance(known, JobFileError):
        raise known
    assert known.stored is not None
    return filled(document, known.stored.version, known.stored.content, known.values)


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


def _without_files(document: JobDocument) -> None:
    """Raises JobFileError for a message that attaches a file: it shares its job with others, and none comes with it."""
    if document.files:
        raise JobFileError("value_invalid", "attachment_single", file=document.file, field="attachments")


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
