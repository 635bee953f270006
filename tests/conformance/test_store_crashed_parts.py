"""Messages of several parts, and reports that come twice, where a crash left an attempt open."""

from __future__ import annotations

from gatewayd.dispatch.resuming import left_open
from gatewayd.outcomes import Terms
from gatewayd.store.commands import Pnr, Settle, Work
from tests.conformance.house import DAY, HOUR, LONG, MONTH, PRICE, House


def on_the_way(house: House, text: str) -> Work:
    (work,) = house.claim(house.job(text)).work
    return work


def restarted(house: House) -> None:
    """A crash, and the start after it: what was open ends as far as it is known."""
    for finish in left_open(house.restart().open, {}, Terms(4, HOUR)):
        house.do(finish)
    house.check()


def second_part(house: House, work: Work) -> None:
    pnr = Pnr(work.attempt_id, 2, "claro-1", work.to, house.epoch, house.now, DAY, MONTH, 0.0, ((1, "10"),))
    house.pnr(work, 1)
    house.do(pnr)


def test_only_the_part_in_flight_is_in_doubt(house: House) -> None:
    work = on_the_way(house, LONG)
    second_part(house, work)
    restarted(house)
    assert house.states() == ["uncertain"]
    assert house.rows("SELECT part, state, reference FROM part ORDER BY part") == [
        (1, "taken", "10"),
        (2, "doubt", None),
    ]
    assert house.account() == (998 * PRICE, PRICE, PRICE, 1000 * PRICE)
    house.report(work, 11)
    house.report(work, 10)
    assert house.states() == ["delivered"]
    assert house.account() == (998 * PRICE, 0, 2 * PRICE, 1000 * PRICE)


def test_reports_that_came_before_the_end_find_their_parts(house: House) -> None:
    work = on_the_way(house, LONG)
    second_part(house, work)
    house.report(work, 11)
    house.report(work, 10)
    restarted(house)
    assert house.states() == ["delivered"]
    assert house.rows("SELECT * FROM early_report") == []


def test_a_report_brought_again_is_still_one(house: House) -> None:
    work = on_the_way(house, "x")
    house.pnr(work)
    house.report(work, 77)
    house.restart()
    house.report(work, 77)
    restarted(house)
    assert house.states() == ["delivered"]
    assert house.rows("SELECT * FROM early_report") == []


def test_a_report_brought_again_settles_no_other_part(house: House) -> None:
    work = on_the_way(house, LONG)
    second_part(house, work)
    restarted(house)
    house.report(work, 10)
    house.report(work, 10)
    assert house.states() == ["uncertain"], "part 2 may never have left"
    assert house.rows("SELECT * FROM early_report") == []


def test_nor_does_that_of_a_part_that_was_in_doubt_itself(house: House) -> None:
    first = house.job("x", name="one")
    second = house.job("x", name="two")
    (work,) = house.claim(first).work
    house.pnr(work)
    restarted(house)
    house.report(work, 77)
    (other,) = house.claim(second).work
    house.pnr(other)
    restarted(house)
    house.report(other, 77)
    assert house.states() == ["delivered", "uncertain"]
    house.report(other, 78)
    assert house.states() == ["delivered", "delivered"]


def test_a_report_that_the_line_could_place_leaves_no_doubt(house: House) -> None:
    work = on_the_way(house, LONG)
    house.pnr(work, 1)
    house.report(work, 10, attempt_id=work.attempt_id, part=1)
    house.restart()
    house.report(work, 10)
    restarted(house)
    assert house.rows("SELECT part, state, reference FROM part") == [(1, "delivered", "10")]
    assert house.rows("SELECT * FROM early_report") == []


def test_two_different_reports_settle_nothing(house: House) -> None:
    work = on_the_way(house, "x")
    house.pnr(work)
    house.report(work, 77)
    house.report(work, 78)
    restarted(house)
    assert house.states() == ["uncertain"]


def test_one_that_could_be_meant_for_another_in_doubt_settles_neither(house: House) -> None:
    """It was kept while two were open; the end of one of them must not take it for its own."""
    first = house.job("x", name="one")
    second = house.job("x", name="two")
    (work,) = house.claim(first).work
    house.pnr(work)
    restarted(house)
    (other,) = house.claim(second).work
    house.pnr(other)
    house.restart()
    house.report(work, 77)
    restarted(house)
    assert house.states() == ["uncertain", "uncertain"]
    assert house.account() == (998 * PRICE, 2 * PRICE, 0, 1000 * PRICE)


def test_nor_one_that_may_be_of_what_a_person_has_settled(house: House) -> None:
    first = house.job("x", name="one")
    second = house.job("x", name="two")
    (work,) = house.claim(first).work
    house.pnr(work)
    restarted(house)
    house.do(Settle(work.message_id, "not-sent", house.now))
    (other,) = house.claim(second).work
    house.pnr(other)
    restarted(house)
    house.report(work, 77)
    assert house.states() == ["failed", "uncertain"]


def test_a_message_of_which_a_part_never_left_ends_incomplete(house: House) -> None:
    work = on_the_way(house, LONG)
    house.pnr(work, 1)
    restarted(house)
    house.report(work, 10)
    assert house.states() == ["undelivered"]
    assert house.receipts()[-1]["reason"] == "incomplete"
    assert house.account() == (999 * PRICE, 0, PRICE, 1000 * PRICE)
