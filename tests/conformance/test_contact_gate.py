"""Hours, caps and evidence as the store obeys them, over both stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.store import admin
from gatewayd.store.commands import Change, Claimed, KeptBack, NewMessage, PartEnd, Pnr, QueueInfo, Unclaim, Work
from gatewayd.store.contacts import elsewhere, evidence
from gatewayd.store.sending.unit import Unit
from gatewayd.store.settings import accounts
from gatewayd.values.model import PartState, State
from tests.conformance.house import HOUR, House

ANA, BEN = "+5491100000001", "+5491100000002"
HOURS = {"preset": "ar-cautious"}
"""Monday to Friday 9 to 19, Saturday 10 to 14; one contact a day, three a week."""
BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BUENOS_AIRES).timestamp() * 1000)


def to(number: str, row: int = 1) -> NewMessage:
    return NewMessage(row, None, number, "Hola", "", 1, "", None, None)


@pytest.fixture
def ruled(house: House) -> House:
    house.rule(HOURS)
    house.now = at("2026-11-18T12:00")
    return house


def known(house: House, number: int, *addresses: str, zone: str | None = None) -> None:
    """A customer with these numbers."""
    session = house.transactions.session
    zoned = "NULL" if zone is None else f"'{zone}'"
    session.begin()
    session.plain(
        "INSERT INTO customer (id, account_id, external_id, name, zone, created_at, updated_at)"
        f" VALUES ({number}, 1, 'C{number}', '', {zoned}, 1, 1)"
    )
    for place, address in enumerate(addresses):
        session.plain(
            "INSERT INTO contact_point (customer_id, place, account_id, channel, address)"
            f" VALUES ({number}, {place}, 1, 'phone', '{address}')"
        )
    session.commit()
    house.transactions._memory.rules.forget()


def proof(house: House) -> list[tuple[Any, ...]]:
    return house.rows('SELECT "to", rule, verdict FROM evidence ORDER BY id')


def only(claimed: Claimed) -> Work:
    (work,) = claimed.work
    return work


def kept_back(house: House, work: Work) -> KeptBack:
    with pytest.raises(KeptBack) as caught:
        house.pnr(work)
    error = caught.value
    house.finish(work, State.HELD, outcome="not_sent", reason=error.reason, due=error.until)
    return error


def test_a_queue_outside_its_hours_waits_as_a_whole_and_says_until_when(ruled: House) -> None:
    ruled.now = at("2026-11-18T20:00")
    queue = ruled.job("x", "y", "z")
    opens = at("2026-11-19T09:00")
    claimed = ruled.claim(queue)
    assert (claimed.work, claimed.blocked, claimed.next_due) == ((), "window", opens)
    assert ruled.states() == ["queued"] * 3
    assert ruled.rows("SELECT held_reason, held_until FROM queue") == [("window", opens)]
    assert ruled.claim(queue).blocked == "window"
    (told,) = ruled.receipts()
    assert (told["state"], told["reason"], told["detail"]["count"]) == ("held", "window", 3)
    assert datetime.fromisoformat(told["detail"]["until"]) == datetime.fromtimestamp(opens / 1000, UTC)
    assert proof(ruled) == [(None, "hours", "window")]
    ruled.now = opens
    work = ruled.claim(queue).work
    assert len(work) == 3
    assert {one.not_after for one in work} == {at("2026-11-19T19:00")}
    assert ruled.rows("SELECT held_reason, held_until FROM queue") == [(None, None)]


def test_the_point_of_no_return_judges_again(ruled: House) -> None:
    ruled.now = at("2026-11-18T18:59:50")
    queue = ruled.job_of([to(ANA)])
    work = only(ruled.claim(queue))
    ruled.now = at("2026-11-18T19:00")
    error = kept_back(ruled, work)
    assert (error.reason, error.until) == ("window", at("2026-11-19T09:00"))
    assert ruled.rows("SELECT state, reason, due, tries FROM message") == [("held", "window", error.until, 0)]
    assert ruled.rows("SELECT state FROM queue_count WHERE messages > 0") == [("held_window",)]
    ruled.close()
    assert admin.check(ruled.url) == []
    ruled.open()
    ruled.start()
    assert proof(ruled) == [(ANA, "hours", "window")]
    ruled.now = error.until
    ruled.send(only(ruled.claim(queue)))
    assert proof(ruled)[1:] == [(ANA, "hours", "go")]


def test_what_was_claimed_within_other_hours_is_claimed_anew(ruled: House) -> None:
    ruled.now = at("2026-11-18T18:59")
    queue = ruled.job_of([to(ANA)])
    work = only(ruled.claim(queue))
    ruled.now = at("2026-11-19T10:00")
    assert kept_back(ruled, work).until <= ruled.now + 10
    ruled.now += 10
    assert only(ruled.claim(queue)).not_after == at("2026-11-19T19:00")


def test_a_cap_counts_a_person_over_channels_and_numbers_and_never_what_came_to_nothing(ruled: House) -> None:
    known(ruled, 7, ANA, BEN)
    first = ruled.job_of([to(ANA)], name="first")
    second = ruled.job_of([to(BEN)], name="second", channel="call")
    refused = only(ruled.claim(first))
    ruled.pnr(refused)
    ruled.finish(refused, State.FAILED, outcome="refused", parts={1: PartEnd(PartState.REFUSED)})
    ruled.send(only(ruled.claim(ruled.job_of([to(ANA)], name="again"))))
    claimed = ruled.claim(second)
    assert claimed.work == ()
    assert claimed.next_due == at("2026-11-19T09:00")
    assert ruled.rows("SELECT state, reason, due FROM message WHERE channel = 'call'") == [
        ("held", "cap", claimed.next_due)
    ]
    assert [line for line in proof(ruled) if line[2] == "cap"] == [(BEN, "cap.day", "cap")]
    (told,) = [one for one in ruled.receipts() if one["state"] == "held"]
    assert (told["reason"], told["detail"]["count"]) == ("cap", 1)
    ruled.now = claimed.next_due or 0
    assert len(ruled.claim(second).work) == 1


def test_two_messages_to_one_person_at_once_never_both_pass(ruled: House) -> None:
    known(ruled, 7, ANA, BEN)
    queue = ruled.job_of([to(ANA), to(BEN, 2), to("+5491100000003", 3)])
    work = ruled.claim(queue).work
    assert len(work) == 3
    results = ruled.transactions.apply(
        [
            Pnr(
                one.attempt_id,
                1,
                "claro-1",
                one.to,
                ruled.epoch,
                ruled.now,
                "2026-11-18",
                "2026-11",
                1.0,
                ends=one.ends,
            )
            for one in work
        ]
    )
    assert [type(one) for one in results] == [type(None), KeptBack, type(None)]
    for one, result in zip(work, results, strict=True):
        if isinstance(result, KeptBack):
            ruled.finish(one, State.HELD, outcome="not_sent", reason=result.reason, due=result.until)
        else:
            ruled.finish(one, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "1")})
    assert ruled.states() == ["submitted", "held", "submitted"]
    assert [line[2] for line in proof(ruled)] == ["go", "cap", "go"]


def test_people_with_zones_of_their_own_are_judged_by_theirs(ruled: House) -> None:
    known(ruled, 7, ANA, zone="Europe/Madrid")
    known(ruled, 8, BEN, zone="America/Mexico_City")
    ruled.now = at("2026-11-18T17:00")  # in Madrid it is 21:00
    queue = ruled.job_of([to(ANA), to(BEN, 2), to("+5491100000003", 3)])
    claimed = ruled.claim(queue)
    assert [one.row for one in claimed.work] == [2, 3]
    madrid = ZoneInfo("Europe/Madrid")
    until = int(datetime(2026, 11, 19, 9, tzinfo=madrid).timestamp() * 1000)
    assert claimed.next_due == until
    assert ruled.rows("SELECT state, reason, due FROM message ORDER BY id")[0] == ("held", "window", until)
    assert [one.not_after for one in claimed.work] == [
        int(datetime(2026, 11, 18, 19, tzinfo=ZoneInfo("America/Mexico_City")).timestamp() * 1000),
        at("2026-11-18T19:00"),
    ]
    ruled.do(Unclaim([one.attempt_id for one in claimed.work], ruled.now))
    ruled.now = at("2026-11-18T20:00")  # 17:00 in Mexico
    assert [one.row for one in ruled.claim(queue).work] == [2]


def made(house: House, addresses: Sequence[str], at: int, channel: str) -> None:
    """Others have contacted these people."""
    contacts = [
        elsewhere.NewContact(
            *(at, "out", channel, address, "delivered"),
            answered=False,
            reached=True,
            counts=True,
            klass="collections",
            text=None,
            person=None,
            document_type=None,
            document_number=None,
            external_id=None,
            source="upload",
            kind="manual",
            key=f"k{number}",
        )
        for number, address in enumerate(addresses)
    ]
    house.do(Change(lambda unit: elsewhere.enter(unit.session, 1, contacts, actor="ana", now=at)))


def test_contacts_made_elsewhere_count_at_their_time(ruled: House) -> None:
    queue = ruled.job_of([to(ANA)])
    made(ruled, [ANA], ruled.now - HOUR, "call")
    assert ruled.claim(queue).work == ()
    ruled.now = at("2026-11-19T09:00")
    assert len(ruled.claim(queue).work) == 1


def set_rules(house: House, contact: dict[str, Any] | None, **others: Any) -> None:
    def work(unit: Unit) -> None:
        document = {"contact": contact, **others}
        accounts.keep(unit.session, "norte", document, house.now, None)
        unit.memory.rules.forget()

    house.do(Change(work))


def test_an_accounts_own_rules_zone_and_class_hold_at_once(ruled: House) -> None:
    set_rules(ruled, {"default_class": "notice", "caps": {"day": None}}, zone="Asia/Tokyo")
    queue = ruled.job_of([to(ANA)])
    assert ruled.rows('SELECT "class" FROM job') == [("notice",)]
    claimed = ruled.claim(queue)
    assert claimed.blocked == "window"
    assert claimed.next_due == int(datetime(2026, 11, 19, 8, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp() * 1000)
    set_rules(ruled, {"hours": {"notice": None}})
    ruled.send(only(ruled.claim(queue)))
    assert ruled.rows("SELECT held_reason FROM queue") == [(None,)]


def test_a_reply_and_a_confirmation_have_hours_of_their_own(ruled: House) -> None:
    ruled.now = at("2026-11-22T20:00")
    for klass in ("reply", "transactional"):
        ruled.send(only(ruled.claim(ruled.job_of([to(ANA)], name=klass, klass=klass))))
    assert ruled.claim(ruled.job_of([to(ANA)], name="claim")).blocked == "window"
    assert [line[1:] for line in proof(ruled)] == [("free", "go"), ("hours", "go"), ("hours", "window")]


def test_without_rules_nothing_is_asked_and_nothing_noted(house: House) -> None:
    known(house, 7, ANA)
    house.send(only(house.claim(house.job_of([to(ANA)]))))
    assert house.rows("SELECT person_id FROM message") == [(7,)]
    assert proof(house) == []


def test_a_thousand_that_a_cap_keeps_back_are_passed_over_in_few_claims(ruled: House) -> None:
    numbers = [f"+54911{n:08}" for n in range(1, 601)]
    made(ruled, numbers, ruled.now, "sms")
    rows = [to(number, row) for row, number in enumerate([*numbers, BEN[:-1] + "9999"], 1)]
    queue: QueueInfo = ruled.job_of(rows)
    asked = 0
    while not (claimed := ruled.claim(queue, limit=1)).work:
        asked += 1
        assert claimed.next_due is not None
        assert claimed.next_due <= ruled.now
    assert asked <= 3
    assert [one.row for one in claimed.work] == [601]
    assert ruled.states().count("held") == 600


def test_the_same_message_is_kept_back_with_one_row_of_evidence(ruled: House) -> None:
    ruled.send(only(ruled.claim(ruled.job_of([to(ANA)], name="first"))))
    queue = ruled.job_of([to(ANA)], name="second")
    for _ in range(3):
        claimed = ruled.claim(queue)
        assert claimed.work == ()
        ruled.transactions.session.plain("UPDATE message SET due = 1 WHERE state = 'held'")
    assert [line[2] for line in proof(ruled)] == ["go", "cap"]


def test_evidence_outlives_messages_and_is_removed_when_it_is_old(ruled: House) -> None:
    ruled.send(only(ruled.claim(ruled.job_of([to(ANA)]))))
    session = ruled.transactions.session
    ruled.do(Change(lambda unit: evidence.prune(unit.session, ruled.now - HOUR)))
    (decision,) = evidence.of_person(session.connection, account_id=1, person_id=None, addresses=[ANA])
    assert (decision.verdict, decision.rule, decision.account) == ("go", "hours", "norte")
    assert ruled.do(Change(lambda unit: evidence.prune(unit.session, ruled.now + HOUR))) == 1
    assert proof(ruled) == []
