"""Whoever acknowledges a payment waits for what had left before, and names what nobody knows of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gatewayd.billing.engine import acknowledgement
from gatewayd.billing.engine.acknowledgement import Outcomes
from gatewayd.store.commands import Change, NewMessage, PartEnd, Work
from gatewayd.store.sending import causes
from gatewayd.values.model import PartState, State, ulid_number
from tests.conformance.house import House


class _Writer:
    """Commits one command after another, what was posted first."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._posted: list[Any] = []

    def post(self, command: Any) -> None:
        self._posted.append(command)

    async def do(self, command: Any, *, patient: bool = False) -> Any:
        posted, self._posted = self._posted, []
        for one in posted:
            self._house.do(one)
        return self._house.do(command)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield made
    made.close()


def _outcomes(house: House) -> tuple[Outcomes, _Writer]:
    async def ask(question: Any) -> Any:
        return question(house.transactions.session.connection)

    writer = _Writer(house)
    return Outcomes(writer, ask), writer


def _paid(house: House) -> tuple[int, Work, Work]:
    """One message is past its point of no return, another is claimed, when the payment comes."""
    cause = house.do(Change(lambda unit: causes.mint(unit.session, 1, 7, "ARS", house.now)))
    rows = [NewMessage(n, None, f"+54911{n:08}", "Debe", "", 1, "", None, None, None, cause) for n in (1, 2)]
    left, claimed = house.claim(house.job_of(rows)).work
    house.pnr(left)
    house.do(Change(lambda unit: causes.withdraw(unit, [cause], "paid", house.now)))
    return cause, left, claimed


async def test_it_ends_with_the_last_outcome_and_not_with_the_next_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledgement, "LOOK_S", 600.0)
    cause, left, _claimed = _paid(house)
    outcomes, writer = _outcomes(house)
    waiting = asyncio.create_task(outcomes.of([cause], wait_s=300.0))
    await asyncio.sleep(0.05)
    outcomes.jobs([left.job_id + 1])
    await asyncio.sleep(0.05)
    assert not waiting.done()
    writer.post(house.finishing(left, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "1")}))
    outcomes.jobs([left.job_id])
    async with asyncio.timeout(20):
        assert await waiting == []


async def test_what_nobody_knows_of_when_the_wait_is_over_is_named(house: House) -> None:
    cause, left, _claimed = _paid(house)
    outcomes, _writer = _outcomes(house)
    (one,) = await outcomes.of([cause], wait_s=0.05)
    assert (one.message_id, one.job) == (left.message_id, "j")
    assert ulid_number(one.public(house.transactions.salt)) == left.message_id


async def test_what_another_node_ends_is_seen_without_being_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledgement, "LOOK_S", 0.05)
    cause, left, _claimed = _paid(house)
    outcomes, _writer = _outcomes(house)
    waiting = asyncio.create_task(outcomes.of([cause], wait_s=300.0))
    await asyncio.sleep(0.02)
    house.finish(left, State.UNCERTAIN, parts={1: PartEnd(PartState.DOUBT)}, outcome="uncertain")
    async with asyncio.timeout(20):
        assert await waiting == []


async def test_nothing_is_asked_where_nothing_was_withdrawn(house: House) -> None:
    writer = _Writer(house)
    assert await Outcomes(writer, partial(pytest.fail, "asked")).of([]) == ()
