"""Hours of contact as drawings: a week as bars of its days, a year as twelve small months. Pure.

Every drawing has its words beside it, and no day is told by colour alone: closed days bear no ground, shorter ones half
of one, holidays a frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final, Literal

from babel.dates import get_day_names, get_month_names
from markupsafe import Markup

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 1440


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a month; `number` 0 before the first one."""

    number: int
    kind: str = ""
    """full, short, shut, holiday."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    weeks: Sequence[Sequence[Cell]]


def minutes_of(slots: str) -> Iterator[tuple[int, int]]:
    """Yields the slots of a day as it is written (`07:00-12:00, 14:00-19:00`), in minutes."""
    for slot in filter(None, slots.split(", ")):
        begin, _dash, end = slot.partition("-")
        yield _minute(begin), _minute(end)


def _minute(clock: str) -> int:
    hours, _colon, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


_DAY: Final = Markup('<svg class="bar tall day" role="img" aria-label="{}">{}{}</svg>')
_MARK: Final = Markup('<line x1="{0}%" x2="{0}%" y1="0" y2="100%"/>')
_SLOT: Final = Markup('<rect class="t-accent" x="{:.3f}%" width="{:.3f}%" height="100%"/>')


def bar(slots: str, label: str) -> Markup:
    """Returns a day from midnight to midnight, its open slots filled, a mark each six hours."""
    marks = Markup().join(_MARK.format(at) for at in (25, 50, 75))
    body = Markup().join(
        _SLOT.format(begin * 100 / DAY_MINUTES, (end - begin) * 100 / DAY_MINUTES) for begin, end in minutes_of(slots)
    )
    return _DAY.format(label, marks, body)


def day_names(language: str, width: Literal["wide", "narrow"] = "wide") -> list[str]:
    """Returns the names of the days from Monday on."""
    names = get_day_names(width, context="stand-alone", locale=language)
    return [names[day] for day in range(7)]


def months(days: Sequence[Mapping[str, Any]], language: str, words: Mapping[str, str]) -> list[Month]:
    """Returns the months of a year of `contact.year`; `words` say closed, holiday, own, longer and shorter."""
    longest = max((day["minutes"] for day in days), default=0)
    names = get_month_names("wide", context="stand-alone", locale=language)
    made = []
    for month, group in groupby(days, key=lambda day: date.fromisoformat(day["date"]).month):
        cells = [_cell(day, longest, words) for day in group]
        first = date.fromisoformat(days[0]["date"]).replace(month=month, day=1).weekday()
        row = [Cell(0)] * first + cells
        row += [Cell(0)] * (-len(row) % 7)
        made.append(Month(names[month].capitalize(), [row[at : at + 7] for at in range(0, len(row), 7)]))
    return made


def _cell(day: Mapping[str, Any], longest: int, words: Mapping[str, str]) -> Cell:
    said = [day["slots"] or words["closed"]]
    if day["holiday"] is not None:
        said.insert(0, day["holiday"] or words["own"])
    if day["clock"]:
        said.append(words["longer" if day["clock"] > 0 else "shorter"])
    if day["holiday"] is not None and not day["slots"]:
        kind = "holiday"
    elif not day["slots"]:
        kind = "shut"
    else:
        kind = "full" if day["minutes"] == longest else "short"
    return Cell(date.fromisoformat(day["date"]).day, kind, ": ".join(said))
