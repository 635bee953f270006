"""Whose fault a run of refusals is, for every order in which they and successes may come."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Accepted, Blame, Completed, Fate, NotSent, Outcome, Partial, PartOutcome, Refused, Uncertain
from gatewayd.dispatch.blame import (
    ALIKE,
    FAITHFUL,
    KEPT,
    PROVEN_S,
    STARTERS,
    TOUCHED,
    UNLIKE,
    Failure,
    Judge,
    Suspect,
    Undecided,
    doubtful,
    failure,
    reached,
    through,
    untried,
)
from gatewayd.outcomes import Retry, amended, resolve
from gatewayd.store.commands import Finish, Work
from gatewayd.values.model import State
from tests.unit.test_outcomes import NOW, TERMS, work


def end(outcome: Outcome, verdict: Blame, given: Work | None = None, **rules: Retry) -> Finish:
    given = given or work()
    return resolve(
        given, outcome, line="l", passed=frozenset(given.todo), terms=TERMS, now=NOW, retries=rules, verdict=verdict
    )


def undecided(number: int, at: float, given: Work | None = None) -> Undecided:
    each = replace(given or work(), message_id=number, to=str(number))
    three = (end(Refused("r"), verdict, each) for verdict in (Blame.EITHER, Blame.PERSON, Blame.LINE))
    return Undecided(Suspect(1, number, str(number)), at, *three)


# ------------------------------------------------------------------------------------------------- what an outcome says


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Accepted({1: "7"}), None),
        (Uncertain("silence"), None),
        (NotSent("cancelled", counts=False), None),
        (NotSent("busy"), Failure(Blame.PERSON, "busy")),
        (NotSent("port_lost", counts=False, blame=Blame.LINE), Failure(Blame.LINE, "port_lost")),
        (Refused("barred"), Failure(Blame.EITHER, "barred")),
        (Refused("alphabet", Blame.EITHER, elsewhere=True), Failure(Blame.PERSON, "alphabet")),
        (Completed("delivered", charged=True), None),
        (Completed("undelivered", "machine", charged=True, blame=Blame.EITHER), None),
        (Completed(None, "no_answer"), None),
        (Completed(None, "congestion", blame=Blame.EITHER), Failure(Blame.EITHER, "congestion")),
        (Partial({1: PartOutcome(Fate.TAKEN, "7"), 2: PartOutcome(Fate.REFUSED, reason="x")}),
         Failure(Blame.EITHER, "x")),
        (Partial({1: PartOutcome(Fate.REFUSED, reason="x"), 2: PartOutcome(Fate.REFUSED, None, "y", Blame.LINE)}),
         Failure(Blame.LINE, "y")),
        (Partial({1: PartOutcome(Fate.TAKEN, "7"), 2: PartOutcome(Fate.UNSENT, reason="x")}), None),
    ],
)  # fmt: skip
def test_whose_fault_an_outcome_may_be(outcome: Outcome, says: Failure | None) -> None:
    assert failure(outcome) == says


@pytest.mark.parametrize(
    ("outcome", "yes"),
    [
        (Accepted({1: "7"}), True),
        (Completed("undelivered", "machine", charged=True), True),
        (Completed(None, "busy"), True),
        (Completed(None, "busy", blame=Blame.EITHER), False),
        (Partial({1: PartOutcome(Fate.TAKEN, "7"), 2: PartOutcome(Fate.UNSENT)}), True),
        (Partial({1: PartOutcome(Fate.TAKEN, "7"), 2: PartOutcome(Fate.DOUBT)}), False),
        (Refused("unassigned", Blame.PERSON), False),
        (Uncertain("silence"), False),
    ],
)
def test_whether_somebody_was_reached(outcome: Outcome, yes: bool) -> None:
    assert reached(outcome) is yes


def test_doubt_is_the_messages_whatever_else_failed() -> None:
    assert doubtful(Partial({1: PartOutcome(Fate.DOUBT, None, "silence"), 2: PartOutcome(Fate.REFUSED)})) == "silence"
    assert doubtful(Refused("x")) is None


# ------------------------------------------------------------------------------------------------------------ its end


@pytest.mark.parametrize("verdict", [Blame.EITHER, Blame.LINE])
@pytest.mark.parametrize(
    "outcome", [Refused("r"), NotSent("r", blame=Blame.EITHER), Completed(None, "r", blame=Blame.EITHER),
                Partial({1: PartOutcome(Fate.REFUSED, reason="r")})]
)  # fmt: skip
def test_what_is_not_the_persons_waits_again_with_nothing_left(outcome: Outcome, verdict: Blame) -> None:
    finish = end(outcome, verdict)
    assert finish.state is (State.QUEUED if verdict is Blame.LINE else State.SCHEDULED)
    assert (finish.reason, finish.final, finish.charge) == ("r", False, False)
    assert {each.state.value for each in finish.parts.values()} == {"unsent"}
    assert (finish.tries, finish.due > NOW) == ((0, False) if verdict is Blame.LINE else (1, True))


def test_one_that_may_be_either_ends_when_its_tries_do() -> None:
    assert end(Refused("r"), Blame.EITHER, work(tries=3)).state is State.FAILED
    assert end(Refused("r"), Blame.LINE, work(tries=3)).state is State.QUEUED


def test_the_rule_of_a_call_is_not_used_up_while_nobody_knows() -> None:
    call = Completed(None, "busy", detail={"disposition": "busy"}, blame=Blame.EITHER)
    given = replace(work(), detail='{"raw":"11"}', options='{"texts":{"message[0]":"Hola"}}')
    waits = end(call, Blame.EITHER, given, busy=Retry(1, 600.0))
    assert (waits.state, waits.due - NOW) == (State.SCHEDULED, 600_000)
    assert (waits.detail, waits.options) == (None, '{"texts":{"message[0]":"Hola"},"undecided":1}')
    lines = end(call, Blame.LINE, given, busy=Retry(1, 600.0))
    assert (lines.state, lines.tries, lines.detail) == (State.QUEUED, 0, None)
    person = end(call, Blame.PERSON, given, busy=Retry(1, 600.0))
    assert person.detail == '{"raw":"11","disposition":"busy","tries":1}'
    assert person.options == '{"texts":{"message[0]":"Hola"},"retried":{"busy":1}}'
    # Its verdict, passed later: the rule's time counts from then at the earliest.
    later = amended(waits, person, NOW + 5)
    assert (later.state, later.due, later.detail) == (State.SCHEDULED, NOW + 600_000, person.detail)
    assert later.options == person.options
    back = amended(waits, lines, NOW + 5)
    assert (back.state, back.due, back.tries, back.detail) == (State.QUEUED, NOW + 5, 0, given.detail)
    assert back.options == given.options
    assert amended(waits, end(call, Blame.PERSON, given), NOW).options == given.options, "no rule: as it was"
    plain = replace(given, options=None)
    waits = end(call, Blame.EITHER, plain, busy=Retry(1, 600.0))
    assert amended(waits, end(call, Blame.LINE, plain), NOW).options == "{}", "nothing is left of the wait"


def test_a_verdict_on_a_refusal_names_the_parts_that_are_refused() -> None:
    each = undecided(1, 0.0)
    amend = amended(each.recorded, each.person, NOW)
    assert (amend.state, amend.final, amend.refused) == (State.FAILED, True, (1,))


def test_the_tries_of_a_message_refused_again_and_again_are_what_they_were() -> None:
    first = undecided(1, 0.0)
    second = undecided(1, 1.0, given=work(tries=1))
    judge = Judge()
    judge.wait(first)
    judge.wait(second)
    (kept,) = judge.condemned()
    assert kept.line.tries == 0
    assert untried(end(Refused("r"), Blame.LINE, work(tries=2)), kept).tries == 0


# ---------------------------------------------------------------------------------------------------------- the verdict

Event = tuple[str, int, str]
events = st.lists(
    st.tuples(st.sampled_from(["refused", "reached"]), st.integers(1, 9), st.sampled_from("abc")), max_size=60
)


@given(events)
def test_one_after_the_other_the_line_is_at_fault_only_for_a_run_of_different_people(events: list[Event]) -> None:
    judge = Judge()
    run: list[tuple[int, str]] = []
    waiting: set[int] = set()
    for step, (kind, to, reason) in enumerate(events, 1):
        began, now = float(step), step + 0.5
        if kind == "reached":
            run.clear()
            decided = {each.suspect.message_id for each in judge.reached(str(to), began)}
            assert decided == waiting - {to}, "all that waited are decided, but for what went to the same person"
            waiting.clear()
            assert (judge.undecided, judge.touched, judge.careful) == (0, 0, False)
            continue
        if all(known != to for known, _ in run):
            run.append((to, reason))
        judge.suspect(Suspect(1, to, str(to)))
        found = judge.refused(str(to), reason, began, now)
        alike = [each for each in run if each[1] == reason]
        assert (found is not None) == (len(alike) >= ALIKE or len(run) >= UNLIKE)
        if found is not None:
            assert found in {each[1] for each in run}
            assert {each.suspect.message_id for each in judge.condemned()} == waiting
            waiting.clear()
        else:
            judge.wait(undecided(to, now))
            waiting.add(to)
        assert judge.careful


def test_sends_under_way_together_count_once() -> None:
    judge = Judge()
    for person in range(50):
        assert judge.refused(str(person), "r", 1.0, 2.0 + person) is None
    assert judge.refused("x", "r", 100.0, 101.0) is None
    assert judge.refused("y", "r", 102.0, 103.0) == "r"


def test_somebody_reached_by_an_older_send_decides_nothing() -> None:
    judge = Judge()
    judge.refused("1", "r", 5.0, 6.0)
    judge.wait(undecided(1, 6.0))
    assert not judge.reached("9", 4.0)
    assert judge.undecided == 1
    assert not judge.careful, "but the line goes on"
    assert [each.suspect.to for each in judge.reached("9", 6.5)] == ["1"]


def test_what_waits_for_a_verdict_is_bounded() -> None:
    judge = Judge()
    for number in range(KEPT + 10):
        judge.wait(undecided(number, 0.0))
    assert judge.undecided == KEPT


# --------------------------------------------------------------------------------------------------------------- probes


def probed(judge: Judge, fresh: int, *, certain: bool = False) -> int:
    """Probes as a sender does; answers whom."""
    suspect = judge.probe() or Suspect(1, fresh, str(fresh))
    judge.suspect(suspect, certain=certain)
    return suspect.message_id


def test_probes_touch_few_and_find_the_line_though_all_of_them_are_bad() -> None:
    judge = Judge()
    for number in range(ALIKE):
        judge.suspect(Suspect(1, number, str(number)))
    asked = [probed(judge, 100 + n) for n in range(40)]
    assert len(set(asked[:9]) | set(range(ALIKE))) <= TOUCHED
    assert len({each for each in asked if each >= 100}) > 3, "one more is tried in the end"


def test_a_line_at_fault_for_certain_touches_nobody_else_at_first() -> None:
    judge = Judge()
    judge.suspect(Suspect(1, 1, "1"), certain=True)
    assert [probed(judge, 2, certain=True) for _ in range(FAITHFUL + 1)] == [1] * FAITHFUL + [2]


def test_a_suspect_that_waits_no_more_is_no_probe() -> None:
    judge = Judge()
    suspect = Suspect(1, 1, "1")
    judge.suspect(suspect)
    assert judge.probe() == suspect
    judge.lose(suspect)
    assert judge.probe() is None


# ----------------------------------------------------------------------------------------------------- many at once


def test_a_line_that_has_reached_nobody_begins_few() -> None:
    judge = Judge()
    assert [judge.may_begin([1.0] * n, 1.1) for n in range(STARTERS + 1)] == [True] * STARTERS + [False]
    assert judge.may_begin([1.0] * 50, 1.0 + PROVEN_S), "what has lasted was not refused"
    judge.reached("1", 0.0)
    assert judge.may_begin([1.0] * 50, 1.1)
    judge.refused("2", "r", 1.0, 2.0)
    assert [judge.may_begin([2.1] * n, 2.2) for n in range(2)] == [True, False]
    assert judge.may_begin([1.0] * 50, 2.2), "calls from before say nothing of now, and are not in the way"
    assert not judge.may_begin([1.0] * 50 + [2.1], 2.2)
    assert judge.may_begin([1.0] * 50 + [2.1], 2.1 + PROVEN_S)


def test_calls_that_ring_while_others_are_refused_at_once_speak_for_the_line() -> None:
    judge = Judge()
    for number in range(9):
        at = 10.0 + number
        # One in ten is refused in 50 ms; a call that began half a second after the last refusal rings.
        goes_on = through([1.0, at - 0.5, at - 0.05], at - 0.05, at)
        assert goes_on == at - 0.5
        assert judge.refused(str(number), "busy", at - 0.05, at, through=goes_on) is None
    # From here on nobody is rung: what rings began before.
    found = [judge.refused(f"x{n}", "busy", 30.0 + n, 30.05 + n, through=through([18.4], 30.0 + n, 30.05 + n))
             for n in range(3)]  # fmt: skip
    assert found == [None, None, "busy"]


def test_where_refusals_take_as_long_as_anything_nothing_speaks_for_the_line() -> None:
    assert through([1.0, 5.0, 20.0], 0.0, 32.0) is None
