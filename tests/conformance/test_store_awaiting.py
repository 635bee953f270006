"""What a line is told of after a restart, and reports that are of a whole message."""

from __future__ import annotations

import pytest

from gatewayd.dispatch.resuming import left_open
from gatewayd.outcomes import Terms
from gatewayd.store.commands import Awaited, AwaitedOf, PartEnd, Report, Work
from gatewayd.values.model import PartState, State, ulid_number
from tests.conformance.house import HOUR, LONG, House


def awaited(
    house: House, *, doubt: bool = False, since: int = 0, limit: int = 10, before: tuple[int, int] | None = None,
    line: str = "claro-1",
) -> list[Awaited]:  # fmt: skip
    return list(house.do(AwaitedOf(line, doubt, since, limit, before)))


def whole(house: House, work: Work, status: str = "delivered", *, named: bool = True, reference: str = "1") -> None:
    house.do(
        Report(
            "claro-1",
            reference,
            None,
            status,  # type: ignore[arg-type]
            None,
            house.now,
            work.attempt_id if named else None,
            None,
            house.now,
            whole=True,
        )
    )


def test_what_awaits_its_report_is_told_newest_first_in_portions(house: House) -> None:
    works = house.claim(house.job("a", LONG, "c", "d")).work
    for work in works:
        house.send(work, first=10 * work.row)
    house.report(works[2], 30)
    assert [ulid_number(each.public) for each in awaited(house)] == [works[n].attempt_id for n in (3, 1, 0)]
    newest, long = awaited(house, limit=2)
    assert (newest.references, newest.doubt, newest.to) == (((1, "40"),), (), works[3].to)
    assert long.references == ((1, "20"), (2, "21"))
    (oldest,) = awaited(house, limit=2, before=long.place)
    assert oldest.references == ((1, "10"),)
    assert awaited(house, before=oldest.place) == []
    assert awaited(house, line="claro-2") == []
    assert awaited(house, since=house.now) == []
    assert awaited(house, doubt=True) == []


def test_what_is_final_without_a_report_is_not_asked_about(house: House) -> None:
    (work,) = house.claim(house.job("a")).work
    house.send(work)
    house.now += 2 * HOUR
    house.sweep()
    assert house.told()[-1] == (1, "submitted", True)
    assert awaited(house) == []


def test_what_a_crash_left_in_doubt_is_told_part_by_part(house: House) -> None:
    one, two = house.claim(house.job(LONG, "b")).work
    for part in one.todo:
        house.pnr(one, part)
    house.pnr(two)
    for finish in left_open(house.restart().open, {}, Terms(4, HOUR)):
        house.do(finish)
    newer, older = awaited(house, doubt=True)
    assert (ulid_number(newer.public), newer.doubt) == (two.attempt_id, (1,))
    assert (ulid_number(older.public), older.doubt, older.references) == (one.attempt_id, (1, 2), ())
    assert awaited(house, doubt=True, limit=1) == [newer]
    assert awaited(house, doubt=True, before=newer.place) == [older]
    assert awaited(house) == []


@pytest.mark.parametrize("named", [True, False])
def test_a_report_of_the_whole_message_is_of_every_part(house: House, named: bool) -> None:
    (work,) = house.claim(house.job(LONG)).work
    house.send(work)
    whole(house, work, "pending", named=named)
    assert house.states() == ["submitted"]
    whole(house, work, named=named)
    assert house.states() == ["delivered"]
    assert house.told() == [(1, "submitted", False), (1, "delivered", True)]
    assert house.rows("SELECT state FROM part") == [("delivered",), ("delivered",)]


def test_a_report_of_the_whole_message_ends_every_doubt(house: House) -> None:
    (work,) = house.claim(house.job(LONG)).work
    for part in work.todo:
        house.pnr(work, part)
    doubt = dict.fromkeys(work.todo, PartEnd(PartState.DOUBT))
    house.finish(work, State.UNCERTAIN, outcome="uncertain", parts=doubt)
    whole(house, work, "undelivered")
    assert house.states() == ["undelivered"]
    assert house.account()[1] == 0


@pytest.mark.parametrize("crashed", [False, True])
def test_a_report_of_the_whole_message_may_precede_its_answer(house: House, crashed: bool) -> None:
    (work,) = house.claim(house.job(LONG)).work
    for part in work.todo:
        house.pnr(work, part)
    whole(house, work)
    if crashed:
        for finish in left_open(house.restart().open, {}, Terms(4, HOUR)):
            house.do(finish)
    else:
        ends = {part: PartEnd(PartState.TAKEN, f"r/{part}") for part in work.todo}
        house.finish(work, State.SUBMITTED, parts=ends)
    assert house.states() == ["delivered"]
    assert house.rows("SELECT state FROM part") == [("delivered",), ("delivered",)]
    assert house.rows("SELECT * FROM early_report") == []
