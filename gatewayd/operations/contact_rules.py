"""Rules of contact: what holds for an account, what it sets for itself, and the year that comes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Final
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt

from gatewayd.contact.calendar import local_date, window
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.presets import FREE, PRESETS, Preset, effective
from gatewayd.contact.reading import RulesError
from gatewayd.contact.rules import DAY_MS, Rules, written
from gatewayd.contact.words import cap_words, class_name, hours_words
from gatewayd.contact.year import YEAR_LEAST, YEAR_MOST, days_of
from gatewayd.operations.base import Json, Operation, reworded
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change
from gatewayd.store.insight.kept_back import kept_back
from gatewayd.store.settings import accounts as store
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, FaultsError, UsageError
from gatewayd.words.translation import gettext as _

KEY: Final = "contact"
"""Of the rules in the document of an account's settings."""
_ALWAYS_MS: Final = 366 * DAY_MS
"""Open for longer than that is open at any time: hours that never close end where the calendar is no longer asked."""
DOCUMENT_MAX: Final = 50_000
"""Characters of a document of rules: hundreds of holidays are a tenth of it."""

Year = Annotated[StrictInt, Field(ge=YEAR_LEAST, le=YEAR_MOST)]


async def settings_of(backend: Backend, account: str | None) -> store.Settings:
    """Returns what an account has set; nothing where none is named. NotFoundError."""
    if account is None:
        return store.Settings({}, 0, None)
    return await backend.read(lambda reader: reader.ask(partial(store.settings, account=account)))


def rules_of(backend: Backend, document: Mapping[str, Any]) -> Rules | None:
    """Returns the rules that hold with such settings; FaultsError where they cannot be meant."""
    try:
        return effective(backend.config.contact, document)
    except RulesError as error:
        remedy = _("write it as docs/contact-rules.md shows, or leave it to the preset")
        faults = [{"key": f"{KEY}.{one.key}", "message": one.message, "remedy": remedy} for one in error.faults]
        raise FaultsError(faults) from None


def zone_of(backend: Backend, document: Mapping[str, Any]) -> ZoneInfo:
    """Returns the zone of people who have none of their own."""
    zone = document.get("zone")
    return backend.config.timezone if zone is None else ZoneInfo(zone)


def bounded(document: Mapping[str, Any] | None) -> None:
    """Raises UsageError for rules that are longer than any that are meant."""
    if document is not None and len(json.dumps(document, default=str)) > DOCUMENT_MAX:
        raise UsageError(_("{field}: longer than {max} characters").format(field=KEY, max=DOCUMENT_MAX))


def preset_shape(preset: Preset) -> Json:
    """Returns a preset with its law, in words."""
    return {
        "name": preset.name,
        "country": _(preset.country),
        "law": _(preset.law),
        "sources": list(preset.sources),
        "notes": [_(one) for one in preset.notes],
        "rules": preset.rules.document,
        "said": said(preset.rules),
    }


def said(rules: Rules) -> Json:
    """Returns rules as sentences."""
    return {
        "hours": {str(klass): hours_words(rules.hours.get(klass)) for klass in MessageClass},
        "caps": {cap.id: cap_words(cap) for cap in rules.caps},
        "classes": {str(klass): class_name(klass) for klass in MessageClass},
    }


class ShowRules(Operation):
    """The rules that hold for an account (without one: those of the file), as a document and as sentences.

    `own` is what it says itself, `base` the rules of the file alone (at any time, as often as one likes, where there is
    none); `next` says of each class whether it is open now, and the slot that holds now or comes next.
    """

    name: ClassVar[str] = "contact.rules"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await asyncio.to_thread(_shape, backend, self.account, await settings_of(backend, self.account))


def _shape(backend: Backend, account: str | None, found: store.Settings) -> Json:
    rules, zone, now = rules_of(backend, found.document), zone_of(backend, found.document), backend.now()
    preset = None if rules is None or rules.preset is None else preset_shape(PRESETS[rules.preset])
    file = backend.config.contact
    base = rules_of(backend, {}) or FREE
    return {
        "account": account,
        "own": found.document.get(KEY),
        "file": None if file is None else dict(file),
        "base": base.document,
        "version": found.version,
        "zone": str(zone),
        "preset": preset,
        "rules": None if rules is None else rules.document,
        "rules_version": None if rules is None else rules.version,
        "said": None if rules is None else said(rules),
        "next": {} if rules is None else {str(klass): _next(rules, klass, now, zone) for klass in MessageClass},
    }


