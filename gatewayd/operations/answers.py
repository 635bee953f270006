"""What an account lets the gateway answer and tell by itself, and what would be answered to a text."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, Field, StrictInt, ValidationError

from gatewayd.answers.bodies import BODIES, body
from gatewayd.answers.engine import accounts, words
from gatewayd.answers.engine.accounts import Account
from gatewayd.answers.engine.situation import Situation
from gatewayd.answers.judge import House, judge
from gatewayd.answers.known import Incoming, Known, Verdict
from gatewayd.answers.settings import AnswerSettings, merged
from gatewayd.config import catalogue
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.blocklist import read_numbers
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change, Changed
from gatewayd.store.session import Session
from gatewayd.store.settings.accounts import settings as account_settings
from gatewayd.store.snapshots import iso
from gatewayd.store.tickets import known, notices
from gatewayd.store.tickets import settings as store
from gatewayd.values.actor import Actor
from gatewayd.values.errors import FaultsError, NotFoundError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

TEXT_MAX: Final = 1_600


def _defaults(spoken: str) -> Json:
    return {kind: body(kind, spoken) for kind in BODIES}


def _shape(account: str, found: store.Kept, spoken: str) -> Json:
    return {
        "account": account,
        **found.settings.model_dump(mode="json"),
        "since": {name: iso(at) for name, at in found.since.items()},
        "version": found.version,
        "defaults": _defaults(spoken),
    }


async def _spoken(backend: Backend, account: str) -> str:
    """Returns the language in which an account's answers are written."""
    found = await backend.read(lambda reader: reader.ask(partial(account_settings, account=account)))
    return str(found.document.get("language") or backend.config.locale)


async def _found(backend: Backend, account: str) -> store.Kept:
    return await backend.read(lambda reader: reader.ask(partial(store.settings, account=account)))


class ShowAnswers(Operation):
    """What is answered and told without a person, each with its switch; `defaults` are the words of what has none."""

    name: ClassVar[str] = "answers.show"
    reads_store = True
    account: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return _shape(self.account, await _found(backend, self.account), await _spoken(backend, self.account))


Part = dict[str, Any]


class SetAnswers(Operation):
    """Sets what is given, key by key within each part; what is left out stays."""

    name: ClassVar[str] = "answers.set"
    account: str
    debt: Part | None = None
    ticket: Part | None = None
    payment: Part | None = None
    paid: Part | None = None
    promise: Part | None = None
    wrong_person: Part | None = None
    mail_invoice: Part | None = None
    mail_payment: Part | None = None
    mail_ticket: Part | None = None
    per_number: StrictInt | None = None
    per_account: StrictInt | None = None
    version: StrictInt | None = None
    """The one that was looked at; where somebody has changed the settings since, ConflictError."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        now = backend.now()
        changes = {
            name: value for name in AnswerSettings.model_fields if (value := getattr(self, name, None)) is not None
        }
        was = await _found(backend, self.account)
        wanted = _merged(was.settings, changes)

        def work(unit: Any) -> Changed[None]:
            version = was.version if self.version is None else self.version
            store.keep(unit.session, self.account, wanted, now, version)
            return Changed(None, _told(was.settings, changes), _told(wanted, changes), self.account)

        await backend.execute(Change(work, by.name))
        if backend.live is not None:
            backend.live.answers.facts()
        return _shape(self.account, await _found(backend, self.account), await _spoken(backend, self.account))


def _merged(settings: AnswerSettings, changes: Json) -> AnswerSettings:
    """Returns the settings with changes; FaultsError names what is wrong with them, by field."""
    try:
        return merged(settings, changes)
    except ValidationError as error:
        spoken = language()
        faults = []
        for one in error.errors(include_url=False):
            told = catalogue.texts(one["type"], spoken, catalogue.error_values(one, spoken, tuple(changes)))
            faults.append({"key": ".".join(map(str, one["loc"])), "message": told[0], "remedy": told[1]})
        raise FaultsError(faults) from None


def _told(settings: AnswerSettings, changes: Json) -> Json:
    document = settings.model_dump(mode="json")
    return {
        name: {key: document[name][key] for key in value} if isinstance(value, dict) else document[name]
        for name, value in changes.items()
    }


class TryAnswer(Operation):
    """Says what would be answered to a text from an address; nothing is done, and nothing is sent."""

    name: ClassVar[str] = "answers.try"
    reads_store = True
    account: str
    text: Annotated[str, Field(max_length=TEXT_MAX), AfterValidator(wellformed)]
    address: Annotated[str, Field(max_length=254), AfterValidator(wellformed)] = ""
    channel: Literal["sms", "whatsapp", "email"] = "sms"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        now, config = backend.now(), backend.config
        address = self.address.strip()
        if self.channel != "email":
            read, _refused = read_numbers([address], config.numbers) if address else ((), [])
            address = read[0] if read else address

        def asked(connection: Any) -> tuple[Account, Verdict, Known]:
            session = Session(connection)
            row = known.account_of(session, self.account)
            if row is None:
                raise NotFoundError(_("no account {account}").format(account=self.account))
            account = accounts.of_row(config, row)
            text = Incoming(0, self.channel, "", address, self.text, now)
            situation = Situation(session, account, [text], now, accounts.max_age_ms(config))
            what = situation.of(text)
            house = House(account.settings, account.day(now), account.region == "US")
            return account, judge(house, text, what), what

        account, verdict, what = await backend.read(lambda reader: reader.ask(asked))
        return {
            "account": self.account,
            "kind": verdict.kind,
            "answered": verdict.speaks,
            "reason": verdict.reason,
            "customers": [person.external_id for person in verdict.people],
            "day": None if verdict.day is None else verdict.day.isoformat(),
            "confirms": verdict.confirms,
            "text": words.shown(account, verdict, what, account.day(now)) if verdict.speaks else None,
        }


class ListNotices(Operation):
    """Lists batches of notices that wait for a person's word, or waited: they reach many customers at once."""

    name: ClassVar[str] = "notice.list"
    reads_store = True
    account: str | None = None
    asked: bool = True
    """Those alone that still wait."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = by.scope if self.account is None else type(by.scope).of(self.account)
        question = partial(notices.batches, scope=scope, asked=self.asked)
        items = [
            {
                "batch": one.id,
                "account": one.account,
                "kind": one.kind,
                "people": one.people,
                "customers": one.customers,
                "at": iso(one.at),
                "state": one.state,
                "decided_at": iso(one.decided_at),
                "decided_by": one.decided_by,
            }
            for one in await backend.read(lambda reader: reader.ask(question))
        ]
        return {"items": items, "next": None}


class DecideNotices(Operation):
    """Says whether a batch of notices is sent."""

    name: ClassVar[str] = "notice.decide"
    acts_on = "batch"
    account: str | None = None
    batch: Annotated[int, Field(ge=1, le=(1 << 53))]
    send: bool

    async def perform(self, backend: Backend, by: Actor) -> Json:
        now = backend.now()
        work = partial(_decide, by=by, batch=self.batch, send=self.send, now=now)
        await backend.execute(Change(work, by.name))
        if backend.live is not None:
            backend.live.answers.facts()
        return {"batch": self.batch, "send": self.send}


def _decide(unit: Any, *, by: Actor, batch: int, send: bool, now: int) -> None:
    notices.decide(unit.session, by.scope, batch, tell=send, now=now, by=by.name)
