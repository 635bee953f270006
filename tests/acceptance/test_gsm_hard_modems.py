"""The GSM driver on modems that are never quiet, slow, misused by other programs, or unlike what 27.005 promises."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from drivers.base import Accepted, DeliveryReport, InboundMessage, LineStatus, NotSent, Partial, Refused, Uncertain
from drivers.gsm import pdu
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
    [
        "\r\n\x00> ",
        "\r\n> \x00",
        "\r\n\xff> ",
        "\r\n> \xff",
        "\r\n>  ",
        "\r\n>:",
        "\r\n>",
        ">",
        "\r\n\xff\xfe> \x00",
        "\r\n> >",
        "\r\n>>",
        "\r\n>;",
    ],
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
    slow = {"answer_s": 0.08, "latency_s": 0.4}
    async with (
        GsmSimulator(settings=slow) as sim,
        rig(sim, submit_s=4.0, still_there_s=0.25, still_there_again_s=0.15) as line,
    ):
        sim.network.reset_stats()
        for number in range(3):
            assert isinstance(await line.send(f"texto {number}"), Accepted)
        assert line.texts == [f"texto {number}" for number in range(3)]
        assert sim.network.modems[0].commands["+CGMI"] == 0  # never initialised again


async def test_answers_slower_than_the_first_patience_are_waited_for() -> None:
    slow = {"answer_s": 0.12, "latency_s": 0.1}
    async with (
        GsmSimulator(settings=slow) as sim,
        rig(sim, command_s=0.08, sim_s=0.16, prompt_s=0.08, probe_s=0.16, submit_s=2.0, reset_s=3.0) as line,
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
            # Without a restart, which would not help a modem that keeps such settings.
            assert not [each for each in line.sink.of(LineStatus) if each.reason == "modem_silent"]


# ----------------------------------------------------------------------------------------------------- stray answers


@pytest.mark.parametrize("delay_s", [0.0, 0.002, 0.02])
async def test_what_was_answered_stays_answered(delay_s: float) -> None:
    async with GsmSimulator(latency_s=0.005) as sim, rig(sim, overlap_s=3.0, stray_hold_s=3.0, stray_s=3.0) as line:
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


# ------------------------------------------------------------------------------------------ another program's text mode


@pytest.mark.parametrize("joins", [True, False])
async def test_text_mode_set_by_another_program_sends_no_pdu_as_a_text(joins: bool) -> None:
    async with GsmSimulator(settings={"joins": joins}) as sim, rig(sim, pulse_s=30.0, health_s=30.0) as line:
        assert isinstance(await line.send("cero"), Accepted)
        for number, text in enumerate(("uno", "Hola [mundo] " * 3, "ñandú")):
            # Where mode and submission cannot be said in one line, an answer that nobody asked for is the sign.
            sim.meddle(command="AT+CMGF=1", heard=not joins)
            await line.seen(taken=number + 1)
            await asyncio.sleep(0.01)  # what the other program heard, we hear as well
            await until_sent(line, text)
        assert line.texts == ["cero", "uno", "Hola [mundo] " * 3, "ñandú"]
        assert {row["to"] for row in sim.texts()["texts"]} == {"+5491155550001"}
        assert not {row["to"] for row in sim.texts()["texts"]} & set(SHORT_CODES)


async def test_an_idle_modem_in_text_mode_is_seen_by_its_pulse() -> None:
    async with GsmSimulator(settings={"joins": False}) as sim, rig(sim, pulse_s=0.05) as line:
        sim.meddle(command="AT+CMGF=1")
        await line.sink.state("recovering", "modem_restarted")
        await line.sink.state("ready")
        sim.inject(text="entra")
        await line.sink.count(InboundMessage, 1)


async def test_a_report_written_out_is_a_report() -> None:
    async with GsmSimulator(settings={"report_delay_s": 0.2}) as sim, rig(sim, pulse_s=30.0, health_s=30.0) as line:
        outcome = await line.send("uno")
        sim.meddle(command="AT+CMGF=1")
        (report,) = await line.sink.count(DeliveryReport, 1)
        assert (report.reference, report.to, report.status) == (outcome.references[1], "+5491155550001", "delivered")
        await line.sink.state("recovering", "modem_restarted")  # what was seen is set right


async def test_a_text_written_out_comes_again_as_a_pdu() -> None:
    async with GsmSimulator(settings={"cnma_timeout_s": 0.2}) as sim, rig(sim, pulse_s=30.0, health_s=30.0) as line:
        sim.meddle(command="AT+CMGF=1")
        sim.inject(text="OK")
        (message,) = await line.sink.count(InboundMessage, 1)
        assert message.text == "OK"
        await line.seen(inbound_acknowledged=1)


async def test_a_modem_that_opens_no_prompt_behind_another_command() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("prompt_error", text="ERROR", count=2))
        assert len(await until_sent(line, "uno")) == 3
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["uno", "dos"]


# ------------------------------------------------------------------------------------------------------ text mode alone


async def test_text_mode_where_it_is_all_there_is() -> None:
    async with GsmSimulator(settings={"text_mode_only": True}) as sim, rig(sim) as line:
        assert line.sink.status.detail["text_mode"] is True
        for text in ("Hola [mundo] €5", "Señal 📶", "dos\nlíneas"):
            assert isinstance(await line.send(text), Accepted)
        assert line.texts == ["Hola [mundo] €5", "Señal 📶", "dos\nlíneas"]
        assert {row["to"] for row in sim.texts()["texts"]} == {"+5491155550001"}
        reports = await line.sink.count(DeliveryReport, 3)
        assert {each.to for each in reports} == {"+5491155550001"}
        refused = await line.send(LONG)
        assert (type(refused), refused.reason, refused.elsewhere) == (Refused, "unencodable", True)
        for text in ("OK", "+CMS ERROR: 500", "BAJA\r\nya"):
            sim.inject(text=text)
        messages = await line.sink.count(InboundMessage, 3)
        assert [(each.sender, each.text) for each in messages] == [
            ("+5491144440000", text) for text in ("OK", "+CMS ERROR: 500", "BAJA\r\nya")
        ]
        await line.seen(deleted=3)
        assert (await line.line.command("ussd", "*150#"))["text"].startswith("Su saldo")


async def test_text_mode_without_ucs2_is_said() -> None:
    async with GsmSimulator(settings={"text_mode_only": True}) as sim:
        sim.set(fault=fault("command_error", command='+CSCS="UCS2"', text="ERROR", count=None))
        async with rig(sim, await_state="quarantined") as line:
            assert line.sink.status.reason == "text_mode_only"


async def test_pdu_mode_that_fails_for_a_moment_is_no_reason_for_text_mode() -> None:
    async with GsmSimulator() as sim:
        sim.set(fault=fault("command_error", command="+CMGF=0", text="ERROR"))
        async with rig(sim) as line:
            assert "text_mode" not in line.sink.status.detail


# ---------------------------------------------------------------------------------------------------------- no network


@pytest.mark.parametrize("level", [0, 4, 5, 7])
async def test_a_radio_that_was_switched_off_is_switched_on_again(level: int) -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(radio=False, radio_off=level)
        await line.sink.state("waiting")
        await line.sink.state("ready")
        assert isinstance(await line.send(), Accepted)


@pytest.mark.parametrize("until", ["cops", "cfun"])
async def test_a_modem_that_searches_for_ever_is_helped(until: str) -> None:
    async with GsmSimulator() as sim, rig(sim, no_network_s=0.1, waiting_s=0.05) as line:
        sim.set(searching_until=until)
        await line.sink.state("waiting", "searching")
        await line.sink.state("ready")
        assert isinstance(await line.send(), Accepted)


# ----------------------------------------------------------------------------------------------------- acknowledgements


@pytest.mark.parametrize("how", ["command_silence", "command_error"])
async def test_reports_go_on_where_acknowledging_fails(how: str) -> None:
    async with GsmSimulator(settings={"cnma_timeout_s": 0.4}) as sim, rig(sim, command_s=0.2) as line:
        sim.set(fault=fault(how, command="+CNMA", count=None))
        outcomes = [(await until_sent(line, f"texto {number}"))[-1] for number in range(12)]
        sim.inject(text="entra")
        await line.sink.until(lambda: len({each.reference for each in line.reports}) == 12)
        await line.sink.count(InboundMessage, 1)
        assert {each.reference for each in line.reports} == {each.references[1] for each in outcomes}
        assert len({each.key for each in line.inbound}) == 1
        assert len(line.texts) == 12
        # Nothing is left anywhere: neither with the network nor on the SIM.
        await line.sink.until(lambda: not sim.network.held(sim.network.modems[0])["report"])
        assert sim.network.modems[0].session.service == 0


# ------------------------------------------------------------------------------------------------------------- the SIM


async def test_a_sim_that_is_not_ready_at_once_is_waited_for() -> None:
    async with GsmSimulator(settings={"sim_wait_s": 0.6}) as sim, rig(sim) as line:
        assert [each.state for each in line.sink.of(LineStatus)] == ["starting", "ready"]
        assert isinstance(await line.send(), Accepted)


async def test_a_sim_that_comes_late_is_looked_for_when_the_modem_says_so() -> None:
    slow: dict[str, Any] = {"sim_ready_s": 0.1, "sim_absent_s": 60.0, "quarantine_s": 60.0, "hint_s": 0.05}
    async with GsmSimulator(settings={"sim_wait_s": 1.5}) as sim, rig(sim, await_state="quarantined", **slow) as line:
        assert line.sink.status.reason == "no_sim"
        await line.sink.state("ready")
        assert isinstance(await line.send(), Accepted)


async def test_a_sim_taken_out_and_put_back_is_used_again() -> None:
    async with GsmSimulator() as sim, rig(sim, sim_absent_s=60.0, quarantine_s=60.0, hint_s=0.05) as line:
        sim.set(sim_present=False)
        sim.inject(line="+CPIN: NOT INSERTED")
        await line.sink.state("waiting")
        sim.set(sim_present=True)
        sim.inject(line="+CPIN: READY")
        await line.sink.state("ready")
        assert isinstance(await line.send(), Accepted)


async def test_another_sim_put_in_is_not_used() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.inject(line="^SIMST:255")
        sim.network.modems[0].card.imsi = "722349999999999"
        sim.inject(line="^SIMST:1")
        status = await line.sink.state("quarantined")
        assert status.reason == "other_sim"
        assert line.texts == []


# ---------------------------------------------------------------------------------------------- the same over and over


async def test_lines_that_are_said_again_and_again_are_not_asked_about_each_time() -> None:
    said = ("+CREG: 1", "RDY", '+CMTI: "SM",7', "SMS FULL")
    async with GsmSimulator() as sim, rig(sim, pulse_s=30.0, health_s=30.0, busy_pause_s=30.0) as line:
        await line.seen(**{"+CMGL": 1})
        sim.network.reset_stats()
        sim.set(chatter=said, chatter_s=0.002)
        for number in range(20):
            assert isinstance(await line.send(f"texto {number}"), Accepted)
        commands = sim.network.modems[0].commands
        assert commands["+CREG"] + commands["+CNMI"] <= 3, commands
        assert len(line.line._connection._receiver._stored) < 70  # type: ignore[union-attr]


async def test_why_a_sim_may_not_send_is_said() -> None:
    async with GsmSimulator() as sim, rig(sim, quota_pause_s=30.0) as line:
        sim.set(fault=fault("submit_error", text="+CMS ERROR: 8", count=None))
        assert (await line.send("uno")).reason == "operator_barring"
        await line.sink.state("recovering", "operator_barring")
        await line.sink.state("ready")
        assert (await line.send("uno")).reason == "operator_barring"
        await line.sink.state("waiting", "operator_barring")


# --------------------------------------------------------------------------------------------------- very late reports


async def test_a_report_of_days_ago_is_not_that_of_a_part_with_the_same_reference() -> None:
    """A modem counts its references from 0 again after a restart, and reports come up to 72 hours late."""

    def report(hours_ago: float) -> str:
        sent = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours_ago)
        return pdu.StatusReport(0, "+5491155550001", 0, sent, datetime.now(UTC).replace(microsecond=0)).encode()[0]

    async with GsmSimulator(latency_s=0.1, settings={"reference_next": 0, "report": "none"}) as sim, rig(sim) as line:
        message = line.message(LONG)
        sending = asyncio.create_task(line.line.send(message, line.point_of_no_return))
        await line.seen(submits=3)
        sim.inject(pdu=report(72))
        await line.sink.count(DeliveryReport, 1)
        sim.inject(pdu=report(0))
        old, new = await line.sink.count(DeliveryReport, 2)
        assert (old.reference, old.to, old.attempt, old.part) == ("0", "+5491155550001", None, None)
        assert (new.reference, new.attempt, new.part) == ("0", message.attempt, 1)
        assert isinstance(await sending, Accepted)
