"""Sends reminders: by themselves when their time has come, and each send as a job by the daemon's private folder, once.

Decided first, in a transaction of its own; what has no job yet is recorded again after whatever cut it short. The
store knows the job's name by its origin: the same again is the same job.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from gatewayd import submission
from gatewayd.customers.variables import amount, day
from gatewayd.dunning import wording
from gatewayd.intake.reception import IntakeDesk
from gatewayd.intake.rendering import CAUSE
from gatewayd.process.failpoints import hit
from gatewayd.process.rounds import Apart, rounds
from gatewayd.store.commands import REMINDER, Change
from gatewayd.store.contacts.audience import AudienceRow
from gatewayd.store.dunning import reminder_sends, reminders
from gatewayd.store.dunning.reminder_sends import Send
from gatewayd.store.dunning.reminders import Reminder
from gatewayd.store.sending.restoration import standing_still
from gatewayd.store.session import Session
from gatewayd.store.settings.accounts import settings, zone_of
from gatewayd.values.actor import Scope
from gatewayd.values.errors import GatewayError
from gatewayd.values.reminder import State, job_name, tomorrow
from spool.document import JobDocument, parse
from spool.errors import JobFileError

log = structlog.get_logger()

LONGEST_S: Final = 60.0
"""Of one sleep: then the clock is looked at again, since clocks are set."""
MOMENT_S: Final = 0.05
COMPANY: Final = ("empresa", "company")
"""The variable of the account's name for people, in both languages."""


class Reminding:
    """The engine of reminders. One a daemon; `now` is Unix ms."""

    def __init__(
        self,
        intake: IntakeDesk,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
        told: Callable[[str], object] = lambda _account: None,
    ) -> None:
        """`told` is called with an account of which a reminder has changed, for those who watch."""
        self._intake = intake
        self._ask = ask
        self._execute = execute
        self._now = now
        self._told = told
        self._wake = asyncio.Event()

    def due(self) -> None:
        """There is something new to do."""
        self._wake.set()

    async def run(self) -> None:
        """Works until it is cancelled."""
        await rounds(self._wake, self.work, "reminders wait")

    async def work(self) -> float:
        """Does what is to be done; returns the seconds until it is to be looked at again."""
        if await self._ask(standing_still):
            return LONGEST_S
        if over := await self._ask(reminder_sends.over):
            await self._execute(Change(partial(self._end, over), "reminders"))
        while numbers := await self._ask(partial(reminder_sends.due, now=self._now())):
            zones = {}
            for number in numbers:
                known = await self._known(number)
                zones[number] = await self._zone(known.account)
            await self._execute(Change(partial(self._decide, numbers, zones), "reminders"))
        sends: Sequence[Send] = await self._ask(reminder_sends.waiting)
        tries = Apart("a reminder waits")
        for send in sends:
            with tries.one(f"{send.reminder}-{send.number}"):
                await self._record(send)
        tries.end()
        if sends:
            return MOMENT_S
        following: int | None = await self._ask(reminder_sends.next_due)
        if following is None:
            return LONGEST_S
        return min(LONGEST_S, max(MOMENT_S, (following - self._now()) / 1000))

    async def _known(self, number: int) -> Reminder:
        found: Reminder = await self._ask(partial(reminders.by_number, scope=Scope.all(), number=number))
        return found

    async def _zone(self, account: str) -> ZoneInfo:
        default = str(self._intake.config.timezone)
        return ZoneInfo(await self._ask(partial(zone_of, account=account, default=default)))

    # ------------------------------------------------------------------------------------------------------ its time

    def _end(self, over: Sequence[tuple[int, State, str]], unit: Any) -> None:
        for number, state, why in over:
            known = reminders.by_number(unit.session.connection, scope=Scope.all(), number=number)
            if known.state == "active":
                reminders.set_state(unit.session, known, state, by="", now=self._now(), reason=why)

    def _decide(self, numbers: Sequence[int], zones: dict[int, ZoneInfo], unit: Any) -> None:
        session, now, region = unit.session, self._now(), self._intake.config.numbers.region
        for number in numbers:
            known = reminders.by_number(session.connection, scope=Scope.all(), number=number)
            zone = zones[number]
            if known.archived or known.state != "active" or known.next_at is None or known.next_at > now:
                continue  # somebody was quicker
            later = tomorrow(now, known.draft.timing.hour, zone)
            try:
                address = reminder_sends.sendable(session.connection, known, now=now, zone=zone, region=region)
            except GatewayError:
                reminder_sends.put_off(session, known, until=later, now=now, reason="unreachable")
                continue
            if (rival := reminder_sends.rival(session, known, address, now=now, zone=zone)) is not None:
                reminder_sends.put_off(session, known, until=later, now=now, reason=rival)
                continue
            try:
                why = reminder_sends.withheld(session, known, address)
                reminder_sends.decide(session, known, now=now, zone=zone, by="", why=why)
            except GatewayError:
                reminder_sends.put_off(session, known, until=None, now=now, reason="payment")

    # ------------------------------------------------------------------------------------------------------- its job

    async def _record(self, send: Send) -> None:
        """Makes a send the job that it is. GatewayError, SpoolError: it is to be tried again."""
        known = await self._known(send.reminder)
        name = job_name(known.id, send.number, known.created_at)
        asked = partial(reminder_sends.job_of, account=known.account, name=name, origin=REMINDER)
        job_id = await self._ask(asked)
        if job_id is None:
            try:
                laid = await self._laid(known, send, name)
                if laid is None:
                    return
                send = laid
            except JobFileError as error:
                sentence = error.text(self._intake.config.locale)
                log.warning("a reminder's job is refused", job=name, code=error.code)
                await self._give_up(known, send, "refused", error.code, sentence)
                return
            job_id = await self._ask(asked)
        if job_id is None:
            return  # somebody else is recording it
        hit("reminder.recorded")
        note = partial(reminder_sends.recorded, send=send, job_id=job_id, why=send.withheld)
        await self._execute(Change(lambda unit: note(unit.session), "reminders"))
        self._told(known.account)

    async def _give_up(self, known: Reminder, send: Send, state: str, reason: str, sentence: str = "") -> None:
        work = partial(reminder_sends.given_up, send=send, state=state, reason=reason, sentence=sentence)
        await self._execute(Change(lambda unit: work(unit.session), "reminders"))
        self._told(known.account)

    async def _laid(self, known: Reminder, send: Send, name: str) -> Send | None:
        """Brings a send's job into the store; returns it with why it says other words than the reminder's. None where
        it is withdrawn instead."""
        config = self._intake.config
        zone = await self._zone(known.account)
        if known.state != "active" or known.archived:
            await self._give_up(known, send, "withdrawn", known.state if known.state != "active" else "archived")
            return None
        question = partial(reminder_sends.person, known=known, now=self._now(), zone=zone, region=config.numbers.region)
        person: AudienceRow | None = await self._ask(question)
        if person is None:
            await self._give_up(known, send, "withdrawn", "unreachable")
            return None
        why = send.withheld or await self._ask(lambda to: reminder_sends.withheld(Session(to), known, person.address))
        house = await self._ask(lambda to: settings(to, known.account).document)
        said = job_keys(known, person, send, name, config.numbers.region)
        said["values"] = dict.fromkeys(COMPANY, str(house.get("company") or known.account))
        if why is not None:
            said |= neutral_words(known, said, str(house.get("language") or config.locale))
        data = json.dumps(said, ensure_ascii=False).encode()
        document: JobDocument = parse(data, f"{name}.json")
        document = await self._intake.templates.filled(known.account, document)
        taken = await submission.lay(self._intake, known.account, document, data)
        hit("reminder.laid")
        await submission.enter(self._intake, taken, document, origin=REMINDER)
        return replace(send, withheld=why)


