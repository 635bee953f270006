"""Contacts made elsewhere: entered one by one, or uploaded as a sheet that is read in the background."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from drivers.base import spoken
from gatewayd.contact.elsewhere import OLDEST_MS, SKEW_MS, TEMPLATE, address_of
from gatewayd.numbers import Numbers, Policy
from gatewayd.operations import exports
from gatewayd.operations.base import Json, Note, Operation, live_of
from gatewayd.operations.interactions import shape
from gatewayd.operations.ports import Backend
from gatewayd.operations.uploads import Number, refusals
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Change
from gatewayd.store.contacts import elsewhere
from gatewayd.store.contacts.elsewhere import NewContact
from gatewayd.store.insight import processes
from gatewayd.store.insight.interaction_rows import of_key
from gatewayd.values.actor import Actor
from gatewayd.values.errors import UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

KIND: Final = "contacts"
FAULTS_SHOWN: Final = 200

Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(wellformed)]

FIELDS: Final = {
    "file": spoken("File"),
    "document_type": spoken("Document type"),
    "document_number": spoken("Document number"),
    "external_id": spoken("Customer id"),
    "channel": spoken("Channel"),
    "sent_at": spoken("Sent at"),
    "recipients": spoken("Recipients"),
    "state": spoken("State"),
}
CODES: Final = {
    "missing": spoken("is empty"),
    "unknown": spoken("is none of the words that the template shows"),
    "unreadable": spoken("has signs that no document has, or is too long"),
    "not_a_time": spoken("is no time of the form 2026-11-30 14:05:00 (UTC)"),
    "in_future": spoken("lies in the future"),
    "not_an_address": spoken("is no number with its country's code, or no address"),
    "too_many": spoken("are too many for one row"),
    "nobody": spoken("is no customer's of this account"),
    "head_missing": spoken("has no column in the sheet"),
    "head_twice": spoken("has two columns in the sheet"),
    "not_text": spoken("is no CSV: save the sheet as CSV and upload that"),
    "empty": spoken("has no row below its head"),
    "broken": spoken("cannot be read as CSV from this row on"),
}


class UploadContacts(Operation):
    """Has an uploaded sheet of contacts read in the background; the process log says what came of it."""

    name: ClassVar[str] = "interaction.upload"
    acts_on: ClassVar[str | None] = "upload"
    account: str | None = None
    upload: Number
    file: Annotated[str, Field(max_length=200), AfterValidator(wellformed)] = ""
    """Its name, for people."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if self.account is None:
            raise UsageError(_("account: name it"))
        live = live_of(backend)
        with refusals():
            live.uploads.file(self.account, self.upload)
        now = backend.now()
        request = {
            "upload": self.upload,
            "said": {"file": self.file},
            "language": language(),
            "heads": [_("field"), _("fault")],
            "words": {
                "fields": {name: _(word) for name, word in FIELDS.items()},
                "codes": {name: _(word) for name, word in CODES.items()},
            },
        }
        person = by.number if by.kind == "person" else None
        new = processes.NewProcess(
            *(KIND, self.account, person, by.name, backend.config.node),
            *(json.dumps(request, ensure_ascii=False), now, now),
        )
        number = await backend.execute(
            Change(lambda unit: processes.add(unit.session, unit.session.connection, new), by.name)
        )
        live.tasks_due()
        question = partial(processes.process, scope=exports.own_scope(by), number=number)
        return exports.shape(await backend.read(lambda reader: reader.ask(question)))


