"""Channels are counted until they are certainly free, in whatever order Asterisk tells of them."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from dialplan.context import EVENT
from drivers.asterisk.ami import Event
from drivers.asterisk.script import plan
from drivers.asterisk.switchboard import Switchboard
from drivers.asterisk.timing import Timing
from drivers.base import CallContent, Completed, Uncertain

PLAN = plan("hola", CallContent({"message": "hola"}, ring_s=5, limit_s=10))
FAST = Timing(settle_s=0.02, absent_s=0.1, ghost_s=0.1, slack_s=0.0)
ACCOUNT = "gatewayd-troncal"
ID = "01JD0000000000000000000001"


def event(name: str, **headers: str) -> Event:
    return Event(name, {"event": name, **headers})


ANSWER = event("OriginateResponse", uniqueid=ID, response="Success", reason="4")
DIALLED = event("DialEnd", destuniqueid=ID, dialstatus="ANSWER")
REPORT = event(
    "UserEvent",
    userevent=EVENT,
    uniqueid=ID,
    channel="PJSIP/trunk-1",
    heard="+1795320870000-1795320877400-",
    played="SUCCESS",
    key="2",
    action="promise",
)
HANGUP = event("Hangup", uniqueid=ID, cause="16")
BUSY = (
    event("OriginateResponse", uniqueid=ID, response="Failure", reason="5"),
    event("DialEnd", destuniqueid=ID, dialstatus="BUSY"),
    event("Hangup", uniqueid=ID, cause="0"),
    event("Hangup", uniqueid=f"{ID};2", cause="17"),
)


@pytest.mark.parametrize("order", list(itertools.permutations((ANSWER, DIALLED, REPORT, HANGUP))))
async def test_an_answered_call_in_any_order(order: tuple[Event, ...]) -> None:
    board = Switchboard(1, FAST)
    call = board.take(ID, PLAN)
    call.placed()
    for each in order:
        board.hear(each)
    outcome = await call.outcome()
    assert outcome == Completed(
        "delivered",
        None,
        charged=True,
        detail={"disposition": "answered", "heard_s": 7, "key": "2", "action": "promise", "cause": 16},
    )
    board.leave(call)
    assert board.used == 0


@pytest.mark.parametrize("order", list(itertools.permutations(BUSY)))
async def test_a_busy_call_in_any_order(order: tuple[Event, ...]) -> None:
    board = Switchboard(1, FAST)
    call = board.take(ID, PLAN)
    call.placed()
    waiting = asyncio.create_task(call.outcome())
    for each in order:
        board.hear(each)
        await asyncio.sleep(0)
    outcome = await waiting
    assert isinstance(outcome, Completed)
    assert (outcome.state, outcome.reason, outcome.charged) == (None, "busy", False)
    assert outcome.detail["cause"] == 17


async def test_a_channel_is_free_once_it_is_hung_up() -> None:
    board = Switchboard(1, FAST)
    call = board.take(ID, PLAN)
    call.placed()
    board.hear(ANSWER)
    board.hear(REPORT)
    await call.outcome()
    board.leave(call)
    assert (board.used, board.doubted) == (1, 1)
    waiting = asyncio.create_task(board.room(5.0))
    await asyncio.sleep(0)
    assert not waiting.done()
    board.hear(HANGUP)
    assert await waiting
    assert board.used == 0


async def test_no_room_is_told_in_time() -> None:
    board = Switchboard(1, FAST)
    board.take(ID, PLAN)
    assert not await board.room(0.01)


async def test_a_call_that_was_never_placed_frees_its_channel() -> None:
    board = Switchboard(1, FAST)
    board.leave(board.take(ID, PLAN))
    assert board.used == 0


async def test_a_call_given_up_is_in_doubt_and_told_late() -> None:
    board = Switchboard(1, FAST)
    call = board.take(ID, PLAN)
    call.placed()
    call.give_up("link_lost")
    assert await call.outcome() == Uncertain("link_lost")
    board.leave(call)
    assert board.used == 1
    assert board.hear(ANSWER) is None
    late = board.hear(REPORT)
    assert late is call
    assert isinstance(await late.outcome(), Completed)
    board.hear(HANGUP)
    assert board.used == 0


async def test_a_call_that_failed_with_no_channel_is_not_believed_at_once() -> None:
    """Its Hangup may only be late, and it was a person who refused: then it must not be made again."""
    board = Switchboard(1, FAST)
    call = board.take(ID, PLAN)
    call.placed()
    failed = event("OriginateResponse", uniqueid=ID, response="Failure", reason="0")
    board.hear(failed)
    waiting = asyncio.create_task(call.outcome())
    await asyncio.sleep(2 * FAST.settle_s)
    assert not waiting.done()
    board.hear(event("Hangup", uniqueid=ID, cause="21"))
    outcome = await waiting
    assert isinstance(outcome, Completed)
    assert outcome.reason == "rejected"


async def test_nothing_follows_from_what_was_not_heard_while_the_link_was_lost() -> None:
    for last in ("OriginateResponse", "Hangup"):
        board = Switchboard(1, FAST)
        call = board.take(ID, PLAN)
        call.placed()
        board.orphan()
        call.found("")
        board.hear(event(last, uniqueid=ID, response="Failure", reason="0", cause="0"))
        assert await call.outcome() == Uncertain("link_lost")


async def test_a_call_of_an_earlier_life_holds_a_channel_before_it_is_carried_out() -> None:
    """Asterisk was frozen, say, and what we wrote before we were killed is read only now."""
    board = Switchboard(1, FAST, ACCOUNT)
    assert board.expect(ID, "+5491159876543", 5.0) is None
    assert not await board.room(0.01)
    board.hear(event("DialState", destuniqueid=ID, dialstatus="RINGING", destaccountcode=ACCOUNT))
    board.hear(ANSWER)
    late = board.hear(REPORT)
    assert late is not None
    assert late.to == "+5491159876543"
    assert isinstance(await late.outcome(), Completed)
    board.hear(HANGUP)
    assert await board.room(0.01)
    # Nobody told of this one, and it was asked for too long ago to be waited for.
    board.expect(ID, "+5491159876543", -1.0)
    assert board.used == 0
    board.hear(event("DialState", destuniqueid=ID, dialstatus="RINGING", destaccountcode=ACCOUNT))
    assert board.used == 1
    assert board.expect(ID, "+5491159876543", -1.0) is not None
    for account in ("gatewayd-otra", ""):
        board.hear(event("DialState", destuniqueid=f"{ID}X", dialstatus="RINGING", destaccountcode=account))
    assert board.used == 1


async def test_an_answer_without_a_report_is_in_doubt() -> None:
    """Our context did not run to its end, or its event was filtered: nobody knows what was heard."""
    board = Switchboard(1, FAST)
    call = board.take(ID, PLAN)
    call.placed()
    board.hear(ANSWER)
    board.hear(HANGUP)
    assert await call.outcome() == Uncertain("no_outcome")


async def test_reports_of_the_pseudo_channel_of_a_failed_call_mean_nothing() -> None:
    board = Switchboard(1, FAST)
    call = board.take(ID, PLAN)
    call.placed()
    board.hear(Event("UserEvent", {**REPORT.headers, "channel": "OutgoingSpoolFailed"}))
    for each in BUSY:
        board.hear(each)
    outcome = await call.outcome()
    assert isinstance(outcome, Completed)
    assert outcome.reason == "busy"


async def test_what_others_do_is_not_ours() -> None:
    board = Switchboard(1, FAST)
    call = board.take(ID, PLAN)
    call.placed()
    for other in ("1795320870.12", "", f"{ID}9"):
        board.hear(Event("Hangup", {**HANGUP.headers, "uniqueid": other}))
    assert not call.gone
