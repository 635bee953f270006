"""Which levels of a rule an invoice reaches on a day, and which were taken: the ladder as one customer stands on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gatewayd.dunning.policy import Level, Policy
from gatewayd.dunning.situation import Step

REPEAT = "+"
"""Between a level's id and the number of its repeat."""


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def day_of(at: int, zone: str) -> date:
    """Returns the day of an instant (Unix ms) in a zone."""
    return datetime.fromtimestamp(at / 1000, zone_named(zone)).date()


def repeat(level: Level, number: int) -> str:
    """Returns how a repeat of a level is called among steps."""
    return f"{level.id}{REPEAT}{number}"


def plain(level: str) -> str:
    """Returns the level's id of a step that may be a repeat of it."""
    return level.partition(REPEAT)[0]


@dataclass(frozen=True, slots=True)
class Taken:
    """Steps of one currency and cycle."""

    done: Mapping[str, date]
    """Day of each by the name of its level."""
    planned: bool
    """Whether one waits to leave, of whatever cycle: until it has, nothing else is begun."""


def taken(steps: Iterable[Step], currency: str, cycle: date, zone: str) -> Taken:
    """Returns the steps of a currency and a cycle."""
    done: dict[str, date] = {}
    planned = False
    for one in steps:
        if one.currency != currency:
            continue
        planned = planned or one.state == "planned"
        if one.state == "done" and one.cycle == cycle:
            done[one.level] = day_of(one.at, zone)
    return Taken(done, planned)


def is_done(policy: Policy, place: int, others: Sequence[Policy], known: Taken) -> bool:
    """Returns whether a level or a higher one is done; a step that the rule does not know stands where the other rules
    in play have it."""
    wanted = policy.levels[place].id
    return any(plain(name) == wanted or _place(name, policy, others) > place for name in known.done)


def _place(name: str, policy: Policy, others: Sequence[Policy]) -> int:
    for rule in (policy, *others):
        for place, level in enumerate(rule.levels):
            if level.id == plain(name):
                return place
    return -1


def reached(policy: Policy, due: date, today: date, known: Taken) -> int:
    """Returns the place of the highest level that an invoice reaches; -1: none.

    A level before the due date is over with that day: nobody is told on the fifth day that something falls due. One
    that counts from the contact before it asks for something overdue, as any other does.
    """
    days = (today - due).days
    late = days >= 1 and days > policy.tolerance_days
    for place in range(len(policy.levels) - 1, -1, -1):
        level = policy.levels[place]
        if level.basis == "contact":
            before = None if place == 0 else known.done.get(policy.levels[place - 1].id)
            if late and before is not None and before + timedelta(days=level.days) <= today:
                return place
        elif level.days < 0:
            if level.days <= days <= 0:
                return place
        elif late and days >= level.days:
            return place
    return -1


@dataclass(frozen=True, slots=True)
class Repeats:
    """What the repeats of a rule's last level come to on a day."""

    level: str | None = None
    """The one that is to be taken; None: none is today."""
    again: date | None = None
    """When the next one is; None: there is none."""


def repeats(policy: Policy, known: Taken, contacts: Iterable[date], today: date) -> Repeats:
    """Returns which repeat of the last level, which is done, is to be taken; `contacts` are days on which the person
    was contacted otherwise."""
    top = policy.levels[-1]
    numbers = [int(name.partition(REPEAT)[2] or 0) for name in known.done if plain(name) == top.id]
    number = max(numbers, default=0)
    if not numbers or not policy.reclaim_days or number >= policy.repeats:
        return Repeats()
    again = max([*known.done.values(), *contacts]) + timedelta(days=policy.reclaim_days)
    return Repeats(repeat(top, number + 1) if again <= today else None, again)


def coming(policy: Policy, due: date, today: date, known: Taken) -> list[date]:
    """Returns the days behind `today` on which time alone makes an invoice reach another level, leave one behind, or
    become overdue."""
    days = {due + timedelta(days=1), due + timedelta(days=policy.tolerance_days + 1)}
    days |= {due + timedelta(days=level.days) for level in policy.levels if level.basis == "due"}
    for before, level in zip(policy.levels, policy.levels[1:], strict=False):
        if level.basis == "contact" and before.id in known.done:
            days.add(known.done[before.id] + timedelta(days=level.days))
    return sorted(day for day in days if day > today)
