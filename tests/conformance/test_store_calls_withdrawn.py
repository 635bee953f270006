"""Calls that are withdrawn between two tries: nothing of them has left, whatever the first try was."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.base import Withdrawn
from gatewayd.store.commands import Block, NewMessage, PartEnd, SetJobState, Work
from gatewayd.values.model import PartState, State
from tests.conformance.house import HOUR, House

DETAIL = '{"disposition":"busy","tries":1}'


def tried_once(house: House, **options: Any) -> Any:
    """A call that was busy and is to be tried again; answers its queue."""
    row = NewMessage(1, None, "+5491150000001", "hola", "", 1, "", None, None)
    queue = house.job_of([row], channel="call", **options)
    (work,) = house.claim(queue).work
    house.pnr(work)
    house.finish(
        work, State.SCHEDULED, outcome="completed", reason="busy", due=house.now + 60_000, tries=1, detail=DETAIL,
        parts={1: PartEnd(PartState.UNDELIVERED)},
    )  # fmt: skip
    return queue


def ended(house: House) -> tuple[str, str | None, str]:
    ((state, reason, detail),) = house.rows("SELECT state, reason, detail FROM message")
    return state, reason, detail


def test_cancelled(house: House) -> None:
    tried_once(house)
    house.do(SetJobState("norte", "j", "cancelled", house.now))
    house.sweep()
    assert ended(house) == ("cancelled", None, DETAIL)


def test_blocked(house: House) -> None:
    tried_once(house)
    house.do(Block(("+5491150000001",), "api", None, house.now))
    assert ended(house) == ("cancelled", "blocked", DETAIL)


def test_expired(house: House) -> None:
    tried_once(house, not_after=house.now + HOUR)
    house.now += HOUR
    house.sweep()
    assert ended(house) == ("expired", None, DETAIL)


@pytest.mark.parametrize("reason", ["cancelled", "blocked", "expired"])
def test_a_second_try_that_is_claimed_already_does_not_ring(house: House, reason: str) -> None:
    queue = tried_once(house, not_after=house.now + HOUR)
    house.now += 60_000
    (work,) = house.claim(queue).work
    assert isinstance(work, Work)
    match reason:
        case "cancelled":
            house.do(SetJobState("norte", "j", "cancelled", house.now))
        case "blocked":
            house.do(Block((work.to,), "api", None, house.now))
        case "expired":
            house.now += HOUR
    with pytest.raises(Withdrawn, match=reason):
        house.pnr(work)
    house.finish(work, State.CANCELLED, outcome="not_sent")
