"""Two hundred people wait, and a line reaches nobody, or all but one: nobody fails for the line's fault."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.base import (
    Accepted,
    Blame,
    Completed,
    DeliveryReport,
    Fate,
    NotSent,
    OutboundMessage,
    Outcome,
    Partial,
    PartOutcome,
    Refused,
)
from gatewayd import outcomes
from gatewayd.dispatch import blame, health
from tests.rig.floor import Floor, floor, number, taken

PEOPLE = 200
GOOD = ("submitted", "delivered")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rests and pauses of hundredths of a second."""
    monkeypatch.setattr(health, "FIRST_REST_S", 0.02)
    monkeypatch.setattr(health, "LONGEST_REST_S", 2.0)
    monkeypatch.setattr(outcomes, "PAUSES_S", (0.1, 0.2, 0.4, 0.8))
    monkeypatch.setattr(health, "PROBE_S", 0.1)
    monkeypatch.setattr(blame, "PROVEN_S", 0.05)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Floor]:
    async with floor(tmp_path) as built:
        yield built
        await built.check()


Cause = Callable[[OutboundMessage], Outcome]


def _partial(message: OutboundMessage) -> Outcome:
    return Partial({part: PartOutcome(Fate.REFUSED, reason="no_balance") for part in message.todo})


CAUSES: dict[str, tuple[str, Cause]] = {
    "sms-refused": ("sms", lambda _: Refused("no_balance", Blame.EITHER)),
    "sms-line": ("sms", lambda _: Refused("sim_barred", Blame.LINE)),
    "sms-parts": ("sms", _partial),
    "sms-not-now": ("sms", lambda _: NotSent("congestion", blame=Blame.EITHER)),
    "sms-quota": ("sms", lambda _: NotSent("rejected_by_network", counts=False, blame=Blame.EITHER)),
    "sms-device": ("sms", lambda _: NotSent("no_prompt", blame=Blame.LINE)),
    "mail-4xx": ("email", lambda _: NotSent("smtp_451", blame=Blame.EITHER)),
    "mail-5xx": ("email", lambda _: Refused("smtp_554", Blame.EITHER)),
    "call-refused": ("call", lambda _: Completed(None, "congestion", detail={"disposition": "congestion", "cause": 21},
                                                 blame=Blame.EITHER)),
    "call-line": ("call", lambda _: Completed("failed", "trunk_refuses", detail={"disposition": "rejected"},
                                              blame=Blame.LINE)),
    "push-refused": ("push", lambda _: Refused("forbidden", Blame.EITHER)),
}  # fmt: skip

CONTENT: dict[str, Any] = {
    "call": {"call": {"retries": {"congestion": {"times": 1, "pause_s": 0.2}}}},
    "email": {"email": {"subject": "x"}},
}


def reaching(channel: str) -> Cause:
    if channel == "call":
        return lambda _: Completed("delivered", charged=True, detail={"disposition": "answered"})
    return taken


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_line_that_reaches_nobody_leaves_them_to_another(house: Floor, cause: str) -> None:
    channel, answer = CAUSES[cause]
    broken = house.line("broken", answer, channel=channel)
    await house.job(range(PEOPLE), channel=channel, content=CONTENT.get(channel))
    # The second one comes once the first has had its chance with everybody.
    await house.until(lambda _: house.runner("broken").state[0] == "waiting" and len(broken.asked) >= 3)
    assert len(set(broken.asked)) <= 5
    house.line("sound", reaching(channel), channel=channel)
    counts = await house.until(lambda counts: sum(counts[state] for state in GOOD) == PEOPLE)
    assert counts["failed"] == 0
    assert len(set(broken.asked)) <= 5
    assert not [each for each in await house.told() if each["state"] == "failed"]


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_line_that_works_again_reaches_all_of_them(house: Floor, cause: str) -> None:
    channel, answer = CAUSES[cause]
    line = house.line("only", answer, channel=channel)
    await house.job(range(PEOPLE), channel=channel, content=CONTENT.get(channel))
    await house.until(lambda _: len(line.asked) >= 6)
    assert len(set(line.asked)) <= 5
    state, reason = house.runner("only").state
    assert (state, bool(reason)) == ("waiting", True)
    line.answer = reaching(channel)
    counts = await house.until(lambda counts: sum(counts[state] for state in GOOD) == PEOPLE)
    assert counts["failed"] == 0
    assert house.runner("only").state[0] in {"ready", "busy"}
    tries = await house.rows("SELECT MAX(tries) FROM message")
    assert tries == [(1 if channel == "call" else 0,)], "nobody's tries were used up"
    assert not [each for each in await house.told() if each["state"] == "failed"]


