"""Legal registers of people who may not be called: everybody's, and the administrator's alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, StrictInt

from gatewayd.operations.base import Json, Note, Operation
from gatewayd.operations.blocklist import ADD_MAX, read_numbers
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Block, Change
from gatewayd.store.contacts import registers as store
from gatewayd.store.contacts.registers import RegisterView
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.values.model import Channel
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

PORTIONS_MAX: Final = 100
"""Transactions of one request; whoever asked goes on from where it ended."""

RegisterName = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[\w][\w .()/-]*$"), AfterValidator(wellformed)
]
Cursor = Annotated[str, Field(max_length=2048)]


def shape(found: RegisterView, now: int) -> Json:
    """Returns a register as it is shown."""
    return {
        "register": found.name,
        "channel": found.channel,
        "source": found.source,
        "as_of": datetime.fromtimestamp(found.as_of / 1000, UTC).date().isoformat(),
        "imported_at": iso(found.imported_at),
        "numbers": found.numbers,
        "max_age_days": found.max_age_days,
        "age_days": found.age_days(now),
        "stale": found.stale(now),
    }


async def _all(backend: Backend) -> list[RegisterView]:
    return await backend.read(lambda reader: reader.ask(store.registers))


async def _one(backend: Backend, name: str) -> RegisterView:
    found = next((one for one in await _all(backend) if one.name == name), None)
    if found is None:
        raise NotFoundError(_("no register {name}").format(name=name))
    return found


class ListRegisters(Operation):
    """The registers, each with its source, its day and its age."""

    name: ClassVar[str] = "register.list"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        now = backend.now()
        return {"items": [shape(one, now) for one in await _all(backend)]}


class Bringing(Operation):
    """What is said of a register that is brought."""

    acts_on: ClassVar[str | None] = "register_name"
    register_name: RegisterName
    channel: Channel | None = None
    """The one channel that the register is about; None: all."""
    source: Annotated[Note, Field(min_length=1)]
    """Who publishes it."""
    as_of: date
    """The day that the list is of."""
    max_age_days: Annotated[StrictInt, Field(ge=1, le=3650)] = 30
    """Days after it from which on a newer one has to be brought."""

    def said(self) -> Json:
        """Returns what is known of the register, as the store keeps it."""
        return {
            "name": self.register_name,
            "channel": None if self.channel is None else str(self.channel),
            "source": self.source,
            "as_of": int(datetime.combine(self.as_of, time(), UTC).timestamp() * 1000),
            "max_age_days": self.max_age_days,
        }


class ImportRegister(Bringing):
    """Begins an import: its numbers follow by `register.add`, and `register.finish` takes away what it did not name."""

    name: ClassVar[str] = "register.import"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        now, said = backend.now(), self.said()
        made = await backend.execute(Change(lambda unit: store.begin(unit.session, now=now, **said), by.name))
        return shape(made, backend.now()) | {"began": made.imported_at}


class AddToRegister(Operation):
    """Puts a portion of numbers on a register; `refused` names those that cannot be read, by their place."""

    name: ClassVar[str] = "register.add"
    register_name: RegisterName
    began: StrictInt
    """As `register.import` answered it."""
    numbers: Annotated[list[str], Field(max_length=ADD_MAX)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _begun(backend, self.register_name, self.began)
        numbers, refused = read_numbers(self.numbers, backend.config.numbers)
        added, cancelled = 0, 0
        if numbers:
            now = max(backend.now(), self.began)
            channel = found.channel or ""
            done = await backend.execute(
                Block(numbers, found.source, None, now, register=self.register_name, channel=channel)
            )
            await backend.execute(
                Change(lambda unit: store.seen(unit.session, self.register_name, channel, numbers, now), by.name)
            )
            added, cancelled = done.added, done.cancelled
            if backend.live is not None and done.jobs:
                backend.live.receipts_due(done.jobs)
        return {"added": added, "known": len(numbers) - added, "cancelled": cancelled, "refused": refused}


class FinishImport(Operation):
    """Takes away what the import did not name. `next` goes on (with `kept`) where there is more to look through."""

    name: ClassVar[str] = "register.finish"
    acts_on: ClassVar[str | None] = "register_name"
    register_name: RegisterName
    began: StrictInt
    cursor: Cursor = ""
    kept: Annotated[StrictInt, Field(ge=0)] = 0
    """Numbers that stay, of the portions before."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _begun(backend, self.register_name, self.began)
        named = partial(store.named_since, name=self.register_name, since=self.began)
        if not await backend.read(lambda reader: reader.ask(named)):
            raise ConflictError(
                _("nothing was imported, so that everybody would be off the register; remove it, if that is meant")
            )
        following, kept = await _swept(backend, by, self.register_name, self.began, self.cursor)
        kept += self.kept
        done = RegisterView(
            *(found.name, found.channel, found.source, found.as_of, found.imported_at),
            kept if following is None else found.numbers,
            found.max_age_days,
        )
        await backend.execute(Change(lambda unit: store.keep(unit.session, done), by.name))
        return shape(done, backend.now()) | {"next": following, "kept": kept}


class RemoveRegister(Operation):
    """Takes all numbers of a register away, and forgets it. `next` goes on where there are more."""

    name: ClassVar[str] = "register.remove"
    acts_on: ClassVar[str | None] = "register_name"
    register_name: RegisterName
    reason: Annotated[Note, Field(min_length=3)]
    cursor: Cursor = ""

    async def before(self, backend: Backend) -> Json | None:
        return shape(await _one(backend, self.register_name), backend.now())

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _one(backend, self.register_name)
        following, _kept = await _swept(backend, by, self.register_name, found.imported_at + (1 << 50), self.cursor)
        if following is None:
            await backend.execute(Change(lambda unit: store.drop(unit.session, self.register_name), by.name))
        return {"removed": self.register_name, "next": following}


async def _begun(backend: Backend, name: str, began: int) -> RegisterView:
    found = await _one(backend, name)
    if found.imported_at != began:
        raise ConflictError(_("another import of {name} has begun since").format(name=name))
    return found


async def _swept(backend: Backend, by: Actor, name: str, before: int, cursor: str) -> tuple[str | None, int]:
    """Sweeps some portions; returns where to go on, and how many numbers stay."""
    kept, after = 0, cursor
    for _portion in range(PORTIONS_MAX):
        portion = partial(_sweep, name=name, before=before, after=after)
        following, stay = await backend.execute(Change(portion, by.name))
        kept += stay
        if following is None:
            return None, kept
        after = following
    return after, kept


def _sweep(unit: Any, *, name: str, before: int, after: str) -> tuple[str | None, int]:
    return store.sweep(unit.session, name, before, after)
