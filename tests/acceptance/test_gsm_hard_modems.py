"""The GSM driver on modems that are never quiet, slow, misused by other programs, or unlike what 27.005 promises."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from drivers.base import Accepted, DeliveryReport, InboundMessage, NotSent, Partial, Uncertain
from drivers.gsm.simulator import GsmSimulator
from tests.acceptance.gsm_rig import FAST, Rig, rig

LONG = "ñandú {€} " * 40
SHORT_CODES = ("22", "42", "56", "154")
"""What the lengths of PDUs are in text mode: numbers."""


def fault(kind: str, **arguments: Any) -> dict[str, Any]:
    return {"kind": kind, **arguments}


async def until_sent(line: Rig, text: str) -> list[Any]:
    """Sends as the core would, again while nothing of it left; what each try was answered."""
    outcomes: list[Any] = []
    async with asyncio.timeout(20):
        while not outcomes or isinstance(outcomes[-1], NotSent):
            await line.sink.state("ready")
            outcomes.append(await line.send(text))
            await asyncio.sleep(0)
    return outcomes


# ------------------------------------------------------------------------------------------------------ never quiet

CHATTER = {
    "known": ("^RSSI:17", "+ZUSIMR:2", "^DSFLOWRPT:0000000A,00000000,00000000"),
    "network time": ('+CTZV: "-12"', '*PSUTTZ: "26/11/30,15:00:00","-12",0'),
    "unknown": ("%NWTIME: 1", "+XYZZY: 2,3", "$QCSIGNAL 9", "hello"),
}


@pytest.mark.parametrize("kind", sorted(CHATTER))
async def test_a_modem_that_is_never_quiet_is_brought_up_and_sends(kind: str) -> None:
    chatter = {"chatter": CHATTER[kind], "chatter_s": FAST.quiet_s / 3}
    async with GsmSimulator(settings=chatter) as sim, rig(sim) as line:
        assert isinstance(await line.send("uno"), Accepted)
        sim.set(fault=fault("no_prompt"))
        assert isinstance(await line.send("dos"), NotSent)
        await until_sent(line, "dos")
        await line.sink.count(DeliveryReport, 2)
        sim.inject(text="entra")
        await line.sink.count(InboundMessage, 1)
        assert line.sink.status.detail["maker"] == "Simulated"
        assert line.texts == ["uno", "dos"]


@pytest.mark.parametrize(("brand", "command"), [("huawei", "^CURC"), ("zte", "+CPMS")])
async def test_a_make_that_knows_how_is_silenced_first(brand: str, command: str) -> None:
    chatter = {"chatter": CHATTER["known"], "chatter_s": FAST.quiet_s / 3}
    async with GsmSimulator(brand=brand, settings=chatter) as sim, rig(sim) as line:
        modem = sim.network.modems[0]
        assert modem.session.hushed
        assert modem.commands[command] >= 1
        assert isinstance(await line.send(), Accepted)


async def test_an_answer_lost_in_a_flood_of_unknown_lines_is_missed_in_time() -> None:
    flood = {"chatter": CHATTER["unknown"], "chatter_s": 0.002}
    async with GsmSimulator(settings=flood) as sim, rig(sim, command_s=0.1, pulse_s=0.1) as line:
        sim.set(fault=fault("command_silence", command="+CNMI?", count=3))
        await until_sent(line, "uno")
        await line.seen(**{"+CNMI": sim.network.modems[0].commands["+CNMI"] + 4})
        assert isinstance((await until_sent(line, "dos"))[-1], Accepted)


# ------------------------------------------------------------------------------------------------------- odd prompts


@pytest.mark.parametrize(
    "prompt",
    ["\r\n\x00> ", "\r\n> \x00", "\r\n\xff> ", "\r\n> \xff", "\r\n>  ", "\r\n>:", "\r\n>", ">", "\r\n\xff\xfe> \x00"],
)
async def test_odd_prompts(prompt: str) -> None:
    async with GsmSimulator(settings={"prompt": prompt}) as sim, rig(sim) as line:
        assert isinstance(await line.send("uno"), Accepted)
        assert isinstance(await line.send(LONG), Accepted)
        assert line.texts[0] == "uno"


# -------------------------------------------------------------------------------------------------------------- slow


async def test_a_prompt_that_is_always_late_is_waited_for() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("late_prompt", delay_s=3 * FAST.prompt_s, count=None))
        outcomes = await until_sent(line, "uno")
        assert len(outcomes) <= 3, outcomes
        assert isinstance(await line.send("dos"), Accepted)
        assert isinstance(await line.send("tres"), Accepted)
        assert line.texts == ["uno", "dos", "tres"]


async def test_a_slow_modem_is_not_taken_for_a_restarted_one() -> None:
    """Each answer slower than the silence that used to prove a clean line, a submit slower than the first question
    whether the modem is still there."""
    slow = {"answer_s": 0.15, "latency_s": 0.5}
    async with (
        GsmSimulator(settings=slow) as sim,
        rig(sim, submit_s=4.0, still_there_s=0.3, still_there_again_s=0.15) as line,
    ):
        sim.network.reset_stats()
        for number in range(5):
            assert isinstance(await line.send(f"texto {number}"), Accepted)
        assert line.texts == [f"texto {number}" for number in range(5)]
        assert sim.network.modems[0].commands["+CGMI"] == 0  # never initialised again


async def test_answers_slower_than_the_first_patience_are_waited_for() -> None:
    slow = {"answer_s": 0.3, "latency_s": 0.1}
    async with (
        GsmSimulator(settings=slow) as sim,
        rig(sim, command_s=0.2, sim_s=0.4, prompt_s=0.2, probe_s=0.4, submit_s=2.0, reset_s=3.0) as line,
    ):
        await until_sent(line, "uno")
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["uno", "dos"]


# ---------------------------------------------------------------------------------------------- left by other programs


@pytest.mark.parametrize("left", ["ATV0", "ATQ1", "ATV0Q1E1", "AT+CMGF=1;+CMEE=2"])
async def test_what_another_program_left_is_set_right(left: str) -> None:
    async with GsmSimulator() as sim:
        sim.meddle(command=left)
        async with rig(sim) as line:
            assert isinstance(await line.send("uno"), Accepted)
            sim.meddle(command=left)
            await until_sent(line, "dos")
            assert line.texts == ["uno", "dos"]


# ----------------------------------------------------------------------------------------------------- stray answers


@pytest.mark.parametrize("delay_s", [0.0, 0.002, 0.02])
async def test_what_was_answered_stays_answered(delay_s: float) -> None:
    async with GsmSimulator(latency_s=0.005) as sim, rig(sim) as line:
        sim.set(fault=fault("stray_error", delay_s=delay_s, count=None))
        for number in range(5):
            assert isinstance(await line.send(f"texto {number}"), Accepted)
        message = line.message(LONG)
        outcome = await line.line.send(message, line.point_of_no_return)
        assert isinstance(outcome, Accepted)
        assert line.texts[5:] == list(message.parts)
        await line.sink.count(DeliveryReport, 5 + len(message.parts))


async def test_an_error_of_its_own_right_behind_an_answer_is_an_error() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        assert isinstance(await line.send("uno"), Accepted)
        sim.set(fault=fault("submit_error", text="+CMS ERROR: 500"))
        assert await line.send("dos") == Uncertain("unknown_error")
        assert isinstance(await line.send("tres"), Accepted)
        sim.set(fault=fault("prompt_error", text="+CMS ERROR: 302"))
        assert isinstance(await line.send("cuatro"), NotSent)
        assert line.texts == ["uno", "tres"]
        assert not isinstance(await line.send("cinco"), Partial)
