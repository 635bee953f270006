"""Slots of real time: what hours and holidays mean in a zone, right through its clock changes. Pure, with tables kept.

A slot begins and ends by the wall-clock. Where that was put forward over its begin, it begins when the clock goes on;
where an hour comes twice, only what is inside by the wall-clock and in one piece is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.contact.classes import MessageClass
from gatewayd.contact.rules import DAY_MINUTES, DAY_MS, Rules, Slot

HORIZON_DAYS: Final = 400
"""How far an open slot is looked for: longer than a year of holidays."""
TABLES_MAX: Final = 4096

Window = tuple[int, int]
"""Unix times (ms), from and until."""

_tables: dict[tuple[str, MessageClass, str, int], tuple[Window, ...]] = {}
"""By rules, class, zone and UTC day: its open slots, and the first one after it."""


def window(rules: Rules, klass: MessageClass, at: int, zone: ZoneInfo) -> Window | None:
    """Returns the open slot that holds `at` (ms), else the next one; None where there is none for more than a year.

    For a class without hours ask `rules.hours` first: it has no slots.
    """
    key = (rules.times, klass, zone.key, at // DAY_MS)
    table = _tables.get(key)
    if table is None:
        if len(_tables) >= TABLES_MAX:
            _tables.clear()
        table = _tables[key] = _slots(rules, klass, at // DAY_MS, zone)
    for slot in table:
        if at < slot[1]:
            return slot
    return None


def _slots(rules: Rules, klass: MessageClass, day: int, zone: ZoneInfo) -> tuple[Window, ...]:
    begin, end = day * DAY_MS, (day + 1) * DAY_MS
    local = local_date(begin, zone) - timedelta(days=1)
    found: list[Window] = []
    for _ in range(HORIZON_DAYS):
        for slot in day_windows(rules, klass, local, zone):
            if found and found[-1][1] >= slot[0]:
                found[-1] = (found[-1][0], slot[1])
            elif found and found[-1][0] >= end:
                return tuple(found)
            elif slot[1] > begin:
                found.append(slot)
        local += timedelta(days=1)
    return tuple(found)


def day_windows(rules: Rules, klass: MessageClass, local: date, zone: ZoneInfo) -> list[Window]:
    """Returns the open slots of a local date as real time, in order."""
    made = []
    for begin, end in day_slots(rules, klass, local):
        # The later of two equal wall-clock times to begin, the earlier to end: what is between is inside by both.
        first, last = instant(local, begin, zone, fold=1), instant(local, end, zone, fold=0)
        if last <= first and begin < end:
            last = instant(local, end, zone, fold=1)
        if last > first:
            made.append((first, last))
    return made


def day_slots(rules: Rules, klass: MessageClass, local: date) -> tuple[Slot, ...]:
    """Returns the open slots of a local date, in minutes of the wall-clock; a class without hours has the whole day."""
    hours = rules.hours.get(klass)
    if hours is None:
        return ((0, DAY_MINUTES),)
    if hours.holiday is not None and holiday(rules, local) is not None:
        return hours.holiday
    return hours.days[local.weekday()]


def holiday(rules: Rules, local: date) -> str | None:
    """Returns the name of the holiday that a local date is, empty where it is the account's own; None: it is none."""
    whole = local.isoformat()
    if whole in rules.working_days or whole[5:] in rules.working_days:
        return None
    if whole in rules.own_holidays or whole[5:] in rules.own_holidays:
        return ""
    return _public(rules.country, rules.region, local.year).get(local) if rules.country else None


@lru_cache(maxsize=64)
def _public(country: str, region: str | None, year: int) -> Mapping[date, str]:
    # Loaded by whoever has such rules; others are spared its 16 MB.
    import holidays

    # A copy: the library's own dictionary fills in other years when it is asked about them.
    return dict(holidays.country_holidays(country, subdiv=region, years=year, expand=False).items())


def known_country(country: str) -> bool:
    """Returns whether holidays of that country (two letters) are known."""
    import holidays

    return bool(country in holidays.list_supported_countries(include_aliases=False))


def known_region(country: str, region: str) -> bool:
    """Returns whether holidays of that part of the country are known."""
    import holidays

    return bool(region in holidays.list_supported_countries(include_aliases=False).get(country, []))


def local_date(at: int, zone: ZoneInfo) -> date:
    """Returns the local date of a Unix time (ms)."""
    return datetime.fromtimestamp(at / 1000, zone).date()


def instant(local: date, minute: int, zone: ZoneInfo, fold: int = 0) -> int:
    """Returns the Unix time (ms) of a minute of a local date (1440: the end of it).

    `fold` chooses among two; where the clock was put forward over it, the moment at which it was.
    """
    return wall(datetime.combine(local, time()) + timedelta(minutes=minute), zone, fold)


def wall(naive: datetime, zone: ZoneInfo, fold: int = 0) -> int:
    """Returns the Unix time (ms) of a wall-clock time, as `instant` does."""
    at = _ms(naive.replace(tzinfo=zone, fold=fold))
    if datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None) == naive:
        return at
    # In a gap the two folds lie on both sides of the change; its moment is a whole second.
    low, high = sorted(_ms(naive.replace(tzinfo=zone, fold=one)) // 1000 for one in (0, 1))
    after = datetime.fromtimestamp(high, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high * 1000


def _ms(aware: datetime) -> int:
    return round((aware.astimezone(UTC) - _EPOCH) / timedelta(milliseconds=1))


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
