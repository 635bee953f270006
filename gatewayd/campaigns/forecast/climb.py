"""The forecast of a ladder: who goes on to its further channels, and when the last one of them goes. Pure.

A draw goes through the whole ladder. What went over one channel goes on, a share of it, after that channel's wait; the
share strays as its days did, and where few are meant, chance says whether anybody is and how late.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import NormalDist
from typing import Final

from gatewayd.campaigns.forecast.chance import draws, middle
from gatewayd.campaigns.forecast.interval import interval
from gatewayd.campaigns.forecast.merged import merged
from gatewayd.campaigns.forecast.run import Run, Simulation
from gatewayd.campaigns.forecast.situation import Batch, Situation

DRAWS: Final = 36
LOOKS: Final = 0.1
LOOK_S: Final = 60.0
"""By so much of a wait, or so many seconds, who is to go on is found late at most: the engine looks as often."""
BUCKETS: Final = 24
"""Instants in which those who go on come in."""
SHARE_MOST: Final = 0.98
_SEED: Final = 7_700
_NORMAL: Final = NormalDist()

Arrivals = list[tuple[float, float]]
"""When (Unix s) how many are to go on."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The share of a channel's messages that reach nobody."""

    share: float
    spread: float = 0.3
    """By how much it strays, as a share of itself."""
    measured: int = 0
    """Messages that it was measured on."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A further channel of a ladder."""

    situation: Situation
    """Its lines, and what goes before it; `ours` are the whole audience, as this channel reaches it."""
    wait_s: float
    """After a message of the channel before it."""
    missing: Missing
    """Of the channel before it."""
    reaches: float = 1.0
    """Share of the audience that has an address of this channel."""
    pending: tuple[tuple[float, float], ...] = ()
    """Those of whom it is known already that they go on: when, and how many."""


@dataclass(frozen=True, slots=True)
class Climbed:
    """When a ladder ends; times are Unix s."""

    stops: float
    """When the last message goes that can."""
    low: float
    high: float
    holds: float
    """Share of the draws that ended within; well below 0.9 where so few go on that it may be nobody."""
    people: tuple[float, ...]
    """Those who go on to each further channel, as expected."""
    ends: bool
    """Whether all of them go, as things are."""
    begins: bool
    """Whether anybody is tried over the first channel."""


