"""The do-not-contact lists: an account's own, and everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from gatewayd.config import NumbersConfig
from gatewayd.contact.blockable import addresses_in, read
from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Note, Operation, Paged
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Block, Unblock
from gatewayd.values.actor import Actor
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.numbers import Numbers

ADD_MAX = 1000
"""Numbers a request may hold: one short transaction each."""

REASON_MIN = 3
"""Characters of a reason that says something."""

DOUBTFUL_MS = 30 * 86_400_000


@cache
def _numbers(region: str, home_area: str | None, assume_mobile: bool) -> Numbers:
    # The library's tables are large: whoever never blocks a number never loads them.
    from gatewayd.numbers import Numbers, Policy

    return Numbers(Policy(region, home_area, assume_mobile))


def reader_of(config: NumbersConfig) -> Numbers:
    """Returns what reads numbers by the gateway's policy."""
    return _numbers(config.region, config.home_area, config.assume_mobile)


def _normalised(raw: str, config: NumbersConfig) -> tuple[str, ...]:
    return addresses_in(raw, reader_of(config))


def read_numbers(raw: Sequence[str], config: NumbersConfig) -> tuple[tuple[str, ...], list[Json]]:
    """Returns the addresses in cells, each once, and what cannot be read, by its place."""
    found, refused = read(raw, reader_of(config))
    return found, [{"place": place, "number": cell, "reason": reason} for place, cell, reason in refused]


def address_of(raw: str, config: NumbersConfig) -> str:
    """Returns the first address in a text; UsageError where it has none."""
    from gatewayd.numbers import NumberError

    try:
        return _normalised(raw, config)[0]
    except NumberError as error:
        raise UsageError(
            _("not a number: {number} ({reason})").format(number=raw, reason=meaning(error.reason))
        ) from None


class ListBlocked(Paged):
    """Who is on a list, by number: of an account, its own list; of all, every account's, everybody's and registers."""

    name: ClassVar[str] = "blocklist.list"
    reads_store = True
    account: str | None = None
    begins: Annotated[str, Field(max_length=100)] = ""
    """How the numbers begin that are meant."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        cursor = self.cursor
        if cursor is None and self.begins:
            # By number: what begins alike stands together, behind the place just before it.
            cursor = f"0  {self.begins[:-1]}{chr(max(ord(self.begins[-1]) - 1, 0))}\uffff"
        page = await backend.read(
            lambda reader: reader.blocklist(account=self.account, own=True, cursor=cursor, limit=self.limit)
        )
        items = [one for one in page.items if one.to.startswith(self.begins)]
        following = page.next if len(items) == len(page.items) else None
        return {"items": [shapes.blocked(one) for one in items], "next": following}


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
    """Puts numbers on a list, all that can be read; `refused` names the others, by their place in the request."""

    name: ClassVar[str] = "blocklist.add"
    account: str | None = None
    """Whose list it is; without one, everybody's."""
    numbers: Annotated[list[str], Field(max_length=ADD_MAX)]
    source: Note = "person"
    note: Note | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found, refused = read_numbers(self.numbers, backend.config.numbers)
        added, cancelled = 0, 0
        if found:
            wanted = Block(found, self.source, self.note, backend.now(), account=self.account)
            done = await backend.execute(wanted)
            added, cancelled = done.added, done.cancelled
            if backend.live is not None and done.jobs:
                backend.live.receipts_due(done.jobs)
        return {"added": added, "known": len(found) - added, "cancelled": cancelled, "refused": refused}


class UnblockNumber(Operation):
    """Takes a number off a list. What a register says stays: those are lifted as a whole, by administrators."""

    name: ClassVar[str] = "blocklist.remove"
    account: str | None = None
    """Whose list it is; without one, everybody's."""
    number: str
    reason: Annotated[Note, Field(min_length=REASON_MIN)]
    """Why the person may be contacted again, for the audit trail."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        from gatewayd.numbers import NumberError

        try:
            number, *_others = _normalised(self.number, backend.config.numbers)
        except NumberError as error:
            # An opt-out may have put there what is no number: the name of a sender, a person's id of WhatsApp.
            if await backend.execute(Unblock(self.number, self.account)):
                return {"removed": self.number}
            raise UsageError(
                _("not a number: {number} ({reason})").format(number=self.number, reason=meaning(error.reason))
            ) from None
        if not await backend.execute(Unblock(number, self.account)):
            raise NotFoundError(_("{number} is not on the list").format(number=number))
        return {"removed": number}
