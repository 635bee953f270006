"""What happens to a few customers, as plain data of days: local dates and minutes, money in cents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo


@cache
def _ms(when: When, zone: str) -> int:
    day = when.day
    clock = datetime(day.year, day.month, day.day, when.minute // 60, when.minute % 60, tzinfo=ZoneInfo(zone))
    return int(clock.timestamp() * 1000)


class When(NamedTuple):
    """A day and a minute of it, as clocks in the account's zone show them."""

    day: date
    minute: int

    def ms(self, zone: str) -> int:
        """Unix ms."""
        return _ms(self, zone)

    def exists(self, zone: str) -> bool:
        """Whether clocks show it at all: they may skip an hour."""
        there = datetime.fromtimestamp(self.ms(zone) / 1000, ZoneInfo(zone))
        return (there.date(), there.hour * 60 + there.minute) == (self.day, self.minute)


@dataclass(frozen=True, order=True)
class Event:
    """One thing that happens."""

    when: When
    number: int
    what: str = field(compare=False)
    who: str = field(compare=False, default="")
    facts: Mapping[str, Any] = field(compare=False, default_factory=dict)

    def __str__(self) -> str:
        told = " ".join(f"{key}={value}" for key, value in self.facts.items())
        return f"{self.when.day} {self.when.minute // 60:02}:{self.when.minute % 60:02} {self.what} {self.who} {told}"


@dataclass(frozen=True)
class History:
    """Weeks of an account. `fates` says what becomes of the first, second … message that is planned."""

    seed: int
    zone: str
    begin: date
    days: int
    customers: tuple[str, ...]
    events: tuple[Event, ...]
    fates: tuple[str, ...]
    missed: frozenset[date] = frozenset()
    """Days on which the gateway was switched off."""
    stale: frozenset[date] = frozenset()
    """Days on which billing was too old to say anything."""
    set_back: frozenset[date] = frozenset()
    """Days in whose evening the clock is set back by a day, and put right before the next."""

    def calendar(self) -> list[date]:
        return [self.begin + timedelta(days=passed) for passed in range(self.days)]

    def __str__(self) -> str:
        return "\n".join([f"history {self.seed} in {self.zone}", *map(str, self.events)])
