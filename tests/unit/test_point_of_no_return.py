"""The point of no return of an attempt: durable first, then counted; what was answered stays answered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.base import (
    Accepted,
    Blame,
    Fate,
    NotSent,
    Outcome,
    Partial,
    PartOutcome,
    Refused,
    Uncertain,
    Withdrawn,
)
from gatewayd.dispatch.point_of_no_return import Intent
from gatewayd.store.commands import Pnr
from gatewayd.values.days import Calendar
from gatewayd.values.errors import UnavailableError
from gatewayd.values.pacing import Limits, Pace
from tests.unit.test_outcomes import work


class Desk:
    """A store that answers as it is told."""

    epoch = 7
    calendar = Calendar(ZoneInfo("UTC"))

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.recorded: list[Pnr] = []

    @property
    def writer(self) -> Desk:
        return self

    async def do(self, command: Pnr) -> None:
        if self.error is not None:
            raise self.error
        self.recorded.append(command)


def made(desk: Desk, **line: Any) -> tuple[Intent, Any]:
    switch = SimpleNamespace(
        **({"name": "l", "enabled": True, "draining": False, "pace": Pace(Limits(quota_day=10))} | line)
    )
    return Intent(switch, work((1, 2, 3)), desk), switch  # type: ignore[arg-type]


async def test_it_is_on_record_before_it_counts() -> None:
    desk = Desk()
    intent, line = made(desk)
    await intent(1)
    await intent(2, {1: " 77 "})
    assert [(each.part, each.epoch, each.taken) for each in desk.recorded] == [(1, 7, ()), (2, 7, ((1, "77"),))]
    assert (intent.begun, intent.passed) == ({1, 2}, {1, 2})
    assert line.pace.day_segments == 2


@pytest.mark.parametrize("error", [Withdrawn("blocked"), UnavailableError("disk full")])
async def test_what_is_not_on_record_does_not_leave(error: Exception) -> None:
    intent, line = made(Desk(error))
    with pytest.raises(Withdrawn):
        await intent(1)
    assert not intent.passed
    assert line.pace.day_segments == 0
    # A store that cannot answer may have recorded it all the same: the part is told to be unsent.
    assert intent.begun == (set() if isinstance(error, Withdrawn) else {1})


@pytest.mark.parametrize("line", [{"draining": True}, {"enabled": False}])
async def test_nothing_begins_on_a_line_that_stops(line: dict[str, bool]) -> None:
    desk = Desk()
    intent, _ = made(desk, **line)
    with pytest.raises(Withdrawn, match="stopping"):
        await intent(1)
    assert not desk.recorded


async def test_what_has_begun_goes_on_while_the_line_stops() -> None:
    intent, line = made(Desk())
    await intent(1)
    line.draining = True
    await intent(2)
    assert intent.passed == {1, 2}


@pytest.mark.parametrize(
    ("outcome", "second"),
    [
        (Uncertain("silence"), Fate.DOUBT),
        (NotSent("no_prompt"), Fate.UNSENT),
        (Refused("barred", Blame.EITHER), Fate.REFUSED),
        (Partial({1: PartOutcome(Fate.DOUBT), 2: PartOutcome(Fate.REFUSED)}), Fate.REFUSED),
    ],
)
async def test_what_was_answered_stays_answered(outcome: Outcome, second: Fate) -> None:
    intent, _ = made(Desk())
    await intent(1)
    await intent(2, {1: "77"})
    kept = intent.kept(outcome)
    assert isinstance(kept, Partial)
    assert kept.parts[1] == PartOutcome(Fate.TAKEN, "77")
    assert kept.parts[2].fate is second


async def test_an_outcome_that_nothing_contradicts_is_as_it_is() -> None:
    intent, _ = made(Desk())
    await intent(1)
    for outcome in (Uncertain("silence"), NotSent("no_prompt"), Accepted({1: "5"})):
        assert intent.kept(outcome) is outcome


async def test_a_send_that_is_cut_off_says_what_is_certain() -> None:
    intent, _ = made(Desk())
    assert intent.cut_off("stopped") == NotSent("stopped", counts=False)
    await intent(1)
    assert intent.cut_off("stopped") == Uncertain("stopped")
    await intent(2, {1: "77"})
    assert intent.cut_off("stopped") == Partial(
        {1: PartOutcome(Fate.TAKEN, "77"), 2: PartOutcome(Fate.DOUBT, reason="stopped")}
    )
