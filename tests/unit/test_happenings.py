"""Changed messages are told together: once for all of a moment, and none is lost when the daemon stops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from gatewayd.daemon.happenings import Due


class Ear:
    def __init__(self) -> None:
        self.heard: list[set[int]] = []

    def jobs(self, jobs: Iterable[int]) -> None:
        self.heard.append(set(jobs))

    due = jobs

    def sent(self) -> None:
        self.heard.append(set())


def parts() -> tuple[Due, Ear, list[Ear]]:
    mark, ears = Ear(), [Ear(), Ear(), Ear()]
    receipts, news, engine = (cast("Any", ear) for ear in ears)
    return Due(cast("Any", mark), receipts, news, [engine]), mark, ears


async def test_what_changes_in_a_moment_is_told_once_to_everybody() -> None:
    due, mark, ears = parts()
    for job in (1, 2, 1):
        due([job])
    assert not mark.heard
    while not all(ear.heard for ear in ears):
        await asyncio.sleep(0.01)
    assert [ear.heard for ear in ears] == [[{1, 2}]] * 3
    assert len(mark.heard) == 1
    due([3])
    while len(ears[-1].heard) < 2:
        await asyncio.sleep(0.01)
    assert [ear.heard[1:] for ear in ears] == [[{3}]] * 3


async def test_what_is_left_is_told_at_once_when_the_daemon_stops() -> None:
    due, _mark, ears = parts()
    due([1])
    due.spread()
    due.spread()
    await asyncio.sleep(0.05)
    assert [ear.heard for ear in ears] == [[{1}]] * 3


async def test_engines_that_are_added_while_the_daemon_is_put_together_are_told_too() -> None:
    first, later = Ear(), Ear()
    engines: list[Any] = [first]
    due = Due(cast("Any", Ear()), cast("Any", Ear()), cast("Any", Ear()), engines)
    engines.append(later)
    due([1])
    due.spread()
    assert [first.heard, later.heard] == [[{1}], [{1}]]
