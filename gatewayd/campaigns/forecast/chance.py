"""What a forecast cannot know, drawn: how long devices take, how much fails, what others send. Pure.

The same each time. Draws are stratified: each unknown takes every part of its range once, in an order of its own. So
a few dozen of them say as much as hundreds that fall where they fall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import NormalDist
from typing import Final

from gatewayd.campaigns.forecast.situation import Situation

UNMEASURED: Final = 0.2
"""Spread of what a default may be wrong by, as a share."""
DRIFT: Final = 0.03
"""Devices of tomorrow are not quite those that were measured."""
LOST_WAITING: Final = 0.06
"""Most of its bound that a slowed campaign was seen to lose while lines were busy with others."""
FEW_DAYS: Final = (2.9, 2.04, 1.6, 1.42, 1.33, 1.27, 1.23)
"""By days of traffic that are known, from two on: how much further than theirs the next day strays, nine times in ten
(Student's t over the normal's, for the day and for the mean it is measured by)."""
_SEED: Final = 20_300
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Draw:
    """One way in which it may go."""

    device: tuple[float, ...]
    """By line: how much longer (or shorter) its sends take than measured."""
    again: float = 1.0
    """How much more comes back than measured."""
    lost: float = 1.0
    day: int | None = None
    """The day of the past whose traffic returns first; None: the mean of all."""
    shift: int = 0
    """Hours by which that traffic comes sooner or later: a week of days has few of each hour."""
    stretch: float = 1.0
    """How much more it strays from its mean: within minutes more than within the hours that were counted."""
    kept: float = 0.0
    """What of its own bound a slowed campaign loses to lines that are busy with others, as a share."""
    tail: float | None = None
    """0 to 1: how unlucky the last messages are; None: as expected."""


def few(days: int) -> float:
    """Returns how much further than the known days of traffic another one strays; 1 where there is none to stray."""
    return 1.0 if days < 2 else FEW_DAYS[min(days - 2, len(FEW_DAYS) - 1)]


def middle(situation: Situation) -> Draw:
    """Returns the draw in which all is as measured."""
    return Draw((1.0,) * len(situation.lines))


def draws(situation: Situation, count: int, messages: float, span_s: float, rung: int = 0) -> list[Draw]:
    """Returns `count` draws; `messages` are ours, whose own scatter goes into the devices' time, and take about
    `span_s`. Those of another `rung` of a ladder fall otherwise."""
    dice = Random(_SEED + rung)  # noqa: S311 - a forecast, no secret
    lines = situation.lines
    each = max(messages / max(len(lines), 1), 1.0)

    def normals() -> list[float]:
        steps = [_NORMAL.inv_cdf((step + 0.5) / count) for step in range(count)]
        dice.shuffle(steps)
        return steps

    def evens() -> list[float]:
        steps = [(step + 0.5) / count for step in range(count)]
        dice.shuffle(steps)
        return steps

    common = normals()
    devices: list[Sequence[float]] = []
    for line in lines:
        own = normals()
        scatter = line.device_sd / line.device_s if line.device_s > 0 else 0.0
        if line.measured:
            known, shared = scatter / math.sqrt(line.measured), DRIFT
        else:
            known, shared = UNMEASURED / 2, UNMEASURED
        spread = math.hypot(known, scatter / math.sqrt(each))
        devices.append([math.exp(spread * mine + shared * all_) for mine, all_ in zip(own, common, strict=True)])
    failing = 1 / math.sqrt(max(situation.again.share * situation.again.measured, 1.0))
    again = [math.exp(min(failing, 0.5) * step) for step in normals()]
    lost = [math.exp(0.4 * step) for step in normals()]
    tails, days, shifts, kept = evens(), evens(), evens(), evens()
    past = len(situation.others.days)
    quick = max((3600.0 / max(span_s, 1.0)) ** 0.5, 1.0)
    stretch = min(quick * few(past), 3.0)
    return [
        Draw(
            tuple(device[number] for device in devices),
            again[number],
            lost[number],
            int(days[number] * past) if past else None,
            int(shifts[number] * 3) - 1,
            stretch,
            kept[number] * LOST_WAITING if past else 0.0,
            tails[number],
        )
        for number in range(count)
    ]
