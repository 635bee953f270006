"""Forecasts: when a load would begin and end over the lines as they are, what limits it, what would change that."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from gatewayd.campaigns.forecast import Forecast, Remedy, foresee
from gatewayd.config.values import Name, Prefix
from gatewayd.contact.classes import MessageClass
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.forecast_words import cause_words, remedy_words, summary
from gatewayd.operations.outlook import Asked, Portion, hours_for, rules_for, situation_of
from gatewayd.operations.ports import Backend
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.errors import UsageError
from gatewayd.values.model import Channel, Priority
from gatewayd.values.money import format_money
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

PEOPLE_MOST: Final = 5_000_000
PORTIONS_MOST: Final = 200
SEGMENTS_MOST: Final = 255

People = Annotated[StrictInt, Field(ge=1, le=PEOPLE_MOST)]
Segments = Annotated[float, Field(ge=1, le=SEGMENTS_MOST, allow_inf_nan=False)]


class Part(BaseModel):
    """People whose numbers begin alike and whose texts are as long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: People
    segments: Segments = 1
    prefix: Prefix | None = None


class ShowForecast(Operation):
    """Forecasts a plain load: so many people of a channel, from `at` on (null: now), beside all that waits already.

    `people` and `segments` say it in one; `parts` by prefix and length.
    """

    name: ClassVar[str] = "forecast.show"
    account: str | None = None
    channel: Channel = Channel.SMS
    people: People | None = None
    segments: Segments = 1
    parts: Annotated[tuple[Part, ...], Field(max_length=PORTIONS_MOST)] = ()
    at: AwareDatetime | None = None
    until: AwareDatetime | None = None
    """What has not gone by then expires."""
    priority: Priority = Priority.NORMAL
    lines: Annotated[tuple[Name, ...], Field(max_length=500)] = ()
    area: Annotated[str, Field(max_length=100), AfterValidator(wellformed)] = ""
    klass: MessageClass | None = Field(default=None, alias="class")
    """What it is for, which decides its hours; null: the account's default."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = await _account(backend, self.account)
        if (self.people is None) == (not self.parts):
            raise UsageError(_("say how many people, or in which parts"))
        parts = self.parts or (Part(people=self.people or 1, segments=self.segments),)
        config = backend.config
        now = backend.now() / 1000
        hours = hours_for(*await rules_for(backend, account, self.klass))
        asked = Asked(
            account=account,
            channel=str(self.channel),
            portions=tuple(
                Portion(part.people, part.segments, longest(part.prefix, backend), 0 if hours else None)
                for part in parts
            ),
            at=seconds(self.at, now),
            priority=self.priority,
            lines=self.lines,
            area=self.area or ("all" if self.channel is Channel.EMAIL else ""),
            until=None if self.until is None else self.until.timestamp(),
            price=config.tariff.price(str(self.channel)),
            hours=hours,
        )
        return await forecast_of(backend, asked)


async def forecast_of(backend: Backend, asked: Asked) -> Json:
    """Returns the forecast of what is asked, as JSON. It is worked out beside the loop: lines wait for nothing."""
    situation = await situation_of(backend, asked)
    return shape(await asyncio.to_thread(foresee, situation), asked, backend)


def seconds(at: datetime | None, now: float) -> float:
    return now if at is None else max(at.timestamp(), now)


async def _account(backend: Backend, named: str | None) -> str:
    """Returns the account asked for, which there is; with none named, the only one."""
    if named is not None:
        return (await backend.read(lambda reader: reader.account(named))).name
    accounts = await backend.read(lambda reader: reader.accounts())
    if len(accounts) != 1:
        raise UsageError(_("name the account"))
    return accounts[0].name


def longest(prefix: str | None, backend: Backend) -> str:
    """Returns the longest prefix of any line that these numbers begin with."""
    if prefix is None:
        return ""
    known = {each for line in backend.config.lines for each in line.prefixes}
    return max((each for each in known if prefix.startswith(each)), key=len, default="")


def shape(found: Forecast, asked: Asked, backend: Backend) -> Json:
    """Returns a forecast as JSON, its sentences in the language spoken."""
    config = backend.config
    now, zone = backend.now() / 1000, config.timezone
    return {
        "at": iso(backend.now()),
        "account": asked.account,
        "channel": asked.channel,
        "people": found.messages,
        "start": _instant(found.start),
        "end": _instant(found.end),
        "stops": None if found.start is None else _instant(found.stops),
        "low": None if found.start is None else _instant(found.low),
        "high": None if found.start is None else _instant(found.high),
        "holds": round(found.holds, 2),
        "latest": None if found.start is None else _instant(found.late),
        "nearly": None if found.start is None else _instant(found.nearly),
        "cause": found.cause,
        "cause_words": cause_words(found.cause),
        "next_cause": found.next_cause,
        "remedy": None if found.remedy is None else _remedy(found.remedy, asked.price),
        "remedy_words": remedy_words(found, now, zone, asked.price, config.tariff.currency),
        "summary": summary(found, now, zone),
        "left": found.left,
        "expired": found.expired,
        "today": found.today,
        "by_day": [{"day": day, "people": people} for day, people in sorted(found.by_day.items()) if people],
        "sooner_s": {cause: round(gain) for cause, gain in found.gains.items() if gain >= 1},
        "behind_s": round(found.ahead_s),
        "live": backend.live is not None,
    }


def _remedy(remedy: Remedy, price: int) -> Json:
    return {
        "code": remedy.code,
        "end": _instant(remedy.end),
        "line": remedy.line or None,
        "per_minute": round(remedy.rate, 2) or None,
        "amount": format_money(remedy.segments * price) if remedy.segments else None,
        "people": remedy.people or None,
        "at": _instant(remedy.at),
    }


def _instant(at: float | None) -> str | None:
    return None if at is None else iso(int(at * 1000))
