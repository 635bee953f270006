"""Reminders: a customer is asked by hand for what it owes, once or at intervals, until that is paid."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from gatewayd.operations.base import Json, Operation, Paged
from gatewayd.operations.paging import before_of
from gatewayd.operations.people_lists import account_of, scope_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.zones import zone_of
from gatewayd.store.commands import Change, Changed
from gatewayd.store.contacts.directory import customer
from gatewayd.store.dunning import reminder_sends, reminders
from gatewayd.store.dunning.reminders import Reminder, ReminderEvent
from gatewayd.store.session import Session
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.values.money import format_money, parse_money
from gatewayd.values.reminder import EVERY_MAX, TIMES_MAX, Draft, Timing, first_send, retimed, unknown
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

LIMIT_MAX: Final = 200
TEXT_MAX: Final = 20_000

Id = Annotated[int, Field(ge=1, lt=1 << 62)]
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"), AfterValidator(wellformed)]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2099, 12, 31))]
Channel = Literal["sms", "email", "whatsapp", "push"]


def shape(found: Reminder) -> Json:
    """Returns a reminder as everybody is shown it."""
    draft, timing = found.draft, found.draft.timing
    return {
        "reminder": found.id,
        "account": found.account,
        "customer": draft.customer,
        "customer_name": found.customer_name,
        "invoice": draft.invoice,
        "due": draft.due and draft.due.isoformat(),
        "amount": None if draft.amount is None else format_money(draft.amount),
        "currency": draft.currency,
        "channel": draft.channel,
        "subject": draft.subject,
        "text": draft.text,
        "state": found.state,
        "archived": found.archived,
        "first": timing.first and timing.first.isoformat(),
        "every_days": timing.every_days,
        "times": timing.times,
        "hour": timing.hour,
        "next_at": iso(found.next_at),
        "sends": found.sends,
        "sent_at": iso(found.sent_at),
        "created_at": iso(found.created_at),
        "created_by": found.created_by,
        "version": found.version,
    }


def _event(one: ReminderEvent) -> Json:
    return {
        "at": iso(one.at),
        "kind": one.kind,
        "by": one.actor,
        "detail": dict(one.detail),
        "number": one.number,
        "state": one.state,
    }


class ListReminders(Paged):
    """Lists an account's reminders, newest first: all, the active ones, the inactive ones (paid, cancelled)."""

    name: ClassVar[str] = "reminder.list"
    reads_store = True
    account: str | None = None
    tab: Literal["all", "active", "inactive", "archived"] = "all"
    q: Annotated[str, Field(max_length=100)] = ""
    customer: Annotated[str, Field(max_length=200)] | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(
            reminders.reminders,
            scope=scope_of(by, self.account),
            tab=self.tab,
            q=self.q,
            customer=self.customer,
            before=before_of(self.cursor),
            limit=max(1, min(self.limit, LIMIT_MAX)),
        )
        page = await backend.read(lambda reader: reader.ask(question))
        return {"items": [shape(one) for one in page.items], "next": page.next}


class _OfReminder(Operation):
    reminder: Id
    account: str | None = None

    def scope(self, by: Actor) -> Scope:
        return scope_of(by, self.account)

    async def found(self, backend: Backend, by: Actor) -> Reminder:
        """NotFoundError where it is none that the actor sees."""
        question = partial(reminders.by_number, scope=self.scope(by), number=self.reminder)
        return await backend.read(lambda reader: reader.ask(question))

    async def change(self, backend: Backend, by: Actor, work: Any) -> Json:
        """Performs `work(session, reminder)` in one transaction and wakes the engine; answers the reminder as it then
        is."""

        def run(unit: Any) -> Changed[None]:
            was = reminders.by_number(unit.session.connection, scope=self.scope(by), number=self.reminder)
            work(unit.session, was)
            return Changed(None, {"state": was.state}, None, f"{was.draft.customer} {was.draft.invoice}".strip())

        await backend.execute(Change(run, by.name))
        answer = shape(await self.found(backend, by))
        wake(backend)
        return answer


