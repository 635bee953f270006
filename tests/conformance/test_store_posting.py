"""Single messages of programs: the jobs they share, their keys, and what a repeat changes."""

from __future__ import annotations

from typing import Any

import pytest

from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    Block,
    DropJob,
    KeyBusyError,
    KeyReusedError,
    NewMessage,
    Post,
    Posted,
    PostItem,
    PostKey,
    PublishJob,
    SetJobState,
    SharedJob,
)
from gatewayd.store.commands.keys import KEPT_MS
from gatewayd.values.errors import CurrencyError, NotFoundError
from gatewayd.values.model import Priority
from tests.conformance.house import PRICE, House

KEY = PostKey("k:one", "print")


def shared(name: str = "post-t1-20261123-12-abcdef", **options: Any) -> SharedJob:
    return SharedJob(
        name,
        "sms",
        Priority.NORMAL,
        options.get("content_hash", "alike"),
        options.get("not_before"),
        None,
        False,
        PRICE,
        options.get("currency", "ARS"),
        "{}",
        options.get("test", False),
    )


def item(number: int = 1, *, unique: str | None = None, reason: str | None = None, **options: Any) -> PostItem:
    row = NewMessage(1, f"C{number}", f"+54911{number:08}", "x", "", 1, "", reason, None)
    return PostItem(shared(**options), row, unique=unique)


def post(house: House, *items: PostItem, key: PostKey | None = None, account: str = "norte") -> Post:
    return Post(account, items or (item(),), key, house.node, house.now)


def counted(house: House) -> tuple[int, int]:
    """Jobs and messages."""
    [(jobs,)] = house.rows("SELECT count(*) FROM job")
    [(messages,)] = house.rows("SELECT count(*) FROM message")
    return jobs, messages


def test_messages_that_are_alike_share_a_job(house: House) -> None:
    first = house.do(post(house, item(1)))
    second = house.do(post(house, item(2), item(3)))
    assert counted(house) == (1, 3)
    assert house.rows('SELECT "row" FROM message ORDER BY id') == [(1,), (2,), (3,)]
    assert house.rows("SELECT messages, state, origin FROM job") == [(3, "running", "post")]
    [queue] = second.queues
    assert queue.waiting == 3
    assert len({answer["id"] for answer in first.answers + second.answers}) == 3
    assert {answer["job"] for answer in first.answers + second.answers} == {queue.job}
    house.do(post(house, item(4, content_hash="other")))
    assert counted(house) == (2, 4)


def test_a_key_is_written_with_what_it_stands_for(house: House) -> None:
    first = house.do(post(house, item(1), item(2), key=KEY))
    again = house.do(post(house, item(1), item(2), key=KEY))
    assert again == Posted(first.answers, replayed=True)
    assert counted(house) == (1, 2)
    with pytest.raises(KeyReusedError):
        house.do(post(house, key=PostKey(KEY.key, "another print")))
    assert counted(house) == (1, 2)


def test_a_repeat_makes_no_job_of_its_own(house: House) -> None:
    house.do(post(house, item(1, unique="t1:C1"), key=KEY))
    later = {"name": "post-t1-20261123-13-abcdef", "content_hash": "next hour"}
    assert house.do(post(house, item(1, **later), key=KEY)).replayed
    answer = house.do(post(house, item(1, unique="t1:C1", **later))).answers[0]
    assert answer["repeated"] is True
    assert counted(house) == (1, 1)


def test_fifty_in_one_batch_with_one_key_are_one(house: House) -> None:
    results = house.transactions.apply([post(house, item(1), key=KEY) for _ in range(50)])
    assert counted(house) == (1, 1)
    assert [result.replayed for result in results] == [False] + [True] * 49
    assert all(result.answers == results[0].answers for result in results)


