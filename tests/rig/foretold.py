"""Campaigns drawn at random, of which a forecast is told what a gateway would know, and no more.

Each has a truth (`tests.rig.happened`): how long devices really take, what really fails, who really opts out, what
others really send. The forecast gets samples of it: some hundred sends of last week, a week of traffic, counters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.campaigns.forecast import Again, Batch, Forecast, Line, Others, Situation, foresee, quantiles
from gatewayd.config.values import Rate, Window
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import Contact, judge, window
from gatewayd.contact.presets import PRESETS
from gatewayd.contact.rules import Rules
from gatewayd.store.commands import JobPace
from gatewayd.values.model import Priority, Route
from gatewayd.values.pacing import Limits
from tests.rig.happened import LONGEST_S, Happened, Job, Modem, Person, Truth, World

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
HOUR: Final = 3600.0
DAY_MS: Final = 86_400_000
TOGETHER: Final = ("pace", "quota", "hours", "caps", "credit", "line_down")
CAUSES: Final = (*TOGETHER, "slowed")
FAMILIES: Final = (*CAUSES, "three")
NAME: Final = "1"
"""The account of the campaign, as the truth numbers it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A campaign, what a forecast is told of it, and what can be left out of the truth."""

    family: str
    seed: int
    truth: Truth
    situation: Situation

    def happened(self, truth: Truth | None = None) -> Happened:
        """Returns what became of it; the dice fall the same way each time."""
        return World(_fresh(truth or self.truth), self.seed).run()

    def forecast(self) -> Forecast:
        return foresee(self.situation)


def _fresh(truth: Truth) -> Truth:
    """Returns the truth with people who were not tried yet."""
    jobs = tuple(replace(job, people=tuple(replace(person) for person in job.people)) for job in truth.jobs)
    return replace(truth, jobs=jobs)


@dataclass(frozen=True, slots=True)
class Hours:
    """The rules of contact as the forecast asks for them."""

    rules: Rules

    def slot(self, at: float) -> tuple[float, float] | None:
        found = window(self.rules, MessageClass.COLLECTIONS, int(at * 1000), ZONE)
        return None if found is None else (found[0] / 1000, found[1] / 1000)


# ------------------------------------------------------------------------------------------------------------ devices


def _gamma(mean: float, scatter: float) -> Callable[[Random, int], float]:
    shape = 1 / scatter**2
    return lambda dice, segments: sum(dice.gammavariate(shape, mean / shape) for _ in range(segments))


def _two_humps(mean: float, scatter: float) -> Callable[[Random, int], float]:
    """Most are quick; some wait for the network."""
    slow = 0.12
    quick = mean / (1 + 2 * slow)

    def send(dice: Random, segments: int) -> float:
        return sum(
            quick * (3.0 if dice.random() < slow else 1.0) * math.exp(dice.gauss(0, scatter / 3))
            for _ in range(segments)
        )

    return send


# ------------------------------------------------------------------------------------------------------------- worlds


class Draft:
    """What is drawn step by step."""

    def __init__(self, family: str, seed: int, people: int) -> None:
        self.family, self.seed = family, seed
        self.dice = Random(f"{family} {seed}")
        self.people = people
        self.causes = {family} if family != "three" else set(self.dice.sample(TOGETHER, 3))
        self.rate = self.dice.choice((6, 8, 10, 12, 20))
        self.count = self.dice.randint(2, 5)
        mean = 60 / self.rate * self.dice.uniform(0.35, 1.3)
        self.send_s = self.dice.choice((_gamma, _two_humps))(mean, self.dice.uniform(0.15, 0.6))
        self.fails = self.dice.uniform(0.0, 0.04)
        self.blocks = self.dice.uniform(0.0, 0.015)
        self.segments = self.dice.choice((1, 1, 1, 2, 3))
        self.capacity = self.count / max(mean, 60 / self.rate)
        """Segments a second, about."""
        self.begin = self._begin()
        self.quota = self._quota()
        self.limits = self._limits(self.quota)

    def _begin(self) -> float:
        """A working day's morning; for the hours so late that they end before it does."""
        day = datetime(2026, 11, 2 + self.dice.randrange(5), tzinfo=ZONE)  # Monday to Friday
        if "hours" in self.causes:
            span = self.people * self.segments / self.capacity * self.dice.uniform(0.25, 0.75)
            return day.timestamp() + max(19 * HOUR - span, 9.2 * HOUR)
        return day.timestamp() + self.dice.uniform(9.2, 11.5) * HOUR

    def trial(self) -> Trial:
        dice = self.dice
        rules = self._rules()
        quota, limits = self.quota, self.limits
        day_used = [dice.randrange(0, quota // 2) if quota else 0 for _ in range(self.count)]
        down = self._down()
        modems = tuple(
            Modem(f"m{number}", limits, self.send_s, down=number in down, day_used=used, month_used=used)
            for number, used in enumerate(day_used)
        )
        ours = self._ours(rules)
        others, traffic = self._others()
        before = self._before()
        credit = self._credit()
        pace = self._slowed()
        mine = Job(self.begin, 1, Priority.NORMAL, ours, ours=True, pace=pace, timed=rules is not None)
        jobs = [mine, *before, *others]
        truth = Truth(
            self.begin, ZONE, modems, tuple(jobs), self.fails, rules, credit={} if credit is None else {1: credit}
        )
        return Trial(self.family, self.seed, truth, self._told(truth, ours, before, traffic))

    def _rules(self) -> Rules | None:
        if not self.causes & {"hours", "caps"}:
            return None
        preset = PRESETS["ar-cautious"].rules
        caps = preset.caps if "caps" in self.causes else ()
        hours = preset.hours if "hours" in self.causes else dict.fromkeys(preset.hours)
        return replace(preset, hours=hours, caps=caps)

    def _quota(self) -> int | None:
        if "quota" not in self.causes:
            return None
        # So that it takes three to eight days.
        days = self.dice.uniform(3, 8)
        return max(int(self.people * self.segments / self.count / days), 2 * self.segments + 2)

    def _limits(self, quota: int | None) -> Limits:
        rate = Rate(self.rate, 60.0)
        if quota is not None and self.family == "quota" and self.dice.random() < 0.3:
            # A window of a few hours binds as a day's quota does.
            return Limits(rate, Window(max(quota // 4, self.segments + 1), 2 * HOUR))
        return Limits(rate, None, quota)

    def _down(self) -> set[int]:
        if "line_down" not in self.causes:
            return set()
        return set(range(max(self.count // 2, 1)))

    def _slowed(self) -> JobPace | None:
        """Somebody has slowed it down to a part of what its lines could do."""
        if "slowed" not in self.causes:
            return None
        return JobPace("c-1", max(int(60 * self.capacity * self.dice.uniform(0.15, 0.45)), 1))

    def _credit(self) -> int | None:
        if "credit" not in self.causes:
            return None
        return int(self.people * self.segments * self.dice.uniform(0.3, 0.8))

    def _ours(self, rules: Rules | None) -> tuple[Person, ...]:
        dice = self.dice
        found: list[Person] = []
        span = self.people * self.segments / self.capacity
        capped = dice.uniform(0.1, 0.4) if rules is not None and "caps" in self.causes else 0.0
        for number in range(self.people):
            past: tuple[Contact, ...] = ()
            if dice.random() < capped:
                past = (Contact(int(self.begin * 1000) - dice.randrange(60_000, 3_000_000), "sms", _COLLECTIONS),)
            leaves = self.begin + dice.uniform(0, span) if dice.random() < self.blocks else math.inf
            found.append(Person(number, self.segments, past, blocked_at=leaves))
        return tuple(found)

    def _others(self) -> tuple[list[Job], Others]:
        """Jobs that come in while it runs, and a week of such days."""
        dice = self.dice
        if dice.random() < 0.3:
            return [], Others()
        works = self.count - len(self._down())
        size, bears = dice.uniform(5, 40), self.capacity * works / self.count
        quota = self.limits
        if quota.quota_day is not None:
            bears, size = self.count * quota.quota_day / (12 * HOUR), size / 10
        elif quota.window is not None:
            bears, size = self.count * quota.window.count / quota.window.seconds, size / 4
        every = size * 1.3 / (dice.uniform(0.02, 0.25) * bears)
        week = [self._day(size, every) for _ in range(7)]
        days = tuple(tuple(sum(many for at, many in day if int(at) == hour) for hour in range(24)) for day in week)
        midnight = datetime.fromtimestamp(self.begin, ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        jobs = []
        for number in range(12 if self.quota else 4):
            start = (midnight + timedelta(days=number)).timestamp()
            for at, many in self._day(size, every):
                when = start + at * HOUR
                if when >= self.begin:
                    people = tuple(Person(-1 - index, 1) for index in range(many))
                    priority = Priority.NORMAL if dice.random() < 0.8 else Priority.URGENT
                    jobs.append(Job(when, dice.choice((2, 3)), priority, people))
        return jobs, Others(days, (False,) * 7)

    def _day(self, size: float, every: float) -> list[tuple[float, int]]:
        """Jobs of one day from 8 to 20: hour of the day, messages."""
        found: list[tuple[float, int]] = []
        at = 8.0
        while True:
            at += self.dice.expovariate(1 / every) / HOUR
            if at >= 20:
                return found
            found.append((at, max(int(self.dice.lognormvariate(math.log(size), 0.7)), 1)))

    def _before(self) -> list[Job]:
        """What waits already."""
        dice = self.dice
        if "quota" in self.causes or dice.random() < 0.6:
            return []
        many = int(self.people * dice.uniform(0.1, 0.6))
        people = tuple(Person(-1 - index, 1) for index in range(many))
        return [Job(self.begin - 1, 2, dice.choice((Priority.NORMAL, Priority.BULK)), people)]

    # ------------------------------------------------------------------------------------------- what is known of it

    def _told(self, truth: Truth, ours: Sequence[Person], before: Sequence[Job], others: Others) -> Situation:
        dice = self.dice
        lines = []
        for modem in truth.modems:
            sample = [self.send_s(dice, 1) for _ in range(300)]
            mean = sum(sample) / len(sample)
            spread = math.sqrt(sum((each - mean) ** 2 for each in sample) / len(sample))
            rate, ceiling = modem.limits.rate, modem.limits.window
            assert rate is not None
            lines.append(
                Line(
                    modem.name,
                    frozenset({"sms"}),
                    interval_s=rate.seconds / rate.count,
                    device_s=mean,
                    device_sd=spread,
                    measured=len(sample),
                    times=quantiles(sample),
                    window=None if ceiling is None else (int(ceiling.count), ceiling.seconds),
                    quota_day=modem.limits.quota_day,
                    day_used=modem.day_used if modem.limits.quota_day else 0,
                    state="down" if modem.down else "ready",
                )
            )
        came_back = sum(dice.random() < self.fails for _ in range(1000))
        again = Again(share=(came_back + 1) / 1100, measured=1000)
        batches = [Batch("2", Route("sms"), len(job.people), 1.0, job.priority, jobs=1) for job in before]
        timed = truth.rules is not None and "hours" in self.causes
        waits = _waits(truth, ours)
        batches.append(
            Batch(
                NAME, Route("sms"), len(ours), float(self.segments), hours=0 if timed else None, waits=waits, ours=True
            )
        )
        return Situation(
            self.begin,
            ZONE,
            tuple(lines),
            tuple(batches),
            hours=[Hours(truth.rules)] if truth.rules is not None and timed else [],
            credit={} if not truth.credit else {NAME: float(truth.credit[1])},
            again=again,
            others=others,
            pace=None if (pace := truth.jobs[0].pace) is None else pace.segments / 60,
            lost=0.004,
        )


_COLLECTIONS: Final = MessageClass.COLLECTIONS


def _waits(truth: Truth, ours: Sequence[Person]) -> tuple[tuple[float, int], ...]:
    """How many of the audience may be contacted from when on."""
    if truth.rules is None:
        return ()
    found: dict[int, int] = {}
    for person in ours:
        if person.past:
            verdict = judge(truth.rules, _COLLECTIONS, "sms", int(truth.begin * 1000), ZONE, person.past)
            if not verdict.go and verdict.until is not None:
                found[verdict.until] = found.get(verdict.until, 0) + 1
    return tuple((until / 1000, many) for until, many in sorted(found.items()))


def lifted(truth: Truth, cause: str) -> Truth:
    """Returns the truth without one cause."""
    rules = truth.rules
    match cause:
        case "credit":
            return replace(truth, credit={})
        case "line_down":
            return replace(truth, modems=tuple(replace(modem, down=False) for modem in truth.modems))
        case "quota":
            return replace(
                truth, modems=tuple(replace(modem, limits=Limits(modem.limits.rate)) for modem in truth.modems)
            )
        case "caps":
            jobs = tuple(
                replace(job, people=tuple(replace(person, past=()) for person in job.people)) for job in truth.jobs
            )
            return replace(truth, jobs=jobs)
        case "slowed":
            return replace(truth, jobs=tuple(replace(job, pace=None) for job in truth.jobs))
        case "hours":
            return truth if rules is None else replace(truth, rules=replace(rules, hours=dict.fromkeys(rules.hours)))
    return replace(truth, modems=tuple(_faster(modem) for modem in truth.modems))


def _faster(modem: Modem) -> Modem:
    rate, send_s = modem.limits.rate, modem.send_s
    assert rate is not None
    quick = replace(modem.limits, rate=Rate(round(rate.count * 1.5), rate.seconds))
    return replace(modem, limits=quick, send_s=lambda dice, segments: send_s(dice, segments) / 1.5)


def drawn(family: str, seed: int, people: int = 1200) -> Trial:
    """Returns a campaign of a family, always the same for a seed."""
    return Draft(family, seed, people).trial()


def true_gains(trial: Trial) -> dict[str, float]:
    """Returns by how much (s) the campaign really ends sooner without each cause that there is in it."""
    truth = trial.truth
    end = _end(truth, trial.happened())
    without = {cause: lifted(truth, cause) for cause in CAUSES}
    return {
        cause: 0.0 if other == truth else end - _end(truth, trial.happened(other)) for cause, other in without.items()
    }


def _end(truth: Truth, happened: Happened) -> float:
    """What never ends, ends later than all else, and the later the more is left."""
    return happened.last if not happened.left else truth.begin + LONGEST_S * (1 + happened.left / 1000)