class ShowReminder(_OfReminder):
    """Shows a reminder with its history: who wrote it, changed it, sent it, and what became of each send."""

    name: ClassVar[str] = "reminder.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found, now = await self.found(backend, by), backend.now()
        zone, region = await zone_of(backend, found.account), backend.config.numbers.region

        def ask(connection: Any) -> tuple[Any, Any, str | None]:
            events = reminders.history(connection, number=found.id)
            jobs = [one.job_id for one in events if one.job_id is not None]
            person = reminder_sends.person(connection, found, now=now, zone=zone, region=region)
            why = person and reminder_sends.withheld(Session(connection), found, person.address)
            return events, reminder_sends.message_states(connection, jobs=jobs), why

        events, messages, withheld = await backend.read(lambda reader: reader.ask(ask))
        history = []
        for one in events:
            sent = messages.get(one.job_id)
            told = {} if sent is None else {"message": sent[0], "message_state": sent[1], "reason": sent[2]}
            history.append({**_event(one), **told})
        return {**shape(found), "withheld": withheld, "history": history}


class _Written(Operation):
    """What a person decides of a reminder."""

    customer: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(wellformed)]
    invoice: Line = ""
    due: Day | None = None
    amount: Annotated[str, Field(max_length=40)] | None = None
    currency: Currency
    channel: Channel = "sms"
    subject: Line = ""
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX), AfterValidator(wellformed)]
    first: Day | None = None
    """The day on which it is sent by itself for the first time; left out: only when somebody sends it."""
    every_days: Annotated[int, Field(ge=1, le=EVERY_MAX)] | None = None
    times: Annotated[int, Field(ge=1, le=TIMES_MAX)] = 1
    hour: Hour = "10:00"

    def draft(self) -> Draft:
        """UsageError for what makes no reminder."""
        if not self.text.strip():
            raise UsageError(_("text: write what the customer is to read"))
        if self.channel == "email" and not self.subject.strip():
            raise UsageError(_("subject: a mail needs one"))
        amount = None
        if self.amount is not None and self.amount.strip():
            with_point = self.amount.strip()
            try:
                amount = parse_money(with_point)
            except ValueError:
                raise UsageError(_("amount: not an amount: {amount}").format(amount=with_point[:40])) from None
            if amount <= 0:
                raise UsageError(_("amount: more than nothing, or left out"))
        return Draft(
            customer=self.customer,
            currency=self.currency,
            channel=self.channel,
            text=self.text.strip(),
            invoice=self.invoice.strip(),
            due=self.due,
            amount=amount,
            subject=self.subject.strip(),
            timing=timing_of(self.first, self.every_days, self.times, self.hour),
        )


def _words_known(connection: Any, account: str, draft: Draft) -> None:
    """UsageError where a reminder's words have a variable that nothing can be put for on its day."""
    try:
        known = customer(connection, scope=Scope.of(account), external_id=draft.customer).customer
    except NotFoundError:
        return  # said where it is written
    found = unknown(draft, known.columns)
    if not found:
        return
    text = _("text: nothing can be put for {variable}").format(variable=", ".join(one.written for one in found))
    hints = ", ".join(f"%{one.hint}%" for one in found if one.hint)
    raise UsageError(text if not hints else text + "; " + _("was {variable} meant?").format(variable=hints))


def timing_of(first: date | None, every_days: int | None, times: int, hour: str) -> Timing:
    """Returns when a reminder is sent by itself. UsageError where it is repeated and has no first day."""
    if first is None:
        if every_days is not None:
            raise UsageError(_("first: name the first day"))
        return Timing(hour=hour)
    return Timing(first, every_days if times > 1 else None, times if every_days is not None else 1, hour)


def wake(backend: Backend) -> None:
    """Tells the engine that there is something new to do."""
    if backend.live is not None:
        backend.live.reminders.due()


class AddReminder(_Written):
    """Writes a reminder for a customer. With `first` it is sent by itself from that day on, else by a person."""

    name: ClassVar[str] = "reminder.add"
    acts_on: ClassVar[str | None] = "customer"
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account, draft, now = account_of(self.account), self.draft(), backend.now()
        await backend.read(lambda reader: reader.ask(partial(_words_known, account=account, draft=draft)))
        next_at = first_send(draft.timing, await zone_of(backend, account))
        work = partial(_add, account=account, draft=draft, next_at=next_at, by=by.name, now=now)
        number = (await backend.execute(Change(work, by.name))).answer
        wake(backend)
        question = partial(reminders.by_number, scope=Scope.of(account), number=number)
        return shape(await backend.read(lambda reader: reader.ask(question)))


def _add(unit: Any, **said: Any) -> Changed[int]:
    number = reminders.add(unit.session, **said)
    return Changed(number, None, {"reminder": number})


