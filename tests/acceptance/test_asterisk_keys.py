"""The key that opts out counts at any moment of a call on a real Asterisk, whether we listen or are gone."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from drivers.base import Completed, DeliveryReport, OpenAttempt, OutboundMessage
from tests.peers.asterisk import Asterisk
from tests.peers.asterisk_bench import SOON_S, message, passed, running, working
from tests.peers.asterisk_callees import CHOOSES

serials = itertools.count(1)

TEXT = "uno dos tres cuatro cinco seis"
"""2.4 s as the test's voice speaks it."""
MENU = {"1": "repeat", "2": "promise", "0": "transfer:nadie", "9": "opt_out"}
SCRIPT = {"message": TEXT, "menu": MENU, "confirm": {"promise": TEXT}, "goodbye": TEXT}
BRIEF = {"message": TEXT, "menu": MENU, "goodbye": TEXT}
STEPS = {
    "steps": [
        {"say": TEXT},
        {"ask": "clave", "prompt": TEXT, "keys": {"1": "sigue", "2": "sigue"}, "wait_s": 2},
        {"label": "sigue", "ask": "opcion", "prompt": TEXT, "keys": {"9": "baja", "0": "agente"}, "wait_s": 2},
        {"label": "agente", "do": "transfer:nadie"},
        {"label": "baja", "do": "opt_out"},
    ],
    "goodbye": TEXT,
}
MOMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    # A key in the middle of a long greeting: AMD has not decided yet.
    "while it is in doubt who answered": (f"{CHOOSES}01900", {"script": SCRIPT, "amd": "detect"}),
    "while the greeting goes on": (f"{CHOOSES}11900", {"script": SCRIPT, "amd": "leave_message"}),
    "while the message is left": (f"{CHOOSES}15900", {"script": SCRIPT, "amd": "leave_message"}),
    "during the message": (f"{CHOOSES}02900", {"script": SCRIPT}),
    "during the confirmation of a promise": (f"{CHOOSES}02229", {"script": SCRIPT}),
    "during the goodbye": (f"{CHOOSES}02229", {"script": BRIEF}),
    "while a transfer rings": (f"{CHOOSES}02059", {"script": SCRIPT}),
    "while a step speaks": (f"{CHOOSES}03900", {"script": STEPS}),
    "at another question of the steps": (f"{CHOOSES}08900", {"script": STEPS}),
}


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    with running(tmp_path_factory.mktemp("pbx") / "asterisk") as started:
        yield started


def messages() -> dict[str, OutboundMessage]:
    """A call for each moment, all of other people."""
    made = {}
    for name, (number, how) in MOMENTS.items():
        serial = next(serials)
        made[name] = message(f"{number}{serial:06d}", serial, {"ring_s": 5, "min_heard_s": 60, **how})
    return made


async def kept(pbx: Asterisk, nothing: bool) -> str:
    """What Asterisk keeps, once that is nothing, or no call is left."""
    async with asyncio.timeout(SOON_S):
        while True:
            shown = await asyncio.to_thread(pbx.cli, "database show gatewayd")
            live = await asyncio.to_thread(pbx.cli, "core show channels count")
            if ("/gatewayd/" not in shown) if nothing else (live.startswith("0 active channels")):
                return shown


async def live(pbx: Asterisk) -> int:
    """Calls that Asterisk itself counts."""
    said = await asyncio.to_thread(pbx.cli, "core show channels concise")
    return sum("@callees" in each and ";1!" in each for each in said.splitlines())


def assert_opted_out(name: str, outcome: object) -> None:
    assert isinstance(outcome, Completed), (name, outcome)
    assert (outcome.state, outcome.reason, outcome.charged) == ("delivered", None, True), (name, outcome)
    told = {key: outcome.detail[key] for key in ("disposition", "key", "action")}
    assert told == {"disposition": "answered", "key": "9", "action": "opt_out"}, (name, outcome)


async def test_the_key_counts_at_any_moment(pbx: Asterisk) -> None:
    async with working(pbx, channels=len(MOMENTS)) as (line, ear):
        await ear.state("ready")
        calls = messages()
        outcomes = await asyncio.gather(*(line.send(each, passed) for each in calls.values()))
        for name, outcome in zip(calls, outcomes, strict=True):
            assert_opted_out(name, outcome)
        # What was kept for us is removed once it is durable: not before the sink has taken the report.
        await kept(pbx, nothing=True)
        taken = {each.attempt: each for each in ear.reports if each.opt_out}
    assert {each.attempt: each.to for each in calls.values()} == {name: each.to for name, each in taken.items()}


async def test_nothing_is_lost_while_nobody_listens(pbx: Asterisk) -> None:
    """As after SIGKILL: the line is gone once all have answered, and another one comes when all is over."""
    calls = messages()
    async with working(pbx, channels=len(MOMENTS)) as (line, ear):
        await ear.state("ready")
        sending = [asyncio.create_task(line.send(each, passed)) for each in calls.values()]
        async with asyncio.timeout(SOON_S):
            while await live(pbx) < len(MOMENTS):
                pass
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
    await kept(pbx, nothing=False)
    async with working(pbx, channels=len(MOMENTS)) as (line, ear):
        await ear.state("ready")
        known = await line.resume(
            [OpenAttempt(each.attempt, each.to, each.address, (1,), 0) for each in calls.values()]
        )
        for name, each in calls.items():
            assert_opted_out(name, known.get(each.attempt))
        await kept(pbx, nothing=True)
        reports = [each for each in ear.events if isinstance(each, DeliveryReport)]
    # Who was given up in an earlier life learns it by a report, the number with it.
    assert {(each.attempt, each.to, each.status, each.opt_out) for each in reports} == {
        (each.attempt, each.to, "delivered", True) for each in calls.values()
    }
    assert {(each.detail["key"], each.detail["action"]) for each in reports} == {("9", "opt_out")}
