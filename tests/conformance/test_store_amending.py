"""What an attempt meant for its message, known only later; and the claim of one message alone."""

from __future__ import annotations

from typing import Any

import pytest

from gatewayd.store.commands import Amend, Claim, PartEnd, Work
from gatewayd.values.model import PartState, State
from tests.conformance.house import LONG, House


def refused(house: House, text: str = "x", **job: Any) -> tuple[Any, Work]:
    """A message that waits, for its refusal may be the line's."""
    queue = house.job(text, **job)
    (work,) = house.claim(queue).work
    for part in work.todo:
        house.pnr(work, part)
    ends = dict.fromkeys(work.todo, PartEnd(PartState.UNSENT, reason="no_balance"))
    house.finish(
        work, State.SCHEDULED, outcome="refused", reason="no_balance", due=house.now + 10_000, tries=1, parts=ends
    )
    return queue, work


def amend(house: House, work: Work, state: State, **options: Any) -> bool:
    final = state not in {State.QUEUED, State.SCHEDULED}
    done: bool = house.do(
        Amend(work.message_id, work.attempt_id, state, "no_balance", final, house.now, options.get("tries", 1), None,
              options.get("refused", ()), house.now)
    )  # fmt: skip
    return done


def test_a_refusal_that_waits_for_its_verdict_is_told_to_nobody(house: House) -> None:
    refused(house)
    assert house.states() == ["scheduled"]
    assert not house.told()
    assert house.account()[1:3] == (0, 0)


def test_the_persons_is_failed_without_another_send(house: House) -> None:
    _, work = refused(house)
    assert amend(house, work, State.FAILED, refused=(1,))
    assert house.told() == [(1, "failed", True)]
    assert house.receipts()[0]["reason"] == "no_balance"
    assert house.rows("SELECT state FROM part") == [("refused",)]


def test_the_lines_goes_back_untried(house: House) -> None:
    queue, work = refused(house)
    assert amend(house, work, State.QUEUED, tries=0)
    house.restart()
    (again,) = house.claim(queue, line="claro-2").work
    assert (again.tries, again.number) == (0, 2)
    house.send(again, "claro-2")
    assert [each["state"] for each in house.receipts()] == ["submitted"]


def test_what_has_moved_on_is_not_changed(house: House) -> None:
    queue, work = refused(house)
    house.now += 20_000
    (again,) = house.claim(queue).work
    assert not amend(house, work, State.FAILED)
    house.send(again)
    assert not amend(house, again, State.FAILED)
    assert house.states() == ["submitted"]


def test_of_which_a_part_has_left_it_ends_incomplete(house: House) -> None:
    queue = house.job(LONG)
    (work,) = house.claim(queue).work
    for part in work.todo:
        house.pnr(work, part)
    ends = {1: PartEnd(PartState.TAKEN, "7"), 2: PartEnd(PartState.UNSENT, reason="no_balance")}
    house.finish(work, State.SCHEDULED, outcome="partial", reason="no_balance", due=house.now + 10_000, parts=ends)
    assert amend(house, work, State.UNDELIVERED, refused=(2,))
    assert house.told() == [(1, "undelivered", True)]


@pytest.mark.parametrize("row", [1, 3])
def test_one_message_is_claimed_alone_and_the_queue_has_more(house: House, row: int) -> None:
    queue = house.job("x", "y", "z")
    wanted = house.rows(f"SELECT id FROM message WHERE row = {row}")[0][0]

    def claim(message: int) -> Any:
        return house.do(Claim(queue.id, "claro-1", "", 1, 1, house.node, house.epoch, house.now, only=message))

    claimed = claim(wanted)
    assert [work.row for work in claimed.work] == [row]
    assert claimed.next_due is not None
    assert claimed.next_due <= house.now
    assert not claim(wanted).work, "it waits no more"
    assert len(house.claim(queue).work) == 2