class ShowFaults(Operation):
    """Shows the rows of a task's file that could not be taken: row, field and what is wrong with it."""

    name: ClassVar[str] = "task.faults"
    reads_store = True
    task: Annotated[int, Field(ge=0, lt=1 << 62)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(processes.process, scope=exports.own_scope(by), number=self.task)
        found = await backend.read(lambda reader: reader.ask(question))
        ask = partial(processes.faults, number=found.id, limit=FAULTS_SHOWN + 1)
        faults = await backend.read(lambda reader: reader.ask(ask))
        return {
            **exports.shape(found),
            "items": [
                {
                    "row": one.row,
                    "field": one.field,
                    "code": one.code,
                    "value": one.value,
                    "column": _(FIELDS[one.field]) if one.field in FIELDS else one.field,
                    "fault": _(CODES[one.code]) if one.code in CODES else meaning(one.code),
                }
                for one in faults[:FAULTS_SHOWN]
            ],
            "more": len(faults) > FAULTS_SHOWN,
        }


class ShowTemplate(Operation):
    """Answers the sheet to fill in for `interaction.upload`, and the words that its columns take."""

    name: ClassVar[str] = "interaction.template"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        del backend, by
        return {"name": _("contacts made elsewhere") + ".csv", "text": TEMPLATE}


class NoteInteraction(Operation):
    """Enters one contact made elsewhere: a call, a visit, a note, or what another program sent.

    With a `ref`, the same again changes it and enters nothing twice.
    """

    name: ClassVar[str] = "interaction.note"
    acts_on: ClassVar[str | None] = "customer"
    account: str | None = None
    channel: Literal["call", "visit", "note", "sms", "email", "whatsapp", "push", "web"] = "note"
    direction: Literal["out", "in"] = "out"
    at: Annotated[str, Field(max_length=40)] | None = None
    """ISO 8601 with an offset; left out: now."""
    customer: Word | None = None
    """The customer's external id."""
    document_type: Word | None = None
    document_number: Word | None = None
    address: Annotated[str, Field(max_length=2048), AfterValidator(wellformed)] | None = None
    text: Note | None = None
    reached: bool = True
    """Whether the person was reached, or spoken to."""
    answered: bool = False
    kind: Literal["collections", "notice", "transactional", "reply"] = "collections"
    """Its class, for the caps of contact rules."""
    ref: Word | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = self.account
        if account is None:
            raise UsageError(_("account: name it"))
        now = backend.now()
        address = self._address(backend)
        if not (address or self.customer or self.document_number):
            raise UsageError(_("customer: say whom it was with: a customer, a document or an address"))
        if self.channel == "note" and not (self.text or "").strip():
            raise UsageError(_("text: a note needs one"))
        at = now if self.at is None else self._moment(self.at, now)
        state = "noted" if self.channel == "note" else "delivered" if self.reached else "failed"
        source = "api" if by.kind == "token" else "person"
        key = f"ref:{hashlib.sha256(self.ref.encode()).hexdigest()[:32]}" if self.ref else secrets.token_hex(16)
        new = NewContact(
            *(at, self.direction, self.channel, address, state, self.answered, self.reached),
            counts=self.direction == "out" and self.channel not in {"note", "web"},
            klass=self.kind,
            text=(self.text or "").strip() or None,
            person=None,
            document_type=self.document_type,
            document_number=self.document_number,
            external_id=self.customer,
            source=source,
            kind="automatic" if source == "api" else "manual",
            key=key,
        )

        def work(unit: Any) -> int:
            session = unit.session
            number = account_number(session.connection, account)
            asked = (self.customer, self.document_number, address)
            person = elsewhere.known_persons(session.connection, number, [asked]).get(asked)
            elsewhere.enter(session, number, [replace(new, person=person)], actor=by.name, now=now)
            return number

        number = await backend.execute(Change(work, by.name))
        question = partial(of_key, account=number, key=key)
        found = await backend.read(lambda reader: reader.ask(partial(question, salt=reader.salt())))
        return shape(found, whole=True)

    def _address(self, backend: Backend) -> str | None:
        if not self.address:
            return None
        policy = backend.config.numbers
        numbers = Numbers(Policy(policy.region, policy.home_area, policy.assume_mobile))
        found = address_of(self.channel, self.address, numbers)
        if found is None:
            raise UsageError(_("address: no number with its country's code, or no address"))
        return found

    @staticmethod
    def _moment(text: str, now: int) -> int:
        try:
            found = datetime.fromisoformat(text)
            at = int(found.timestamp() * 1000) if found.tzinfo else None
        except (ValueError, OverflowError):
            at = None
        if at is None or at < OLDEST_MS:
            raise UsageError(_("at: not a time with an offset (2026-11-30T14:05:00Z)"))
        if at > now + SKEW_MS:
            raise UsageError(_("at: lies in the future"))
        return at
