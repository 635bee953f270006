"""What an account sets for itself: its company's name and logo, language, zone, and bounds."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, field_validator
from pydantic_core import PydanticCustomError

from gatewayd.operations.base import Json, Operation, reworded
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change
from gatewayd.store.settings import accounts as store
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, UsageError
from gatewayd.values.money import format_money, parse_money
from gatewayd.values.png import BYTES_MAX, rewritten
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

COMPANY_MAX: Final = 80
LOGO_TEXT_MAX: Final = BYTES_MAX * 4 // 3 + 4
"""Characters of the largest logo in base64."""
KEYS: Final = ("company", "language", "zone", "low_credit", "test_group", "billing_max_age")
GROUP_MAX: Final = 20
"""People of a test group."""


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise PydanticCustomError("zone_unknown", "unknown time zone: {value}", {"value": value})
    return str(ZoneInfo(value))


def _one_line(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise PydanticCustomError("line_expected", "one line of text", {})
    return value.strip()


Company = Annotated[str, AfterValidator(wellformed), AfterValidator(_one_line)]


def _shape(account: str, found: store.Settings, backend: Backend) -> Json:
    document = found.document
    return {
        "account": account,
        **{key: document.get(key) for key in KEYS},
        "logo": found.logo,
        "version": found.version,
        "effective": {
            "company": document.get("company") or account,
            "language": document.get("language") or backend.config.locale,
            "zone": document.get("zone") or str(backend.config.timezone),
            "billing_max_age": document.get("billing_max_age") or int(backend.config.billing.max_age),
        },
    }


async def _found(backend: Backend, account: str) -> store.Settings:
    return await backend.read(lambda reader: reader.ask(partial(store.settings, account=account)))


class ShowSettings(Operation):
    """What the account has set (null: not set), and what holds."""

    name: ClassVar[str] = "account.settings"
    reads_store = True
    account: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return _shape(self.account, await _found(backend, self.account), backend)


class TestPerson(BaseModel):
    """Somebody of the test group, by the addresses that tests go to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Company, Field(max_length=80)]
    phone: Annotated[str, Field(max_length=40), AfterValidator(_one_line)] | None = None
    """For SMS, calls and WhatsApp."""
    mail: Annotated[str, Field(max_length=254), AfterValidator(_one_line)] | None = None
    push: Annotated[str, Field(max_length=2048), AfterValidator(_one_line)] | None = None


class SetSettings(Operation):
    """Sets what is given; null takes a setting back to the gateway's own."""

    name: ClassVar[str] = "account.set"
    account: str
    company: Annotated[Company, Field(max_length=COMPANY_MAX)] | None = None
    language: Literal["es", "en"] | None = None
    zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] | None = None
    test_group: Annotated[list[TestPerson], Field(max_length=GROUP_MAX)] | None = None
    """Who gets test sends: people of the account itself."""
    low_credit: Annotated[str, Field(max_length=30)] | None = None
    """Decimal: a balance below it counts as running low."""
    billing_max_age: Annotated[int, Field(ge=60, le=366 * 86_400)] | None = None
    """Seconds: what was written from billing that is older waits for newer."""
    version: StrictInt | None = None
    """The one that was looked at; where somebody has changed the settings since, ConflictError."""

    @field_validator("low_credit")
    @classmethod
    def _amount(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            micros = parse_money(value)
        except ValueError:
            micros = -1
        if micros < 0:
            raise PydanticCustomError("money_invalid", "not an amount: {value}", {"value": value})
        return format_money(micros)

    async def before(self, backend: Backend) -> Json | None:
        found = (await _found(backend, self.account)).document
        return {key: found.get(key) for key in KEYS if key in self.model_fields_set}

    async def perform(self, backend: Backend, by: Actor) -> Json:
        given: dict[str, Any] = {key: getattr(self, key) for key in KEYS if key in self.model_fields_set}
        if self.test_group is not None:
            given["test_group"] = [one.model_dump(exclude_none=True) for one in self.test_group]
        found = await _found(backend, self.account)
        wanted: dict[str, Any] = {**found.document, **given}
        document = {key: value for key, value in wanted.items() if value is not None}
        version, now = found.version if self.version is None else self.version, backend.now()
        changed = Change(lambda unit: store.keep(unit.session, self.account, document, now, version), by.name)
        with reworded(ConflictError, _("somebody has changed these settings meanwhile; look again. Nothing was saved")):
            await backend.execute(changed)
        if backend.live is not None and {"zone", "billing_max_age"} & self.model_fields_set:
            await backend.live.rules_changed(self.account)
        return _shape(self.account, await _found(backend, self.account), backend)


class SetLogo(Operation):
    """Keeps a logo (PNG in base64), written anew from its pixels; null takes it away."""

    name: ClassVar[str] = "account.logo.set"
    account: str
    png: Annotated[str, Field(max_length=LOGO_TEXT_MAX)] | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        clean: bytes | None = None
        if self.png is not None:
            try:
                data = base64.b64decode(self.png, validate=True)
            except (binascii.Error, ValueError):
                raise UsageError(_("png: not base64")) from None
            clean = await asyncio.to_thread(rewritten, data)
        digest, now = "" if clean is None else hashlib.sha256(clean).hexdigest()[:32], backend.now()
        await backend.execute(
            Change(lambda unit: store.keep_logo(unit.session, self.account, clean, digest, now), by.name)
        )
        return _shape(self.account, await _found(backend, self.account), backend)


class ShowLogo(Operation):
    """The account's logo: `png` in base64 (null: none) and its digest."""

    name: ClassVar[str] = "account.logo"
    reads_store = True
    account: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await backend.read(lambda reader: reader.ask(partial(store.logo, account=self.account)))
        if found is None:
            return {"account": self.account, "png": None, "digest": None}
        return {"account": self.account, "png": base64.b64encode(found[0]).decode(), "digest": found[1]}