def test_a_name_is_had_once(house: House) -> None:
    first = house.do(post(house, item(1, unique="t1:C1"), item(2, unique="t1:C2")))
    again = house.do(post(house, item(1, unique="t1:C1"), item(3, unique="t1:C3"), key=KEY))
    assert again.answers[0]["id"] == first.answers[0]["id"]
    assert again.answers[0]["repeated"] is True
    assert counted(house) == (1, 3)
    assert house.do(post(house, item(1, unique="t1:C1"), item(3, unique="t1:C3"), key=KEY)).answers == again.answers


def test_keys_are_kept_for_their_time(house: House) -> None:
    house.do(post(house, key=KEY))
    house.now += KEPT_MS + 1
    fresh = house.do(post(house, item(2, name="post-t1-20261126-13-abcdef"), key=KEY))
    assert not fresh.replayed
    assert counted(house)[1] == 2
    assert house.rows("SELECT count(*) FROM posted") == [(1,)]


def test_what_cannot_be_sent_is_recorded_and_told(house: House) -> None:
    house.do(Block(("+5491100000002",), "person", None, house.now))
    answers = house.do(post(house, item(1), item(2), item(3, reason="number_invalid"))).answers
    assert [(one["status"], one["state"], one["reason"]) for one in answers] == [
        ("accepted", "queued", None),
        ("rejected", "invalid", "blocked"),
        ("rejected", "invalid", "number_invalid"),
    ]
    assert house.rows("SELECT count(*) FROM message WHERE state = 'invalid'") == [(2,)]


def test_a_test_is_priced_and_never_waits(house: House) -> None:
    done = house.do(post(house, item(1, test=True)))
    assert (done.answers[0]["state"], done.answers[0]["reason"]) == ("cancelled", "test")
    assert all(queue.waiting == 0 for queue in done.queues)
    assert house.rows("SELECT state, final FROM message") in ([("cancelled", 1)], [("cancelled", True)])


def test_a_job_that_is_not_ours_keeps_its_name(house: House) -> None:
    name = shared().name
    begun = house.do(
        BeginJob(
            "norte", name, "sms", Priority.BULK, "alike", None, None, False, PRICE, "ARS", "{}", house.node, house.now
        )
    )
    house.do(AddMessages(begun.job_id, [NewMessage(1, None, "+5491100000009", "x", "", 1, "", None, None)], house.now))
    house.do(PublishJob(begun.job_id, house.now))
    first = house.do(post(house)).answers[0]
    assert first["job"] == f"{name}.2"
    house.do(SetJobState("norte", f"{name}.2", "cancelled", house.now))
    assert house.do(post(house)).answers[0]["job"] == f"{name}.3"


def test_refused_posts_leave_nothing(house: House) -> None:
    with pytest.raises(NotFoundError):
        house.do(post(house, account="nobody", key=KEY))
    with pytest.raises(CurrencyError):
        house.do(post(house, item(1, currency="CLP"), key=KEY))
    assert counted(house) == (0, 0)
    assert not house.do(post(house, key=KEY)).replayed


def test_a_job_bears_its_key_until_it_is_seen(house: House) -> None:
    begin = BeginJob(
        *("norte", "j", "sms", Priority.BULK, "hash", None, None, False, PRICE, "ARS", "{}", house.node, house.now),
        key=KEY,
    )
    begun = house.do(begin)
    with pytest.raises(KeyBusyError):
        house.do(begin)
    house.do(AddMessages(begun.job_id, [NewMessage(1, None, "+5491100000009", "x", "", 1, "", None, None)], house.now))
    house.do(PublishJob(begun.job_id, house.now, keyed=True))
    again = house.do(begin)
    assert again.known
    assert again.answer is not None
    assert '"job": "j"' in again.answer
    # One that is given up takes its key along.
    other = BeginJob(
        *("norte", "k", "sms", Priority.BULK, "hash", None, None, False, PRICE, "ARS", "{}", house.node, house.now),
        key=PostKey("k:two", "print"),
    )
    assert house.do(DropJob(house.do(other).job_id))
    assert not house.do(other).known
