"""Whose report it is: what names nobody of ours changes nothing, however much of it comes."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Literal

import pytest

from gatewayd.store.commands import NewMessage, PartEnd, Report, Work
from gatewayd.values.model import PartState, State
from tests.conformance.house import House

DOUBTS = 50
FOREIGN = 1_000
STATUSES: tuple[Literal["delivered", "undelivered", "pending"], ...] = ("delivered", "undelivered", "pending")


def doubted(house: House, line: str, people: int, name: str) -> list[Work]:
    works = list(house.claim(house.job(*["x"] * people, name=name), people, line).work)
    for work in works:
        house.pnr(work, 1, line)
        ends = {1: PartEnd(PartState.DOUBT)}
        house.finish(work, State.UNCERTAIN, line, outcome="uncertain", parts=ends)
    return works


def accepted(house: House, *references: str, line: str = "provider") -> list[Work]:
    works = list(house.claim(house.job(*["x"] * len(references)), len(references), line).work)
    for work, reference in zip(works, references, strict=True):
        house.pnr(work, 1, line)
        house.finish(work, State.SUBMITTED, line, parts={1: PartEnd(PartState.TAKEN, reference)})
    return works


def test_a_thousand_reports_of_others_settle_none_of_fifty_doubts(house: House) -> None:
    chance = Random(7)
    shared = doubted(house, "provider", DOUBTS // 2, "shared")
    own = doubted(house, "claro-1", DOUBTS // 2, "own")
    for start in range(0, FOREIGN, 50):
        batch = []
        for n in range(start, start + 50):
            if n % 2:
                # Another system has written to the very same people, or to nobody it names.
                to = chance.choice([chance.choice(shared).to, None, "+5491177777777"])
                line, exclusive = "provider", False
            else:
                # What was sent from the SIM before it was ours.
                line, to, exclusive = "claro-1", chance.choice(["+5491177777777", None]), True
            status = chance.choice(STATUSES)
            now = house.now
            batch.append(Report(line, f"{n}", to, status, None, now, None, None, now, exclusive=exclusive))
        house.now += 1
        assert all(reported.job_id is None for reported in house.transactions.apply(batch))
        if start == FOREIGN // 2:
            house.restart()
    assert set(house.states()) == {"uncertain"}
    _, held, charged, _ = house.account()
    assert (held, charged) == (DOUBTS * 850_000, 0)
    # What names its recipient on a line that is ours alone does settle it.
    assert house.report(own[3], 5000).state is State.DELIVERED


def test_a_repeat_of_a_report_from_before_a_restart_settles_no_other_doubt(house: House) -> None:
    (sent,) = accepted(house, "77", line="claro-1")
    assert house.report(sent, 77).state is State.DELIVERED
    house.restart()
    row = NewMessage(1, None, sent.to, "y", "", 1, "", None, None)
    (work,) = house.claim(house.job_of([row], name="k")).work
    house.pnr(work)
    house.finish(work, State.UNCERTAIN, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)})
    for to in (sent.to, "1100000001", "5491100000001"):
        assert house.report(sent, 77, to=to).job_id is None
    assert house.states() == ["delivered", "uncertain"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("00A1B2C3", "a1b2c3"), ("a1b2c3", "A1B2C3"), ("0004711", "4711"), ("10595762", "A1ADB2"), ("A1ADB2", "10595762")],
)
def test_a_reference_may_be_spelt_another_way(house: House, ours: str, theirs: str) -> None:
    (work,) = accepted(house, ours)
    assert house.report(work, theirs, line="provider", exclusive=False).state is State.DELIVERED


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("ours", "theirs"), [("00A1B2C3", "a1b2c3"), ("10595762", "A1ADB2")])
def test_it_may_be_so_spelt_before_the_answer(house: House, ours: str, theirs: str, restart: bool) -> None:
    (work,) = house.claim(house.job("x"), line="provider").work
    house.pnr(work, 1, "provider")
    assert house.report(work, theirs, line="provider", exclusive=False).job_id is None
    if restart:
        house.close()
        house.open()
    house.finish(work, State.SUBMITTED, "provider", parts={1: PartEnd(PartState.TAKEN, ours)})
    assert house.states() == ["delivered"]


def test_of_two_that_could_be_meant_neither_is(house: House) -> None:
    one, _ = accepted(house, "00ab12cd", "AB12CD")
    assert house.report(one, "0AB12cd", line="provider", to=None, exclusive=False).job_id is None
    assert house.states() == ["submitted", "submitted"]
    # The one whose spelling is the same is meant, though another is alike.
    assert house.report(one, "AB12CD", line="provider", to=None, exclusive=False).state is State.DELIVERED
    assert house.states() == ["submitted", "delivered"]


def test_a_modems_references_are_no_other_than_they_are(house: House) -> None:
    (work,) = accepted(house, "07", line="claro-1")
    assert house.report(work, "7").job_id is None


@pytest.mark.parametrize("to", ["jefe@example.net", "+5491177777777"])
def test_a_report_that_names_our_attempt_and_another_recipient_changes_nothing(house: House, to: str) -> None:
    row = NewMessage(1, None, "ana@example.net", "x", "", 1, "", None, None)
    (work,) = house.claim(house.job_of([row], channel="email")).work
    house.pnr(work)
    named = {"attempt_id": work.attempt_id, "part": 1}
    # Before the answer, too.
    assert house.report(work, "v", "undelivered", to=to, **named).job_id is None
    house.finish(work, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "<1@host>")})
    assert house.report(work, "v", "undelivered", to=to, **named).job_id is None
    assert house.states() == ["submitted"]
    assert house.report(work, "v", "undelivered", to="Ana@Example.net", **named).state is State.UNDELIVERED


def test_what_went_at_its_second_attempt_is_final_where_no_report_can_come(house: House) -> None:
    queue = house.job("x")
    (work,) = house.claim(queue).work
    house.pnr(work)
    house.finish(work, State.QUEUED, outcome="not_sent", due=house.now, parts={1: PartEnd(PartState.UNSENT)})
    (work,) = house.claim(queue).work
    house.pnr(work)
    finish = house.finishing(work, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "9")})
    house.do(replace(finish, final=True))
    assert house.rows("SELECT state, final FROM message") in ([("submitted", 1)], [("submitted", True)])
    assert [each["final"] for each in house.receipts()] == [True]
