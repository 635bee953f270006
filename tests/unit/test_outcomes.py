"""Every outcome of a driver against every past of a message: which state, which parts, which try."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Accepted, Blame, Completed, Fate, NotSent, Outcome, Partial, PartOutcome, Refused, Uncertain
from gatewayd.outcomes import Retry, Terms, resolve
from gatewayd.store.commands import Finish, Work
from gatewayd.values.model import PartState, State, may_become

TERMS = Terms(tries=4, report_wait_ms=1000)
NOW = 1_000_000


def work(
    todo: tuple[int, ...] = (1,), *, tries: int = 0, resend: bool = False, done: dict[int, PartState] | None = None
) -> Work:
    return Work(
        message_id=1, attempt_id=2, public="A", queue_id=3, job_id=4, account_id=5, row=1, to="+5491159876543",
        text="hola", encoding="gsm7", parts=("a",) * (len(todo) + len(done or {})), todo=todo, concat_ref=7, number=1,
        tries=tries, unit_price=1, resend=resend, not_after=None, detail=None, done=tuple((done or {}).items()),
    )  # fmt: skip


def end(outcome: Outcome, given: Work | None = None, passed: set[int] | None = None) -> Finish:
    given = given or work()
    return resolve(
        given, outcome, line="l", passed=frozenset(given.todo if passed is None else passed), terms=TERMS, now=NOW
    )


def test_accepted_waits_for_its_report() -> None:
    finish = end(Accepted({1: "77"}))
    assert (finish.state, finish.final, finish.due) == (State.SUBMITTED, False, NOW + 1000)
    assert finish.parts[1].reference == "77"


def test_submitted_is_final_where_no_report_can_come() -> None:
    finish = end(Accepted({1: "77"}, reported=False))
    assert (finish.state, finish.final) == (State.SUBMITTED, True)


def test_a_withdrawal_uses_no_try_and_ends_the_message_only_where_it_says_so() -> None:
    paused = end(NotSent("paused", counts=False), passed=set())
    assert (paused.state, paused.tries, paused.due) == (State.QUEUED, 0, NOW)
    assert end(NotSent("cancelled", counts=False), passed=set()).state is State.CANCELLED
    assert end(NotSent("expired", counts=False), passed=set()).state is State.EXPIRED


def test_pauses_grow_and_tries_end() -> None:
    dues = [end(NotSent("busy"), work(tries=tries)).due - NOW for tries in range(3)]
    assert dues == sorted(dues)
    assert dues[0] < dues[-1]
    last = end(NotSent("busy"), work(tries=3))
    assert (last.state, last.reason, last.final) == (State.FAILED, "busy", True)


def test_tries_that_end_after_a_part_has_left_are_undelivered_incomplete() -> None:
    last = end(NotSent("busy"), work((2,), tries=3, done={1: PartState.TAKEN}))
    assert (last.state, last.reason) == (State.UNDELIVERED, "incomplete")


def test_a_part_refused_after_another_left_is_undelivered() -> None:
    outcome = Partial({1: PartOutcome(Fate.TAKEN, "5"), 2: PartOutcome(Fate.REFUSED, reason="barred")})
    finish = end(outcome, work((1, 2)))
    assert (finish.state, finish.reason) == (State.UNDELIVERED, "incomplete")
    assert finish.parts[1].state is PartState.TAKEN


def test_parts_that_did_not_leave_go_again_alone() -> None:
    outcome = Partial({1: PartOutcome(Fate.TAKEN, "5"), 2: PartOutcome(Fate.UNSENT, reason="busy")})
    finish = end(outcome, work((1, 2)), passed={1})
    assert finish.state is State.SCHEDULED
    assert set(finish.parts) == {1}


def test_doubt_is_uncertain_unless_the_job_lets_it_go_again() -> None:
    assert end(Uncertain("silence")).state is State.UNCERTAIN
    again = end(Uncertain("silence"), work(resend=True))
    assert again.state is State.SCHEDULED
    assert again.parts[1].state is PartState.DOUBT


def test_doubt_before_any_point_of_no_return_is_no_doubt() -> None:
    finish = end(Uncertain("crashed"), passed=set())
    assert finish.state is State.QUEUED, "another line may have it at once"
    assert finish.parts == {}


def test_refused_without_anything_out_is_failed() -> None:
    finish = end(Refused("barred"))
    assert (finish.state, finish.reason, finish.final) == (State.FAILED, "barred", True)


@pytest.mark.parametrize("state", ["delivered", "undelivered", "failed"])
def test_a_call_that_is_over(state: str) -> None:
    finish = end(Completed(state, charged=True))  # type: ignore[arg-type]
    assert (finish.state, finish.final, finish.charge) == (State(state), True, True)


def test_a_busy_call_is_tried_again_by_its_rule_and_then_fails_with_its_disposition() -> None:
    rules = {"busy": Retry(2, 600.0)}
    given = work()
    states = []
    for _ in range(4):
        outcome = Completed(None, "busy", detail={"disposition": "busy", "cause": 17})
        finish = resolve(given, outcome, line="l", passed=frozenset({1}), terms=TERMS, now=NOW, retries=rules)
        states.append((finish.state, finish.due - NOW, finish.tries))
        given = replace(given, tries=finish.tries, detail=finish.detail, options=finish.options or given.options)
        if finish.final:
            break
    assert states == [(State.SCHEDULED, 600_000, 1), (State.SCHEDULED, 600_000, 2), (State.FAILED, 0, 3)]
    detail = json.loads(given.detail or "{}")
    assert detail == {"disposition": "busy", "cause": 17, "tries": 3}
    assert (json.loads(given.options or "{}"), finish.reason) == ({"retried": {"busy": 2}}, "busy")


@pytest.mark.parametrize(
    ("why", "state", "reason"),
    [
        ("cancelled", State.CANCELLED, "cancelled"),
        ("blocked", State.CANCELLED, "blocked"),
        ("expired", State.EXPIRED, None),
    ],
)
def test_a_call_that_is_withdrawn_between_two_tries_is_just_that(why: str, state: State, reason: str | None) -> None:
    tried = replace(work(tries=1, done={1: PartState.UNDELIVERED}), parts=())
    finish = end(NotSent(why, counts=False), tried, passed=set())
    assert (finish.state, finish.reason, finish.final, finish.detail) == (state, reason, True, None)
    # Of an SMS whose first part was taken and given up, something has left.
    sms = work((2,), done={1: PartState.UNDELIVERED})
    finish = end(NotSent(why, counts=False), sms, passed=set())
    assert (finish.state, finish.reason) == (State.UNDELIVERED, "incomplete")


fates = st.sampled_from(list(Fate))
outcomes = st.one_of(
    st.just(Accepted({1: "1", 2: "2", 3: "3"})),
    st.builds(
        NotSent,
        st.sampled_from(["x", "cancelled", "expired", "paused"]),
        counts=st.booleans(),
        blame=st.sampled_from(Blame),
    ),
    st.builds(Refused, st.just("r")),
    st.builds(Uncertain, st.just("u")),
    st.fixed_dictionaries({1: fates, 2: fates, 3: fates}).map(
        lambda each: Partial({number: PartOutcome(fate, "9") for number, fate in each.items()})
    ),
)


@given(outcomes, st.sets(st.integers(1, 3)), st.integers(0, 3), st.booleans())
def test_whatever_the_driver_says_the_state_machine_holds(
    outcome: Outcome, passed: set[int], tries: int, resend: bool
) -> None:
    given_work = replace(work((1, 2, 3), tries=tries), resend=resend)
    if isinstance(outcome, Accepted):
        passed = {1, 2, 3}
    finish = end(outcome, given_work, passed)
    assert may_become(State.SENDING, finish.state)
    assert set(finish.parts) <= passed
    in_doubt = any(each.state is PartState.DOUBT for each in finish.parts.values())
    if in_doubt and not resend:
        assert finish.state is State.UNCERTAIN
    if finish.state in {State.QUEUED, State.SCHEDULED, State.CANCELLED, State.EXPIRED} and not resend:
        assert not in_doubt
    if finish.state in {State.CANCELLED, State.EXPIRED}:
        assert all(each.state is not PartState.TAKEN for each in finish.parts.values())


def test_a_key_pressed_is_told_apart() -> None:
    call = Completed("delivered", charged=True, detail={"disposition": "answered", "key": "9", "action": "opt_out"})
    finish = end(call)
    assert (finish.pressed, finish.opted_out) == ("9", True)
    assert end(Completed("delivered", charged=True, detail={"key": None})).pressed is None
