"""The reader over both stores: what people see of jobs, messages, accounts and queues."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from gatewayd.contact.optout import judge
from gatewayd.operations import shapes
from gatewayd.store import admin, tables
from gatewayd.store.commands import (
    BeginJob,
    Block,
    CreateAccount,
    HoldQueue,
    Inbound,
    NewMessage,
    PartEnd,
    SetJobState,
    SetLineEnabled,
)
from gatewayd.store.reader import Reader
from gatewayd.store.sending import queries
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.values.model import PartState, Priority, State, ulid
from gatewayd.values.money import format_money
from tests.conformance.house import DAY, HOUR, LONG, PRICE, START, House


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    opened = Reader(house.url)
    yield opened
    opened.close()


def states(reader: Reader, job: str, now: int) -> list[tuple[str, str | None]]:
    return [(str(one.state), one.reason) for one in reader.messages(job, now).items]


# ---------------------------------------------------------------------------------------------------------------- jobs


def test_a_job_runs_is_sent_and_is_done(house: House, reader: Reader) -> None:
    queue = house.job("uno", "dos", LONG)
    first = reader.job("j", house.now)
    assert (first.state, first.messages, first.counts) == ("running", 3, {State.QUEUED: 3})
    work = house.claim(queue).work
    for place, one in enumerate(work):
        house.send(one, first=1 + 10 * place)
    sent = reader.job("norte/j", house.now)
    assert (sent.state, sent.counts, sent.segments) == ("sent", {State.SUBMITTED: 3}, 4)
    for place, one in enumerate(work):
        for part in one.todo:
            house.report(one, part + 10 * place)
    done = reader.job("j", house.now)
    assert (done.state, done.counts, done.cost) == ("done", {State.DELIVERED: 3}, 4 * PRICE)
    assert done.last_seq == len(house.receipts()) == 6
    assert reader.job_by_number(done.id, house.now) == done


def test_what_goes_is_what_has_something_left_to_send(house: House, reader: Reader) -> None:
    queues = {name: house.job("uno", name=name) for name in ("paused", "cancelled", "over", "runs")}
    for name in ("paused", "cancelled"):
        house.do(SetJobState("norte", name, name, house.now))
    for one in house.claim(queues["over"]).work:
        house.send(one)
    everything = {one.job: one.state for one in reader.jobs(house.now).items}
    assert everything == {"paused": "paused", "cancelled": "cancelled", "over": "sent", "runs": "running"}

    def names(**asked: Any) -> list[str]:
        asked = {"account": None, "among": 10, **asked}
        return [one.job for one in reader.ask(partial(queries.going, now=house.now, **asked))]

    assert names() == ["runs", "paused"]
    assert names(account="norte") == ["runs", "paused"]
    assert names(account="sur") == []
    assert names(among=2) == ["runs"]


def test_the_summary_names_every_state(house: House, reader: Reader) -> None:
    house.job("uno")
    document = reader.job("j", house.now).document()
    assert set(document["counts"]) == {str(state) for state in State}
    assert document["counts"]["queued"] == 1
    assert (document["job"], document["state"], document["cost"]) == ("j", "running", "0.00")
    assert document["created_at"].startswith("2026-11-18T")
    assert document["created_at"].endswith("Z")


def test_a_loading_job_is_not_there(house: House, reader: Reader) -> None:
    house.do(
        BeginJob(
            "norte", "half", "sms", Priority.NORMAL, "h", None, None, False, PRICE, "ARS", "{}", house.node, house.now
        )
    )
    assert reader.jobs(house.now).items == ()
    with pytest.raises(NotFoundError):
        reader.job("half", house.now)


def test_jobs_come_newest_first_by_pages(house: House, reader: Reader) -> None:
    for number in range(5):
        house.job("x", name=f"j{number}")
    first = reader.jobs(house.now, limit=2)
    second = reader.jobs(house.now, limit=2, cursor=first.next)
    last = reader.jobs(house.now, limit=2, cursor=second.next)
    assert [one.job for page in (first, second, last) for one in page.items] == ["j4", "j3", "j2", "j1", "j0"]
    assert last.next is None
    assert reader.jobs(house.now, limit=5).next is None
    with pytest.raises(UsageError):
        reader.jobs(house.now, cursor="drop table")


def test_a_bare_name_must_be_unique(house: House, reader: Reader) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    house.job("x")
    house.job("y", account="sur")
    with pytest.raises(UsageError, match="norte/j, sur/j"):
        reader.job("j", house.now)
    assert reader.job("sur/j", house.now).account == "sur"
    assert [one.account for one in reader.jobs(house.now, account="sur").items] == ["sur"]


# ------------------------------------------------------------------------------------------------- held and scheduled


def test_a_paused_job_holds_its_messages(house: House, reader: Reader) -> None:
    house.job("uno", "dos")
    house.do(SetJobState("norte", "j", "paused", house.now))
    assert reader.job("j", house.now).state == "paused"
    assert reader.job("j", house.now).counts == {State.HELD: 2}
    assert states(reader, "j", house.now) == [("held", "paused")] * 2


def test_a_held_queue_holds_its_messages(house: House, reader: Reader) -> None:
    queue = house.job("uno")
    house.do(HoldQueue(queue.id, "credit", house.now))
    assert states(reader, "j", house.now) == [("held", "credit")]
    assert reader.depth(house.now).held == {"credit": 1}
    house.do(HoldQueue(queue.id, None, house.now))
    assert states(reader, "j", house.now) == [("queued", None)]


def test_a_job_of_tomorrow_is_scheduled(house: House, reader: Reader) -> None:
    house.job("uno", not_before=START + HOUR)
    assert states(reader, "j", house.now) == [("scheduled", None)]
    assert reader.job("j", house.now).counts == {State.SCHEDULED: 1}
    assert states(reader, "j", START + HOUR) == [("queued", None)]


def test_a_retry_is_scheduled_until_its_time(house: House, reader: Reader) -> None:
    queue = house.job("uno")
    (work,) = house.claim(queue).work
    house.finish(work, State.SCHEDULED, outcome="not_sent", reason="busy", due=house.now + HOUR, tries=1)
    assert states(reader, "j", house.now) == [("scheduled", "busy")]
    assert states(reader, "j", house.now + 2 * HOUR) == [("queued", None)]


def test_what_waits_in_a_cancelled_job_is_cancelled_before_the_sweep(house: House, reader: Reader) -> None:
    house.job("uno", "dos")
    house.do(SetJobState("norte", "j", "cancelled", house.now))
    assert reader.job("j", house.now).state == "cancelled"
    assert [one[0] for one in states(reader, "j", house.now)] == ["cancelled", "cancelled"]
    house.sweep()
    assert reader.job("j", house.now).counts == {State.CANCELLED: 2}


# ------------------------------------------------------------------------------------------------------------ messages


@pytest.mark.parametrize("job_state", ["running", "paused", "cancelled"])
def test_a_state_finds_exactly_those_that_show_it(house: House, reader: Reader, job_state: str) -> None:
    rows = [
        NewMessage(n, None, f"+54911{n:08}", "x", "", 1, "+54" if n % 2 else "", None, None) for n in range(1, 13)
    ] + [NewMessage(13, None, None, None, "", 0, "", "number_missing", None)]
    queue = house.job_of(rows)
    work = list(house.claim(queue, limit=4).work)
    house.send(work[0])
    house.finish(work[1], State.SCHEDULED, outcome="not_sent", due=house.now + HOUR, tries=1)
    house.pnr(work[2])
    house.finish(work[2], State.UNCERTAIN, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)})
    house.do(HoldQueue(queue.id, "no_line", house.now))
    if job_state != "running":
        house.do(SetJobState("norte", "j", job_state, house.now))  # type: ignore[arg-type]
    everything = reader.messages("j", house.now).items
    assert len({one.state for one in everything}) >= 5
    for state in State:
        found = reader.messages("j", house.now, state=state).items
        assert [one.id for one in found] == [one.id for one in everything if one.state is state], state
    paged: list[int] = []
    cursor = None
    while True:
        page = reader.messages("j", house.now, limit=3, cursor=cursor)
        paged += [one.row for one in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert sorted(paged) == list(range(1, 14))


def test_a_message_tells_its_attempts_and_parts(house: House, reader: Reader) -> None:
    queue = house.job(LONG)
    (work,) = house.claim(queue).work
    house.send(work, first=77)
    house.report(work, 77)
    told = house.receipts()[0]["message"]
    found = reader.message(told, house.now)
    assert found == reader.message(told.lower(), house.now) == reader.message_by_number(found.id, house.now)
    assert (found.state, found.attempt, found.segments, found.text) == (State.SUBMITTED, 1, 2, LONG)
    (attempt,) = found.attempts
    assert (attempt.public, attempt.line, attempt.outcome) == (work.public, "claro-1", "accepted")
    assert [(one.part, one.state, one.reference) for one in attempt.parts] == [
        (1, "delivered", "77"),
        (2, "taken", "78"),
    ]
    document = shapes.message(found, whole=True)
    receipt = house.receipts()[-1]
    same = ("job", "message", "ref", "row", "to", "channel", "state", "final", "reason", "line", "attempt", "segments")
    assert {key: document[key] for key in same} == {key: receipt[key] for key in same}
    assert document["cost"] == receipt["cost"] == format_money(2 * PRICE)


def test_an_id_of_another_store_is_not_found(house: House, reader: Reader) -> None:
    house.job("uno")
    (found,) = reader.messages("j", house.now).items
    for other in (ulid(START, house.transactions.salt ^ 1, found.id), ulid(1, house.transactions.salt, found.id)):
        with pytest.raises(NotFoundError):
            reader.message(other, house.now)
    for junk in ("", "x", "I" * 26, "Z" * 26, "ñ" * 26):
        with pytest.raises((UsageError, NotFoundError)):
            reader.message(junk, house.now)


def test_the_latest_tries_come_first(house: House, reader: Reader) -> None:
    queue = house.job("uno", "dos", "tres")
    for one in house.claim(queue).work:
        house.send(one, first=one.row)
    assert [one.row for one in reader.recent(house.now, limit=2)] == [3, 2]


# ------------------------------------------------------------------------------------------------------------ accounts


def test_accounts_and_their_movements(house: House, reader: Reader) -> None:
    queue = house.job("uno")
    (work,) = house.claim(queue).work
    house.send(work)
    account = reader.account("norte")
    assert [account] == reader.accounts()
    assert (account.charged, account.held) == (PRICE, 0)
    assert account.balance + account.held + account.charged == account.granted
    page = reader.statement("norte", limit=2)
    assert [one.kind for one in page.items] == ["charge", "hold"]
    assert {one.job for one in page.items} == {"j"}
    assert page.items[0].message == house.receipts()[0]["message"]
    assert [one.kind for one in reader.statement("norte", cursor=page.next).items] == ["grant"]
    with pytest.raises(NotFoundError):
        reader.account("sur")


# ------------------------------------------------------------------------------------------- lines, blocklist, queues


def test_lines_count_and_remember_a_persons_word(house: House, reader: Reader) -> None:
    queue = house.job("uno", LONG)
    for place, one in enumerate(house.claim(queue).work):
        house.send(one, first=1 + 10 * place)
    house.do(SetLineEnabled("movi-1", False))
    counts = reader.line_counts(DAY)
    assert (counts["claro-1"].segments_today, counts["claro-1"].messages_today) == (3, 2)
    assert counts["claro-1"].enabled is None
    assert (counts["movi-1"].enabled, counts["movi-1"].segments_today) == (False, 0)
    next_day = reader.line_counts("2026-11-19")["claro-1"]
    assert (next_day.segments_today, next_day.segments_month) == (0, 3)


def test_doubtful_opt_outs_are_shown_until_their_sender_is_blocked(house: House, reader: Reader) -> None:
    for place, text in enumerate(("hola", "¿Cómo me doy de baja?", "No soy Juan", "no me interesa")):
        sender = f"+54911000000{place}"
        house.do(Inbound("claro-1", "sms", str(place), sender, None, text, house.now, None, None, judge, house.now))
    first = reader.doubtful(0, limit=2)
    assert [one.text for one in first.items] == ["no me interesa", "No soy Juan"]
    (last,) = reader.doubtful(0, limit=2, cursor=first.next).items
    assert (last.sender, last.line, len(last.public)) == ("+549110000001", "claro-1", 26)
    house.do(Block(["+549110000002"], "person", None, house.now))
    assert [one.text for one in reader.doubtful(0).items] == ["no me interesa", "¿Cómo me doy de baja?"]
    assert reader.doubtful(house.now + 1).items == ()


def test_the_blocklist_comes_by_pages(house: House, reader: Reader) -> None:
    numbers = [f"+5491100000{n:03}" for n in range(7)]
    house.do(Block(numbers, "person", "quejas", house.now))
    first = reader.blocklist(limit=4)
    second = reader.blocklist(limit=4, cursor=first.next)
    assert [one.to for one in (*first.items, *second.items)] == numbers
    assert second.next is None
    assert first.items[0].note == "quejas"


def test_the_depth_adds_up_and_ages(house: House, reader: Reader) -> None:
    queue = house.job("uno", "dos", "tres")
    house.job("futuro", name="k", not_before=house.now + HOUR)
    recorded = house.now
    (work,) = house.claim(queue, limit=1).work
    house.pnr(work)
    house.finish(work, State.UNCERTAIN, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)})
    depth = reader.depth(recorded + 60_000)
    assert depth.counts == {State.QUEUED: 2, State.SCHEDULED: 1, State.UNCERTAIN: 1}
    assert depth.waiting == 3
    assert 59 < depth.oldest_s < 61
    house.do(SetJobState("norte", "j", "paused", house.now))
    paused = reader.depth(recorded + 60_000)
    assert (paused.held, paused.oldest_s) == ({"paused": 2}, 0.0)


def test_the_age_of_the_queue_reads_one_step_of_an_index(house: House, reader: Reader) -> None:
    if house.url.startswith("postgresql"):
        pytest.skip("its planner goes by statistics, which an empty store has none of")
    statement = select(func.min(queries.FIRST_DUE)).where(tables.queue.c.id.in_([1]))
    with reader._snapshot() as connection:
        text = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert any("ix_message_ready (queue_id=?)" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_a_reader_cannot_write(house: House, reader: Reader) -> None:
    with pytest.raises(DBAPIError), reader._engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE account SET balance = 1")
    assert reader.account("norte").balance == 1_000 * PRICE


# --------------------------------------------------------------------------------------------------------------- care


def busy(house: House) -> None:
    """Some of everything."""
    queue = house.job("uno", LONG, "tres", "cuatro")
    work = house.claim(queue, limit=2).work
    house.send(work[0], first=1)
    house.report(work[0], 1)
    house.do(Block(["+5491100000004"], "person", None, house.now))
    house.do(SetLineEnabled("movi-1", False))


def test_a_whole_store_has_no_fault(house: House) -> None:
    busy(house)
    assert admin.check(house.url) == []


@pytest.mark.parametrize(
    ("damage", "repair", "told"),
    [
        (
            "UPDATE queue_count SET messages = messages + 1 WHERE state = 'queued'",
            "UPDATE queue_count SET messages = messages - 1 WHERE state = 'queued'",
            "queued",
        ),
        ("UPDATE job SET messages = 9", "UPDATE job SET messages = 4", "9"),
        (
            "UPDATE transfer SET amount = amount + 1 WHERE kind = 'hold'",
            "UPDATE transfer SET amount = amount - 1 WHERE kind = 'hold'",
            "norte",
        ),
    ],
)
def test_every_kind_of_damage_is_told(house: House, damage: str, repair: str, told: str) -> None:
    busy(house)
    house.rows(damage)
    faults = admin.check(house.url)
    assert faults
    assert all(told in fault for fault in faults)
    house.rows(repair)


def test_a_store_moves_to_another_whole(house: House, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    busy(house)
    if house.url.startswith("postgresql"):
        target = f"sqlite:///{tmp_path}/moved.db"
    else:
        target = request.getfixturevalue("emptied")()
    copied = {one.table: one.rows for one in admin.copy(house.store.connection, target)}
    assert (copied["message"], copied["account"], copied["job"], copied["setting"]) == (4, 1, 1, 1)
    assert admin.check(target) == []
    old, new = Reader(house.url), Reader(target)
    assert new.job("j", house.now) == old.job("j", house.now)
    ids = [one.public for one in old.messages("j", house.now).items]
    assert [new.message(one, house.now).public for one in ids] == ids
    old.close()
    new.close()
    # And life goes on there: new numbers follow the old ones.
    moved = copy(house)
    moved.url = target
    moved.open()
    moved.start()
    moved.claim(moved.job("cinco", name="k"))
    moved.check()
    moved.close()
    with pytest.raises(Exception, match="account"):
        admin.copy(house.store.connection, target)
