"""A real Asterisk set up by `gatewayd dialplan install` alone, calling over SIP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialplan.install import EXTENSIONS, MANAGER, Settings, install
from drivers.base import Blame, Completed, NotSent
from tests.peers.asterisk import Asterisk, UnavailableError, installation
from tests.peers.asterisk_bench import message, passed, working
from tests.peers.asterisk_callees import LISTENS, callees
from tests.peers.asterisk_sip import refusers

USER = "cobranzas"
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


async def test_a_trunk_that_is_not_configured_sends_nothing(installed: tuple[Asterisk, str]) -> None:
    pbx, secret = installed
    async with working(pbx, user=USER, secret=secret, dial="PJSIP/{number}@nobody") as (line, ear):
        await ear.state("ready")
        outcome = await line.send(message("10000001", 300), passed)
    assert outcome == NotSent("no_trunk", blame=Blame.LINE)