@pytest.mark.parametrize("cause", [name for name in CAUSES if "line" not in name and name != "sms-device"])
async def test_one_bad_person_among_good_ones_fails_and_the_line_goes_on(house: Floor, cause: str) -> None:
    channel, answer = CAUSES[cause]
    bad = number(PEOPLE // 2)
    good = reaching(channel)
    rests: list[str | None] = []
    house.line("only", lambda message: answer(message) if message.to == bad else good(message), channel=channel)
    runner = house.runner("only")
    await house.job(range(PEOPLE), channel=channel, content=CONTENT.get(channel))
    # Further people keep coming, so that there is somebody to compare with.
    await house.until(lambda counts: sum(counts[state] for state in GOOD) == PEOPLE - 1)
    for extra in range(8):
        if runner.sender.health.broken:
            rests.append(runner.sender.health.reason)
        await house.job([PEOPLE + extra], channel=channel, content=CONTENT.get(channel))
        through = PEOPLE + extra
        counts = await house.until(lambda counts: sum(counts[state] for state in GOOD) >= through)  # noqa: B023
        if counts["failed"]:
            break
    counts = await house.until(lambda counts: counts["failed"] == 1)
    assert not rests
    told = [each for each in await house.told() if each["state"] == "failed"]
    assert [(each["to"], bool(each["reason"])) for each in told] == [(bad, True)]
    assert runner.state[0] in {"ready", "busy"}


async def test_a_person_is_known_by_the_next_one_without_being_asked_again(house: Floor) -> None:
    line = house.line("only", lambda m: Refused("unknown", Blame.EITHER) if m.to == number(3) else taken(m))
    await house.job(range(20))
    await house.until(lambda counts: counts["failed"] == 1 and counts["submitted"] == 19)
    assert line.asked.count(number(3)) == 1


async def test_one_alone_ends_in_bounded_time(house: Floor) -> None:
    line = house.line("only", lambda _: Refused("unknown", Blame.EITHER))
    await house.job([1])
    await house.until(lambda counts: counts["failed"] == 1)
    assert len(line.asked) == 4


async def test_a_persons_own_refusal_is_final_at_once(house: Floor) -> None:
    line = house.line("only", lambda _: Refused("unassigned", Blame.PERSON))
    await house.job(range(20))
    await house.until(lambda counts: counts["failed"] == 20)
    assert len(line.asked) == 20


async def test_refusals_in_many_words_are_the_lines_too(house: Floor) -> None:
    words = iter(range(1000))
    line = house.line("only", lambda _: Refused(f"code_{next(words)}", Blame.EITHER))
    await house.job(range(PEOPLE))
    await house.until(lambda _: house.runner("only").sender.health.broken)
    assert len(set(line.asked)) == 5
    line.answer = taken
    counts = await house.until(lambda counts: counts["submitted"] == PEOPLE)
    assert counts["failed"] == 0


async def test_a_trunk_of_many_at_once_touches_few(house: Floor) -> None:
    def refused(_: OutboundMessage) -> Outcome:
        return Completed(None, "congestion", detail={"disposition": "congestion"}, blame=Blame.EITHER)

    trunk = house.line("trunk", refused, channel="call", capacity=30)
    await house.job(range(PEOPLE), channel="call", content=CONTENT["call"])
    await house.until(lambda _: house.runner("trunk").sender.health.broken and len(trunk.asked) > 8)
    assert len(set(trunk.asked)) <= 5
    trunk.answer = reaching("call")
    counts = await house.until(lambda counts: counts["delivered"] == PEOPLE)
    assert counts["failed"] == 0


async def test_bad_people_hardly_slow_a_line_of_many_at_once(house: Floor) -> None:
    """One in twenty is refused; sends take 10 ms each, forty at once."""

    async def answer(message: OutboundMessage) -> Outcome:
        await asyncio.sleep(0.01)
        bad = int(message.to[-8:]) % 20 == 7
        return Refused("unknown", Blame.EITHER) if bad else taken(message)

    house.line("only", answer, capacity=40)
    began = time.monotonic()
    await house.job(range(1000))
    await house.until(lambda counts: counts["submitted"] == 950)
    took = time.monotonic() - began
    assert took < 8, "it never rests"
    await house.job([1001])
    await house.until(lambda counts: counts["failed"] == 50)


async def test_reports_that_give_everybody_up_rest_the_line_until_one_says_delivered(house: Floor) -> None:
    """A phone without credit that accepts everything."""
    phone = house.line("phone", lambda m: Accepted({part: f"{m.attempt}.{part}" for part in m.todo}))
    sender = house.runner("phone").sender
    await house.job(range(PEOPLE))

    def reported(n: int, status: Any) -> None:
        event = DeliveryReport("r", number(n), status, "no_service", time.time(), blame=Blame.EITHER)
        sender.reported(event, time.time() + n * 1e-6)

    await house.until(lambda counts: counts["submitted"] >= 3)
    for n in range(3):
        reported(n, "undelivered")
    assert house.runner("phone").state == ("waiting", "no_service")
    some = len(phone.asked)
    await house.until(lambda counts: counts["submitted"] > some)
    assert sender.health.broken, "to be accepted is no proof"
    reported(4, "delivered")
    await house.until(lambda counts: counts["submitted"] == PEOPLE)
    assert house.runner("phone").state[0] in {"ready", "busy"}


async def test_calls_that_go_on_are_not_in_the_way_of_probes(house: Floor) -> None:
    """A trunk whose credit ends while twenty people are being talked to."""
    hung_up = asyncio.Event()

    async def answer(_: OutboundMessage) -> Outcome:
        await hung_up.wait()
        return Completed("delivered", charged=True, detail={"disposition": "answered"})

    trunk = house.line("trunk", answer, channel="call", capacity=40)
    await house.job(range(20), channel="call", content=CONTENT["call"])
    await house.until(lambda _: len(trunk.asked) == 20)
    trunk.answer = lambda _: Completed(None, "congestion", detail={"disposition": "congestion"}, blame=Blame.EITHER)
    await house.job(range(20, PEOPLE), channel="call", content=CONTENT["call"])
    await house.until(lambda _: house.runner("trunk").sender.health.broken)
    # Those that began together with the first one refused, and two more.
    assert len(set(trunk.asked[20:])) <= 24
    trunk.answer = reaching("call")
    await house.until(lambda counts: counts["delivered"] == PEOPLE - 20)
    hung_up.set()
    counts = await house.until(lambda counts: counts["delivered"] == PEOPLE)
    assert counts["failed"] == 0


async def test_a_trunk_that_takes_few_calls_a_second_is_slowed_and_nobody_fails(
    house: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes ten a second of thirty at once; what is above is refused at once, without ringing."""
    monkeypatch.setattr(health, "FIRST_REST_S", 1.0)
    taken_at: list[float] = []

    async def answer(_: OutboundMessage) -> Outcome:
        now = time.monotonic()
        if len([at for at in taken_at if now - at < 1.0]) >= 10:
            return Completed(None, "busy", detail={"disposition": "busy", "cause": 34}, blame=Blame.EITHER)
        taken_at.append(now)
        await asyncio.sleep(0.3)
        return Completed("delivered", charged=True, detail={"disposition": "answered"})

    trunk = house.line("trunk", answer, channel="call", capacity=30)
    await house.job(range(30), channel="call")
    counts = await house.until(lambda counts: counts["delivered"] + counts["failed"] == 30)
    assert counts["failed"] == 0
    assert len(trunk.asked) <= 75
