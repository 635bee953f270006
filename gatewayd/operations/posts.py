"""What programs post: jobs, and messages one by one or in batches. The answer says what HTTP is to answer."""

from __future__ import annotations

import asyncio
import json
import re
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.limits import month_of, price_of
from gatewayd.operations.masssend import PEOPLE_MAX, needs_approval, permit, require
from gatewayd.operations.ports import Backend
from gatewayd.operations.uploads import Number, refusals
from gatewayd.store.commands import Change, KeyBusyError, KeyReusedError, MessagePost, Origin, Posted, PostKey
from gatewayd.store.people import limits
from gatewayd.store.sending.keys import ACCEPTED, posted_job, priced
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ConflictError, CurrencyError, ForbiddenError, UsageError
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language
from spool.document import GUARDED_CLASSES, KEYS
from spool.errors import JobFileError

MESSAGES_MAX = 1000
"""Of one request."""
POSTS_MAX = 256
"""Requests that come together from the web process."""
BUSY_S = 1
"""When a request that is still being recorded may be asked for again."""

_KEYS_OF_JOB = "(?:" + "|".join(sorted(KEYS)) + r")(?=[.\[]|$)"

Key = Annotated[str, Field(min_length=1, max_length=255)]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _origin(account: str | None, by: Actor) -> Origin:
    if account is None:
        raise UsageError(_("account: name it; this token is not bound to one"))
    letter = {"token": "t", "person": "u"}.get(by.kind)
    label = "op" if letter is None else f"{letter}{by.number}"
    return Origin(account, label, by.test, language(), by.scopes & GUARDED_CLASSES)


def _refused(status: int, kind: str, detail: str, **more: Any) -> Json:
    return {"status": status, "problem": {"kind": kind, "detail": detail, **more}}


def _key_problem(error: KeyBusyError | KeyReusedError) -> Json:
    if isinstance(error, KeyReusedError):
        return _refused(422, "key-reused", _("this Idempotency-Key stands for another request"))
    return _refused(409, "key-busy", _("the first request with this key is still being recorded"), retry_s=BUSY_S)


def pointer(field: str | None) -> str:
    """Returns the JSON pointer (RFC 6901) of a field as job files name it: `recipients[3].to` is `/recipients/3/to`."""
    if not field:
        return ""
    # A fault of the text names the variable, which is no place of the body.
    if not re.match(_KEYS_OF_JOB, field):
        return "/text"
    steps = re.split(r"\.|\[(\d+)\]", field)
    return "".join("/" + one.replace("~", "~0").replace("/", "~1") for one in steps if one)


_MANY: Final = frozenset({"somebody", "somebody else"})


class PostJob(Operation):
    """Records a job as a file in `incoming` would be: `body` is the job file."""

    name: ClassVar[str] = "job.post"
    account: str | None = None
    body: str | None = None
    body_upload: Number | None = None
    """The job file as an upload, where it is long."""
    uploads: dict[str, str] = Field(default_factory=dict)
    """By the name that the job uses for it, the upload's id."""
    key: Key | None = None
    fingerprint: Fingerprint | None = None
    password: Annotated[SecretStr, Field(max_length=1000)] | None = None
    """Of a person: the account's for sends to many."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        origin = _origin(self.account, by)
        if by.kind == "person":
            # How many a job reaches is known once it is read: it counts as one to many.
            if by.role is Role.USER and await needs_approval(backend, origin.account, PEOPLE_MAX + 1):
                raise ForbiddenError(
                    _("above a number of people somebody else approves: ask a supervisor to post this")
                )
            await require(backend, by, origin.account, _MANY, self.password)
        key = None if self.key is None else PostKey(f"k:{self.key}", self.fingerprint or "")
        try:
            with refusals():
                files = {name: live.uploads.file(origin.account, upload) for name, upload in self.uploads.items()}
                data = (self.body or "").encode()
                if self.body_upload is not None:
                    data = await asyncio.to_thread(live.uploads.file(origin.account, self.body_upload).read_bytes)
            job, answer = await live.posts.job(origin, data, files, key)
        except (KeyBusyError, KeyReusedError) as error:
            return _key_problem(error)
        except JobFileError as error:
            field = pointer(error.field)
            fault = {"pointer": field, "code": error.code, "detail": error.text(origin.language)}
            return _refused(409, "job-refused", error.text(origin.language), errors=[fault])
        if answer is not None:
            return {"status": ACCEPTED, "replayed": True, "answer": json.loads(answer)}
        question = partial(posted_job, account_name=origin.account, job_name=job)
        shown = await backend.read(lambda reader: reader.ask(question))
        if by.kind == "person" and by.number is not None:
            # What a job costs is known once it is read: it is counted then, and the next send is judged by it.
            month, number, user = await month_of(backend, origin.account), job, by.number
            await backend.execute(
                Change(lambda unit: _spend(unit, user, month, account=origin.account, job=number), by.name, aside=True)
            )
        return {"status": ACCEPTED, "answer": shown}


def _spend(unit: Any, user: int, month: str, *, account: str, job: str) -> None:
    limits.spend(unit.session, user, month, priced(unit.session.connection, account_name=account, job_name=job))


class MessagesOfRequest(BaseModel):
    """One request of several that come together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MESSAGES_MAX)]
    key: Key | None = None
    fingerprint: Fingerprint | None = None


class PostMessages(Operation):
    """Records messages; those of all `posts` in one commit. Answers one result for each post."""

    name: ClassVar[str] = "message.post"
    account: str | None = None
    posts: Annotated[list[MessagesOfRequest], Field(min_length=1, max_length=POSTS_MAX)]
    password: Annotated[SecretStr, Field(max_length=1000)] | None = None
    """Of a person who sends to many: the account's for that."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        origin = _origin(self.account, by)
        if by.kind == "person":
            every = [message for one in self.posts for message in one.messages]
            to = {str(message.get("to")) for message in every}
            price = sum(
                price_of(backend, str(message.get("channel", "sms")), str(message.get("text", ""))) for message in every
            )
            await permit(backend, by, origin.account, to, self.password, price=price)
        posts = [
            MessagePost(one.messages, None if one.key is None else PostKey(f"k:{one.key}", one.fingerprint or ""))
            for one in self.posts
        ]
        return {"results": [_result(one) for one in await live.posts.messages(origin, posts)]}


def _result(posted: Posted | Exception) -> Json:
    if isinstance(posted, Posted):
        return {"status": ACCEPTED, "replayed": posted.replayed, "answer": posted.answers}
    if isinstance(posted, (KeyBusyError, KeyReusedError)):
        return _key_problem(posted)
    if isinstance(posted, CurrencyError):
        detail = _("prices are in another currency than the account, which is kept in {currency}")
        return _refused(409, "conflict", detail.format(currency=posted))
    if isinstance(posted, ConflictError):
        return _refused(409, "conflict", str(posted))
    raise posted
