"""No step waits for ever, and none is taken twice: rules that are archived, changed and saved during a run, batches
that nobody approves, runs that go beside each other."""

from __future__ import annotations

from functools import partial

import pytest

from gatewayd.claims.gathering import Gathering, release
from gatewayd.claims.slices import Slice, portion
from gatewayd.claims.writing import write
from gatewayd.dunning.engine.settling import Settled
from gatewayd.store.commands import Change, PartEnd
from gatewayd.store.contacts import knowledge
from gatewayd.store.dunning import approving, batches, policies
from gatewayd.values.errors import ConflictError
from gatewayd.values.model import PartState, State
from tests.conformance.house import House
from tests.conformance.test_billing import NORTE
from tests.conformance.test_store_claims import (
    LEVELS,
    ask,
    change,
    debtor,
    decide,
    kinds,
    moment,
    quiet,
    reasons,
    record,
    recorded,
    rule,
    settled,
    states,
    written,
)


def following(house: House, after: int, limit: int) -> Slice:
    """The next slice of a run."""
    connection = house.transactions.session.connection
    return portion(connection, moment=moment(house), after=after, hour="08:00", limit=limit)


def nothing_waits(house: House) -> bool:
    return not house.rows("SELECT id FROM step WHERE state = 'planned'")


def test_what_an_archived_rule_has_claimed_goes_on_to_its_end(house: House) -> None:
    rule(house)
    first, second = debtor(house), debtor(house, "B2", phone="+5491150000002")
    assert decide(house, first, second) == 2
    queue = recorded(house)
    row = ask(house, policies.policy, scope=NORTE, account="norte", name="empresa")
    change(house, policies.archive, row, now=house.now)
    one, other = house.claim(queue).work
    house.send(one)
    house.pnr(other)
    house.finish(other, State.FAILED, reason="unassigned", parts={1: PartEnd(PartState.REFUSED)})
    assert (settled(house).done, nothing_waits(house)) == (1, True)
    # The rule that would try the next channel is nobody's any more.
    assert [row[1] for row in states(house)] == ["done", "undone"]
    assert kinds(house) == ["claim"]
    assert decide(house, first, second) == 0
    assert reasons(house) == ["no_policy", "no_policy"]


def test_a_level_that_a_saved_rule_has_no_more_leaves_no_step_behind(house: House) -> None:
    rule(house)
    number = debtor(house)
    decide(house, number)
    (work,) = house.claim(recorded(house)).work
    rule(house, levels=[{**LEVELS[0], "id": "otro", "days": 2}])
    house.pnr(work)
    house.finish(work, State.FAILED, reason="unassigned", parts={1: PartEnd(PartState.REFUSED)})
    settled(house)
    assert (states(house), kinds(house)) == ([("uno", "undone", "sms")], [])
    assert decide(house, number) == 1
    assert states(house)[1] == ("otro", "planned", "sms")


@pytest.mark.parametrize("state", ["approval", "ready"])
def test_a_batch_that_waits_for_too_long_is_undone_and_planned_anew(house: House, state: str) -> None:
    rule(house, levels=[{**LEVELS[0], "approval": state == "approval"}])
    number = debtor(house)
    decide(house, number)
    (batch,) = ask(house, batches.waiting, state=state)
    assert change(house, batches.lapse, batch.id, state, house.now)
    change(house, approving.close, batch, now=house.now)
    assert not change(house, batches.lapse, batch.id, state, house.now)
    assert kinds(house) == []
    with pytest.raises(ConflictError):
        change(house, batches.decide, batch.id, approved=True, now=house.now, by="ana")
    assert settled(house).again == 1
    assert decide(house, number) == 1
    (again,) = ask(house, batches.waiting, state=state)
    assert (again.id > batch.id, len(states(house))) == (True, 1)


def test_who_is_forgotten_waits_for_no_claim(house: House) -> None:
    rule(house, levels=[{**LEVELS[0], "approval": True}])
    number = debtor(house)
    decide(house, number)
    house.do(Change(lambda unit: knowledge.forget(unit, NORTE, knowledge.Forget("A1", house.now))))
    assert states(house) == [("uno", "undone", "sms")]
    (batch,) = ask(house, batches.waiting, state="approval")
    change(house, batches.decide, batch.id, approved=True, now=house.now, by="ana")
    assert (settled(house), nothing_waits(house)) == (Settled(), True)


def saved_anew(house: House, place: int) -> None:
    """Saves the rule with its first level on another day, and at every third time above the second one."""
    first, second = {**LEVELS[0], "days": 1 + place % 5}, {**LEVELS[1], "days": 6}
    order = [second, {**first, "days": 6 + 1}] if place % 3 == 2 else [first, second]
    rule(house, levels=order)


def test_a_rule_that_is_saved_a_hundred_times_during_a_run_claims_nobody_twice(house: House) -> None:
    """Between any two slices somebody saves the rule with a level moved: a slice that was read before is void, and the
    run begins again."""
    rule(house)
    for place in range(12):
        debtor(house, f"A{place:02}", phone=f"+54911500001{place:02}")
    quiet(house)
    gathering, after, void = Gathering(open_=True), 0, 0
    for place in range(100):
        found = portion(house.transactions.session.connection, moment=moment(house), after=after, hour="08:00", limit=5)
        saved_anew(house, place)
        if not found.last:
            after = 0
            continue
        assert written(house, found, gathering) is None
        void += 1
        found = portion(house.transactions.session.connection, moment=moment(house), after=after, hour="08:00", limit=5)
        written(house, found, gathering)
        after = found.last
    house.do(Change(lambda unit: release(unit.session, moment(house))))
    assert void > 60
    once = house.rows("SELECT customer_id, count(*), count(DISTINCT cycle) FROM step GROUP BY customer_id")
    assert [row[1:] for row in once] == [(1, 1)] * 12
    assert house.rows("SELECT count(*), count(DISTINCT step_id) FROM step_try") == [(12, 12)]
    # The levels that were moved above are not taken beside those that were: one contact is all of the day.
    for batch in ask(house, batches.waiting):
        for work in house.claim(record(house, batch), limit=50).work:
            house.send(work)
    settled(house)
    for place in range(3):
        saved_anew(house, place)
        house.do(Change(partial(write, moment=moment(house), customers=[row[0] for row in once])))
    assert len(house.rows("SELECT id FROM message")) == 12


def test_two_runs_that_go_through_everybody_at_once_claim_each_once(house: House) -> None:
    """Each reads its slice before the other one writes."""
    rule(house)
    for place in range(9):
        debtor(house, f"A{place}", phone=f"+54911500001{place:02}")
    quiet(house)
    both = [Gathering(open_=True), Gathering(open_=True)]
    places = [0, 0]
    while True:
        found = [following(house, after, size) for after, size in zip(places, (2, 3), strict=True)]
        if not any(one.last for one in found):
            break
        for side, one in enumerate(found):
            if one.last:
                written(house, one, both[side])
                places[side] = one.last
    house.do(Change(lambda unit: release(unit.session, moment(house))))
    assert house.rows("SELECT count(*), count(DISTINCT customer_id) FROM step") == [(9, 9)]
    assert house.rows("SELECT count(*), count(DISTINCT step_id) FROM step_try") == [(9, 9)]
    assert sum(len(ask(house, batches.members, number=one.id)) for one in ask(house, batches.waiting)) == 9
