"""Ladders drawn at random: two channels, each a campaign of `tests.rig.foretold`, and who goes from one to the other.

The truth is a share of that day and dice for each person; the forecast knows a week of counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import ceil
from random import Random

from gatewayd.campaigns.forecast.climb import Climbed, Missing, Rung, climb, missing_of
from tests.rig.foretold import Draft, Trial, drawn
from tests.rig.happened import Job, Person, World


@dataclass(frozen=True, slots=True)
class LadderTrial:
    """A ladder of two channels."""

    seed: int
    first: Trial
    second: Trial
    wait_s: float
    share: float
    """Of that day, who is not reached."""
    reaches: float
    week: Missing

    def forecast(self) -> Climbed:
        return climb(self.first.situation, [Rung(self.second.situation, self.wait_s, self.week, self.reaches)])

    def happened(self) -> float:
        """Returns when the last message went (Unix s)."""
        dice = Random(f"who {self.seed}")
        first = self.first.happened()
        missed = [at for at in first.sent_at if dice.random() < self.share] + first.failed_at
        begin, look = self.first.truth.begin, max(min(60.0, self.wait_s), self.wait_s / 10)
        ticks = Counter(
            begin + ceil((at + self.wait_s - begin) / look) * look for at in missed if dice.random() < self.reaches
        )
        mine = self.second.truth.jobs[0]
        jobs = [
            Job(
                at,
                mine.account,
                mine.priority,
                tuple(Person(n, mine.people[0].segments) for n in range(many)),
                ours=True,
            )
            for at, many in sorted(ticks.items())
        ]
        truth = replace(self.second.truth, jobs=(*jobs, *self.second.truth.jobs[1:]))
        return max(first.last, World(truth, self.seed).run().last if jobs else 0.0)


def drawn_ladder(seed: int, people: int = 1200) -> LadderTrial:
    """Returns a ladder, always the same for a seed."""
    dice = Random(f"ladder {seed}")
    first = drawn("pace", seed, people)
    draft = Draft("pace", seed + 1_000, people)
    draft.begin = first.truth.begin
    usual, strays = dice.uniform(0.03, 0.4), dice.uniform(0.05, 0.25)

    def of_a_day() -> float:
        return min(max(dice.gauss(usual, usual * strays), 0.005), 0.9)

    week = []
    for _day in range(7):
        sent, share = dice.randrange(150, 2_500), of_a_day()
        week.append((sum(dice.random() < share for _ in range(sent)), sent))
    return LadderTrial(
        *(seed, first, draft.trial(), dice.choice((600.0, 1_800.0, 7_200.0)), of_a_day(), dice.uniform(0.5, 1.0)),
        missing_of(week, 0.05),
    )
