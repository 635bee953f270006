"""What a simulated modem stores, announces and routes: messages, status reports, USSD."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.gsm import pdu as codec
from drivers.gsm.simulator.process import GsmSimulator
from tests.peers.bench import CTRL_Z, LENGTH, PDU, TO, Bench, reports

# -------------------------------------------------------------------------------------------------------------- reports


@pytest.mark.parametrize(
    ("settings", "statuses"),
    [
        ({}, [0x00]),
        ({"report": "failed"}, [0x46]),
        ({"report": "failed", "report_status": 0x45}, [0x45]),
        ({"report": "temporary"}, [0x30, 0x00]),
        ({"report": "pending"}, [0x30]),
        ({"report": "none"}, []),
        ({"report_copies": 2}, [0x00, 0x00]),
    ],
)
def test_plans_of_reports(settings: dict[str, Any], statuses: list[int]) -> None:
    bench = Bench(**settings)
    bench.at("+CNMI=2,1,0,1,0")
    bench.send()
    bench.clock.advance(1)
    assert reports(bench.read()) == statuses


def test_no_report_without_a_request_for_one() -> None:
    bench = Bench()
    bench.at("+CNMI=2,1,0,1,0")
    bench.send(*codec.Submit(TO, "Hola", "gsm7", report=False).encode())
    bench.clock.advance(1)
    assert bench.read() == []


def test_a_report_may_overtake_its_own_answer() -> None:
    bench = Bench(report_delay_s=0)
    bench.at("+CNMI=2,1,0,1,0")
    bench.fault("report_first")
    assert [line[:6] for line in bench.send()] == ["+CDS: ", "079145", "+CMGS:", "OK"]
    assert [line[:6] for line in bench.send()] == ["+CMGS:", "OK", "+CDS: ", "079145"]


def test_reports_without_a_route_wait_or_are_lost() -> None:
    bench = Bench()
    bench.send()
    bench.clock.advance(1)
    assert bench.read() == []
    assert bench.at("+CNMI=2,1,0,1,0")[0] == "+CDS: 26"
    bench.at("+CNMI=2,1,0,0,0")
    bench.modem.settings.unrouted_reports = "discard"
    bench.send()
    bench.clock.advance(1)
    assert bench.at("+CNMI=2,1,0,1,0") == ["OK"]
    assert bench.modem.counts["reports_discarded"] == 1


def test_stored_reports_are_announced_by_cdsi() -> None:
    bench = Bench()
    bench.at("+CNMI=2,1,0,2,0")
    bench.send()
    bench.clock.advance(1)
    assert bench.read() == ['+CDSI: "SM",1']
    assert reports(bench.at("+CMGR=1")) == [0]


def test_with_csms_1_one_at_a_time_and_the_next_after_cnma() -> None:
    bench = Bench()
    assert bench.at("+CSMS=1") == ["+CSMS: 1,1,1", "OK"]
    bench.at("+CNMI=2,2,0,1,0")
    bench.inject()
    assert bench.read()[0].startswith("+CMT: ,")
    bench.send()
    bench.inject()
    bench.clock.advance(1)
    assert bench.read() == []
    assert bench.at("+CNMA")[0].startswith("+CMT: ,")
    assert bench.at("+CNMA")[0].startswith("+CDS: ")
    assert bench.at("+CNMA") == ["OK"]
    assert bench.at("+CNMA") == ["+CMS ERROR: 340"]
    assert (bench.modem.counts["inbound_acknowledged"], bench.modem.counts["reports_acknowledged"]) == (2, 1)


def test_without_cnma_in_time_routing_stops_and_the_network_keeps_the_message() -> None:
    bench = Bench(cnma_timeout_s=15)
    bench.at("+CSMS=1")
    bench.at("+CNMI=2,1,0,1,0")
    bench.send()
    bench.clock.advance(1)
    bench.read()
    bench.clock.advance(15)
    assert bench.at("+CNMI?") == ["+CNMI: 2,0,0,0,0", "OK"]
    assert bench.network.held(bench.modem)["report"] == 1
    assert reports(bench.at("+CNMI=2,1,0,1,0")) == [0]
    assert bench.at("+CNMA") == ["OK"]
    assert bench.network.held(bench.modem)["report"] == 0


# ------------------------------------------------------------------------------------------------------------ receiving


def test_received_messages_are_stored_announced_read_and_deleted() -> None:
    bench = Bench()
    bench.at("+CNMI=2,1,0,0,0")
    bench.inject("¿Cuánto debo?")
    assert bench.read() == ['+CMTI: "SM",1']
    assert bench.at("+CPMS?")[0] == '+CPMS: "SM",1,50,"SM",1,50,"SM",1,50'
    header, pdu, _ = bench.at("+CMGR=1")
    message = codec.decode(pdu)
    assert isinstance(message, codec.Deliver)
    assert (header[:10], message.text, message.sender) == ("+CMGR: 0,,", "¿Cuánto debo?", "+5491144440000")
    assert bench.at("+CMGL=0") == ["OK"]
    assert bench.at("+CMGL=1")[0].startswith("+CMGL: 1,1,,")
    assert bench.at("+CMGD=1") == ["OK"]
    assert bench.at("+CMGR=1") == ["+CMS ERROR: 321"]


def test_long_ones_come_in_parts_in_any_order() -> None:
    bench = Bench()
    bench.inject("x" * 400, order=[3, 1, 2], wide=True)
    parts = [codec.decode(line) for line in bench.at("+CMGL=4") if line[:2] == "07"]
    concats = [part.concat for part in parts if isinstance(part, codec.Deliver)]
    assert [each and (each.number, each.total, each.wide) for each in concats] == [(n, 3, True) for n in (3, 1, 2)]


def test_cmti_names_the_memory_that_must_be_selected_first() -> None:
    bench = Bench(storage="ME")
    bench.at("+CNMI=2,1,0,0,0")
    bench.inject()
    assert bench.read() == ['+CMTI: "ME",1']
    assert bench.at("+CMGR=1") == ["+CMS ERROR: 321"]
    assert bench.at('+CPMS="ME"')[0].startswith("+CPMS: 1,50")
    assert len(bench.at("+CMGR=1")) == 3
    bench.at('+CPMS="MT"')
    assert len(bench.at("+CMGL=4")) == 3


def test_a_full_memory_stops_reception_until_there_is_room() -> None:
    bench = Bench(capacity=2)
    bench.at("+CNMI=2,1,0,0,0")
    for _ in range(3):
        bench.inject()
    assert bench.read() == ['+CMTI: "SM",1', '+CMTI: "SM",2']
    bench.write(f"AT+CMGW={LENGTH}\r{PDU}{CTRL_Z}")
    assert bench.read() == ["> ", "+CMS ERROR: 322"]
    assert bench.at("+CMGD=1") == ['+CMTI: "SM",1', "OK"]


def test_indications_wait_while_their_mode_is_0() -> None:
    bench = Bench()
    bench.at("+CNMI=0,1,0,0,0")
    bench.inject()
    assert bench.read() == []
    assert bench.at("+CNMI=2,1,0,0,0") == ['+CMTI: "SM",1', "OK"]
    bench.at("+CNMI=0,1,0,0,0")
    bench.inject()
    assert bench.at("+CNMI=2,1,0,0,1") == ["OK"]


def test_text_mode_shows_what_came() -> None:
    bench = Bench()
    bench.at("+CMGF=1")
    bench.at('+CSCS="IRA"')
    bench.inject("Hola")
    header, text, _ = bench.at('+CMGL="ALL"')
    assert header.startswith('+CMGL: 1,"REC UNREAD","+5491144440000",,"')
    assert text == "Hola"
    bench.at("+CNMI=2,2,0,1,0")
    bench.inject("Chau")
    assert [line[:5] for line in bench.read()] == ["+CMT:", "Chau"]


@pytest.mark.parametrize(
    ("settings", "command", "answer"),
    [
        ({"missing_message": "ok"}, "+CMGR=3", ["OK"]),
        ({"delete_flags": False}, "+CMGD=1,4", ["+CMS ERROR: 303"]),
        ({"cnmi_supported": False}, "+CNMI=2,1", ["ERROR"]),
        ({"rssi": 99}, "+CSQ", ["+CSQ: 99,99", "OK"]),
        ({"registration": 3}, "+CREG?", ["+CREG: 0,3", "OK"]),
        ({"registration": 5}, "+CREG?", ["+CREG: 0,5", "OK"]),
        ({"registration": 0}, "+COPS?", ["+COPS: 0", "OK"]),
    ],
)
def test_settings_and_what_they_change(settings: dict[str, Any], command: str, answer: list[str]) -> None:
    assert Bench(**settings).at(command) == answer


def test_registration_is_told_where_it_was_asked_for() -> None:
    bench = Bench()
    bench.at("+CREG=1")
    GsmSimulator._apply(bench.modem, {"registration": 0})
    bench.modem.flush()
    assert bench.read() == ["+CREG: 0"]
    bench.inject()
    assert bench.network.held(bench.modem)["deliver"] == 1
    GsmSimulator._apply(bench.modem, {"registration": 1})
    assert bench.at("+CMGL=4")[-1] == "OK"
    assert bench.network.held(bench.modem)["deliver"] == 0


def test_ussd_is_answered_later_in_the_character_set_of_the_session() -> None:
    bench = Bench(ussd={"*150#": "Saldo: 10"})
    assert bench.at('+CUSD=1,"*150#",15') == ["OK"]
    bench.clock.advance(1)
    assert bench.read() == ['+CUSD: 0,"Saldo: 10",15']
    bench.at('+CSCS="UCS2"')
    bench.at(f'+CUSD=1,"{"*150#".encode("utf-16-be").hex()}",15')
    bench.clock.advance(1)
    assert bench.read() == [f'+CUSD: 0,"{"Saldo: 10".encode("utf-16-be").hex().upper()}",15']
    bench.at('+CUSD=1,"*999#",15')
    bench.clock.advance(1)
    assert bench.read() == ["+CUSD: 4"]
