"""Sending again: one or many of the log, as a new job that enters at intake and names where it comes from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar, Final

from pydantic import Field, SecretStr

from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.interactions import scope_of
from gatewayd.operations.limits import price_of
from gatewayd.operations.log_query import LogQuery, filter_of
from gatewayd.operations.masssend import permit
from gatewayd.operations.ports import Backend
from gatewayd.operations.resend_job import FILES, NotResendableError, SentMessage, attached_by, jobs_of
from gatewayd.store.insight.sent_again import Candidate, candidates, numbers_of
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.values.model import ulid_number
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

RESEND_MAX: Final = 10_000
"""Messages at once; more is a campaign."""
NEVER: Final = frozenset({"uncertain"})
"""May have left: a person settles it first, one way or the other."""
OPEN: Final = frozenset({"scheduled", "queued", "held", "sending"})

Ulid = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{26}$")]


class ResendInteractions(Operation):
    """Sends messages again, those of `ids` or all that the filters mean; with `preview`, says what that would be.

    Left out are those of tests, still on their way, in doubt, blocked, without a valid address, or made of files that
    are gone. The same `key` with the same messages again changes nothing.
    """

    name: ClassVar[str] = "interaction.resend"
    account: str | None = None
    ids: Annotated[list[Ulid], Field(max_length=RESEND_MAX)] | None = None
    query: LogQuery | None = None
    preview: bool = False
    key: Annotated[str, Field(max_length=64)] = ""
    password: Annotated[SecretStr, Field(max_length=1000)] | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if (self.ids is None) == (self.query is None):
            raise UsageError(_("name the messages by `ids`, or by `query`"))
        found = await self._found(backend, scope_of(by, self.account))
        chosen, left_out = judged(found)
        chosen = await self._with_files(backend, chosen, left_out)
        people = {one.to for one in chosen if one.to}
        by_account: dict[str, list[Candidate]] = {}
        for one in chosen:
            by_account.setdefault(one.account, []).append(one)
        answer: Json = {
            "messages": len(chosen),
            "people": len(people),
            "left_out": dict(sorted(left_out.items())),
            "accounts": sorted(by_account),
            "cost": format_money(sum(one.segments * backend.config.tariff.price(one.channel) for one in chosen)),
            "currency": backend.config.tariff.currency,
            "jobs": [],
        }
        if self.preview or not chosen:
            return answer
        await self._permitted(backend, by, by_account)
        live = live_of(backend)
        for account, some in by_account.items():
            for owner, job in jobs_of([_sent(one) for one in some], self._name(some, backend)):
                wanted = job.pop(FILES, None)
                files = None if wanted is None else await live.attachments(account, wanted["job"], wanted["sha256"])
                answer["jobs"].append(f"{owner}/{await live.submit(account, job, files)}")
        return answer

    async def _with_files(self, backend: Backend, chosen: list[Candidate], left_out: Counter[str]) -> list[Candidate]:
        """Returns those whose files are still kept with their jobs; counts the others."""
        kept: dict[tuple[str, str, str], bool] = {}
        found = []
        for one in chosen:
            wanted = attached_by(one.content)
            key = one.account, one.job, json.dumps(wanted, sort_keys=True)
            if key not in kept:
                live = backend.live
                kept[key] = not wanted or (
                    live is not None and await live.attachments(one.account, one.job, wanted) is not None
                )
            if kept[key]:
                found.append(one)
            else:
                left_out["attachments"] += 1
        return found

    async def _permitted(self, backend: Backend, by: Actor, by_account: dict[str, list[Candidate]]) -> None:
        """Asks for the password of sends to many where more than one person is reached."""
        for account, some in by_account.items():
            people = {one.to for one in some if one.to}
            price = sum(one.segments * price_of(backend, one.channel) for one in some)
            await permit(backend, by, account, people, self.password, price=price)

    async def _found(self, backend: Backend, scope: Scope) -> list[Candidate]:
        now = backend.now()
        numbers = list(dict.fromkeys(map(_number, self.ids or ())))
        if self.query is not None:
            wanted = filter_of(self.query, backend.config, now)
            numbers = await backend.read(
                lambda reader: reader.ask(
                    partial(numbers_of, scope=scope, wanted=wanted, now=now, salt=reader.salt(), most=RESEND_MAX)
                )
            )
        if len(numbers) > RESEND_MAX:
            raise UsageError(
                _("more than {count} messages are meant; narrow the filters. Nothing was sent").format(count=RESEND_MAX)
            )
        found = await backend.read(
            lambda reader: reader.ask(partial(candidates, scope=scope, numbers=numbers, now=now, salt=reader.salt()))
        )
        known = {one.number for one in found}
        for public in self.ids or ():
            if _number(public) not in known:
                raise NotFoundError(_("no message {message}").format(message=public))
        return found

    def _name(self, some: Sequence[Candidate], backend: Backend) -> str:
        """Returns the beginning of the jobs' names: of the same messages and key always the same."""
        key = self.key or str(backend.now())
        told = f"{key} {' '.join(str(one.number) for one in some)}"
        origin = some[0].job if len({one.job for one in some}) == 1 else "varios"
        return f"resend-{origin.removeprefix('resend-')[:30]}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _number(public: str) -> int:
    try:
        number = ulid_number(public)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 62:
        raise NotFoundError(_("no message {message}").format(message=public))
    return number


def judged(found: Sequence[Candidate]) -> tuple[list[Candidate], Counter[str]]:
    """Returns those that can go again, and how many cannot by reason."""
    chosen: list[Candidate] = []
    left_out: Counter[str] = Counter()
    for one in found:
        reason = _obstacle(one)
        if reason is None:
            chosen.append(one)
        else:
            left_out[reason] += 1
    return chosen, left_out


def _obstacle(one: Candidate) -> str | None:
    if one.test:
        return "test"
    if one.state in NEVER:
        return "uncertain"
    if one.state in OPEN or not one.final:
        return "on_its_way"
    if one.blocked:
        return "blocked"
    if not one.to or one.state == "invalid":
        return "invalid"
    try:
        jobs_of([_sent(one)], "-")
    except NotResendableError as error:
        return str(error)
    return None


def _sent(one: Candidate) -> SentMessage:
    assert one.to is not None
    return SentMessage(one.number, one.account, one.job, one.channel, one.to, one.ref, one.text, one.content, one.texts)
