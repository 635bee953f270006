"""What a rule would do about one invoice, day by day, so that whoever writes it sees on which side of the due date a
number is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from gatewayd.billing.facts import Invoice
from gatewayd.dunning.decide import decide
from gatewayd.dunning.ladder import plain
from gatewayd.dunning.policy import CHANNELS, Policy
from gatewayd.dunning.situation import Situation, Step

LONGEST: Final = 400
"""Days behind the due date that are tried."""
AMOUNT: Final = 1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which a rule does something about the invoice, if nobody pays."""

    day: date
    days: int
    """From the due date; below zero: before it."""
    level: str
    """The level's id; a repeat with its number."""
    place: int
    """Of the level in the rule, from 0."""
    channels: tuple[str, ...]


def calendar(policy: Policy, due: date, first: date | None = None) -> Sequence[Day]:
    """Returns the days on which a rule claims one invoice that is never paid, each contact made on the day it is due.
    `first` is the day from which somebody looks; None: long before the due date."""
    if policy.nothing or not policy.levels:
        return ()
    before = min([0, *(one.days for one in policy.levels if one.basis == "due")])
    today = first or due + timedelta(days=before)
    last = due + timedelta(days=LONGEST)
    bill = Invoice("1", "1", "", due, balance=AMOUNT, as_of=0)
    steps: tuple[Step, ...] = ()
    found: list[Day] = []
    places = {level.id: place for place, level in enumerate(policy.levels)}
    while today <= last:
        situation = Situation(1, (bill,), steps=steps, policy=policy, channels=frozenset(CHANNELS))
        at = int(datetime(today.year, today.month, today.day, 12, tzinfo=UTC).timestamp() * 1000)
        (one,) = decide(situation, today, at)
        if one.reason == "due" and one.level is not None and one.cycle is not None:
            place = places[plain(one.level)]
            found.append(Day(today, (today - due).days, one.level, place, policy.levels[place].channels))
            steps = (*steps, Step("", one.level, one.cycle, "done", at))
            today += timedelta(days=1)
        elif one.again is None:
            break
        else:
            today = max(one.again, today + timedelta(days=1))
    return found