def climb(first: Situation, rungs: Sequence[Rung]) -> Climbed:
    """Returns the forecast of a ladder whose first channel is that of `first`."""
    situations = [merged(first), *(merged(rung.situation) for rung in rungs)]
    expected = Simulation(situations[0], middle(situations[0])).run()
    span = max(expected.last - first.now, 1.0)
    ours = [sum(batch.messages for batch in one.batches if batch.ours) for one in situations]
    drawn = [
        draws(one, DRAWS, max(many, 1), span, number)
        for number, (one, many) in enumerate(zip(situations, ours, strict=True))
    ]
    dice = Random(_SEED)  # noqa: S311 - a forecast, no secret
    shares = [_normals(dice) for _ in rungs]
    luck = [[_evens(dice) for _ in range(3)] for _ in rungs]
    ends, whole, people = list[float](), 0, [0.0] * len(rungs)
    for number in range(DRAWS):
        run = Simulation(situations[0], drawn[0][number]).run()
        last, all_go = run.last if run.begin is not None else first.now, run.ends
        passed_by: Arrivals = []
        for place, rung in enumerate(rungs):
            share = min(rung.missing.share * math.exp(rung.missing.spread * shares[place][number]), SHARE_MOST)
            some = [each[number] for each in luck[place]]
            come = [*_missed(run, share, some), *passed_by]
            wait = rung.wait_s + max(min(LOOK_S, rung.wait_s), LOOKS * rung.wait_s) * some[2]
            come = [*((at + wait, many) for at, many in come), *rung.pending]
            passed_by = [(at - wait, many * (1 - rung.reaches)) for at, many in come]
            come = [(at, many * rung.reaches) for at, many in come]
            people[place] += sum(many for _at, many in come) / DRAWS
            situation = _with(situations[place + 1], come)
            run = Run() if situation is None else Simulation(situation, drawn[place + 1][number]).run()
            if run.begin is not None:
                last = max(last, run.last)
            all_go = all_go and run.ends
        ends.append(last)
        whole += all_go
    usual = sorted(ends)[len(ends) // 2]
    begin = max(first.now, min((batch.due for batch in situations[0].batches if batch.ours), default=first.now))
    found = interval(ends, begin, usual)
    return Climbed(
        stops=min(max(usual, found.low), found.high),
        low=found.low,
        high=found.high,
        holds=found.holds,
        people=tuple(people),
        ends=whole * 2 >= DRAWS,
        begins=expected.begin is not None,
    )


def _missed(run: Run, share: float, luck: Sequence[float]) -> Arrivals:
    """Returns those whom a run reached in vain, by when they were sent to. Of few it may be nobody; the last of them is
    as late as chance has it."""
    many = run.out * share
    if many <= 0 or luck[0] < math.exp(-many):
        return []
    many = max(many, 1.0)
    left = run.out * luck[1] ** (1 / many)
    flows: list[tuple[float, float, float]] = []
    for begin, end, gone in run.gone:
        if left <= 0:
            break
        part = min(gone, left)
        flows.append((begin, begin + (end - begin) * part / gone, part))
        left -= part
    sent = sum(gone for _begin, _end, gone in flows)
    return [(at, gone * many / sent) for at, gone in _buckets(flows)] if sent > 0 else []


def _buckets(flows: Sequence[tuple[float, float, float]]) -> Arrivals:
    """Returns flows as amounts that come at a few instants, none sooner than it went."""
    whole = sum(end - begin for begin, end, _gone in flows)
    size = max(whole / BUCKETS, 1.0)
    found: Arrivals = []
    for begin, end, gone in flows:
        parts = max(math.ceil((end - begin) / size), 1)
        found += [(begin + (end - begin) * (part + 1) / parts, gone / parts) for part in range(parts)]
    joined: Arrivals = []
    for at, gone in found:
        if joined and at - joined[-1][0] < size / 2:
            joined[-1] = at, joined[-1][1] + gone
        else:
            joined.append((at, gone))
    return joined


def _with(situation: Situation, come: Arrivals) -> Situation | None:
    """Returns a situation with those who come in as what is ours; None where nobody does."""
    whole = sum(many for _at, many in come)
    ours = [batch for batch in situation.batches if batch.ours]
    audience = sum(batch.messages for batch in ours)
    if whole <= 0 or not audience:
        return None
    batches: list[Batch] = [batch for batch in situation.batches if not batch.ours]
    for batch in ours:
        part = batch.messages / audience
        waits = tuple((at, many * part) for at, many in come)
        batches.append(replace(batch, messages=whole * part, waits=waits))
    return replace(situation, batches=tuple(batches))


def _normals(dice: Random) -> list[float]:
    steps = [_NORMAL.inv_cdf((step + 0.5) / DRAWS) for step in range(DRAWS)]
    dice.shuffle(steps)
    return steps


def _evens(dice: Random) -> list[float]:
    steps = [(step + 0.5) / DRAWS for step in range(DRAWS)]
    dice.shuffle(steps)
    return steps


def missing_of(days: Iterable[tuple[int, int]], usual: float) -> Missing:
    """Returns the share that a week of days (missed, sent) tells, as if a hundred more had gone as they usually do."""
    known = [(missed, sent) for missed, sent in days if sent > 0]
    sent = sum(each for _missed_, each in known)
    missed = sum(each for each, _sent in known)
    share = (missed + usual * 100) / (sent + 100)
    if sent < 30:
        return Missing(share, 0.5, sent)
    chance = math.sqrt(max(share * (1 - share), 1e-4) / sent) / share
    # Days stray further than chance: weighed by how much went on each.
    strayed = sum(each * (part / each - share) ** 2 for part, each in known) / sent
    between = math.sqrt(strayed) / share * (1.2 if len(known) > 2 else 1.6)
    return Missing(share, min(max(math.hypot(chance, between), 0.03), 0.6), sent)
