"""Messages that a line cannot carry: moved to a queue of their own, which a restart finds again."""

from __future__ import annotations

from gatewayd.store.commands import LoadQueues, PartEnd, Reroute, Work
from gatewayd.values.model import PartState, State
from tests.conformance.house import House


def refused(house: House, work: Work, line: str = "claro-1") -> None:
    house.pnr(work, 1, line)
    house.finish(
        work, State.SCHEDULED, line, outcome="refused", reason="alphabet", due=house.now + 5000,
        parts={1: PartEnd(PartState.UNSENT)},
    )  # fmt: skip


def test_it_waits_where_other_lines_look(house: House) -> None:
    queue = house.job("x", "y", "z")
    one, two, _ = house.claim(queue).work
    for work in (one, two):
        refused(house, work)
    infos = house.transactions.apply(
        [Reroute(each.message_id, each.attempt_id, "claro-1", house.now) for each in (one, two)]
    )
    assert infos[0] == infos[1]
    assert infos[0].route.without == ("claro-1",)
    assert not infos[0].route.fits("claro-1", frozenset({"sms"}), ())
    assert infos[0].waiting == 2
    house.check()
    house.restart()
    (found,) = [each for each in house.do(LoadQueues()) if each.route.without]
    again = house.claim(found, line="claro-2").work
    assert [each.row for each in again] == [1, 2]
    refused(house, again[0], "claro-2")
    third = house.do(Reroute(again[0].message_id, again[0].attempt_id, "claro-2", house.now))
    assert third.route.without == ("claro-1", "claro-2")
    house.send(again[1], "claro-2")
    # The restart gave back what had been claimed and not begun.
    assert house.states() == ["queued", "submitted", "queued"]


def test_what_has_moved_on_stays_where_it_is(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.send(work)
    assert house.do(Reroute(work.message_id, work.attempt_id, "claro-1", house.now)) is None
    assert house.states() == ["submitted"]
