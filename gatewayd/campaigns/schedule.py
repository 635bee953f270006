"""When a campaign runs: once at a date and time, or on days of the week, by the clock of a place. Pure.

A run is planned for a *local* time, written `2026-09-07T10:30`, and that text is its key: whatever clocks do, a
campaign has one run for each. A local time that a change of the clock skips is the instant at which the clock goes on;
of one that comes twice, it is the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

LATE_MS: Final = 10 * 60_000
"""A run that begins within this time of its hour is in time; after it, it was missed."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORMAT: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Plan:
    """Local times of a place."""

    zone: ZoneInfo
    at: datetime | None = None
    """Without a zone; None: it recurs."""
    days: frozenset[int] = frozenset()
    """Monday is 0."""
    hour: time = time(10)
    until: date | None = None
    """The last day; None: without an end."""


Missed = Literal["late", "skip", "ask"]


def key(local: datetime) -> str:
    """Returns a local time as it is written."""
    return local.strftime(_FORMAT)


def instant(planned: str, zone: ZoneInfo) -> int:
    """Returns the Unix ms of a local time as it is written; ValueError for what is none."""
    local = datetime.strptime(planned, _FORMAT)  # noqa: DTZ007 - a local time has no zone of its own
    early, late = (int(local.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if _wall(early, zone) == local:
        return early * 1000
    # Skipped: the clock's change lies between the two readings. The first second that it has left behind is sought.
    low, high = min(early, late), max(early, late)
    while low < high:
        middle = (low + high) // 2
        if _wall(middle, zone) >= local:
            high = middle
        else:
            low = middle + 1
    return low * 1000


def _wall(seconds: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).replace(tzinfo=None)


def first(plan: Plan, now: int) -> str | None:
    """Returns the first planned time after `now` (Unix ms); None: there is none. A single one is returned even where
    it is over."""
    if plan.at is not None:
        return key(plan.at)
    here = _wall(now // 1000, plan.zone).date() - timedelta(days=1)
    return next((planned for planned in _from(plan, here) if instant(planned, plan.zone) > now), None)


def following(plan: Plan, planned: str) -> str | None:
    """Returns the planned time after that one; None where it was the last. The clock is not asked."""
    if plan.at is not None:
        return None
    day = datetime.strptime(planned, _FORMAT).date()  # noqa: DTZ007 - as above
    return next((each for each in _from(plan, day) if each > planned), None)


def _from(plan: Plan, day: date) -> Iterator[str]:
    if not plan.days:
        return
    while plan.until is None or day <= plan.until:
        if day.weekday() in plan.days:
            yield key(datetime.combine(day, plan.hour))
        day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about a campaign whose time has come, or has passed."""

    run: str | None
    """The planned time that runs now."""
    skipped: tuple[str, ...]
    """Those that do not run any more."""
    ask: str | None
    """The one about which a person is asked."""
    next: str | None
    """The planned time after all of them."""


def judge(plan: Plan, planned: str, now: int, missed: Missed) -> Verdict:
    """Judges a campaign whose next run is `planned`, at `now` (Unix ms); nothing is done where that is still to come.

    Of several that were missed the last counts: to send the same thing several times in a row helps nobody.
    """
    passed: list[str] = []
    following_one: str | None = planned
    while following_one is not None and instant(following_one, plan.zone) <= now:
        passed.append(following_one)
        following_one = following(plan, following_one)
    if not passed:
        return Verdict(None, (), None, planned)
    last, skipped = passed[-1], tuple(passed[:-1])
    if now - instant(last, plan.zone) <= LATE_MS or missed == "late":
        return Verdict(last, skipped, None, following_one)
    if missed == "skip":
        return Verdict(None, (*skipped, last), None, following_one)
    return Verdict(None, skipped, last, following_one)
