"""Reports, late answers and a person's word."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from gatewayd.store.commands import Block, LateAnswer, NewMessage, PartEnd, QueueInfo, Report, Settle, Work
from gatewayd.store.sending.sweeps import EARLY_KEPT_MS
from gatewayd.values.addresses import PUSH_LIMIT
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.values.model import PartState, State
from tests.conformance.house import HOUR, LONG, PRICE, House

DAY_MS = 24 * HOUR


def sent(house: House, *texts: str, **options: Any) -> list[Work]:
    works = list(house.claim(house.job(*texts, **options)).work)
    for work in works:
        house.send(work, first=10 * work.row)
    return works


def doubted(house: House, *texts: str, **options: Any) -> list[Work]:
    works = list(house.claim(house.job(*texts, **options)).work)
    for work in works:
        for part in work.todo:
            house.pnr(work, part)
        house.finish(
            work, State.UNCERTAIN, outcome="uncertain", parts=dict.fromkeys(work.todo, PartEnd(PartState.DOUBT))
        )
    return works


def test_a_report_makes_it_delivered(house: House) -> None:
    (work,) = sent(house, "x")
    reported = house.report(work, 10)
    assert reported.state is State.DELIVERED
    assert house.told() == [(1, "submitted", False), (1, "delivered", True)]
    assert house.rows("SELECT state, reported_at FROM part") == [("delivered", house.now - 1)]


@pytest.mark.parametrize("to", [None, "+5491100000001", "1100000001", "91100000001", "+54 9 11 0000 0001"])
def test_the_recipient_is_compared_in_any_form(house: House, to: str | None) -> None:
    (work,) = sent(house, "x")
    assert house.report(work, 10, to=to).state is State.DELIVERED


def test_a_report_for_another_recipient_is_not_ours(house: House) -> None:
    (work,) = sent(house, "x")
    assert house.report(work, 10, to="+5491100000002").job_id is None
    assert house.report(work, 10, line="claro-2").job_id is None
    assert house.states() == ["submitted"]


def test_repeated_references_are_told_apart_by_recipient(house: House) -> None:
    one, two = house.claim(house.job("x", "y")).work
    house.send(one, first=7)
    house.send(two, first=7)
    house.report(one, 7)
    assert house.states() == ["delivered", "submitted"]
    house.report(two, 7, "undelivered", reason="absent")
    assert house.states() == ["delivered", "undelivered"]


def test_the_newest_that_awaits_is_meant(house: House) -> None:
    queue = house.job("x")
    other = house.job("x", name="k")
    (old,) = house.claim(queue).work
    house.send(old, first=7)
    house.now += HOUR
    (new,) = house.claim(other).work
    house.send(new, first=7)
    assert house.report(new, 7).job_id == other.job_id
    assert house.report(old, 7).job_id == queue.job_id


def test_a_report_older_than_the_sending_is_of_the_one_before(house: House) -> None:
    queue = house.job("x")
    other = house.job("x", name="k")
    (old,) = house.claim(queue).work
    house.send(old, first=7)
    at = house.now + 1
    house.now += HOUR
    (new,) = house.claim(other).work
    house.send(new, first=7)
    assert house.report(new, 7, at=at).job_id == queue.job_id


def test_all_parts_make_one_delivered(house: House) -> None:
    (work,) = sent(house, LONG)
    assert house.report(work, 10).state is State.SUBMITTED
    assert house.report(work, 11).state is State.DELIVERED
    assert [state for _, state, _ in house.told()] == ["submitted", "delivered"]


def test_one_part_that_was_given_up_makes_it_undelivered(house: House) -> None:
    (work,) = sent(house, LONG)
    assert house.report(work, 11, "undelivered", reason="expired_in_network").state is State.UNDELIVERED
    assert house.report(work, 10).state is State.UNDELIVERED
    assert house.receipts()[-1]["reason"] == "expired_in_network"
    assert house.report(work, 11).state is State.DELIVERED, "networks do this"
    assert [state for _, state, _ in house.told()] == ["submitted", "undelivered", "delivered"]


def test_delivered_stays_delivered(house: House) -> None:
    (work,) = sent(house, "x")
    house.report(work, 10)
    house.report(work, 10, "undelivered", reason="absent")
    house.report(work, 10)
    assert house.states() == ["delivered"]
    assert len(house.told()) == 2


def test_reports_of_one_batch_see_each_other(house: House) -> None:
    (work,) = sent(house, LONG)
    reports = [
        Report("claro-1", reference, work.to, "delivered", None, house.now, None, None, house.now)
        for reference in ("10", "11", "11")
    ]
    results = house.transactions.apply(reports)
    assert [result.state for result in results] == [State.SUBMITTED, State.DELIVERED, None]


def test_a_pending_report_keeps_it_alive(house: House) -> None:
    (work,) = sent(house, "x")
    before = house.rows("SELECT due FROM message")[0][0]
    assert house.report(work, 10, "pending").state is State.SUBMITTED
    assert house.rows("SELECT due FROM message")[0][0] > before
    assert house.report(work, 10).state is State.DELIVERED


def test_by_attempt_and_part(house: House) -> None:
    (work,) = sent(house, "x")
    reported = house.report(work, "whatever", attempt_id=work.attempt_id, part=1, to=None)
    assert reported.state is State.DELIVERED
    assert house.report(work, "whatever", "read", attempt_id=work.attempt_id, part=1).state is State.READ
    assert [state for _, state, _ in house.told()] == ["submitted", "delivered", "read"]


@pytest.mark.parametrize(
    ("reports", "told"),
    [
        (["read"], ["read"]),
        (["read", "delivered", "pending", "undelivered"], ["read"]),
        (["delivered", "read", "delivered"], ["delivered", "read"]),
        (["undelivered", "read"], ["undelivered", "delivered", "read"]),
        (["undelivered", "delivered", "read"], ["undelivered", "delivered", "read"]),
    ],
)
def test_reading_ends_it_in_whatever_order_it_is_told(house: House, reports: list[str], told: list[str]) -> None:
    (work,) = sent(house, "x")
    for status in reports:
        house.report(work, 10, status, reason="absent" if status == "undelivered" else None)
    assert house.states() == ["read"]
    assert [state for _, state, _ in house.told()] == ["submitted", *told]


def test_reading_may_be_told_before_the_answer(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    house.report(work, 10, "read")
    house.report(work, 10, "delivered")
    house.finish(work, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "10")})
    assert [state for _, state, _ in house.told()] == ["submitted", "read"]


def test_the_longest_push_address_has_room_in_every_index(house: House) -> None:
    chance = Random(1)
    address = "".join(chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", k=PUSH_LIMIT))
    queue = house.job_of([NewMessage(1, "C1", address, "x", "", 1, "", None, None)], channel="push")
    (work,) = house.claim(queue).work
    house.pnr(work)
    house.finish(work, State.UNCERTAIN, parts={1: PartEnd(PartState.DOUBT)})
    house.do(Block((address,), "person", None, house.now))
    assert house.states() == ["uncertain"]
    assert house.receipts()[-1]["to"] == address


def test_an_outcome_and_its_report_in_one_batch(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    finish = house.finishing(work, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "5")})
    report = Report("claro-1", "5", work.to, "delivered", None, house.now, None, None, house.now)
    assert house.transactions.apply([report, finish])[0].state is State.DELIVERED
    assert [state for _, state, _ in house.told()] == ["submitted", "delivered"]


# ------------------------------------------------------------------------------------------------------- early reports


@pytest.mark.parametrize("restart", [False, True])
def test_a_report_may_precede_its_answer(house: House, restart: bool) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    assert house.report(work, 10).job_id is None
    if restart:
        (opened,) = house.restart().open
        work = opened.work
    house.finish(work, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "10")})
    assert house.states() == ["delivered"]
    assert [state for _, state, _ in house.told()] == ["submitted", "delivered"]
    assert house.rows("SELECT * FROM early_report") == []


def test_a_phone_may_report_before_it_answers(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    house.report(work, "", attempt_id=work.attempt_id, part=1)
    house.finish(work, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, None)})
    assert house.states() == ["delivered"]


def test_the_repeat_of_an_old_report_is_not_taken_for_a_new_message(house: House) -> None:
    (work,) = sent(house, "x")
    house.report(work, 10)
    house.report(work, 10)
    (again,) = house.claim(house.job("x", name="k")).work
    house.send(again, first=10)
    assert house.states() == ["delivered", "submitted"]


def test_unmatched_reports_are_forgotten(house: House) -> None:
    (work,) = sent(house, "x")
    house.report(work, 99)
    swept = house.sweep()
    assert swept.next_at <= house.now + EARLY_KEPT_MS
    house.now += EARLY_KEPT_MS + 1
    house.sweep()
    assert house.rows("SELECT * FROM early_report") == []


# --------------------------------------------------------------------------------------------------------------- doubt


def test_a_report_settles_the_one_part_in_doubt(house: House) -> None:
    (work,) = doubted(house, "x")
    assert house.report(work, 200).state is State.DELIVERED
    assert house.account() == (999 * PRICE, 0, PRICE, 1000 * PRICE)
    assert [state for _, state, _ in house.told()] == ["uncertain", "delivered"]


def test_where_several_could_be_meant_none_is(house: House) -> None:
    queue = house.job("x")
    other = house.job("x", name="k")
    works = []
    for each in (queue, other):
        (work,) = house.claim(each).work
        house.pnr(work)
        house.finish(work, State.UNCERTAIN, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)})
        works.append(work)
    assert house.report(works[0], 200).job_id is None
    assert house.states() == ["uncertain", "uncertain"]


def test_a_message_on_its_way_to_the_same_number_makes_it_ambiguous(house: House) -> None:
    (work,) = doubted(house, "x")
    (other,) = house.claim(house.job("x", name="k")).work
    house.pnr(other)
    assert house.report(work, 200).job_id is None
    house.finish(other, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "200")})
    assert house.states() == ["uncertain", "delivered"], "it was an early report"


def test_doubt_is_settled_only_within_its_window(house: House) -> None:
    (work,) = doubted(house, "x")
    house.now += 4 * DAY_MS
    assert house.report(work, 200).job_id is None


def test_a_report_that_came_before_the_doubt_settles_it(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    house.report(work, 10)
    house.finish(work, State.UNCERTAIN, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)})
    assert house.states() == ["delivered"]
    assert house.account()[2] == PRICE


def test_still_trying_proves_that_it_was_taken(house: House) -> None:
    (work,) = doubted(house, "x")
    assert house.report(work, 200, "pending").state is State.SUBMITTED
    assert house.account()[2] == PRICE


# -------------------------------------------------------------------------------------------------------- late answers


def late(house: House, work: Work, part: int = 1, reference: str = "10") -> State | None:
    state: State | None = house.do(LateAnswer(work.attempt_id, part, reference, house.now + DAY_MS, house.now)).state
    return state


def test_a_late_answer_settles_and_charges(house: House) -> None:
    (work,) = doubted(house, "x")
    assert late(house, work) is State.SUBMITTED
    assert house.account() == (999 * PRICE, 0, PRICE, 1000 * PRICE)
    assert house.rows("SELECT final, due FROM message") == [(False, house.now - 1 + DAY_MS)]
    assert house.report(work, 10).state is State.DELIVERED
    assert [state for _, state, _ in house.told()] == ["uncertain", "submitted", "delivered"]


def test_every_part_in_doubt_needs_its_answer(house: House) -> None:
    (work,) = doubted(house, LONG)
    assert late(house, work, 2, "11") is State.UNCERTAIN
    assert late(house, work, 1, "10") is State.SUBMITTED
    assert house.account()[2] == 2 * PRICE


def test_a_late_answer_takes_its_early_report(house: House) -> None:
    (work,) = doubted(house, "x", LONG)[:1]
    (other,) = house.claim(house.job("x", name="k")).work
    house.pnr(other)
    house.report(work, 10)
    assert late(house, work) is State.DELIVERED


def test_a_late_answer_stops_the_next_try(house: House) -> None:
    queue = house.job("x", resend=True)
    (work,) = house.claim(queue).work
    house.pnr(work)
    house.finish(work, State.QUEUED, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)}, due=house.now)
    assert late(house, work) is State.QUEUED
    assert house.claim(queue).work == ()
    assert house.states() == ["submitted"]
    assert house.account()[2] == 0, "its hold was released before"


def test_a_second_answer_changes_nothing(house: House) -> None:
    (work,) = sent(house, "x")
    assert late(house, work) is None
    assert house.account()[2] == PRICE


# ------------------------------------------------------------------------------------------------------ a person's word


def settle(house: House, work: Work, verdict: str) -> State:
    state: State = house.do(Settle(work.message_id, verdict, house.now)).state  # type: ignore[arg-type]
    return state


def test_settled_as_sent(house: House) -> None:
    (work,) = doubted(house, LONG)
    assert settle(house, work, "sent") is State.SUBMITTED
    assert house.account() == (998 * PRICE, 0, 2 * PRICE, 1000 * PRICE)
    assert house.told()[-1] == (1, "submitted", True)


def test_settled_as_not_sent(house: House) -> None:
    (work,) = doubted(house, "x")
    assert settle(house, work, "not-sent") is State.FAILED
    assert house.account() == (1000 * PRICE, 0, 0, 1000 * PRICE)


def test_settled_as_not_sent_where_parts_had_left(house: House) -> None:
    (work,) = house.claim(house.job(LONG)).work
    house.pnr(work, 1)
    house.pnr(work, 2)
    ends = {1: PartEnd(PartState.TAKEN, "10"), 2: PartEnd(PartState.DOUBT)}
    house.finish(work, State.UNCERTAIN, outcome="partial", parts=ends)
    assert settle(house, work, "not-sent") is State.UNDELIVERED
    assert house.account() == (999 * PRICE, 0, PRICE, 1000 * PRICE)


def test_settled_as_to_be_sent_again(house: House) -> None:
    queue: QueueInfo = house.job("x")
    (work,) = house.claim(queue).work
    house.pnr(work)
    house.finish(work, State.UNCERTAIN, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)})
    assert settle(house, work, "resend") is State.QUEUED
    assert house.account()[1] == 0
    (again,) = house.claim(queue).work
    house.send(again)
    assert [state for _, state, _ in house.told()] == ["uncertain", "submitted"]


def test_a_late_report_after_settling_changes_the_state_only(house: House) -> None:
    (work,) = doubted(house, "x")
    settle(house, work, "sent")
    assert house.report(work, "", attempt_id=work.attempt_id, part=1).state is State.DELIVERED
    assert house.account()[2] == PRICE


def test_only_the_uncertain_can_be_settled(house: House) -> None:
    (work,) = sent(house, "x")
    with pytest.raises(ConflictError):
        settle(house, work, "sent")
    with pytest.raises(NotFoundError):
        house.do(Settle(999, "sent", house.now))