def _next(rules: Rules, klass: MessageClass, now: int, zone: ZoneInfo) -> Json:
    """Whether it is open now for a class, and the slot that holds now or comes next (null: at any time, or none)."""
    if rules.hours.get(klass) is None:
        return {"open": True, "from": None, "until": None}
    slot = window(rules, klass, now, zone)
    if slot is None:
        return {"open": False, "from": None, "until": None}
    if slot[0] <= now and slot[1] - now > _ALWAYS_MS:
        return {"open": True, "from": None, "until": None}
    return {"open": slot[0] <= now, "from": iso(slot[0]), "until": iso(slot[1])}


class ListPresets(Operation):
    """The presets: each with its law, sources, rules, and what else the law asks."""

    name: ClassVar[str] = "contact.presets"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return {"items": [preset_shape(one) for one in PRESETS.values()]}


class SetRules(Operation):
    """Replaces what an account says of its own: `contact` as `[contact]` of the file; null leaves it to the file."""

    name: ClassVar[str] = "contact.set"
    account: str
    contact: dict[str, Any] | None
    version: StrictInt | None = None
    """The one that was looked at; where somebody has changed the settings since, ConflictError."""

    async def before(self, backend: Backend) -> Json | None:
        return {KEY: (await settings_of(backend, self.account)).document.get(KEY)}

    async def perform(self, backend: Backend, by: Actor) -> Json:
        bounded(self.contact)
        found = await settings_of(backend, self.account)
        document = {key: value for key, value in found.document.items() if key != KEY}
        if self.contact:
            document[KEY] = self.contact
        await asyncio.to_thread(rules_of, backend, document)
        version, now = found.version if self.version is None else self.version, backend.now()
        changed = Change(lambda unit: store.keep(unit.session, self.account, document, now, version), by.name)
        with reworded(ConflictError, _("somebody has changed these settings meanwhile; look again. Nothing was saved")):
            await backend.execute(changed)
        if backend.live is not None:
            await backend.live.rules_changed(self.account)
        return await asyncio.to_thread(_shape, backend, self.account, await settings_of(backend, self.account))


class ShowYear(Operation):
    """Each day of a year under an account's rules, under a preset's, or under rules that are only tried."""

    name: ClassVar[str] = "contact.year"
    reads_store = True
    account: str | None = None
    year: Year | None = None
    """The current one where none is named."""
    message_class: MessageClass = MessageClass.COLLECTIONS
    preset: str | None = None
    """Its rules alone, whatever the account has set."""
    contact: dict[str, Any] | None = None
    """Rules to try in the place of those that the account has set."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        bounded(self.contact)
        found = await settings_of(backend, self.account)
        document = dict(found.document)
        if self.preset is not None:
            document[KEY] = {"preset": self.preset}
        elif self.contact is not None:
            document[KEY] = self.contact
        return await asyncio.to_thread(self._year, backend, document)

    def _year(self, backend: Backend, document: Mapping[str, Any]) -> Json:
        rules, zone = rules_of(backend, document), zone_of(backend, document)
        year = local_date(backend.now(), zone).year if self.year is None else self.year
        answer: Json = {
            "account": self.account,
            "class": str(self.message_class),
            "year": year,
            "zone": str(zone),
            "preset": None if rules is None else rules.preset,
            "rules_version": None if rules is None else rules.version,
            "said": None if rules is None else said(rules),
            "days": [],
        }
        if rules is None:
            return answer
        days = list(days_of(rules, self.message_class, year, zone))
        answer["days"] = [
            {
                "date": day.date.isoformat(),
                "slots": written(day.slots),
                "minutes": day.minutes,
                "why": day.why,
                "holiday": day.holiday,
                "clock": day.shifted,
            }
            for day in days
        ]
        answer["open_days"] = sum(bool(day.slots) for day in days)
        answer["open_minutes"] = sum(day.minutes for day in days)
        return answer


class ShowWaiting(Operation):
    """What the rules keep back now: messages by class, channel and reason, with the moment when the first may go."""

    name: ClassVar[str] = "contact.waiting"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(kept_back, scope=by.scope, account=self.account, now=backend.now())
        found = await backend.read(lambda reader: reader.ask(question))
        items = [
            {
                "class": one.klass,
                "channel": one.channel,
                "reason": one.reason,
                "messages": one.messages,
                "until": iso(one.until),
            }
            for one in found
        ]
        return {"account": self.account, "messages": sum(one.messages for one in found), "items": items}
