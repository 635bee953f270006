"""Questions over all jobs, and what needs a person, over both stores."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from gatewayd.store.commands import Change, HoldQueue, PartEnd, SetJobState, Settle
from gatewayd.store.credit.questions import sums_by_day
from gatewayd.store.reader import Reader
from gatewayd.store.sending import queries, questions, restoration
from gatewayd.store.sending.questions import MessageFilter, attention, find_messages, reasons_of, sums_by_job
from gatewayd.store.snapshots import MessageView
from gatewayd.values.errors import NotFoundError
from gatewayd.values.model import PartState, State
from tests.conformance.house import PRICE, House


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    opened = Reader(house.url)
    yield opened
    opened.close()


def found(house: House, reader: Reader, limit: int = 100, **wanted: object) -> list[MessageView]:
    """Returns all that is meant, page by page."""
    messages: list[MessageView] = []
    before = None
    while True:
        question = partial(
            find_messages,
            wanted=MessageFilter(**wanted),  # type: ignore[arg-type]
            salt=reader.salt(),
            now=house.now,
            before=before,
            limit=limit,
        )
        page = reader.ask(question)
        messages += page.items
        if page.next is None:
            return messages
        before = int(page.next)


def test_messages_of_all_jobs_by_state_line_and_account(house: House, reader: Reader) -> None:
    first = house.job("uno", "dos", "tres", name="a")
    house.job("cuatro", "cinco", name="b")
    (work,) = house.claim(first, limit=1).work
    house.send(work)
    everything = found(house, reader, limit=2)
    assert [(one.job, one.row) for one in everything] == [("b", 2), ("b", 1), ("a", 3), ("a", 2), ("a", 1)]
    assert [one.row for one in found(house, reader, state=State.SUBMITTED)] == [1]
    assert [one.row for one in found(house, reader, line=work_line(reader, house))] == [1]
    assert len(found(house, reader, state=State.QUEUED, limit=1)) == 4
    assert not found(house, reader, account="sur")
    assert not found(house, reader, state=State.UNCERTAIN)
    assert [one.job for one in found(house, reader, to=everything[0].to)] == ["b", "a"]
    assert not found(house, reader, since=house.now + 1)
    assert len(found(house, reader, until=house.now + 1)) == 5


def work_line(reader: Reader, house: House) -> str:
    (sent,) = found(house, reader, state=State.SUBMITTED)
    assert sent.line is not None
    return sent.line


def test_a_paused_jobs_messages_are_held(house: House, reader: Reader) -> None:
    house.job("uno", "dos")
    house.do(SetJobState("norte", "j", "paused", house.now))
    assert len(found(house, reader, state=State.HELD)) == 2
    assert not found(house, reader, state=State.QUEUED)


def test_what_needs_a_person(house: House, reader: Reader) -> None:
    queue = house.job("uno", "dos")
    assert not reader.ask(partial(attention, low=0, since=0)).low
    low = reader.ask(partial(attention, low=10**15, since=0))
    assert [name for name, _balance, _waiting in low.low] == ["norte"]
    house.do(HoldQueue(queue.id, "credit", house.now))
    ((name, _balance, waiting),) = reader.ask(partial(attention, low=0, since=0)).low
    assert (name, waiting) == ("norte", 2)
    house.do(SetJobState("norte", "j", "paused", house.now))
    assert reader.ask(partial(attention, low=0, since=0)).paused == ("norte/j",)


def test_what_the_receipts_show_to_have_left_is_in_doubt_once(house: House, reader: Reader) -> None:
    house.job("uno", "dos", "tres")
    job = reader.job("j", house.now)
    said = {
        1: restoration.Said("delivered", None, "m0"),
        2: restoration.Said("failed", "unknown_number", "m0"),
        7: restoration.Said("delivered", None, "m0"),
    }
    work = partial(restoration.compare, job_id=job.id, said=said, after=0, limit=100, node=house.node, now=house.now)
    assert house.do(Change(work)).doubted == 1
    assert house.do(Change(work)).doubted == 0
    counts = reader.job("j", house.now).counts
    assert counts == {State.UNCERTAIN: 1, State.FAILED: 1, State.QUEUED: 1}
    (doubted,) = found(house, reader, state=State.UNCERTAIN)
    assert (doubted.reason, doubted.line, doubted.attempt) == ("restored", "m0", 1)
    assert reader.account("norte").held == PRICE
    house.do(Settle(doubted.id, "sent", house.now))
    assert (reader.account("norte").held, reader.account("norte").charged) == (0, PRICE)


def test_a_change_that_fails_undoes_itself_and_nothing_else(house: House, reader: Reader) -> None:
    from gatewayd.store.sending.unit import Unit
    from gatewayd.values.errors import ConflictError

    house.job("uno")
    granted = reader.account("norte").granted

    def half(unit: Unit) -> None:
        unit.book.grant(1, 5, house.now, "half")
        unit.flush()
        raise ConflictError("no")

    def whole(unit: Unit) -> int:
        unit.book.grant(1, 7, house.now, "whole")
        return 7

    with pytest.raises(ConflictError):
        house.do(Change(half))
    assert house.do(Change(whole)) == 7
    assert reader.account("norte").granted == granted + 7


def test_sums_by_job_and_by_day_and_causes(house: House, reader: Reader) -> None:
    queue = house.job("uno", "dos", name="a")
    first, second = house.claim(queue).work
    house.send(first)
    house.pnr(second)
    refused = {1: PartEnd(PartState.REFUSED, reason="unknown_number")}
    house.finish(second, State.FAILED, reason="unknown_number", parts=refused)
    by_job = reader.ask(partial(sums_by_job, name="norte"))
    assert {(one.group, one.charged, one.held) for one in by_job} == {("a", PRICE, 0), (None, 0, 0)}
    assert sum(one.granted for one in by_job) == reader.account("norte").granted
    (day,) = reader.ask(partial(sums_by_day, name="norte", day=lambda _: "2026-11-18"))
    assert (day.group, day.charged) == ("2026-11-18", PRICE)
    assert reader.ask(partial(reasons_of, job_id=reader.job("a", house.now).id)) == {"failed": {"unknown_number": 1}}
    with pytest.raises(NotFoundError):
        reader.ask(partial(sums_by_job, name="nobody"))


def test_large_jobs_are_read_from_their_newest_end(
    house: House, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = house.job("uno", "dos", "tres", name="a")
    house.job("cuatro", "cinco", name="b")
    (work,) = house.claim(first, limit=1).work
    house.send(work)
    everything = found(house, reader)
    monkeypatch.setattr(questions, "SORTED_MOST", 0)
    assert found(house, reader, limit=2) == everything
    assert [one.row for one in found(house, reader, state=State.SUBMITTED)] == [1]
    assert [one.job for one in found(house, reader, to=everything[0].to)] == ["b", "a"]


def test_what_holds_a_job_is_asked_once_for_a_page(
    house: House, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.job(*map(str, range(20)), name="a")
    asked: list[int] = []
    plain = queries.holds

    def holds(connection: Connection, job_id: int, now: int) -> Any:
        asked.append(job_id)
        return plain(connection, job_id, now)

    monkeypatch.setattr(queries, "holds", holds)
    assert len(found(house, reader)) == 20
    assert len(asked) == 1
