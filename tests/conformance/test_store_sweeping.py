"""What time alone brings."""

from __future__ import annotations

from gatewayd.store.commands import Block, NewMessage, PartEnd, Prune, SegmentsWritten
from gatewayd.values.model import PartState, State
from tests.conformance.house import HOUR, House

YEAR = 365 * 24 * HOUR


def test_a_message_without_a_report_becomes_final(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.send(work)
    due = house.rows("SELECT due FROM message")[0][0]
    assert house.sweep().next_at == due
    house.now = due
    swept = house.sweep()
    assert (swept.rows, swept.more, swept.jobs, swept.next_at) == (1, False, (work.job_id,), None)
    assert house.told() == [(1, "submitted", False), (1, "submitted", True)]
    assert house.receipts()[-1]["reason"] == "no_report"
    assert house.sweep().rows == 0
    house.report(work)
    assert house.told()[-1] == (1, "delivered", True), "late, but told"


def test_a_sweep_is_bounded(house: House) -> None:
    queue = house.job(*["x"] * 5)
    for work in house.claim(queue).work:
        house.send(work, first=work.row)
    house.now += 2 * HOUR
    from gatewayd.store.commands import Sweep

    sizes = []
    while True:
        swept = house.do(Sweep(house.now, limit=2))
        sizes.append(swept.rows)
        if not swept.more:
            break
    assert sizes == [2, 2, 1]


def test_an_idle_store_has_nothing_to_wait_for(house: House) -> None:
    swept = house.sweep()
    assert (swept.rows, swept.more, swept.jobs, swept.next_at) == (0, False, (), None)


def test_retention_keeps_the_ledger_and_what_is_not_told_yet(house: House) -> None:
    queue = house.job("x", "y")
    for work in house.claim(queue).work:
        house.send(work, first=work.row)
        house.report(work, work.row)
    young = house.job("z", name="young")
    transfers = house.rows("SELECT COUNT(*) FROM transfer")
    house.now += YEAR
    assert house.do(Prune(house.now)) == 0, "its receipts are not written"
    (segment,) = house.cut()
    house.do(SegmentsWritten([(queue.job_id, segment.first_seq, segment.last_seq)]))
    assert house.do(Prune(house.now, limit=1)) == 1
    assert house.rows("SELECT messages FROM job ORDER BY id") == [(1,), (1,)]
    house._check_counts()
    assert house.do(Prune(house.now)) == 1
    assert house.rows("SELECT id FROM job") == [(young.job_id,)]
    assert house.rows("SELECT * FROM attempt") == house.rows("SELECT * FROM part") == []
    assert house.rows("SELECT COUNT(*) FROM transfer") == transfers


def test_a_call_that_waits_for_its_next_try_is_withdrawn_as_such(house: House) -> None:
    """What was tried and reached nobody has not left: the last disposition stays to be seen."""
    rows = [NewMessage(n, f"C{n}", f"+54911{n:08}", "x", "", 1, "", None, None) for n in (1, 2)]
    queue = house.job_of(rows, channel="call", not_after=house.now + HOUR)
    for work in house.claim(queue).work:
        house.pnr(work)
        ended = {1: PartEnd(PartState.UNDELIVERED)}
        detail = '{"disposition":"busy","tries":1}'
        house.finish(
            work, State.SCHEDULED, parts=ended, reason="busy", tries=1, detail=detail, due=house.now + 2 * HOUR
        )
    house.do(Block((rows[0].to or "",), "opt_out", None, house.now))
    house.now += HOUR
    house.sweep()
    told = [(each["row"], each["state"], each["reason"], each["detail"]["disposition"]) for each in house.receipts()]
    assert told == [(1, "cancelled", "blocked", "busy"), (2, "expired", None, "busy")]
    house.check()
