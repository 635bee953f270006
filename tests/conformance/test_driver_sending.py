"""Every driver: each outcome is true, nothing leaves before its point of no return, and nothing leaves twice."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Final

import pytest

from drivers.base import Accepted, Blame, Completed, NotSent, Refused, Uncertain, Withdrawn
from drivers.conformance import TAKEN, Fault
from tests.conformance.trial import Crossing, Trial, honest, taken

HELD_S: Final = 0.1
"""So long a point of no return is held: a driver that does not wait for it would have sent by then."""


async def test_a_message_is_taken_once(trial: Trial) -> None:
    message = trial.message()
    crossing = Crossing(trial.device)
    outcome = await trial.send(message, crossing)
    assert taken(outcome), outcome
    if isinstance(outcome, Accepted):
        assert set(outcome.references) == {1}
        assert outcome.references[1]
    assert crossing.parts == [1]
    assert crossing.left == [0]
    await trial.told(message, 1)


async def test_a_long_message_passes_the_point_for_each_part(trial: Trial) -> None:
    message = trial.message(parts=3)
    crossing = Crossing(trial.device)
    outcome = await trial.send(message, crossing)
    assert isinstance(outcome, Accepted), outcome
    assert sorted(outcome.references) == [1, 2, 3]
    assert len(set(outcome.references.values())) == 3
    assert crossing.parts == [1, 2, 3]
    each = trial.traits.parts == "each"
    assert crossing.left == ([0, 1, 2] if each else [0, 0, 0])
    await trial.told(message, 3 if each else 1)


async def test_only_the_parts_that_are_left_go_or_none(trial: Trial) -> None:
    """A retry: the first part has left by an earlier attempt. A device that knows no parts must not repeat it."""
    whole = trial.message(parts=3)
    rest = replace(whole, todo=(2, 3))
    crossing = Crossing(trial.device)
    outcome = await trial.send(rest, crossing)
    if trial.traits.parts == "each":
        assert isinstance(outcome, Accepted), outcome
        assert sorted(outcome.references) == crossing.parts == [2, 3]
        await trial.told(rest, 2)
    else:
        assert isinstance(outcome, (NotSent, Refused)), outcome
        assert crossing.parts == []
        assert trial.copies(rest) == 0


async def test_nothing_leaves_before_the_point_of_no_return(trial: Trial) -> None:
    message = trial.message()
    crossing = Crossing(trial.device, hold=True)
    sending = trial.begin(message, crossing)
    await crossing.reached.wait()
    await asyncio.sleep(HELD_S)
    assert trial.copies(message) == 0
    crossing.open.set()
    assert taken(await sending)
    assert crossing.left == [0]
    await trial.told(message, 1)


@pytest.mark.parametrize("reason", ["cancelled", "stopping"])
async def test_what_is_withdrawn_does_not_leave(trial: Trial, reason: str) -> None:
    message = trial.message()
    assert await trial.send(message, Crossing(trial.device, reason)) == NotSent(reason, counts=False)
    await trial.goes_on()
    assert trial.copies(message) == 0


async def test_a_later_part_may_be_withdrawn(trial: Trial) -> None:
    """... and then what each part met is told, part by part where the device knows parts."""
    message = trial.message(parts=2)

    class Second(Crossing):
        async def __call__(self, part: int, taken: object = None) -> None:
            await super().__call__(part)
            if part == 2:
                raise Withdrawn("cancelled")

    outcome = await trial.send(message, Second(trial.device))
    if trial.traits.parts == "each":
        assert not isinstance(outcome, (Accepted, NotSent, Refused)), outcome
    else:
        assert isinstance(outcome, NotSent), outcome
    await trial.goes_on()
    assert trial.copies(message) == (1 if trial.traits.parts == "each" else 0)


async def test_a_line_that_is_not_ready_takes_nothing(trial: Trial) -> None:
    await trial.kill()
    trial.line = trial.device.line()
    message = trial.message()
    crossing = Crossing(trial.device)
    outcome = await trial.send(message, crossing)
    assert isinstance(outcome, NotSent), outcome
    assert not outcome.counts
    assert crossing.parts == []


async def test_what_befalls_a_message_is_told_as_it_is(trial: Trial, fault: Fault) -> None:
    await trial.device.strike(fault)
    message = trial.message()
    outcome = await trial.send(message)
    copies = trial.copies(message)
    assert honest(outcome, copies), (outcome, copies)
    match fault:
        case Fault.REFUSED:
            # A call that the network refuses is over, and has cost nothing.
            assert isinstance(outcome, (Refused, Completed)), outcome
            assert not taken(outcome)
        case Fault.LATER:
            assert isinstance(outcome, NotSent) or (trial.traits.idempotent and taken(outcome)), outcome
        case Fault.SLOW:
            assert taken(outcome), outcome
        case _ if trial.traits.idempotent and fault in TAKEN:
            assert taken(outcome), outcome
        case _ if fault in TAKEN:
            assert taken(outcome) or isinstance(outcome, Uncertain), outcome
    if fault in TAKEN:
        assert copies == 1
    if isinstance(outcome, NotSent) and outcome.blame is Blame.LINE and fault is not Fault.LATER:
        await trial.device.mend()
    await trial.goes_on()
    assert trial.copies(message) == copies, "it left after its end was told"


async def test_many_faults_in_a_row_double_and_lose_nothing(trial: Trial) -> None:
    """Each message meets the next fault; what is told unsent goes again, as the gateway does it."""
    faults = sorted(trial.traits.faults - {Fault.REFUSED})
    for fault in faults * 2:
        message = trial.message()
        await trial.device.strike(fault)
        outcome = await trial.sent(message)
        assert honest(outcome, trial.copies(message)), (fault, outcome, trial.copies(message))
        await trial.device.mend()


async def test_as_many_as_its_capacity_go_at_once(trial: Trial) -> None:
    capacity = trial.line.capacity
    assert capacity >= 1
    at_once = min(capacity, 20)
    messages = [trial.message() for _ in range(2 * at_once)]
    began = time.monotonic()
    room = asyncio.Semaphore(at_once)

    async def one(number: int) -> bool:
        async with room:
            return taken(await trial.send(messages[number]))

    assert all(await asyncio.gather(*(one(number) for number in range(len(messages)))))
    assert time.monotonic() - began < 20
    await trial.device.until_left(len(messages))
    assert sorted(trial.device.left()) == sorted(message.to for message in messages)
