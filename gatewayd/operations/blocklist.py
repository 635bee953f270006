"""The do-not-contact list."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from gatewayd.actor import Actor
from gatewayd.addresses import AddressError, push
from gatewayd.config import NumbersConfig
from gatewayd.errors import NotFoundError, UsageError
from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Note, Operation, Paged
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Block, Unblock
from gatewayd.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.numbers import Numbers

ADD_MAX = 1000
"""Numbers a request may hold: one short transaction each."""

DOUBTFUL_MS = 30 * 86_400_000

TOKEN_MIN = 20
"""Characters; a shorter word with letters is a number mistyped rather than a device's token."""


@cache
def _numbers(region: str, home_area: str | None, assume_mobile: bool) -> Numbers:
    # The library's tables are large: whoever never blocks a number never loads them.
    from gatewayd.numbers import Numbers, Policy

    return Numbers(Policy(region, home_area, assume_mobile))


def _normalised(raw: str, config: NumbersConfig) -> tuple[str, ...]:
    """E.164 of the numbers of any kind in a cell (landlines are called, so they are blocked too), a mail address in
    lower case, or a push token or subscription; NumberError."""
    text = raw.strip()
    if "@" in text and not text.startswith("{"):
        return (text.casefold(),)
    if text.startswith("{") or (len(text) >= TOKEN_MIN and any(map(str.isalpha, text))):
        try:
            return (push(text),)
        except AddressError:
            pass  # then it may be a number after all, or else is told as one that is none
    numbers = _numbers(config.region, config.home_area, config.assume_mobile)
    return tuple(number.e164 for number in numbers.every(text, fixed=True))


class ListBlocked(Paged):
    name: ClassVar[str] = "blocklist.list"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        page = await backend.read(lambda reader: reader.blocklist(cursor=self.cursor, limit=self.limit))
        return {"items": [shapes.blocked(one) for one in page.items], "next": page.next}


class ListDoubtful(Paged):
    """Texts of the last weeks that may say that their senders want no more, for a person to judge."""

    name: ClassVar[str] = "blocklist.doubtful"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        since = backend.now() - DOUBTFUL_MS
        page = await backend.read(
            lambda reader: reader.doubtful(since, account=by.scope.account, cursor=self.cursor, limit=self.limit)
        )
        return {"items": [shapes.doubtful(one) for one in page.items], "next": page.next}


class BlockNumbers(Operation):
    """Puts numbers on the list, all that can be read; `refused` names the others, by their place in the request."""

    name: ClassVar[str] = "blocklist.add"
    numbers: Annotated[list[str], Field(max_length=ADD_MAX)]
    source: Note = "person"
    note: Note | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        from gatewayd.numbers import NumberError

        found: dict[str, None] = {}
        refused = []
        for place, raw in enumerate(self.numbers):
            try:
                found |= dict.fromkeys(_normalised(raw, backend.config.numbers))
            except NumberError as error:
                refused.append({"place": place, "number": raw, "reason": error.reason})
        added, cancelled = 0, 0
        if found:
            done = await backend.execute(Block(tuple(found), self.source, self.note, backend.now()))
            added, cancelled = done.added, done.cancelled
            if backend.live is not None and done.jobs:
                backend.live.receipts_due(done.jobs)
        return {"added": added, "known": len(found) - added, "cancelled": cancelled, "refused": refused}


class UnblockNumber(Operation):
    name: ClassVar[str] = "blocklist.remove"
    number: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        from gatewayd.numbers import NumberError

        try:
            number, *_others = _normalised(self.number, backend.config.numbers)
        except NumberError as error:
            # An opt-out may have put there what is no number: the name of a sender, a person's id of WhatsApp.
            if await backend.execute(Unblock(self.number)):
                return {"removed": self.number}
            raise UsageError(
                _("not a number: {number} ({reason})").format(number=self.number, reason=error.reason)
            ) from None
        if not await backend.execute(Unblock(number)):
            raise NotFoundError(_("{number} is not on the list").format(number=number))
        return {"removed": number}