def job_keys(known: Reminder, person: AudienceRow, send: Send, name: str, region: str) -> dict[str, Any]:
    """Returns the job file of one send. What the reminder itself says of due date, invoice and amount comes before what
    is known of the customer."""
    draft = known.draft
    columns = {key: text for key, text in person.columns.items() if key not in {"to", "ref", CAUSE}}
    if draft.invoice:
        columns["factura"] = draft.invoice
    if draft.due is not None:
        columns["vencimiento"] = day(draft.due.isoformat(), region)
        columns["dias"] = str((date.fromisoformat(send.day) - draft.due).days)
    # What billing says is open now is truer than what somebody wrote down.
    asked = draft.amount if send.amount is None else send.amount
    if asked is not None:
        columns["monto"] = columns["deuda"] = amount(asked, draft.currency, region)
    recipient = {**columns, "to": person.address, "ref": person.external_id}
    if send.cause is not None:
        recipient[CAUSE] = str(send.cause)
    keys: dict[str, Any] = {
        "job": name,
        "channel": draft.channel,
        "class": reminder_sends.CLASS,
        "text": draft.text,
        "columns": {"to": "to", "ref": "ref"},
        "recipients": [recipient],
    }
    if draft.channel == "email":
        keys["subject"] = draft.subject
    return keys


def neutral_words(known: Reminder, said: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Returns what the job says instead to a number of which nobody knows whose it is: nothing of person and debt."""
    (recipient,) = said["recipients"]
    bare = {name: recipient[name] for name in ("to", "ref", CAUSE) if name in recipient}
    return {**wording.neutral(known.draft.channel, language), "recipients": [bare]}
