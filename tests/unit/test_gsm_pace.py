"""What a dialogue waits for, and when a modem without a network is helped: pure, time is an argument."""

from __future__ import annotations

import asyncio

import pytest

from drivers.gsm.errors import NotReadyError
from drivers.gsm.operation import Operation
from drivers.gsm.pace import Pace
from drivers.gsm.radio import Ladder
from drivers.gsm.recovery import Backoff
from drivers.gsm.timing import Timing
from drivers.gsm.turns import Turns

USUAL = Timing()


def test_a_quick_modem_is_given_what_a_usual_one_is() -> None:
    pace = Pace(USUAL)
    for _ in range(100):
        pace.answered(0.01)
        pace.prompted(0.01)
        pace.submitted(3.0)
    assert pace.command_s(5.0) == 5.0
    assert pace.prompt_s == USUAL.prompt_s
    assert pace.still_there_s == USUAL.still_there_s
    assert (pace.quiet_s, pace.probe_s) == (USUAL.quiet_s, USUAL.probe_s)


def test_a_prompt_that_comes_after_15_s_is_waited_for_from_then_on() -> None:
    pace = Pace(USUAL)
    pace.unprompted()
    assert pace.prompt_s == 2 * USUAL.prompt_s
    pace.prompted(15.0)  # late, and heard
    assert pace.prompt_s == 30.0
    for _ in range(3):
        pace.prompted(15.0)
    assert pace.prompt_s == 30.0


def test_prompts_that_stay_away_are_waited_for_up_to_a_bound_and_quick_ones_forgotten_slowly() -> None:
    pace = Pace(USUAL)
    waits = []
    for _ in range(6):
        waits.append(pace.prompt_s)
        pace.unprompted()
    assert waits == [5.0, 10.0, 20.0, 40.0, 40.0, 40.0]
    pace.prompted(0.1)
    assert pace.prompt_s == 5.0


def test_slow_answers_stretch_every_wait_for_a_command() -> None:
    pace = Pace(USUAL)
    pace.answered(1.2)
    assert pace.command_s(5.0) == 5.0
    assert pace.quiet_s == pytest.approx(1.8)
    assert pace.probe_s == pytest.approx(3.6)
    pace.answered(4.0)
    assert pace.command_s(5.0) == 16.0
    pace.answered(100.0)
    assert pace.command_s(5.0) == 20.0
    assert (pace.quiet_s, pace.probe_s) == (USUAL.quiet_max_s, USUAL.probe_max_s)
    for _ in range(200):
        pace.answered(0.01)
    assert pace.command_s(5.0) == 5.0


def test_a_missed_answer_is_given_more_time_until_one_comes() -> None:
    pace = Pace(USUAL)
    waits = []
    for _ in range(4):
        waits.append(pace.command_s(5.0))
        pace.missed()
    assert waits == [5.0, 10.0, 20.0, 20.0]
    pace.answered(0.1)
    assert pace.command_s(5.0) == 5.0


def test_a_modem_that_submits_slowly_is_not_asked_whether_it_is_still_there() -> None:
    pace = Pace(USUAL)
    pace.submitted(10.0)
    assert pace.still_there_s == 20.0
    pace.submitted(40.0)
    assert pace.still_there_s == USUAL.submit_s


def test_a_modem_without_a_network_is_helped_ever_less_often_by_ever_more() -> None:
    ladder = Ladder(Timing(no_network_s=100, no_network_max_s=500))
    helps = [(now, rung) for now in range(0, 3000, 10) if (rung := ladder.look(False, now)) is not None]
    assert helps == [
        (100, "operator"),
        (300, "radio"),
        (700, "modem"),
        (1200, "operator"),
        (1700, "radio"),
        (2200, "modem"),
        (2700, "operator"),
    ]
    assert ladder.look(True, 3000) is None
    assert ladder.look(False, 3010) is None
    assert ladder.look(False, 3110) == "operator"


def test_a_sim_that_is_away_is_looked_for_soon_and_then_ever_less_often() -> None:
    backoff = Backoff(USUAL)
    assert [backoff.absent() for _ in range(8)] == [5, 5, 10, 20, 40, 80, 120, 120]
    assert backoff.quarantined


async def test_acknowledgements_go_first_and_what_may_not_begin_fails() -> None:
    loop = asyncio.get_running_loop()
    turns = Turns()
    command, submission, gone = (Operation(name, loop.create_future(), 1.0) for name in ("AT", "AT+CMGS=1", "AT+X"))
    acknowledgement = Operation("AT+CNMA", None, 1.0)
    submission.submits = True
    for each in (submission, gone, command):
        turns.wait(each)
    turns.wait_first(acknowledgement)
    assert gone.future is not None
    gone.future.cancel()
    assert turns.next(may_submit=False) is acknowledgement
    assert turns.next(may_submit=False) is command
    assert turns.next(may_submit=False) is None
    assert submission.future is not None
    with pytest.raises(NotReadyError):
        await submission.future
