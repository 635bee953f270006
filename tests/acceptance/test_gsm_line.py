"""The GSM driver on the simulated modem, over a real pseudo-terminal: one test for each trap modems set, and more."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import structlog
import uvloop

from drivers.base import (
    Accepted,
    Blame,
    DeliveryReport,
    Fate,
    InboundMessage,
    LateAccept,
    Line,
    LineError,
    LineSetup,
    LineStatus,
    NotSent,
    Partial,
    Refused,
    Uncertain,
    Withdrawn,
)
from drivers.gsm import driver
from drivers.gsm.simulator import GsmSimulator
from drivers.gsm.simulator.brands import BRANDS
from tests.acceptance.gsm_rig import FAST, Rig, rig

LONG = "ñandú {€} " * 40


def fault(kind: str, **arguments: Any) -> dict[str, Any]:
    return {"kind": kind, **arguments}


# ------------------------------------------------------------------------------------------------------ every brand


@pytest.mark.parametrize("brand", sorted(BRANDS))
async def test_every_brand_sends_reports_and_receives(brand: str) -> None:
    async with GsmSimulator(brand=brand) as sim, rig(sim) as line:
        outcome = await line.send("Hola [mundo]")
        assert isinstance(outcome, Accepted)
        assert line.texts == ["Hola [mundo]"]
        assert line.sink.status.operator == "Simunet"
        assert line.sink.status.signal == 65
        assert line.sink.status.detail["roaming"] is False
        if line.sink.status.detail["reports"]:
            await line.sink.count(DeliveryReport, 1)
            assert line.reports[0].reference == outcome.references[1]
            assert line.reports[0].status == "delivered"
            assert (line.reports[0].exclusive, line.reports[0].to) == (True, "+5491155550001")
            sim.inject(text="Respuesta")
            await line.sink.count(InboundMessage, 1)
            assert (line.inbound[0].sender, line.inbound[0].text) == ("+5491144440000", "Respuesta")
        else:
            assert brand == "nokia"


@pytest.mark.parametrize("brand", ["generic", "wavecom", "qualcomm", "siemens"])
async def test_every_way_of_asking_for_a_pin(brand: str) -> None:
    async with GsmSimulator(brand=brand, pin="1234") as sim, rig(sim, pin="1234") as line:
        assert isinstance(await line.send(), Accepted)
        assert line.counted("wrong_pins") == 0


# -------------------------------------------------------------------------------------------------------- the traps


async def test_trap_01_prompt_and_pdu_are_one_transaction() -> None:
    async with GsmSimulator() as sim, rig(sim, pulse_s=30.0, health_s=30.0) as line:
        deciding, decided = asyncio.Event(), asyncio.Event()

        async def decide(part: int, taken: Mapping[int, str] | None = None) -> None:
            deciding.set()
            await decided.wait()

        signal_asked = sim.network.modems[0].commands["+CSQ"]
        sending = asyncio.create_task(line.line.send(line.message("uno"), decide))
        await deciding.wait()
        asked = asyncio.create_task(line.line.command("signal"))
        sim.inject(line='+CMTI: "SM",9')
        await asyncio.sleep(0)
        assert sim.list()["devices"][0]["prompt"]
        assert sim.network.modems[0].commands["+CSQ"] == signal_asked
        decided.set()
        assert isinstance(await sending, Accepted)
        assert (await asked)["signal"] == 65
        assert line.texts == ["uno"]


async def test_trap_02_no_prompt() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("no_prompt"))
        assert await line.send("uno") == NotSent("no_prompt", blame=Blame.LINE)
        assert line.passed == []
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["dos"]


async def test_trap_02_late_prompt() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("late_prompt", delay_s=FAST.prompt_s + 0.1))
        assert await line.send("uno") == NotSent("no_prompt", blame=Blame.LINE)
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["dos"]


async def test_trap_03_silence_after_the_pdu_is_doubt() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("silence", taken=True))
        assert await line.send("uno") == Uncertain("silence")
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["uno", "dos"]  # nothing was sent again


async def test_trap_03_late_answer_is_told() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("silence", late_s=FAST.submit_s + 0.2), reference_next=41)
        message = line.message("uno")
        assert await line.line.send(message, line.point_of_no_return) == Uncertain("silence")
        await line.sink.count(LateAccept, 1)
        assert line.late == [LateAccept(message.attempt, 1, "41")]
        assert isinstance(await line.send("dos"), Accepted)


async def test_trap_03_late_answer_of_a_cancelled_send_is_told() -> None:
    async with GsmSimulator(latency_s=0.15) as sim, rig(sim) as line:
        message = line.message("uno")
        sending = asyncio.create_task(line.line.send(message, line.point_of_no_return))
        await line.seen(submits=1)
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        await line.sink.count(LateAccept, 1)
        assert line.late[0].attempt == message.attempt


async def test_trap_04_the_attempt_is_durable_before_the_pdu_is_written() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        seen: list[tuple[bool, int]] = []

        async def look(part: int, taken: Mapping[int, str] | None = None) -> None:
            seen.append((sim.list()["devices"][0]["prompt"], line.counted("submits")))

        message = line.message(LONG)
        assert isinstance(await line.line.send(message, look), Accepted)
        assert seen == [(True, number) for number in range(len(message.parts))]


@pytest.mark.parametrize("error", [Withdrawn("cancelled"), RuntimeError("disk full")])
async def test_trap_04_without_durability_nothing_leaves(error: Exception) -> None:
    async with GsmSimulator() as sim, rig(sim) as line:

        async def refuse(part: int, taken: Mapping[int, str] | None = None) -> None:
            raise error

        outcome = await line.line.send(line.message(), refuse)
        assert isinstance(outcome, NotSent)
        assert not outcome.counts
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["dos"]


async def test_trap_04_cancelled_at_the_prompt() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        deciding = asyncio.Event()

        async def never(part: int, taken: Mapping[int, str] | None = None) -> None:
            deciding.set()
            await asyncio.Event().wait()

        sending = asyncio.create_task(line.line.send(line.message(), never))
        await deciding.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["dos"]


async def test_trap_05_unsolicited_lines_everywhere() -> None:
    noise = [
        "RING",
        "^RSSI:17",
        "OK see you",
        '+CREG: 1,"00A1","1B2C"',
        "ERROR in your life",
        "+CSQ: lie",
        "> not a prompt",
    ]
    async with GsmSimulator(settings={"noise": noise}) as sim, rig(sim) as line:
        for number in range(10):
            assert isinstance(await line.send(f"texto {number}"), Accepted)
        await line.sink.count(DeliveryReport, 10)
        assert len(line.texts) == 10


async def test_trap_06_header_and_pdu_stay_together() -> None:
    async with GsmSimulator(settings={"chunk": 3}) as sim, rig(sim) as line:
        for number in range(5):
            sim.inject(text=f"entra {number}")
            assert isinstance(await line.send(f"sale {number}"), Accepted)
        await line.sink.count(InboundMessage, 5)
        await line.sink.count(DeliveryReport, 5)
        assert [each.text for each in line.inbound] == [f"entra {number}" for number in range(5)]


async def test_trap_07_report_before_its_reference() -> None:
    overtaking = {"report_first": True, "report_delay_s": 0.0}
    async with GsmSimulator(latency_s=0.02, settings=overtaking) as sim, rig(sim) as line:
        message = line.message(LONG)
        outcome = await line.line.send(message, line.point_of_no_return)
        assert isinstance(outcome, Accepted)
        reports = await line.sink.count(DeliveryReport, len(message.parts))
        # Those that came while the message was under way are told to be its parts'.
        assert {(each.part, each.reference) for each in reports if each.part} <= set(outcome.references.items())
        assert [each.part for each in reports][:2] == [1, 2]
        assert all(each.attempt == message.attempt for each in reports if each.part)


async def test_trap_08_references_wrap_and_repeat() -> None:
    async with GsmSimulator(settings={"reference_next": 255}) as sim, rig(sim) as line:
        first, second = await line.send("uno", "+5491155550001"), await line.send("dos", "+5491155550002")
        assert (first.references, second.references) == ({1: "255"}, {1: "0"})
        sim.set(fault=fault("repeat_reference"))
        third = await line.send("tres", "+5491155550003")
        assert third.references == {1: "0"}
        await line.sink.count(DeliveryReport, 3)
        # What tells them apart is handed on: reference, destination, time.
        assert {(each.reference, each.to) for each in line.reports} == {
            ("255", "+5491155550001"),
            ("0", "+5491155550002"),
            ("0", "+5491155550003"),
        }
        assert all(abs(each.at - time.time()) < 60 for each in line.reports)


async def test_trap_08_repeated_references_within_a_message_name_no_part() -> None:
    repeating = {"reference_fixed": 0, "report_delay_s": 0.0}
    async with GsmSimulator(latency_s=0.02, settings=repeating) as sim, rig(sim) as line:
        message = line.message(LONG)
        await line.line.send(message, line.point_of_no_return)
        reports = await line.sink.count(DeliveryReport, len(message.parts))
        assert all(each.part is None for each in reports[1:])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"report": "failed"}, [("undelivered", "expired_in_network")]),
        ({"report": "temporary"}, [("pending", "network_0x30"), ("delivered", None)]),
        ({"report_status": 0x43}, [("undelivered", "unknown_subscriber")]),
    ],
)
async def test_trap_09_status_classes(settings: dict[str, Any], expected: list[tuple[str, str | None]]) -> None:
    async with GsmSimulator(settings=settings) as sim, rig(sim) as line:
        await line.send()
        reports = await line.sink.count(DeliveryReport, len(expected))
        assert [(each.status, each.reason) for each in reports] == expected


async def test_trap_09_one_report_a_part() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        outcome = await line.send(LONG)
        reports = await line.sink.count(DeliveryReport, len(outcome.references))
        assert sorted(each.reference for each in reports) == sorted(outcome.references.values())


TRANSIENT = [10, 17, 38, 41, 42, 47, 69, 96, 111]
PERMANENT = [1, 28, 30, 304, 305]
BLOCKED = [8, 310, 311, 312, 313, 315, 316, 317, 318, 330]
DOUBT = [332, 500, 512, 513, 515, 4711]


@pytest.mark.parametrize("code", [*TRANSIENT, *PERMANENT, *BLOCKED, *DOUBT])
async def test_trap_10_errors_after_the_pdu(code: int) -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("submit_error", text=f"+CMS ERROR: {code}"))
        outcome = await line.send("uno")
        if code in TRANSIENT:
            assert isinstance(outcome, NotSent)
            assert (outcome.counts, outcome.blame) == (True, Blame.EITHER)
        elif code in PERMANENT:
            assert isinstance(outcome, Refused)
            assert (outcome.blame, outcome.elsewhere) == (Blame.EITHER, code in (304, 305))
        elif code in BLOCKED:
            assert isinstance(outcome, NotSent)
            assert (outcome.counts, outcome.blame) == (False, Blame.LINE)
        else:
            assert isinstance(outcome, Uncertain)
        await line.sink.state("ready")
        await asyncio.wait_for(_until_sent(line, "dos"), 5)
        assert line.texts == ["dos"]


async def _until_sent(line: Rig, text: str) -> None:
    """Send as the core would: again, when the line is ready, while nothing of it left."""
    while not isinstance(await line.send(text), Accepted):
        await line.sink.state("ready")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("code", [500, 512, 332, 4711])
async def test_trap_10_errors_before_the_pdu_are_certain(code: int) -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("prompt_error", text=f"+CMS ERROR: {code}"))
        outcome = await line.send("uno")
        assert isinstance(outcome, NotSent)
        assert line.passed == []


@pytest.mark.parametrize("text", ["+CME ERROR: 14", "+CMS ERROR: 515"])
async def test_trap_10_busy_is_asked_again(text: str) -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("prompt_error", text=text, count=3))
        assert isinstance(await line.send("uno"), Accepted)
        sim.set(fault=fault("prompt_error", text=text, count=100))
        assert isinstance(await line.send("dos"), NotSent)
        assert sim.network.modems[0].commands["+CMGS"] <= 4 + FAST.busy_tries


async def test_trap_10_a_brand_may_prove_otherwise() -> None:
    async with GsmSimulator(brand="wavecom") as sim, rig(sim) as line:
        sim.set(fault=fault("submit_error", text="+CMS ERROR: 515"))
        assert isinstance(await line.send("uno"), NotSent)


async def test_trap_10_quota_rests_the_sim() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("submit_error", text="+CMS ERROR: 21"))
        assert await line.send("uno") == NotSent("rejected_by_network", blame=Blame.EITHER)
        await line.sink.state("waiting", "quota")
        assert await line.send("uno") == NotSent("quota", counts=False)
        await line.sink.state("ready")
        assert isinstance(await line.send("uno"), Accepted)


async def test_trap_10_500_after_a_text_that_was_taken() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("submit_error", text="+CMS ERROR: 500", taken=True))
        assert await line.send("uno") == Uncertain("unknown_error")
        assert line.texts == ["uno"]


async def test_trap_11_the_service_centre_is_set_when_the_sim_has_none() -> None:
    async with GsmSimulator(settings={"smsc": ""}) as sim, rig(sim, smsc="+541151740056") as line:
        assert isinstance(await line.send(), Accepted)
        assert sim.network.modems[0].settings.smsc == "+541151740056"


async def test_trap_11_a_wiped_service_centre_is_restored() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(smsc="")
        assert await line.send("uno") == NotSent("no_smsc", counts=False, blame=Blame.LINE)
        await line.sink.state("recovering")
        await line.sink.state("ready")
        assert isinstance(await line.send("uno"), Accepted)
        assert sim.network.modems[0].settings.smsc == "+541151740056"


async def test_trap_11_no_service_centre_at_all_is_said() -> None:
    async with GsmSimulator(settings={"smsc": ""}) as sim, rig(sim, await_state="quarantined") as line:
        assert line.sink.status.reason == "no_smsc"


async def test_trap_12_a_silent_reboot_is_seen_by_the_next_send() -> None:
    async with GsmSimulator() as sim, rig(sim, pulse_s=30.0, health_s=30.0) as line:
        sim.reboot()
        # Whoever notices first, the send by its echo or a look at the SIM: nothing leaves before all is set again.
        outcome = await line.send("uno")
        assert outcome in (NotSent("modem_restarted", counts=False), NotSent("not_ready", counts=False))
        assert line.passed == []
        await line.sink.state("recovering")
        await line.sink.state("ready")
        assert isinstance(await line.send("dos"), Accepted)
        await line.sink.count(DeliveryReport, 1)
        assert line.texts == ["dos"]


async def test_trap_12_what_waits_while_a_restart_is_found_does_not_go_half_set_up() -> None:
    async with GsmSimulator() as sim, rig(sim, pulse_s=30.0, health_s=30.0) as line:
        sim.reboot()
        # The question finds the restart; the message is next in turn, among the commands of the recovery.
        asked = asyncio.create_task(line.line.command("signal"))
        await asyncio.sleep(0)
        outcome = await line.send("uno")
        with contextlib.suppress(LineError):
            await asked
        assert outcome in (NotSent("modem_restarted", counts=False), NotSent("not_ready", counts=False))
        assert line.texts == []
        await line.sink.state("ready")
        assert await line.send("dos") == Accepted({1: "215"})


async def test_trap_12_a_silent_reboot_of_an_idle_modem_is_seen_by_its_pulse() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.reboot()
        sim.inject(text="nadie escucha")
        await line.sink.count(InboundMessage, 1)


async def test_trap_12_boot_messages_are_a_hint() -> None:
    async with GsmSimulator(brand="simcom") as sim, rig(sim, pulse_s=30.0, health_s=30.0) as line:
        sim.reboot(silent=False)
        await line.sink.state("recovering", "modem_restarted")
        await line.sink.state("ready")


async def test_trap_12_restart_while_the_prompt_is_open() -> None:
    async with GsmSimulator(brand="simcom") as sim, rig(sim) as line:

        async def restart(part: int, taken: Mapping[int, str] | None = None) -> None:
            sim.reboot(silent=False)
            await sim.wait(timeout=0.05, taken=99)

        outcome = await line.line.send(line.message("uno"), restart)
        assert isinstance(outcome, NotSent)
        await line.sink.state("recovering")
        await line.sink.state("ready")
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["dos"]


async def test_trap_13_a_full_sim_is_emptied_at_start() -> None:
    async with GsmSimulator(settings={"capacity": 5}) as sim:
        modem = sim.network.modems[0]
        modem.session.cnmi = (2, 1, 0, 0, 0)
        sim.inject(text="viejo", count=8)
        modem.session.cnmi = (0, 0, 0, 0, 0)
        assert sum(len(each.places) for each in modem.memories.values()) >= 5
        async with rig(sim) as line:
            await line.sink.count(InboundMessage, 8)
            await line.seen(deleted=5)
            assert sum(len(each.places) for each in modem.memories.values()) == 0


async def test_trap_13_nothing_is_deleted_before_it_is_durable() -> None:
    async with GsmSimulator() as sim:
        sim.network.modems[0].session.cnmi = (2, 1, 0, 0, 0)
        sim.inject(text="guardado")
        async with rig(sim, await_state=None) as line:
            line.sink.gate.clear()
            await line.sink.until(lambda: any(isinstance(each, InboundMessage) for each in line.sink.offered))
            await line.sink.state("ready")
            assert isinstance(await line.send(), Accepted)
            assert line.counted("deleted") == 0
            line.sink.gate.set()
            await line.seen(deleted=1)


async def test_trap_13_a_message_that_could_not_be_kept_stays_on_the_sim() -> None:
    async with GsmSimulator() as sim:
        sim.network.modems[0].session.cnmi = (2, 1, 0, 0, 0)
        sim.inject(text="guardado")
        async with rig(sim, await_state=None) as line:
            line.sink.error = OSError("disk full")
            await line.sink.state("recovering", "internal_error")
            assert line.counted("deleted") == 0
            line.sink.error = None
            await line.sink.count(InboundMessage, 1)
            await line.seen(deleted=1)
            keys = {each.key for each in line.sink.offered if isinstance(each, InboundMessage)}
            assert len(keys) == 1  # handed over again, and to be recognised


async def test_trap_13_the_sim_is_listed_from_time_to_time() -> None:
    async with GsmSimulator() as sim, rig(sim, sweep_s=0.2) as line:
        modem = sim.network.modems[0]
        routing, modem.session.cnmi = modem.session.cnmi, (2, 0, 0, 1, 0)
        sim.inject(text="sin aviso")
        modem.session.cnmi = routing
        await line.sink.count(InboundMessage, 1)
        await line.seen(deleted=1)


@pytest.mark.parametrize("brand", ["generic", "siemens", "zte", "huawei", "quectel"])
async def test_trap_14_a_stored_message_is_read_from_the_memory_it_is_in(brand: str) -> None:
    # Without CSMS=1 nothing is routed directly: +CMTI names the place.
    no_routing = fault("command_error", command="+CSMS=1", text="ERROR", count=None)
    storage = {"generic": "ME", "zte": "ME", "quectel": "ME", "huawei": "SM", "siemens": "SM"}[brand]
    async with GsmSimulator(brand=brand, settings={"storage": storage}) as sim:
        sim.set(fault=no_routing)
        async with rig(sim) as line:
            for number in range(3):
                sim.inject(text=f"entra {number}")
            await line.sink.count(InboundMessage, 3)
            await line.seen(deleted=3)
            assert line.counted("inbound_stored") == 3
            assert isinstance(await line.send(), Accepted)
            await line.sink.count(DeliveryReport, 1)


@pytest.mark.parametrize("missing", ["321", "ok"])
async def test_trap_14_a_message_that_is_gone(missing: str) -> None:
    async with GsmSimulator(settings={"missing_message": missing}) as sim, rig(sim) as line:
        sim.inject(line='+CMTI: "SM",17')
        await line.seen(**{"+CMGR": 1})
        assert isinstance(await line.send(), Accepted)
        assert line.inbound == []


async def test_trap_15_each_routed_message_is_acknowledged() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        for number in range(20):
            await line.send(f"texto {number}", f"+54911555500{number:02d}")
        sim.inject(text="respuesta", count=5)
        await line.sink.count(DeliveryReport, 20)
        await line.sink.count(InboundMessage, 5)
        await line.seen(reports_acknowledged=20, inbound_acknowledged=5)
        assert line.counted("acknowledgements_missed") == 0


async def test_trap_15_nothing_is_acknowledged_before_it_is_durable() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        line.sink.gate.clear()
        await line.send()
        await line.sink.until(lambda: any(isinstance(each, DeliveryReport) for each in line.sink.offered))
        assert isinstance(await line.send("dos"), Accepted)  # sending goes on meanwhile
        assert line.counted("reports_acknowledged") == 0
        line.sink.gate.set()
        await line.seen(reports_acknowledged=2)


async def test_trap_15_routing_that_was_switched_off_is_set_again() -> None:
    async with GsmSimulator(settings={"cnma_timeout_s": 0.1}) as sim, rig(sim) as line:
        line.sink.gate.clear()
        await line.send()
        await line.seen(acknowledgements_missed=1)
        line.sink.gate.set()
        sim.set(cnma_timeout_s=15.0)
        sim.inject(text="otra vez")
        await line.sink.count(InboundMessage, 1)


async def test_trap_16_unplug_and_replug() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.unplug()
        await line.sink.state("recovering", "port_missing")
        assert await line.send() == NotSent("port_missing", counts=False)
        sim.replug()
        await line.sink.state("ready")
        assert isinstance(await line.send(), Accepted)


async def test_trap_16_unplugged_while_sending() -> None:
    async with GsmSimulator(latency_s=5.0) as sim, rig(sim) as line:
        sending = asyncio.create_task(line.send("uno"))
        await line.seen(submits=1)
        sim.unplug()
        assert await sending == Uncertain("port_lost")
        sim.set(latency_s=0.0)
        sim.replug()
        await line.sink.state("recovering")
        await line.sink.state("ready")
        assert isinstance(await line.send("dos"), Accepted)
        assert line.texts == ["dos"]


async def test_trap_16_unplugged_at_the_prompt() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:

        async def unplug(part: int, taken: Mapping[int, str] | None = None) -> None:
            sim.unplug()
            await line.sink.state("recovering")

        outcome = await line.line.send(line.message(), unplug)
        assert outcome == NotSent("port_lost", counts=False, blame=Blame.LINE)


async def test_trap_16_another_stick_under_that_name() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.unplug()
        await line.sink.state("recovering")
        sim.replug(another=True)
        status = await line.sink.state("quarantined")
        assert status.reason == "other_modem"
        assert isinstance(await line.send(), NotSent)
        assert line.texts == []


async def test_trap_16_found_by_imei_wherever_it_is_plugged_in() -> None:
    async with GsmSimulator(3) as sim:
        pattern = str(sim.control.with_name("modem*"))
        async with rig(sim, imei=sim.devices[2].imei, search=(pattern,)) as line:
            assert isinstance(await line.send("uno"), Accepted)
            sim.unplug(2)
            await line.sink.state("recovering")
            sim.unplug(0)
            sim.replug(2, link=0)
            await line.sink.state("ready")
            assert isinstance(await line.send("dos"), Accepted)
            assert {row["modem"] for row in sim.texts()["texts"]} == {2}


async def test_trap_16_found_by_imsi() -> None:
    async with GsmSimulator(2) as sim:
        pattern = str(sim.control.with_name("modem*"))
        async with rig(sim, imsi=sim.list()["devices"][1]["imsi"], search=(pattern,)) as line:
            assert isinstance(await line.send("uno"), Accepted)
            assert sim.texts()["texts"][0]["modem"] == 1


async def test_trap_17_bytes_that_are_no_text() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        for octets in ("fffe80c30a", "00ff00ff0d0a", "e28298", "c3280d0a0d0a1b"):
            sim.set(fault=fault("garbage", hex=octets))
            sim.inject(raw=bytes.fromhex(octets).decode("latin-1"))
            assert isinstance(await line.send("ñ"), Accepted)
        await line.sink.count(DeliveryReport, 4)
        assert line.sink.status.state == "ready"


@pytest.mark.parametrize("reference", [7, 255, 256, 65535])
@pytest.mark.parametrize("text", [LONG, "Señal 📶 " * 30])
async def test_trap_18_parts_join_to_the_text(text: str, reference: int) -> None:
    from drivers.gsm import alphabet

    parts = tuple(alphabet.split(text, wide_reference=reference > 255).parts)
    async with GsmSimulator() as sim, rig(sim) as line:
        outcome = await line.send(text, parts=parts, todo=tuple(range(1, len(parts) + 1)), concat_ref=reference)
        assert len(outcome.references) == len(parts) > 1
        joined = sim.texts(joined=True)["texts"]
        assert [each["text"] for each in joined] == [text]
        assert {row["concat"]["reference"] for row in sim.texts()["texts"]} == {reference}


async def test_trap_19_a_wrong_pin_is_tried_once() -> None:
    async with GsmSimulator(pin="4321") as sim, rig(sim, pin="1234", await_state="quarantined") as line:
        assert line.sink.status.reason == "pin_wrong"
        # Re-admission tests go on, and the PIN is not among them.
        questions = sim.network.modems[0].commands["+CGSN"]
        await line.seen(**{"+CGSN": questions + 3})
        assert line.counted("wrong_pins") == 1
        assert sim.network.modems[0].card.pin_left == 2


async def test_trap_19_the_last_try_is_kept_for_a_person() -> None:
    async with GsmSimulator(pin="4321") as sim:
        sim.network.modems[0].card.pin_left = 1
        async with rig(sim, pin="4321", await_state="quarantined") as line:
            assert line.sink.status.reason == "pin_last_try"
            assert sim.network.modems[0].card.pin_left == 1


async def test_trap_19_no_pin_configured() -> None:
    async with GsmSimulator(pin="4321") as sim, rig(sim, await_state="quarantined") as line:
        assert line.sink.status.reason == "pin_required"
        assert line.counted("wrong_pins") == 0


async def test_trap_19_a_reboot_may_use_the_pin_that_was_right() -> None:
    async with GsmSimulator(pin="1234") as sim, rig(sim, pin="1234") as line:
        sim.reboot()
        await line.sink.state("recovering")
        await line.sink.state("ready")
        assert isinstance(await line.send(), Accepted)
        assert line.counted("wrong_pins") == 0


async def test_trap_20_sending_does_not_depend_on_the_character_set() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        assert sim.network.modems[0].commands["+CSCS"] == 1
        sim.network.modems[0].session.charset = "UCS2"
        assert isinstance(await line.send("Año [€]"), Accepted)
        await line.sink.count(DeliveryReport, 1)
        assert line.texts == ["Año [€]"]
        assert sim.network.modems[0].commands["+CSCS"] == 1


async def test_trap_21_registration_lost_and_regained() -> None:
    # It is the modem's own word that tells, not the next look at its health.
    async with GsmSimulator() as sim, rig(sim, pulse_s=300.0, health_s=300.0, waiting_s=300.0) as line:
        sim.set(registration=2)
        status = await line.sink.state("waiting")
        assert status.reason == "searching"
        prompts = sim.network.modems[0].commands["+CMGS"]
        outcome = await line.send()
        assert outcome == NotSent("searching", counts=False)
        assert sim.network.modems[0].commands["+CMGS"] == prompts
        sim.set(registration=5)
        status = await line.sink.state("ready")
        assert status.detail["roaming"] is True
        assert isinstance(await line.send(), Accepted)


async def test_trap_21_the_network_goes_after_the_prompt() -> None:
    async with GsmSimulator(latency_s=0.1) as sim, rig(sim) as line:
        sim.set(fault=fault("submit_error", text="+CMS ERROR: 331"))
        assert await line.send() == NotSent("no_network", counts=False, blame=Blame.LINE)


async def test_trap_22_a_dead_device_fills_no_log_and_burns_no_core() -> None:
    with structlog.testing.capture_logs() as logs:
        async with GsmSimulator() as sim, rig(sim) as line:
            sim.unplug()
            await line.sink.state("recovering", "port_missing")
            busy = time.process_time()
            await asyncio.sleep(1.0)  # the claim is about time that passes
            assert time.process_time() - busy < 0.1
            assert len(line.sink.of(LineStatus)) < 6
    assert len(logs) < 6
    assert "+549" not in str(logs)


async def test_trap_22_a_modem_that_stays_silent_is_quarantined_and_readmitted() -> None:
    quick = replace(FAST, reset_s=0.1, probe_s=0.03, prompt_s=0.05)
    with structlog.testing.capture_logs() as logs:
        async with GsmSimulator() as sim, rig(sim, timing=quick) as line:
            sim.freeze()
            await line.sink.state("recovering", "modem_silent")
            await line.sink.state("quarantined", "modem_silent")
            sim.unplug()
            sim.replug()
            await line.sink.state("ready")
            assert isinstance(await line.send(), Accepted)
    assert len(logs) < 12


# --------------------------------------------------------------------------------------------------- recovery ladder


async def test_a_modem_that_hangs_is_restarted() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.freeze(cfun=True)
        await line.sink.state("recovering")
        await line.sink.state("ready")
        assert isinstance(await line.send(), Accepted)


async def test_a_modem_blocked_after_a_submit_comes_back_by_itself() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("silence", blocked_s=0.8))
        assert await line.send("uno") == Uncertain("silence")
        await asyncio.wait_for(_until_sent(line, "dos"), 10)
        assert line.texts == ["uno", "dos"]


async def test_one_command_without_an_answer_disturbs_nothing() -> None:
    async with GsmSimulator() as sim, rig(sim, command_s=0.1, pulse_s=30.0, health_s=30.0) as line:
        sim.set(fault=fault("command_silence", command="+CREG?"))
        with pytest.raises(LineError):
            await line.line.command("signal")
        assert (await line.line.command("signal"))["registered"] is True
        assert isinstance(await line.send(), Accepted)


async def test_a_noisy_wire() -> None:
    async with GsmSimulator(settings={"chunk": 1}) as sim, rig(sim) as line:
        sim.set(fault=fault("noise", lines=["RING", "OKAY", "+CMTI", "NO CARRIER", "AT+CMGS=13"], count=5))
        for number in range(5):
            await asyncio.wait_for(_until_sent(line, f"texto {number}"), 10)
        assert line.texts == [f"texto {number}" for number in range(5)]


# ----------------------------------------------------------------------------------------------------------- sending


async def test_a_later_part_meets_another_end() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("submit_error", text="+CMS ERROR: 38", skip=1))
        message = line.message(LONG)
        outcome = await line.line.send(message, line.point_of_no_return)
        assert isinstance(outcome, Partial)
        assert [each.fate for each in outcome.parts.values()] == [Fate.TAKEN] + [Fate.UNSENT] * (len(message.parts) - 1)
        rest = line.message(LONG, todo=tuple(range(2, len(message.parts) + 1)))
        assert isinstance(await line.line.send(rest, line.point_of_no_return), Accepted)
        assert [each["text"] for each in sim.texts(joined=True)["texts"]] == [LONG]


async def test_a_later_part_in_doubt() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.set(fault=fault("silence", skip=1))
        message = line.message(LONG)
        outcome = await line.line.send(message, line.point_of_no_return)
        assert isinstance(outcome, Partial)
        assert [each.fate for each in outcome.parts.values()][:3] == [Fate.TAKEN, Fate.DOUBT, Fate.UNSENT]


async def test_validity_and_report_request() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        await line.send(valid_until=time.time() + 7200)
        row = sim.texts()["texts"][0]
        assert row["report"] is True
        assert 6900 <= row["validity_s"] <= 7200


async def test_spanish_shift_table() -> None:
    from drivers.gsm import alphabet

    split = alphabet.split("Acción inmediata: pagá hoy", shift=True)
    async with GsmSimulator() as sim, rig(sim, shift_table="es") as line:
        await line.send("Acción inmediata: pagá hoy", parts=tuple(split.parts), encoding=split.encoding)
        assert sim.texts()["texts"][0]["encoding"] == "gsm7-es"


# --------------------------------------------------------------------------------------------------------- receiving


async def test_parts_are_handed_on_one_by_one() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        order = [2, 1, *range(3, len(line.message(LONG).parts) + 1)]
        sim.inject(text=LONG, order=order)
        parts = await line.sink.count(InboundMessage, len(order))
        assert [each.concat.number for each in parts if each.concat] == order
        assert len({(each.concat.reference, each.concat.total) for each in parts if each.concat}) == 1
        assert "".join(each.text for each in sorted(parts, key=lambda each: each.concat.number)) == LONG


async def test_a_message_whose_reading_met_silence_is_read_later() -> None:
    async with GsmSimulator() as sim:
        sim.set(fault=fault("command_error", command="+CSMS=1", text="ERROR", count=None))
        async with rig(sim, sim_s=0.1) as line:
            sim.set(fault=fault("command_silence", command="+CMGR"))
            sim.inject(text="espera")
            await line.sink.count(InboundMessage, 1)
            await line.seen(deleted=1)


async def test_a_radio_that_was_left_off_is_switched_on() -> None:
    async with GsmSimulator() as sim:
        sim.network.modems[0].radio = False
        async with rig(sim) as line:
            assert isinstance(await line.send(), Accepted)


def test_the_whole_way_on_uvloop() -> None:
    async def way() -> None:
        async with GsmSimulator() as sim, rig(sim) as line:
            assert isinstance(await line.send(LONG), Accepted)
            sim.inject(text="entra")
            await line.sink.count(InboundMessage, 1)
            sim.unplug()
            await line.sink.state("recovering")
            sim.replug()
            await line.sink.state("ready")
            assert isinstance(await line.send("otra vez"), Accepted)

    uvloop.run(way())


async def test_a_pdu_spoilt_on_the_way_is_brought_again() -> None:
    async with GsmSimulator() as sim, rig(sim) as line:
        sim.inject(pdu="0791448720003023240DD0E474D81C0EBB010000111011315214000BE4")
        await line.seen(**{"+CNMA": 1})
        assert line.counted("inbound_acknowledged") == 0
        sim.set(unrouted_reports="hold")  # the network tries again
        await line.seen(inbound_acknowledged=1)
        assert line.inbound == []
        sim.inject(text="bien")
        await line.sink.count(InboundMessage, 1)


# ---------------------------------------------------------------------------------------------------------- commands


@pytest.mark.parametrize("brand", ["generic", "huawei"])
async def test_ussd(brand: str) -> None:
    async with GsmSimulator(brand=brand) as sim, rig(sim) as line:
        answer = await line.line.command("ussd", "*150#")
        assert answer == {"text": "Su saldo es $ 1.234,50. Vence 30/11.", "reply_expected": False}
        with pytest.raises(LineError):
            await line.line.command("ussd", "*999#")
        with pytest.raises(LineError):
            await line.line.command("ussd", '"\r\nAT+CFUN=0')
        with pytest.raises(LineError):
            await line.line.command("dance")


async def test_the_driver_keeps_its_port() -> None:
    options = driver.options(port="/dev/serial/by-id/none")
    made = driver.make(LineSetup("claro-1", options))
    assert isinstance(made, Line)
    assert made.capacity == 1
    assert await made.resume([]) == {}
    assert [finding.key for finding in driver.check(LineSetup("claro-1", options))] == ["port"]
    with pytest.raises(LineError):
        await made.command("signal")


async def test_a_port_is_locked() -> None:
    async with GsmSimulator() as sim, rig(sim) as line, rig(sim, await_state=None) as second:
        await second.sink.state("recovering", "port_busy")
        assert isinstance(await line.send(), Accepted)
        assert second.line._connection is None


# ------------------------------------------------------------------------------------------------------- the promise


@pytest.mark.parametrize("taken", [True, False])
async def test_a_late_answer_while_the_next_message_is_under_way(taken: bool) -> None:
    async with GsmSimulator(latency_s=0.15, settings={"reference_next": 250}) as sim, rig(sim) as line:
        assert (await line.send("cero")).references == {1: "250"}
        late = {"late_s": FAST.submit_s + 0.1} if taken else {}
        sim.set(fault=fault("silence", taken=taken, **late))
        message = line.message("uno")
        assert await line.line.send(message, line.point_of_no_return) == Uncertain("silence")
        references = [next(iter((await line.send(f"texto {number}")).references.values())) for number in range(6)]
        assert [str(row["reference"]) for row in sim.texts()["texts"]][2 if taken else 1 :] == references
        assert line.late == ([LateAccept(message.attempt, 1, "251")] if taken else [])


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_goes_wrong_each_outcome_tells_the_truth(seed: int) -> None:
    """Faults at random: accepted is taken once, not sent and refused are never taken, in doubt is at most once."""
    faults = [
        fault("no_prompt", probability=0.05, count=None),
        fault("late_prompt", delay_s=FAST.prompt_s + 0.05, probability=0.05, count=None),
        fault("prompt_error", text="+CMS ERROR: 500", probability=0.05, count=None),
        fault("silence", taken=True, probability=0.03, count=None),
        fault("silence", taken=False, probability=0.03, count=None),
        fault("submit_error", text="+CMS ERROR: 500", taken=True, probability=0.03, count=None),
        fault("submit_error", text="+CMS ERROR: 42", probability=0.05, count=None),
        fault("noise", lines=["RING", "^RSSI:9", '+CMTI: "SM",30'], probability=0.2, count=None),
        fault("report_first", probability=0.2, count=None),
        fault("garbage", hex="fffe800d0a", probability=0.05, count=None),
    ]
    async with GsmSimulator(seed=seed, settings={"drop_probability": 0.002}) as sim, rig(sim) as line:
        sim.set(faults=faults)
        outcomes: dict[str, Any] = {}
        for number in range(40):
            text = f"mensaje {number}"
            await asyncio.sleep(0)  # a line that stops being ready tells so in the next turn
            await line.sink.state("ready")
            outcomes[text] = await line.send(text)
            if number % 13 == 12:
                sim.reboot()
        sim.set(clear_faults=True, drop_probability=0.0)
        await asyncio.wait_for(_until_sent(line, "fin"), 20)
        taken = {text: line.texts.count(text) for text in outcomes}
        allowed = {Accepted: {1}, NotSent: {0}, Refused: {0}, Uncertain: {0, 1}}
        wrong = {
            text: (outcomes[text], count) for text, count in taken.items() if count not in allowed[type(outcomes[text])]
        }
        assert wrong == {}
        assert {type(outcome) for outcome in outcomes.values()} >= {Accepted, NotSent}
