"""The forecast of a situation: the expected run, the span of its end, the cause, and what would change it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gatewayd.campaigns.forecast.causes import LIFTED, Cause, ranked, unserved
from gatewayd.campaigns.forecast.chance import draws, middle
from gatewayd.campaigns.forecast.interval import interval
from gatewayd.campaigns.forecast.line import Line
from gatewayd.campaigns.forecast.merged import merged
from gatewayd.campaigns.forecast.run import Run, Simulation
from gatewayd.campaigns.forecast.situation import NOWHERE, Situation

DRAWS: Final = 36
DRAWS_LEAST: Final = 8
EVENTS: Final = 2_500
"""Of all draws together, about: what a long campaign has too many of makes its draws fewer."""


SMOOTH_FROM: Final = 2_000
"""Events of a run from which on windows that open and close thousands of times are a pace."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would change it. `end` is when it would end then (Unix s); None: not even then."""

    code: str
    end: float | None
    line: str = ""
    rate: float = 0.0
    """Segments a minute of the line that is spoken of."""
    segments: int = 0
    """Of credit that is missing."""
    people: int = 0
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Times are Unix s."""

    start: float | None
    """None: nothing can go as things are."""
    end: float | None
    """When the last one goes; None: some never go as things are."""
    stops: float
    """When the last one goes that can."""
    low: float
    high: float
    """The span in which it ends, or stops, in nine cases of ten; never wider than a quarter of the whole."""
    holds: float
    """Share of the runs that ended within."""
    late: float
    """The latest end of all runs."""
    nearly: float
    """When 95 % will have gone."""
    cause: Cause
    next_cause: Cause | None
    remedy: Remedy | None
    messages: int
    left: int
    """Those that never go as things are, the expired among them."""
    expired: int
    today: int
    by_day: Mapping[str, int] = field(default_factory=dict)
    gains: Mapping[Cause, float] = field(default_factory=dict)
    """By how much (s) it would end sooner without each cause."""
    ahead_s: float = 0.0
    """How much of it is waiting for what others have put in before."""


def foresee(situation: Situation) -> Forecast:
    """Returns the forecast of the batches that are `ours`."""
    whole = situation
    situation = merged(situation)
    expected = Simulation(situation, middle(situation)).run()
    if expected.events > SMOOTH_FROM:
        whole = smoothed(whole)
        situation = merged(whole)
        expected = Simulation(situation, middle(situation)).run()
    ours = [batch for batch in situation.batches if batch.ours]
    messages = round(sum(batch.messages for batch in ours))
    count = max(min(DRAWS, EVENTS // max(expected.events, 1)), DRAWS_LEAST)
    runs = (
        [Simulation(situation, draw).run() for draw in draws(situation, count, messages, expected.last - situation.now)]
        if messages
        else []
    )
    alike = sorted((run for run in runs if run.ends == expected.ends and run.begin is not None), key=lambda r: r.last)
    # What others send scatters one way alone: the run in the middle says more than the one in which all is as usual.
    usually = alike[len(alike) // 2] if alike else expected
    # What is put off until a time is measured from then on: it cannot end before it begins.
    begin = max(situation.now, min((batch.due for batch in ours), default=situation.now))
    stops = usually.last if usually.begin is not None else begin
    span = interval([run.last for run in alike] or [stops], begin, stops)
    gains = {cause: _gain(situation, expected, cause) for cause in LIFTED}
    causes: list[Cause] = ["no_line"] if unserved(situation) else ranked(gains)
    today = _rounded(usually.by_day)
    return Forecast(
        start=usually.begin,
        end=stops if usually.ends and not usually.expired else None,
        stops=min(max(stops, span.low), span.high),
        low=span.low,
        high=span.high,
        holds=span.holds * len(alike) / max(len(runs), 1),
        late=max([run.last for run in runs], default=stops),
        nearly=usually.nearly or stops,
        cause=causes[0],
        next_cause=causes[1] if len(causes) > 1 else None,
        remedy=remedy(whole, causes[0], expected),
        messages=messages,
        left=round(usually.left + usually.expired),
        expired=round(usually.expired),
        today=next(iter(today.values()), 0) if _first_is_today(situation, today) else 0,
        by_day=today,
        gains=gains,
        ahead_s=_ahead(situation, expected),
    )


def smoothed(situation: Situation) -> Situation:
    """Returns the situation with windows as the pace that they come to."""
    lines = tuple(
        line
        if line.window is None
        else replace(line, interval_s=max(line.interval_s, line.window[1] / line.window[0]), window=None)
        for line in situation.lines
    )
    return replace(situation, lines=lines)


def _expected(situation: Situation) -> Run:
    joined = merged(situation)
    return Simulation(joined, middle(joined)).run()


def _end(run: Run, situation: Situation) -> float:
    """Returns when a run ends; what never ends, ends a year hence, and later the more is left of it."""
    if run.ends and not run.expired:
        return run.last if run.begin is not None else situation.now
    whole = run.out + run.left + run.expired
    return situation.now + NOWHERE * (1 + (run.left + run.expired) / max(whole, 1.0))


def _gain(situation: Situation, expected: Run, cause: Cause) -> float:
    lifted = LIFTED[cause](situation)
    if lifted == situation:
        return 0.0
    return max(_end(expected, situation) - _end(_expected(lifted), lifted), 0.0)


def _ahead(situation: Situation, expected: Run) -> float:
    alone = replace(situation, batches=tuple(batch for batch in situation.batches if batch.ours))
    if len(alone.batches) == len(situation.batches):
        return 0.0
    found = _expected(alone)
    return max(expected.last - found.last, 0.0) if found.ends and expected.ends else 0.0


def _rounded(days: Mapping[str, float]) -> dict[str, int]:
    """Returns whole people a day whose sum is right."""
    found: dict[str, int] = {}
    passed, told = 0.0, 0
    for day in sorted(days):
        passed += days[day]
        found[day] = round(passed) - told
        told += found[day]
    return found


def _first_is_today(situation: Situation, days: Mapping[str, int]) -> bool:
    return bool(days) and min(days) == datetime.fromtimestamp(situation.now, situation.zone).date().isoformat()


# ------------------------------------------------------------------------------------------------------------ remedies


def remedy(situation: Situation, cause: Cause, expected: Run) -> Remedy | None:
    """Returns what would change the cause, as a simulation of it says; None where nothing would help."""
    if cause == "no_line":
        return None
    lifted = LIFTED[cause](situation)
    after = _expected(lifted)
    end = after.last if after.ends and after.begin is not None else None
    ours = [batch for batch in situation.batches if batch.ours]
    match cause:
        case "credit":
            spare = min((situation.credit.get(batch.account, math.inf) for batch in ours), default=math.inf)
            asked = sum(batch.messages * batch.segments for batch in ours)
            missing = 0 if math.isinf(spare) else max(math.ceil(asked - spare), math.ceil(expected.left))
            return Remedy("top_up", end, segments=missing)
        case "line_down":
            down = [line for line in lifted.lines if line not in situation.lines]
            return Remedy("line_back", end, line=", ".join(line.name for line in down[:3]))
        case "caps":
            waits = [wait for batch in ours for wait in batch.waits]
            people = round(sum(many for at, many in waits if at > situation.now))
            return Remedy("without_capped", end, people=people, at=max((at for at, _ in waits), default=None))
        case "slowed":
            return Remedy("full_pace", end)
        case "hours":
            return _another_line(situation, expected) or _within_one_slot(situation)
        case "quota" | "pace":
            return _another_line(situation, expected)


def _fitting(situation: Situation) -> list[Line]:
    ours = [batch for batch in situation.batches if batch.ours]
    return [
        line
        for line in situation.lines
        if line.state == "ready" and any(line.fits(batch.route, situation.areas) for batch in ours)
    ]


def _another_line(situation: Situation, expected: Run) -> Remedy | None:
    """One more line like the best there is, with its quotas unused."""
    lines = _fitting(situation)
    if not lines:
        return None
    best = min(lines, key=lambda line: line.send_s(1.0, by_segment=True))
    another = replace(best, name="", window_used=0, day_used=0, month_used=0, recipients_used=0)
    # A job that names its lines would be given the new one as well.
    batches = tuple(
        replace(batch, route=replace(batch.route, lines=(*batch.route.lines, "")))
        if batch.ours and batch.route.lines
        else batch
        for batch in situation.batches
    )
    more = replace(situation, lines=(*situation.lines, another), batches=batches)
    after = _expected(more)
    if not after.ends or (expected.ends and after.last > expected.last - 1):
        return None
    rate = 60 / best.send_s(1.0, by_segment=True)
    return Remedy("another_line", after.last, line=best.name, rate=rate)


def _within_one_slot(situation: Situation) -> Remedy | None:
    """Put off to the next opening, where it then needs no second one."""
    ours = [batch for batch in situation.batches if batch.ours]
    numbers = {batch.hours for batch in ours if batch.hours is not None}
    begin, close = situation.now, math.inf
    for number in numbers:
        slot = situation.hours[number].slot(situation.now)
        if slot is not None and slot[0] <= situation.now:
            slot = situation.hours[number].slot(slot[1] + 1e-3)
        if slot is None:
            return None
        begin, close = max(begin, slot[0]), min(close, slot[1])
    later = replace(
        situation,
        batches=tuple(
            replace(batch, due=max(batch.due, begin)) if batch.ours else batch for batch in situation.batches
        ),
    )
    after = _expected(later)
    return Remedy("start_at", after.last, at=begin) if after.ends and after.last <= close else None
