"""Accounts take turns, none has all takers, and what cannot be served is that account's, told and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gatewayd.values import stalls as module
from gatewayd.values.stalls import Stalls
from gatewayd.values.turns import Turns


def test_one_of_each_in_turn_and_each_in_its_order() -> None:
    turns: Turns[int] = Turns()
    for number in range(3):
        turns.put("a", number)
    turns.put("b", 10)
    assert [turns.take() for _ in range(5)] == [("a", 0), ("b", 10), ("a", 1), ("a", 2), None]


async def test_an_account_has_no_more_than_its_share() -> None:
    turns: Turns[int] = Turns(most=2)
    for number in range(3):
        turns.put("a", number)
    assert [await turns.get(), await turns.get()] == [("a", 0), ("a", 1)]
    assert turns.take() is None
    turns.put("b", 9)
    assert await turns.get() == ("b", 9)
    waiting = asyncio.create_task(turns.get())
    turns.done("a")
    async with asyncio.timeout(5):
        assert await waiting == ("a", 2)
    assert len(turns) == 0


async def test_a_stall_is_told_once_tried_again_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.01)
    again: asyncio.Queue[Sequence[int]] = asyncio.Queue()
    told: list[tuple[str, str, str | None]] = []
    stalls: Stalls[int] = Stalls("receipts", again.put_nowait, lambda *what: told.append(what))
    stalls.failed("malo", 1, "no\x1b")
    stalls.failed("malo", 2, "still no")
    assert told == [("receipts/malo", "stalled", "no␛")]
    [view] = stalls.views()
    assert (view.service, view.account, view.reason) == ("receipts", "malo", "still no")
    assert stalls.accounts() == ("malo",)
    async with asyncio.timeout(5):
        assert sorted(await again.get()) == [1, 2]
    assert stalls.accounts() == ()
    stalls.over("malo", 1)
    stalls.failed("malo", 2, "no")  # pauses grow, and it is tried again
    async with asyncio.timeout(5):
        assert await again.get() == (2,)
    stalls.over("malo", 2)
    stalls.over("malo", 2)
    assert told[1:] == [("receipts/malo", "goes_on", None)]
    assert stalls.views() == []
    stalls.failed("malo", 3, "no")
    stalls.close()
    assert stalls.views() == []
