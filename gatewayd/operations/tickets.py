"""Tickets: what customers complain of, who works on it, and what became of it."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from gatewayd.answers.tickets import CATEGORY_MAX, NOTE_MAX, TEXT_MAX, TicketState
from gatewayd.operations.base import Json, Operation, Paged
from gatewayd.operations.ports import Backend
from gatewayd.operations.zones import zone_of
from gatewayd.store.commands import Change, Changed
from gatewayd.store.snapshots import iso
from gatewayd.store.tickets import tickets as store
from gatewayd.store.tickets.tickets import TicketChange, TicketEvent, TicketFilter, TicketRow
from gatewayd.values.actor import Actor
from gatewayd.values.errors import UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

PAGE_MAX: Final = 200
OPEN_MOST: Final = 1_000
"""Above it a person reads "more than"."""
NUMBER_MAX: Final = (1 << 31) - 1

Number = Annotated[int, Field(ge=1, le=NUMBER_MAX)]
Category = Annotated[str, Field(max_length=CATEGORY_MAX), AfterValidator(wellformed)]
User = Annotated[str, Field(max_length=200)]
Which = Literal["open", "closed", "all"]
OPEN: Final = ("open", "working", "waiting")


def _shape(found: TicketRow) -> Json:
    return {
        "ticket": found.number,
        "account": found.account,
        "customer": found.customer,
        "name": found.name,
        "channel": found.channel,
        "address": found.address,
        "line": found.line,
        "category": found.category,
        "operator": found.operator,
        "state": found.state,
        "text": found.text,
        "opened_at": iso(found.opened_at),
        "opened_by": found.opened_by,
        "updated_at": iso(found.updated_at),
        "closed_at": iso(found.closed_at),
        "version": found.version,
    }


def _event(one: TicketEvent) -> Json:
    return {
        "event": one.id,
        "at": iso(one.at),
        "kind": one.kind,
        "by": one.actor,
        "was": one.was,
        "became": one.became,
        "note": one.note,
    }


def _named(account: str | None) -> str:
    if account is None:
        raise UsageError(_("account: name the ticket's account"))
    return account


def _behind(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    at, _dot, number = cursor.partition(".")
    good = all(each.isascii() and each.isdecimal() and len(each) <= 18 for each in (at, number))
    if not good:
        raise UsageError(_("not a cursor of this list: {cursor}").format(cursor=cursor[:40]))
    return int(at), int(number)


class ListTickets(Paged):
    """Lists tickets, the one that changed last first; `open` counts those that are not closed."""

    name: ClassVar[str] = "ticket.list"
    reads_store = True
    account: str | None = None
    which: Which = "open"
    operator: User | None = None
    customer: Annotated[str | None, Field(max_length=200)] = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        limit = max(1, min(self.limit, PAGE_MAX))
        states = {"open": OPEN, "closed": ("closed",), "all": ()}[self.which]
        wanted = TicketFilter(self.account, states, self.operator, self.customer)
        question = partial(store.tickets, scope=by.scope, wanted=wanted, behind=_behind(self.cursor), limit=limit + 1)
        rows = await backend.read(lambda reader: reader.ask(question))
        counted = partial(store.open_count, scope=by.scope, most=OPEN_MOST + 1)
        count = await backend.read(lambda reader: reader.ask(counted))
        last = rows[limit - 1] if len(rows) > limit else None
        return {
            "items": [_shape(one) for one in rows[:limit]],
            "next": None if last is None else f"{last.updated_at}.{last.id}",
            "open": min(count, OPEN_MOST),
            "more": count > OPEN_MOST,
        }


class ShowTicket(Operation):
    """Shows a ticket and all that happened to it, the oldest first."""

    name: ClassVar[str] = "ticket.show"
    reads_store = True
    account: str | None = None
    ticket: Number

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await _shown(backend, by, _named(self.account), self.ticket)


async def _shown(backend: Backend, by: Actor, account: str, number: int) -> Json:
    def asked(reader: Any) -> Json:
        found = reader.ask(partial(store.ticket, scope=by.scope, account=account, number=number))
        events = reader.ask(partial(store.history, ticket=found.id))
        return _shape(found) | {"events": [_event(one) for one in events]}

    return await backend.read(asked)


class AddTicket(Operation):
    """Opens a ticket by hand, for a customer or for nobody."""

    name: ClassVar[str] = "ticket.add"
    acts_on = "account"
    account: str | None = None
    customer: Annotated[str | None, Field(max_length=200)] = None
    """Its external id."""
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX), AfterValidator(wellformed)]
    category: Category = ""
    operator: User | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account, now = _named(self.account), backend.now()
        zone = await zone_of(backend, account)
        day = datetime.fromtimestamp(now / 1000, zone).date()

        def work(unit: Any) -> int:
            made = store.create(
                *(unit.session, by.scope, account),
                customer=self.customer,
                text=self.text,
                category=self.category,
                operator_name=self.operator,
                day=day,
                now=now,
                by=by.name,
            )
            return made.number

        number = await backend.execute(Change(work, by.name))
        if backend.live is not None:
            backend.live.answers.tickets()
        return await _shown(backend, by, account, number)


class _ChangeTicket(Operation):
    account: str | None = None
    ticket: Number
    version: int | None = None
    """The one that was looked at; where somebody has changed the ticket since, ConflictError."""

    @abstractmethod
    def _wanted(self) -> TicketChange:
        """Returns what is to be changed."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account, now, wanted = _named(self.account), backend.now(), self._wanted()

        def work(unit: Any) -> Changed[None]:
            was = store.change(unit.session, by.scope, account, self.ticket, wanted, now=now, by=by.name)
            before = {"state": was.state, "operator": was.operator, "category": was.category}
            given = {"state": wanted.state, "operator": wanted.operator, "category": wanted.category}
            after = {key: before[key] if value is None else value for key, value in given.items()}
            return Changed(None, before, after, f"{account}/{self.ticket}")

        await backend.execute(Change(work, by.name))
        if backend.live is not None:
            backend.live.answers.tickets()
        return await _shown(backend, by, account, self.ticket)


class NoteTicket(_ChangeTicket):
    """Writes a note to a ticket."""

    name: ClassVar[str] = "ticket.note"
    note: Annotated[str, Field(min_length=1, max_length=NOTE_MAX), AfterValidator(wellformed)]

    def _wanted(self) -> TicketChange:
        return TicketChange(note=self.note, version=self.version)


class SetTicket(_ChangeTicket):
    """Changes a ticket's state, who works on it (empty: nobody) or its category; what is left out stays."""

    name: ClassVar[str] = "ticket.set"
    state: TicketState | None = None
    operator: User | None = None
    category: Category | None = None
    note: Annotated[str | None, Field(max_length=NOTE_MAX), AfterValidator(lambda text: text and wellformed(text))] = (
        None
    )

    def _wanted(self) -> TicketChange:
        return TicketChange(self.state, self.operator, self.category, self.note, self.version)
