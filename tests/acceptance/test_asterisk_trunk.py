"""A real Asterisk set up by `gatewayd dialplan install` alone, calling over SIP."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialplan.install import EXTENSIONS, MANAGER, Settings, install
from drivers.base import Blame, Completed, NotSent, Outcome
from tests.peers.asterisk import Asterisk, UnavailableError, installation
from tests.peers.asterisk_bench import message, passed, working
from tests.peers.asterisk_callees import LISTENS, callees
from tests.peers.asterisk_sip import LIMITED, refusers

USER = "cobranzas"
serials = itertools.count(5000)
SHORT_RING = {"script": {"message": "hola"}, "ring_s": 5}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asterisk, str]]:
    """An Asterisk that includes what was installed, and the secret that was made for it."""
    try:
        installation()
    except UnavailableError as error:
        pytest.skip(str(error))
    base: Path = tmp_path_factory.mktemp("pbx") / "asterisk"
    (base / "sounds").mkdir(parents=True)
    pbx = Asterisk(base, f"#include {EXTENSIONS}\n{callees(base / 'sounds')}")
    install(base / "etc", Settings(user=USER))
    manager = base / "etc/manager.conf"
    manager.write_text(f"{manager.read_text()}\n#include {MANAGER}\n")
    secret = (base / "etc" / MANAGER).read_text().split("secret = ")[1].split("\n")[0]
    with pbx:
        yield pbx, secret


async def test_a_call_over_what_was_installed(installed: tuple[Asterisk, str]) -> None:
    pbx, secret = installed
    async with working(pbx, user=USER, secret=secret) as (line, ear):
        await ear.state("ready")
        outcome = await line.send(message(f"{LISTENS}0001", 1, text="uno dos tres"), passed)
    assert isinstance(outcome, Completed)
    assert outcome.state == "delivered"
    assert outcome.detail["heard_s"] in {1, 2}  # a busy machine hangs up a moment later


async def test_what_a_trunk_answers_is_what_is_told(installed: tuple[Asterisk, str]) -> None:
    pbx, secret = installed
    expected = {
        "486": ("busy", 17),
        "503": ("congestion", 34),
        "404": ("invalid", 1),
        "480": ("no_answer", 19),
        "603": ("rejected", 21),
        "403": ("rejected", 21),
        "488": ("failed", 58),
        "483": ("failed", 19),
        "999": ("failed", 19),  # a trunk that never answers: nobody was alerted, whatever the cause says
    }
    async with refusers() as (callee, port):
        dial = f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{port}"
        async with working(pbx, user=USER, secret=secret, dial=dial) as (line, ear):
            await ear.state("ready")
            numbers = [f"{code}000{each}" for each in range(3) for code in expected]
            outcomes = await asyncio.gather(
                *(line.send(message(number, n, SHORT_RING), passed) for n, number in enumerate(numbers, 100))
            )
    for number, outcome in zip(numbers, outcomes, strict=True):
        assert isinstance(outcome, Completed), (number, outcome)
        assert (outcome.detail["disposition"], outcome.detail["cause"]) == expected[number[:3]], (number, outcome)
        assert not outcome.charged
    assert callee.invites >= len(numbers)
    said = {number[:3]: (outcome.blame, outcome.line_reason) for number, outcome in zip(numbers, outcomes, strict=True)
            if isinstance(outcome, Completed)}  # fmt: skip
    assert said == {
        "486": (Blame.PERSON, None),
        "480": (Blame.PERSON, None),
        "603": (Blame.PERSON, None),
        "404": (Blame.EITHER, "trunk_refuses_number"),
        "403": (Blame.EITHER, "trunk_refuses_balance"),
        "488": (Blame.EITHER, "trunk_refuses_codec"),
        "483": (Blame.EITHER, "trunk_refuses"),
        "503": (Blame.EITHER, "trunk_refuses"),
        "999": (Blame.EITHER, "trunk_silent"),
    }


async def test_a_trunk_with_a_limit_slows_us_down_and_costs_nobody_a_try(installed: tuple[Asterisk, str]) -> None:
    """Thirty people at once over a trunk that takes five a second: all of their telephones ring."""
    pbx, secret = installed
    async with refusers() as (callee, port):
        dial = f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{port}"
        async with working(pbx, user=USER, secret=secret, dial=dial, channels=30) as (line, ear):
            await ear.state("ready")

            async def one(person: int) -> Outcome:
                for again in range(5):
                    number = f"{LIMITED}{person:05d}"
                    outcome = await line.send(message(number, 1000 + person * 10 + again, SHORT_RING), passed)
                    if not isinstance(outcome, NotSent):
                        return outcome
                    assert (outcome.reason, outcome.counts) == ("trunk_full", False)
                    await asyncio.sleep(outcome.retry_after or 0)  # what the core does
                return outcome

            outcomes = await asyncio.gather(*map(one, range(30)))
    ends = Counter(
        (outcome.detail["disposition"], outcome.blame) for outcome in outcomes if isinstance(outcome, Completed)
    )
    # On a machine that is busy itself calls may reach the trunk closer together than they were placed.
    assert ends.total() == 30
    assert ends["rejected", Blame.PERSON] >= 27, ends
    assert callee.invites <= 60


async def test_a_trunk_that_says_of_everybody_that_they_are_away_is_not_believed(
    installed: tuple[Asterisk, str],
) -> None:
    pbx, secret = installed
    async with refusers() as (_, port):
        dial = f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{port}"
        async with working(pbx, user=USER, secret=secret, dial=dial) as (line, ear):
            await ear.state("ready")
            for code in ("480", "603"):  # of 486 it may be the pace as well
                found = [await line.send(message(f"{code}00{n}", next(serials), SHORT_RING), passed) for n in range(5)]
                blames = [outcome.blame for outcome in found if isinstance(outcome, Completed)]
                assert blames == [Blame.PERSON] * 3 + [Blame.EITHER] * 2, (code, found)


async def test_a_trunk_that_is_not_configured_sends_nothing(installed: tuple[Asterisk, str]) -> None:
    pbx, secret = installed
    async with working(pbx, user=USER, secret=secret, dial="PJSIP/{number}@nobody") as (line, ear):
        await ear.state("ready")
        outcome = await line.send(message("10000001", 300), passed)
    assert outcome == NotSent("no_trunk", blame=Blame.LINE)