class EditReminder(_OfReminder, _Written):
    """Changes what a reminder says; what was sent of it already stays as it was."""

    name: ClassVar[str] = "reminder.edit"
    acts_on: ClassVar[str | None] = "reminder"
    version: int

    async def perform(self, backend: Backend, by: Actor) -> Json:
        was, draft, now = await self.found(backend, by), self.draft(), backend.now()
        await backend.read(lambda reader: reader.ask(partial(_words_known, account=was.account, draft=draft)))
        zone = await zone_of(backend, was.account)

        def work(session: Any, known: Reminder) -> None:
            next_at = retimed(draft.timing, known.repeated, now, zone)
            reminders.edit(session, known, draft, version=self.version, next_at=next_at, by=by.name, now=now)

        return await self.change(backend, by, work)


class SendReminder(_OfReminder):
    """Sends a reminder now. It is the customer's contact of the day: with `anyway` where there was one already."""

    name: ClassVar[str] = "reminder.send"
    acts_on: ClassVar[str | None] = "reminder"
    anyway: bool = False

    async def perform(self, backend: Backend, by: Actor) -> Json:
        was, now = await self.found(backend, by), backend.now()
        zone = await zone_of(backend, was.account)
        region = backend.config.numbers.region

        def work(session: Any, known: Reminder) -> None:
            address = reminder_sends.sendable(session.connection, known, now=now, zone=zone, region=region)
            if not self.anyway:
                reminder_sends.first_today(session, known, address, now=now, zone=zone)
            why = reminder_sends.withheld(session, known, address)
            reminder_sends.decide(session, known, now=now, zone=zone, by=by.name, why=why)

        return await self.change(backend, by, work)


class RepeatReminder(_OfReminder):
    """Has a reminder sent by itself from a first day on, each so many days; without `first`: no more."""

    name: ClassVar[str] = "reminder.repeat"
    acts_on: ClassVar[str | None] = "reminder"
    first: Day | None = None
    every_days: Annotated[int, Field(ge=1, le=EVERY_MAX)] | None = None
    times: Annotated[int, Field(ge=1, le=TIMES_MAX)] = 1
    hour: Hour = "10:00"
    version: int

    async def perform(self, backend: Backend, by: Actor) -> Json:
        was, now = await self.found(backend, by), backend.now()
        zone = await zone_of(backend, was.account)
        timing = timing_of(self.first, self.every_days, self.times, self.hour)

        def work(session: Any, known: Reminder) -> None:
            reminders.retime(
                session, known, timing, version=self.version, next_at=first_send(timing, zone), by=by.name, now=now
            )

        return await self.change(backend, by, work)


class PayReminder(_OfReminder):
    """Says that what a reminder asks for is paid, that it is cancelled, or that it is active after all."""

    name: ClassVar[str] = "reminder.pay"
    acts_on: ClassVar[str | None] = "reminder"
    state: Literal["paid", "cancelled", "active"] = "paid"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        was, now = await self.found(backend, by), backend.now()
        zone = await zone_of(backend, was.account)

        def work(session: Any, known: Reminder) -> None:
            next_at = retimed(known.draft.timing, known.repeated, now, zone) if self.state == "active" else None
            reminders.set_state(session, known, self.state, next_at=next_at, by=by.name, now=now)

        return await self.change(backend, by, work)


class ArchiveReminder(_OfReminder):
    """Puts a reminder aside, where it is sent no more by itself, or back."""

    name: ClassVar[str] = "reminder.archive"
    acts_on: ClassVar[str | None] = "reminder"
    archived: bool = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        was, now = await self.found(backend, by), backend.now()
        zone = await zone_of(backend, was.account)

        def work(session: Any, known: Reminder) -> None:
            next_at = None if self.archived else retimed(known.draft.timing, known.repeated, now, zone)
            reminders.archive(session, known, archived=self.archived, next_at=next_at, by=by.name, now=now)

        return await self.change(backend, by, work)


class RemoveReminder(_OfReminder):
    """Removes a reminder that was never sent, with its history."""

    name: ClassVar[str] = "reminder.remove"
    acts_on: ClassVar[str | None] = "reminder"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        def run(unit: Any) -> Changed[None]:
            was = reminders.by_number(unit.session.connection, scope=self.scope(by), number=self.reminder)
            reminders.remove(unit.session, was)
            said = {"customer": was.draft.customer, "invoice": was.draft.invoice}
            return Changed(None, said, None, f"{was.draft.customer} {was.draft.invoice}".strip())

        await backend.execute(Change(run, by.name))
        return {"removed": self.reminder}
