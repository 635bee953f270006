"""Receipts leave the store in segments, byte for byte the same until they are written."""

from __future__ import annotations

from gatewayd.store.commands import HoldQueue, NewMessage, SegmentsWritten
from tests.conformance.house import House


def invalid(house: House, count: int, name: str = "j") -> int:
    rows = [NewMessage(n, None, "+549", "x", "", 1, "", "junk", None) for n in range(1, count + 1)]
    return house.job_of(rows, name=name).job_id


def bounds(segments: tuple[object, ...]) -> list[tuple[str, int, int, int]]:
    return [(s.job, s.first_seq, s.last_seq, len(s.lines)) for s in segments]  # type: ignore[attr-defined]


def test_a_cut_is_bounded_and_in_order(house: House) -> None:
    invalid(house, 5)
    invalid(house, 1, "k")
    cut = house.cut(lines=2, segments=3)
    assert bounds(cut) == [("j", 1, 2, 2), ("j", 3, 4, 2), ("j", 5, 5, 1)]
    assert {segment.account for segment in cut} == {"norte"}
    assert '"seq":3,' in cut[1].lines[0]


def test_a_segment_is_the_same_until_it_is_written(house: House) -> None:
    job = invalid(house, 2)
    first = house.cut()
    queue = house.job("x", name="k")
    house.send(house.claim(queue).work[0])
    house.restart()
    again = house.cut()
    assert again[0] == first[0]
    assert bounds(again[1:]) == [("k", 1, 1, 1)]
    house.do(SegmentsWritten([(job, 1, 2), (queue.job_id, 1, 1)]))
    assert house.cut() == ()
    assert house.rows("SELECT * FROM receipt") == []
    assert house.rows("SELECT written_seq FROM job ORDER BY id") == [(2,), (1,)]


def test_numbers_go_on_after_what_was_written(house: House) -> None:
    queue = house.job("x", "y")
    works = house.claim(queue).work
    house.send(works[0], first=1)
    (segment,) = house.cut()
    house.do(SegmentsWritten([(queue.job_id, segment.first_seq, segment.last_seq)]))
    house.send(works[1], first=2)
    assert bounds(house.cut()) == [("j", 2, 2, 1)]


def test_segments_may_be_written_out_of_order(house: House) -> None:
    job = invalid(house, 4)
    house.cut(lines=2)
    house.do(SegmentsWritten([(job, 3, 4)]))
    assert bounds(house.cut()) == [("j", 1, 2, 2)]
    house.do(SegmentsWritten([(job, 1, 2), (job, 1, 2)]))
    assert house.cut() == ()


def test_only_the_jobs_asked_for(house: House) -> None:
    invalid(house, 1)
    other = invalid(house, 1, "k")
    assert bounds(house.cut(jobs=[other])) == [("k", 1, 1, 1)]
    assert bounds(house.cut(jobs=[other])) == [("k", 1, 1, 1)]
    assert house.cut(jobs=[]) == ()


def test_another_node_writes_its_own(house: House) -> None:
    invalid(house, 1)
    house.node = "other"
    assert house.cut() == ()


def test_a_queue_that_begins_to_wait_is_told_once(house: House) -> None:
    queue = house.job("x", "y")
    for reason in ("no_line", "no_line", None, "credit"):
        house.do(HoldQueue(queue.id, reason, house.now))
    assert house.rows("SELECT held_reason FROM queue") == [("credit",)]
    told = house.receipts()
    assert [(r["reason"], r["detail"], r["final"], r["row"], r["message"]) for r in told] == [
        ("no_line", {"count": 2}, False, None, None),
        ("credit", {"count": 2}, False, None, None),
    ]
    for work in house.claim(queue).work:
        house.send(work, first=work.row)
    house.do(HoldQueue(queue.id, "window", house.now))
    assert len(house.told()) == 4, "nothing waits: nothing is told"
