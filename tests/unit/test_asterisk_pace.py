"""The pace of a trunk is learned from those it refuses together, and from nobody who is merely busy."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from drivers.asterisk.pace import HOLD_S, Placed, TrunkPace


class Trunk:
    """Takes so many calls in any second, and refuses the others at once, as if they were busy."""

    def __init__(self, per_s: int, busy: float = 0.0, seed: int = 1) -> None:
        self._per_s, self._busy, self._dice = per_s, busy, random.Random(seed)
        self._taken: list[float] = []
        self.dials: Counter[int] = Counter()

    def takes(self, person: int, now: float) -> bool:
        self.dials[person] += 1
        self._taken = [at for at in self._taken if at > now - 1.0]
        if len(self._taken) >= self._per_s:
            return False
        self._taken.append(now)
        return self._dice.random() >= self._busy


def campaign(trunk: Trunk, people: int, rate: float, pace: TrunkPace) -> tuple[Counter[str], float]:
    """Calls everybody: `busy` for those told so; those that only rest are called again two seconds later."""
    ends: Counter[str] = Counter()
    queue = [(number / rate, number) for number in range(people)]
    held: list[tuple[float, int, Placed]] = []
    now = 0.0
    while queue or held:
        queue.sort()
        if held and (not queue or held[0][0] <= queue[0][0]):
            at, person, call = held.pop(0)
            now = max(now, at)
            if pace.crowded(call, now):
                queue.append((now + 2.0, person))
            else:
                ends["busy"] += 1
            continue
        due, person = queue.pop(0)
        now = max(now, due)
        now += pace.turn(now)
        call = pace.placed(str(person), now)
        if trunk.takes(person, now):
            pace.passed(call, now)
            ends["through"] += 1
        elif pace.refused(call, now):
            held.append((now + HOLD_S, person, call))
        else:
            ends["busy"] += 1
    return ends, now


@pytest.mark.parametrize("per_s", [2, 5, 10])
def test_a_limit_is_learned_and_nobody_pays_for_it(per_s: int) -> None:
    trunk, pace = Trunk(per_s), TrunkPace()
    ends, took = campaign(trunk, 300, 30.0, pace)
    assert ends["through"] >= 297, ends
    assert trunk.dials.total() <= 300 * 1.5
    assert took < 300 / per_s * 2


@pytest.mark.parametrize("seed", range(5))
def test_people_who_are_busy_slow_nothing(seed: int) -> None:
    trunk, pace = Trunk(1000, busy=0.2, seed=seed), TrunkPace()
    ends, took = campaign(trunk, 300, 10.0, pace)
    assert ends.total() == 300
    assert ends["busy"] > 30
    assert pace.spacing_s == 0
    assert took < 35


def test_a_trunk_that_refuses_everybody_is_no_question_of_pace() -> None:
    trunk, pace = Trunk(0), TrunkPace()
    ends, _ = campaign(trunk, 40, 10.0, pace)
    assert ends == {"busy": 40}
    assert (pace.spacing_s, trunk.dials.total()) == (0, 40)


def test_it_grows_fast_again_once_the_trunk_does() -> None:
    pace = TrunkPace()
    campaign(Trunk(5), 100, 30.0, pace)
    slow = pace.spacing_s
    assert slow > 0
    trunk = Trunk(1000)
    for second in range(3600):
        at = 1e6 + second
        pace.passed(pace.placed(str(second), at + pace.turn(at)), at)
    assert pace.spacing_s < slow / 2
    assert trunk.dials.total() == 0
