"""Starts after a stop of any kind, and what lines know after one."""

from __future__ import annotations

from gatewayd.store.commands import LoadLine, PartEnd, SetLineEnabled
from gatewayd.values.model import PartState, State
from tests.conformance.house import DAY, HOUR, LONG, MONTH, PRICE, House


def test_each_start_is_a_new_epoch_of_the_same_store(house: House) -> None:
    first, salt = house.epoch, house.transactions.salt
    started = house.restart()
    assert (started.epoch, started.salt, started.open, started.returned) == (first + 1, salt, (), 0)
    house.node = "other"
    assert house.start().epoch == 1


def test_claims_that_had_not_left_wait_again(house: House) -> None:
    queue = house.job("x", LONG)
    house.claim(queue)
    assert house.restart().returned == 2
    assert house.states() == ["queued", "queued"]
    assert house.account() == (1000 * PRICE, 0, 0, 1000 * PRICE)
    assert len(house.claim(queue).work) == 2


def test_what_was_past_a_point_of_no_return_is_handed_back(house: House) -> None:
    (work,) = house.claim(house.job(LONG)).work
    house.pnr(work, 1)
    started = house.restart()
    (opened,) = started.open
    assert opened.work == work
    assert opened.line == "claro-1"
    assert [part for part, _ in opened.parts] == [1]
    house.finish(opened.work, State.UNCERTAIN, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)})
    assert house.account() == (999 * PRICE, PRICE, 0, 1000 * PRICE)
    assert house.restart().open == ()


def test_resumed_work_may_go_on(house: House) -> None:
    (work,) = house.claim(house.job(LONG)).work
    house.pnr(work, 1)
    (opened,) = house.restart().open
    house.pnr(opened.work, 2)
    ends = {1: PartEnd(PartState.TAKEN, "1"), 2: PartEnd(PartState.TAKEN, "2")}
    house.finish(opened.work, State.SUBMITTED, parts=ends)
    assert house.states() == ["submitted"]


def test_handed_back_work_is_cut_as_it_was(house: House) -> None:
    text = "Hasta mañana: día, café, ratón, índice. " * 5
    (work,) = house.claim(house.job(text), variant="es").work
    house.pnr(work, 1)
    (opened,) = house.restart().open
    assert (opened.work.encoding, opened.work.parts, opened.work.concat_ref) == (
        "gsm7-es",
        work.parts,
        work.concat_ref,
    )


def test_a_retry_that_was_open_knows_what_was_settled(house: House) -> None:
    queue = house.job(LONG)
    (work,) = house.claim(queue).work
    house.pnr(work, 1)
    ends = {1: PartEnd(PartState.TAKEN, "1")}
    house.finish(work, State.QUEUED, outcome="partial", parts=ends, due=house.now, tries=1)
    (again,) = house.claim(queue).work
    house.pnr(again, 2)
    (opened,) = house.restart().open
    assert opened.work == again


def test_other_nodes_keep_their_own(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    node, epoch = house.node, house.epoch
    house.node = "other"
    assert house.start().returned == 0
    house.node, house.epoch = node, epoch
    house.pnr(work)


def test_pace_and_quotas_outlive_a_restart(house: House) -> None:
    one, two = house.claim(house.job("x", LONG)).work
    house.pnr(one)
    first = house.now - 1
    house.pnr(two, 1)
    house.now += HOUR
    since = house.now
    house.pnr(two, 2)
    house.pnr(house.claim(house.job("x", name="k"), line="claro-2").work[0], 1, "claro-2")
    house.restart()
    use = house.do(LoadLine("claro-1", DAY, MONTH, since))
    assert (use.day_segments, use.month_segments) == (3, 3)
    assert use.month_recipients == {one.to, two.to}
    assert (use.tat, use.recent, use.enabled) == (float(since), (since,), None)
    assert len(house.do(LoadLine("claro-1", DAY, MONTH, first)).recent) == 3
    assert house.rows("SELECT messages FROM line_count WHERE line = 'claro-1'") == [(2,)]
    other = house.do(LoadLine("claro-1", "2026-12-01", "2026-12", since))
    assert (other.day_segments, other.month_segments, other.month_recipients) == (0, 0, frozenset())


def test_a_persons_word_on_a_line_is_kept(house: House) -> None:
    unknown = house.do(LoadLine("new", DAY, MONTH, 0))
    assert (unknown.enabled, unknown.tat, unknown.recent) == (None, 0.0, ())
    house.do(SetLineEnabled("claro-1", enabled=False))
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    house.restart()
    use = house.do(LoadLine("claro-1", DAY, MONTH, 0))
    assert (use.enabled, use.tat > 0) == (False, True)
    house.do(SetLineEnabled("claro-1", enabled=True))
    assert house.do(LoadLine("claro-1", DAY, MONTH, 0)).enabled is True
