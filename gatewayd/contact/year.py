"""What rules make of a year: each day with its open slots, or why it is closed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from gatewayd.contact.calendar import day_slots, holiday, instant
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.rules import DAY_MS, Rules, Slot

YEAR_LEAST, YEAR_MOST = 2000, 2100


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    slots: tuple[Slot, ...]
    """Open slots, minutes of the wall-clock."""
    holiday: str | None
    """Its name; empty: one of the account's own; None: no holiday."""
    shifted: int
    """Minutes that the day is longer (60) or shorter (-60) than 24 hours."""

    @property
    def minutes(self) -> int:
        """How long it is open by the wall-clock."""
        return sum(end - begin for begin, end in self.slots)

    @property
    def why(self) -> Literal["holiday", "weekday"] | None:
        """Why it is closed; None: it is open."""
        if self.slots:
            return None
        return "weekday" if self.holiday is None else "holiday"


def days_of(rules: Rules, klass: MessageClass, year: int, zone: ZoneInfo) -> Iterator[Day]:
    """Yields each day of a year as the rules see it."""
    local = date(year, 1, 1)
    begin = instant(local, 0, zone)
    while local.year == year:
        following = local + timedelta(days=1)
        end = instant(following, 0, zone)
        shifted = (end - begin - DAY_MS) // 60_000
        yield Day(local, day_slots(rules, klass, local), holiday(rules, local), shifted)
        local, begin = following, end
