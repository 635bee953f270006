"""What a campaign says: to whom, by which channels, what, and when."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gatewayd.campaigns.schedule import DAYS, Plan

CHANNELS: Final = ("sms", "call", "email", "push", "whatsapp")
RUNGS_MAX: Final = 5
CUSTOMERS_MAX: Final = 10_000
"""Of a selection; more is a filter or a list."""

Channel = Literal["sms", "call", "email", "push", "whatsapp"]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Selection = Annotated[list[Name], Field(min_length=1, max_length=CUSTOMERS_MAX)]
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_WAIT: Final = re.compile(r"(\d{1,5})([smhd])")
_STRICT: Final = ConfigDict(extra="forbid", frozen=True)


class Rung(BaseModel):
    """One channel, and what is told over it."""

    model_config = _STRICT

    channel: Channel
    template: Name | None = None
    version: Annotated[int, Field(ge=1)] | None = None
    """None: the latest, which a launch freezes."""
    content: dict[str, Any] | None = None
    """In place of a template: the keys of a job file that say what is told (`text`, `subject` …)."""
    wait: Annotated[str, Field(pattern=_WAIT.pattern)] | None = None
    """How long a message may take before the next rung is tried."""
    column: Name | None = None
    """Of an uploaded list: where its address over this channel stands, on the rungs after the first."""

    @property
    def wait_ms(self) -> int:
        found = _WAIT.fullmatch(self.wait or "24h")
        assert found is not None
        return int(found[1]) * _UNITS[found[2]] * 1000


class Audience(BaseModel):
    """To whom: exactly one of these."""

    model_config = _STRICT

    list: Name | None = None
    filter: dict[str, Any] | None = None
    customers: Selection | None = None
    origin: Annotated[int, Field(ge=1)] | None = None
    """Part of that campaign's people, which a list of its own holds."""
    upload: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")] | None = None
    instructions: dict[str, Any] = Field(default_factory=dict)
    """How an uploaded file is read, as in a job file: `columns`, `sheet`, `header_row`, `hidden_rows` …"""

    @property
    def kind(self) -> str:
        return next(
            (name for name in ("list", "filter", "customers", "upload", "origin") if getattr(self, name) is not None),
            "",
        )


class Schedule(BaseModel):
    """When."""

    model_config = _STRICT

    kind: Literal["now", "at", "every"] = "now"
    at: datetime | None = None
    """Local time of `zone`, without an offset."""
    zone: Annotated[str, Field(max_length=60)] | None = None
    """None: the account's, else the gateway's."""
    days: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(max_length=7)] = Field(
        default_factory=list
    )
    hour: time | None = None
    until: date | None = None
    audience: Literal["frozen", "live"] = "live"
    """Of a recurring one: those whom its first run reached, or whoever it means at each run."""
    missed: Literal["late", "skip", "ask"] = "ask"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None:
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError("no such time zone") from None
        return zone

    @field_validator("at")
    @classmethod
    def _local(cls, at: datetime | None) -> datetime | None:
        if at is not None and at.tzinfo is not None:
            raise ValueError("a local time of the zone, without an offset")
        return at

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "at" and self.at is None:
            raise ValueError("at: say when")
        if self.kind == "every" and (not self.days or self.hour is None):
            raise ValueError("days, hour: say when")
        return self

    def plan(self, default: str) -> Plan:
        """Returns its local times; `default` is the zone where it names none."""
        zone = ZoneInfo(self.zone or default)
        if self.kind == "at" and self.at is not None:
            return Plan(zone, self.at.replace(second=0, microsecond=0))
        days = frozenset(DAYS.index(day) for day in self.days)
        return Plan(zone, None, days, (self.hour or time(10)).replace(second=0, microsecond=0), self.until)


class Options(BaseModel):
    """How its messages go."""

    model_config = _STRICT

    lines: Annotated[list[Name], Field(max_length=200)] = Field(default_factory=list)
    priority: Literal["urgent", "normal", "bulk"] = "bulk"
    not_after: datetime | None = None
    """With its offset; of a recurring one not allowed."""
    encoding: Literal["auto", "gsm7", "ucs2"] | None = None
    count_as_reached: tuple[Literal["submitted", "uncertain"], ...] = ("submitted", "uncertain")


class CampaignDocument(BaseModel):
    """A campaign as it is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    ladder: Annotated[list[Rung], Field(min_length=1, max_length=RUNGS_MAX)]
    audience: Audience | None = None
    """None: not said yet."""
    klass: Literal["collections", "notice", "transactional"] | None = Field(default=None, alias="class")
    """None: the account's default."""
    schedule: Schedule = Field(default_factory=Schedule)
    options: Options = Field(default_factory=Options)

    @model_validator(mode="before")
    @classmethod
    def _one_rung(cls, raw: Any) -> Any:
        """A single channel may be said without a ladder."""
        if not isinstance(raw, dict) or "channel" not in raw or "ladder" in raw:
            return raw
        rung = {name: raw[name] for name in ("channel", "template", "version", "content") if name in raw}
        return {name: value for name, value in raw.items() if name not in rung} | {"ladder": [rung]}

    @property
    def meant(self) -> dict[str, Any] | None:
        """To whom, as it is kept."""
        return None if self.audience is None else self.audience.model_dump(exclude_none=True)

    def job_keys(self) -> list[dict[str, Any]]:
        """Returns the keys of a job file that the jobs of each rung bear; versions may still be open."""
        return [self._keys_of(rung) for rung in self.ladder]

    def _keys_of(self, rung: Rung) -> dict[str, Any]:
        options = self.options
        found: dict[str, Any] = {**(rung.content or {}), "channel": rung.channel, "priority": options.priority}
        if rung.template is not None:
            found = {"template": rung.template, "channel": rung.channel, "priority": options.priority}
            found |= {} if rung.version is None else {"template_version": rung.version}
        if self.klass is not None:
            found["class"] = self.klass
        if options.lines:
            found["lines"] = list(options.lines)
        if options.not_after is not None:
            found["not_after"] = options.not_after.isoformat()
        if options.encoding is not None and rung.channel == "sms":
            found["encoding"] = options.encoding
        return found

    def kept(self) -> str:
        """Returns it as the store keeps it (JSON)."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


def faults(document: CampaignDocument) -> list[str]:
    """Returns what keeps it from being launched, by name of what is missing, the most fundamental first."""
    found = []
    if document.audience is None or not document.audience.kind:
        found.append("audience")
    if any(rung.template is None and rung.content is None for rung in document.ladder):
        found.append("template")
    return found
