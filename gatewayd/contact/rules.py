"""Rules of contact: hours by class and day of the week, holidays, and caps. Values, with their JSON document. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gatewayd.contact.classes import DEFAULT, MessageClass

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY: Final = "holiday"
DAY_MINUTES: Final = 1440
DAY_MS: Final = 86_400_000

Slot = tuple[int, int]
"""Minutes of a local day, from and until."""
CapKind = Literal["count", "channels", "apart"]


def clock(minute: int) -> str:
    """Returns a minute of the day as HH:MM; the end of the day is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def written(slots: tuple[Slot, ...]) -> str:
    """Returns the slots of a day as people write them: `07:00-12:00, 14:00-19:00`; empty where the day is closed."""
    return ", ".join(f"{clock(begin)}-{clock(end)}" for begin, end in slots)


@dataclass(frozen=True, slots=True)
class Hours:
    """When people may be contacted, in the wall-clock of wherever they are."""

    days: tuple[tuple[Slot, ...], ...]
    """Slots of each day from Monday on, in order and apart."""
    holiday: tuple[Slot, ...] | None = ()
    """Slots of a holiday, whatever its day of the week; None: a holiday is a day like others."""

    @property
    def document(self) -> dict[str, str | None]:
        days = {day: written(slots) for day, slots in zip(DAYS, self.days, strict=True)}
        return {**days, HOLIDAY: None if self.holiday is None else written(self.holiday)}


@dataclass(frozen=True, slots=True)
class Cap:
    """How often a person may be contacted. Days are local dates: 7 days are today and the 6 before."""

    id: str
    classes: tuple[MessageClass, ...]
    """Messages that it holds for; contacts of these classes are what is counted."""
    kind: CapKind = "count"
    """`count`: at most `most` contacts within `days`; `channels`: over at most `most` channels within `days`; `apart`:
    `days` between one contact and the next, to the minute of the wall-clock."""
    most: int = 1
    days: int = 1
    channels: tuple[str, ...] = ()
    """Channels that it holds for and counts; empty: all together."""
    direct_days: int = 0
    """It holds only within so many days of a direct contact; 0: always."""

    @property
    def document(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "most": self.most,
            "days": self.days,
            "channels": list(self.channels),
            "classes": [str(one) for one in self.classes],
            "direct_days": self.direct_days,
        }

    def holds_for(self, klass: MessageClass, channel: str) -> bool:
        """Returns whether a message of that class and channel is bound by it, and counts for it."""
        return klass in self.classes and (not self.channels or channel in self.channels)


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules that hold for an account."""

    hours: Mapping[MessageClass, Hours | None]
    """By class; None: at any time."""
    caps: tuple[Cap, ...] = ()
    country: str | None = None
    """Whose holidays hold, as two letters; None: nobody's."""
    region: str | None = None
    """The part of the country whose holidays hold as well."""
    own_holidays: tuple[str, ...] = ()
    """Further holidays: YYYY-MM-DD, or MM-DD for each year."""
    working_days: tuple[str, ...] = ()
    """Holidays that count as none, written alike."""
    unanswered: bool = True
    """Whether a call that nobody answered counts for caps."""
    default_class: MessageClass = DEFAULT
    preset: str | None = None
    version: str = field(init=False, compare=False, default="")
    """Digest of what the rules say: the same rules have the same version, whatever they were made of."""
    times: str = field(init=False, compare=False, default="")
    """Digest of what hours depend on."""

    def __post_init__(self) -> None:
        said = self.document
        del said["preset"], said["default_class"]
        object.__setattr__(self, "version", _digest(said))
        object.__setattr__(self, "times", _digest({key: said[key] for key in ("hours", "holidays")}))

    @property
    def document(self) -> dict[str, Any]:
        """The whole of the rules, as `effective` would read them again."""
        return {
            "preset": self.preset,
            "hours": {
                str(klass): None if (hours := self.hours.get(klass)) is None else hours.document
                for klass in MessageClass
            },
            "caps": {cap.id: cap.document for cap in self.caps},
            "holidays": {
                "country": self.country,
                "region": self.region,
                "own": list(self.own_holidays),
                "working": list(self.working_days),
            },
            "unanswered": self.unanswered,
            "default_class": str(self.default_class),
        }


def lookback_ms(rules: Rules) -> int:
    """Returns how far back contacts must be known for `judge`, in ms; 0 where no cap asks for any."""
    longest = max((max(cap.days, cap.direct_days) for cap in rules.caps), default=0)
    # A day of 25 hours, and contacts that were recorded in another zone's day.
    return (longest + 1) * DAY_MS if longest else 0


def capped(rules: Rules, klass: MessageClass, channel: str) -> bool:
    """Returns whether any cap holds for such a message, so that its person's contacts have to be known."""
    return any(cap.holds_for(klass, channel) for cap in rules.caps)


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]
