"""Jobs: recorded in portions, visible at once, stopped and cancelled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    Block,
    Blocked,
    CreateAccount,
    DropJob,
    LoadingJobs,
    LoadQueues,
    NewMessage,
    PublishJob,
    SetJobState,
    Unblock,
)
from gatewayd.values.errors import ConflictError, CurrencyError, NotFoundError
from gatewayd.values.model import Priority, Route, ulid_number
from tests.conformance.house import HOUR, LONG, PRICE, START, House


def begin(house: House, name: str = "j", content_hash: str = "hash", **options: Any) -> BeginJob:
    return BeginJob(
        options.get("account", "norte"),
        name,
        "sms",
        Priority.BULK,
        content_hash,
        None,
        None,
        False,
        options.get("price", PRICE),
        "ARS",
        json.dumps({"lines": ["claro-1"]}),
        house.node,
        house.now,
    )


def row(number: int, to: str | None = None, **options: Any) -> NewMessage:
    return NewMessage(
        number,
        f"C{number}",
        to or f"+54911{number:08}",
        "x",
        "",
        1,
        options.get("prefix", ""),
        options.get("reason"),
        options.get("detail"),
    )


def test_nothing_of_a_loading_job_is_seen_until_it_is_whole(house: House) -> None:
    begun = house.do(begin(house))
    assert house.do(AddMessages(begun.job_id, [row(1), row(2, reason="no_number")], house.now)) == 1
    assert house.do(LoadQueues()) == ()
    assert house.cut() == ()
    with pytest.raises(NotFoundError):
        house.do(SetJobState("norte", "j", "cancelled", house.now))
    assert house.do(AddMessages(begun.job_id, [row(3)], house.now)) == 1
    (queue,) = house.do(PublishJob(begun.job_id, house.now))
    assert (queue.job, queue.account, queue.priority, queue.waiting) == ("j", "norte", Priority.BULK, 2)
    assert queue.route == Route("sms", "", ("claro-1",))
    assert house.do(LoadQueues()) == (queue,)
    assert [line for segment in house.cut() for line in segment.lines]
    assert house.rows("SELECT messages FROM job") == [(3,)]


def test_each_prefix_has_a_queue(house: House) -> None:
    begun = house.do(begin(house))
    house.do(AddMessages(begun.job_id, [row(1, prefix="+549"), row(2), row(3, prefix="+549")], house.now))
    house.do(AddMessages(begun.job_id, [row(4, prefix="+549351")], house.now))
    queues = house.do(PublishJob(begun.job_id, house.now))
    assert {(queue.route.prefix, queue.waiting) for queue in queues} == {("+549", 2), ("", 1), ("+549351", 1)}


def test_the_same_job_again_is_known(house: House) -> None:
    begun = house.do(begin(house))
    again = house.do(begin(house))
    assert (again.job_id, again.known, begun.known) == (begun.job_id, True, False)
    with pytest.raises(ConflictError):
        house.do(begin(house, content_hash="other"))
    with pytest.raises(NotFoundError):
        house.do(begin(house, account="sur"))
    first, second = house.transactions.apply([begin(house, "k"), begin(house, "k", "other")])
    assert not first.known
    assert isinstance(second, ConflictError)
    house.do(DropJob(begun.job_id))


def test_an_account_pays_in_its_own_currency_only(house: House) -> None:
    house.do(CreateAccount("este", "USD", house.now))
    with pytest.raises(CurrencyError, match="USD"):
        house.do(begin(house, account="este"))
    house.do(begin(house, account="este", price=0))


def test_a_visible_job_takes_no_more_rows(house: House) -> None:
    queue = house.job("x")
    with pytest.raises(ConflictError):
        house.do(AddMessages(queue.job_id, [row(9)], house.now))
    with pytest.raises(ConflictError):
        house.do(DropJob(queue.job_id))
    assert house.do(PublishJob(queue.job_id, house.now)) == house.do(LoadQueues())


def test_a_half_recorded_job_leaves_nothing_behind(house: House) -> None:
    begun = house.do(begin(house))
    house.do(AddMessages(begun.job_id, [row(n, reason="junk" if n % 2 else None) for n in range(1, 8)], house.now))
    house.restart()
    assert house.do(LoadingJobs(house.node)) == (begun.job_id,)
    # On SQLite one daemon alone is at work, whatever its node was called before.
    renamed = house.do(LoadingJobs("other"))
    assert renamed == ((begun.job_id,) if house.url.startswith("sqlite") else ())
    assert house.do(LoadingJobs("")) == ()
    assert house.do(DropJob(begun.job_id, limit=5)) is False
    assert house.do(DropJob(begun.job_id, limit=5)) is True
    assert house.do(DropJob(begun.job_id)) is True
    for table in ("job", "queue", "queue_count", "message", "receipt"):
        assert house.rows(f"SELECT * FROM {table}") == []
    assert not house.do(begin(house)).known


def test_what_could_never_be_sent_is_told_with_its_row(house: House) -> None:
    house.do(Block(["+5491100000002"], "person", None, house.now))
    detail = '{"raw":"15-5987-6543","assumed_mobile":true}'
    house.job_of([row(1, reason="no_number"), row(2), row(3, detail=detail), row(4, '+54"\\é')])
    assert house.told() == [(1, "invalid", True), (2, "invalid", True)]
    first, second = house.receipts()
    assert (first["reason"], second["reason"], second["ref"]) == ("no_number", "blocked", "C2")
    assert house.states() == ["invalid", "invalid", "queued", "queued"]


def test_a_receipt_is_the_contract_to_the_letter(house: House) -> None:
    queue = house.job_of([row(1, detail='{"raw":"15 5987"}')], name="cobranza-2026-11")
    (work,) = house.claim(queue).work
    house.send(work)
    (body,) = (line for segment in house.cut() for line in segment.lines)
    message = house.receipts()[0]["message"]
    assert ulid_number(message) == work.message_id
    at = house.rows("SELECT updated_at FROM message")[0][0]
    assert body == (
        f'{{"v":1,"seq":1,"at":"2026-11-18T11:06:40.{at % 1000:03}Z","job":"cobranza-2026-11","message":"{message}",'
        '"ref":"C1","row":1,"to":"+5491100000001","channel":"sms","class":"collections","state":"submitted","final":false,"reason":null,'
        '"line":"claro-1","attempt":1,"segments":1,"cost":"0.85","detail":{"raw":"15 5987"}}'
    )


def test_cancelling_turns_rows_in_portions(house: House) -> None:
    queue = house.job("x", "x", LONG, "x", "x")
    (work, held) = house.claim(queue, limit=2).work
    house.send(work)
    change = house.do(SetJobState("norte", "j", "cancelled", house.now))
    assert (change.state, change.queues[0].waiting) == ("cancelled", 3)
    assert house.claim(queue).blocked == "cancelled"
    assert house.do(LoadQueues()) == ()
    from gatewayd.store.commands import Sweep, Unclaim

    swept = house.do(Sweep(house.now, limit=2))
    assert (swept.rows, swept.more, swept.jobs) == (2, True, (queue.job_id,))
    swept = house.do(Sweep(house.now, limit=2))
    assert (swept.rows, swept.more) == (1, False)
    assert house.states() == ["submitted", "sending", "cancelled", "cancelled", "cancelled"]
    house.do(Unclaim([held.attempt_id], house.now))
    house.sweep()
    assert house.states()[1] == "cancelled"
    with pytest.raises(ConflictError):
        house.do(SetJobState("norte", "j", "running", house.now))


def test_a_cancelled_message_of_which_a_part_left_is_undelivered(house: House) -> None:
    from gatewayd.store.commands import PartEnd
    from gatewayd.values.model import PartState, State

    queue = house.job(LONG)
    (work,) = house.claim(queue).work
    house.pnr(work, 1)
    ends = {1: PartEnd(PartState.TAKEN, "1")}
    house.finish(work, State.QUEUED, outcome="partial", parts=ends, due=house.now)
    house.do(SetJobState("norte", "j", "cancelled", house.now))
    house.sweep()
    assert [(state, final) for _, state, final in house.told()] == [("undelivered", True)]
    assert house.receipts()[0]["reason"] == "incomplete"


def test_what_did_not_leave_in_time_expires(house: House) -> None:
    house.job("x", "x", not_after=START + HOUR)
    assert house.sweep().next_at == START + HOUR
    house.now = START + HOUR
    assert house.sweep().rows == 2
    assert [state for _, state, _ in house.told()] == ["expired", "expired"]


def test_pausing_a_job_at_its_end_makes_no_sense(house: House) -> None:
    house.job_of([row(1, reason="junk")])
    with pytest.raises(ConflictError):
        house.do(SetJobState("norte", "j", "paused", house.now))
    with pytest.raises(NotFoundError):
        house.do(SetJobState("norte", "other", "paused", house.now))


def test_a_blocked_number_is_withdrawn_at_once(house: House) -> None:
    queue = house.job("x", "y")
    house.job("x", name="k")
    blocked: Blocked = house.do(Block(["+5491100000001", "+5491100000001", "+549"], "person", "asked", house.now))
    assert (blocked.added, blocked.cancelled, len(blocked.jobs)) == (2, 2, 2)
    assert house.states() == ["cancelled", "queued", "cancelled"]
    assert {receipt["reason"] for receipt in house.receipts()} == {"blocked"}
    again = house.do(Block(["+549"], "person", None, house.now))
    assert (again.added, again.cancelled) == (0, 0)
    assert house.do(Unblock("+549")) is True
    assert house.do(Unblock("+549")) is False
    assert [work.row for work in house.claim(queue).work] == [2]


def test_a_thousand_blocked_numbers_and_rows(house: House) -> None:
    numbers = [f"+54911{n:08}" for n in range(1, 1001)]
    house.do(Block(numbers[::2], "import", None, house.now))
    house.job_of([row(n) for n in range(1, 1001)])
    assert house.states().count("invalid") == 500
