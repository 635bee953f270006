"""A trunk that says of everybody that they are busy, away or decline, before anything rings, is not believed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from drivers.asterisk.call import verdict_outcome
from drivers.asterisk.crowd import CROWD, Crowd
from drivers.asterisk.disposition import Evidence
from drivers.asterisk.script import CallPlan, Script
from drivers.base import Blame, Completed

PLAN = CallPlan(script=Script(message="Hola"))
ALIKE: dict[str, dict[str, Any]] = {
    "486": {"sip": 486, "cause": 17},
    "480": {"sip": 480, "cause": 19},
    "600": {"sip": 600, "cause": 17},
    "603": {"sip": 603, "cause": 21},
    "user busy": {"cause": 17},
    "subscriber absent": {"cause": 20},
    "busy, of a Local channel": {"far_cause": 17, "cause": 0},
}
RANG = Evidence(answered=False, rang=True, alerted=True, cause=19, reason=3)


async def judged(crowd: Crowd, to: object, seen: Evidence) -> Completed:
    outcome = await crowd.judged(str(to), seen, verdict_outcome(seen, PLAN))
    assert isinstance(outcome, Completed)
    return outcome


@pytest.mark.parametrize("way", ALIKE)
async def test_a_crowd_refused_alike_may_be_the_trunk(way: str) -> None:
    crowd, seen = Crowd(hold_s=0), Evidence(answered=False, **ALIKE[way])
    found = [await judged(crowd, person, seen) for person in range(CROWD + 3)]
    assert [one.blame for one in found] == [Blame.PERSON] * (CROWD - 1) + [Blame.EITHER] * 4
    assert found[-1].line_reason == "trunk_refuses"
    assert (await judged(crowd, "one more", RANG)).blame is Blame.PERSON
    assert (await judged(crowd, "and one", seen)).blame is Blame.PERSON


async def test_one_person_called_again_and_again_is_no_crowd() -> None:
    crowd, seen = Crowd(hold_s=0), Evidence(answered=False, **ALIKE["486"])
    assert {(await judged(crowd, "same", seen)).blame for _ in range(9)} == {Blame.PERSON}


async def test_people_refused_in_several_ways_are_people() -> None:
    crowd = Crowd(hold_s=0)
    ways = [Evidence(answered=False, **ALIKE[way]) for way in ("486", "480", "603")] * 5
    assert {(await judged(crowd, person, seen)).blame for person, seen in enumerate(ways)} == {Blame.PERSON}


async def test_a_telephone_that_rings_meanwhile_speaks_for_the_trunk() -> None:
    crowd, seen = Crowd(hold_s=0.1), Evidence(answered=False, **ALIKE["480"])
    for person in range(CROWD - 1):
        await judged(crowd, person, seen)
    last = asyncio.create_task(judged(crowd, "last", seen))
    await asyncio.sleep(0)
    crowd.hear(Evidence(rang=True))
    assert (await last).blame is Blame.PERSON
