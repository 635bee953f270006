"""The simulated modem's command line and sending, and every fault there; its clock is turned by hand."""

from __future__ import annotations

import pytest

from drivers.gsm import pdu as codec
from drivers.gsm.simulator.commandline import split_commands
from tests.peers.bench import CTRL_Z, ESC, LENGTH, PDU, TO, Bench

# ----------------------------------------------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("", [""]),
        ("E0V1+CMGF=0;+CSQ", ["E0", "V1", "+CMGF=0", "+CSQ"]),
        ('+CUSD=1,"*1;2#",15;E1', ['+CUSD=1,"*1;2#",15', "E1"]),
        ("S0=0&C1", ["S0=0", "&C1"]),
        ("+CPIN?", ["+CPIN?"]),
        ("^CURC=0;^CURC?", ["^CURC=0", "^CURC?"]),
    ],
)
def test_a_line_is_split_into_its_commands(line: str, commands: list[str]) -> None:
    assert split_commands(line) == commands


def test_the_first_failure_ends_a_line() -> None:
    bench = Bench()
    assert bench.at("+CMGF=1;+NOSUCH;+CSQ") == ["ERROR"]
    assert bench.at("+CMGF?") == ["+CMGF: 1", "OK"]
    assert bench.at("+CSQ;+CMGF=0") == ["+CSQ: 20,99", "OK"]


def test_echo_is_on_until_switched_off_and_returns_with_a_reset() -> None:
    bench = Bench(echo=True)
    assert bench.at("E0") == ["ATE0", "OK"]
    assert bench.at("") == ["OK"]
    assert bench.at("Z") == ["OK"]
    assert bench.at("") == ["AT", "OK"]
    assert Bench(echo_stuck=True).at("") == ["AT", "OK"]


def test_input_may_come_one_byte_at_a_time_and_lines_that_are_no_commands_are_passed_over() -> None:
    bench = Bench()
    for letter in "nonsense\r\nAT+CSQ\r":
        bench.write(letter)
    assert bench.read() == ["+CSQ: 20,99", "OK"]


def test_results_are_framed_as_v250_says() -> None:
    bench = Bench()
    bench.write("AT+CSQ\r")
    assert bench.said == b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


def test_errors_take_the_form_that_cmee_sets() -> None:
    bench = Bench(sim_present=False)
    assert bench.at("+CIMI") == ["ERROR"]
    bench.at("+CMEE=1")
    assert bench.at("+CIMI") == ["+CME ERROR: 10"]
    bench.at("+CMEE=2")
    assert bench.at("+CIMI") == ["+CME ERROR: SIM not inserted"]
    assert bench.at("+CMGL=4") == ["+CMS ERROR: 310"]


# -------------------------------------------------------------------------------------------------------------- sending


def test_a_submit_is_taken_recorded_and_reported() -> None:
    bench = Bench(reference_next=255)
    bench.at("+CNMI=2,1,0,1,0")
    assert bench.send() == ["+CMGS: 255", "OK"]
    assert bench.send() == ["+CMGS: 0", "OK"]
    entry = bench.network.record.texts()[0]
    assert (entry["to"], entry["text"], entry["reference"], entry["pdu"]) == (TO, "Hola ñ", 255, PDU)
    bench.clock.advance(0.1)
    header, report, *_ = bench.read()
    assert header.startswith("+CDS: ")
    decoded = codec.decode(report)
    assert isinstance(decoded, codec.StatusReport)
    assert (decoded.recipient, decoded.reference, decoded.status) == (TO, 255, 0)
    assert int(header[6:]) == len(report) // 2 - 1 - int(report[:2], 16)


def test_a_submit_waits_for_the_network_and_a_cut_before_that_sends_nothing() -> None:
    bench = Bench(latency_s=3.0)
    assert bench.send() == []
    bench.clock.advance(2.9)
    assert (bench.read(), bench.taken) == ([], 0)
    bench.write("AT\r")  # it is heard when the answer is out
    bench.clock.advance(0.2)
    assert bench.read() == ["+CMGS: 68", "OK", "OK"]
    bench.send()
    bench.modem.power_off()
    bench.clock.advance(10)
    assert bench.taken == 1


def test_escape_closes_the_prompt_and_nothing_leaves() -> None:
    bench = Bench()
    bench.at(f"+CMGS={LENGTH}")
    bench.write(PDU[:10] + ESC)
    assert bench.read() == ["OK"]
    assert bench.at("") == ["OK"]
    assert bench.taken == 0


def test_a_command_written_into_the_open_prompt_becomes_part_of_the_pdu() -> None:
    bench = Bench()
    bench.at(f"+CMGS={LENGTH}")
    bench.write("AT+CSQ\r")
    assert bench.read() == []
    bench.write(PDU + CTRL_Z)
    assert bench.read() == ["+CMS ERROR: 304"]
    assert bench.taken == 0


@pytest.mark.parametrize(
    ("pdu", "length"),
    [(PDU, LENGTH + 1), (PDU[:-2], LENGTH), (PDU + "00", LENGTH), ("zz" + PDU[2:], LENGTH), (PDU[:-2], LENGTH - 1)],
)
def test_a_pdu_that_does_not_agree_with_itself_is_refused(pdu: str, length: int) -> None:
    bench = Bench()
    assert bench.send(pdu, length) == ["+CMS ERROR: 304"]
    assert bench.taken == 0


def test_unsolicited_lines_wait_for_the_end_of_the_prompt() -> None:
    bench = Bench()
    bench.at("+CNMI=2,1,0,0,0")
    bench.at(f"+CMGS={LENGTH}")
    bench.inject()
    assert bench.read() == []
    bench.write(PDU + CTRL_Z)
    assert bench.read() == ['+CMTI: "SM",1', "+CMGS: 68", "OK"]


def test_no_service_no_service_centre() -> None:
    bench = Bench(registration=2)
    assert bench.send() == ["+CMS ERROR: 331"]
    bench = Bench(smsc="")
    assert bench.send() == ["+CMS ERROR: 330"]
    pdu, length = codec.Submit(TO, "Hola", "gsm7", smsc="+541151740056").encode()
    assert bench.send(pdu, length) == ["+CMGS: 68", "OK"]
    bench.at('+CSCA="+541151740057"')
    assert bench.send() == ["+CMGS: 69", "OK"]


def test_text_mode_sends_too() -> None:
    bench = Bench()
    bench.at("+CMGF=1")
    bench.at('+CSCS="UCS2"')
    bench.at("+CSMP=49,167,0,8")
    bench.write(f'AT+CMGS="{TO.encode("utf-16-be").hex()}"\r')
    bench.write("día".encode("utf-16-be").hex() + CTRL_Z)
    assert bench.read() == ["> ", "+CMGS: 68", "OK"]
    entry = bench.network.record.texts()[0]
    assert (entry["to"], entry["text"], entry["encoding"], entry["validity_s"]) == (TO, "día", "ucs2", 86400)


def test_a_written_message_is_sent_from_memory() -> None:
    bench = Bench()
    bench.write(f"AT+CMGW={LENGTH}\r{PDU}{CTRL_Z}")
    assert bench.read() == ["> ", "+CMGW: 1", "OK"]
    assert bench.at("+CMSS=1") == ["+CMSS: 68", "OK"]
    assert bench.at("+CMSS=2") == ["+CMS ERROR: 321"]
    assert bench.taken == 1


# ------------------------------------------------------------------------------------------------------- faults of send


def test_no_prompt_and_a_late_one_that_swallows_what_came_meanwhile() -> None:
    bench = Bench()
    bench.fault("no_prompt")
    assert bench.at(f"+CMGS={LENGTH}") == []
    assert bench.at("") == ["OK"]
    bench.fault("late_prompt", delay=5)
    assert bench.at(f"+CMGS={LENGTH}") == []
    bench.write("AT\r")
    bench.clock.advance(5)
    assert bench.read() == ["> "]
    bench.write(ESC)
    assert bench.read() == ["OK"]
    assert bench.at("") == ["OK"]


def test_an_error_before_the_prompt_and_one_after_a_text_that_was_taken() -> None:
    bench = Bench()
    bench.fault("prompt_error", text="+CMS ERROR: 38")
    assert bench.at(f"+CMGS={LENGTH}") == ["+CMS ERROR: 38"]
    bench.fault("submit_error", taken=True)
    bench.fault("submit_error", text="ERROR")
    assert (bench.send(), bench.taken) == (["+CMS ERROR: 500"], 1)
    assert (bench.send(), bench.taken) == (["ERROR"], 1)
    assert bench.send()[-1] == "OK"


@pytest.mark.parametrize("taken", [True, False])
def test_silence_after_the_message_and_an_answer_that_comes_late(taken: bool) -> None:
    bench = Bench()
    bench.fault("silence", taken=taken, late_s=40)
    assert bench.send() == []
    assert bench.taken == int(taken)
    assert bench.at("") == ["OK"]
    bench.clock.advance(40)
    assert bench.read() == (["+CMGS: 68", "OK"] if taken else ["+CMS ERROR: 500"])
    bench.fault("silence", blocked_s=60)
    assert bench.send() == []
    assert bench.at("") == []
    bench.clock.advance(60)
    assert bench.read() == ["OK"]


def test_faults_strike_as_often_as_they_are_told() -> None:
    bench = Bench()
    bench.fault("command_error", command="+CSQ", count=2, skip=1)
    assert [bench.at("+CSQ")[-1] for _ in range(4)] == ["OK", "+CME ERROR: 14", "+CME ERROR: 14", "OK"]
    bench.fault("command_silence", command="+CREG")
    assert bench.at("+CREG?") == []
    assert bench.at("+CREG?") == ["+CREG: 0,1", "OK"]
    bench.fault("command_error", probability=0.5, count=None, text="ERROR")
    results = [bench.at("")[0] for _ in range(200)]
    assert 60 < results.count("ERROR") < 140


def test_references_of_firmware_that_repeats_them() -> None:
    bench = Bench(reference_fixed=7)
    assert bench.send() == bench.send() == ["+CMGS: 7", "OK"]
    bench = Bench(reference_next=9)
    bench.fault("repeat_reference", skip=1)
    assert [bench.send()[0] for _ in range(3)] == ["+CMGS: 9", "+CMGS: 9", "+CMGS: 10"]


# ------------------------------------------------------------------------------------------------------------------ PIN


def test_a_wrong_pin_costs_a_try_and_the_third_asks_for_the_puk() -> None:
    bench = Bench(pin="1234")
    bench.at("+CMEE=1")
    assert bench.at("+CPIN?") == ["+CPIN: SIM PIN", "OK"]
    assert bench.at("+CMGS=10") == ["+CMS ERROR: 311"]
    assert bench.at('+CPIN="0000"') == ["+CME ERROR: 16"]
    assert bench.at("+CPINR")[0] == "+CPINR: SIM PIN,2,3"
    bench.at('+CPIN="0000"')
    assert bench.at('+CPIN="0000"') == ["+CME ERROR: 12"]
    assert bench.at("+CPIN?") == ["+CPIN: SIM PUK", "OK"]
    assert bench.at("+CMGS=10") == ["+CMS ERROR: 316"]
    bench.modem.reboot()
    assert bench.at("+CPIN?")[1] == "+CPIN: SIM PUK"
    assert bench.at('+CPIN="12345678","4321"')[1] == "OK"
    assert bench.at("+CPIN?")[1] == "+CPIN: READY"


def test_the_right_pin_opens_the_sim() -> None:
    bench = Bench(pin="1234")
    assert bench.at('+CPIN="1234"') == ["OK"]
    assert bench.send() == ["+CMGS: 68", "OK"]
    bench.modem.reboot()
    assert bench.at("+CPIN?")[1] == "+CPIN: SIM PIN"


# ------------------------------------------------------------------------------------- left by others, and never quiet


def test_results_as_digits_and_no_results() -> None:
    bench = Bench()
    bench.write("ATV0\r")
    assert bench.said == b"0\r"
    bench.read()
    assert bench.at("+CSQ") == ["+CSQ: 20,99", "0"]
    assert bench.at("+NOSUCH") == ["4"]
    assert bench.at("Q1") == []
    assert bench.at("+CSQ") == ["+CSQ: 20,99"]
    assert bench.at("Q0V1E0") == ["OK"]


def test_another_program_reads_its_own_answers() -> None:
    bench = Bench()
    bench.modem.meddle("AT+CMGF=1")
    assert bench.read() == []
    assert bench.at("+CMGF?") == ["+CMGF: 1", "OK"]
    bench.modem.meddle("AT+CSQ", heard=True)
    assert bench.read() == ["+CSQ: 20,99", "OK"]


def test_one_command_a_line_and_text_mode_alone() -> None:
    bench = Bench(joins=False, text_mode_only=True)
    assert bench.at("+CMGF=0;+CMGF?") == ["ERROR"]
    assert bench.at("E0V1") == ["OK"]
    assert bench.at("+CMGF=0") == ["+CMS ERROR: 303"]
    bench.modem.reboot()
    bench.read()
    bench.write("ATE0\r")
    bench.read()
    assert bench.at("+CMGF?") == ["+CMGF: 1", "OK"]
    assert bench.at("+CMGF=?") == ["+CMGF: (1)", "OK"]


def test_an_answer_takes_its_time() -> None:
    bench = Bench()
    bench.modem.settings.answer_s = 1.2
    bench.write("AT+CSQ\rAT\r")
    bench.clock.advance(1.1)
    assert bench.read() == []
    bench.clock.advance(0.2)
    assert bench.read() == ["+CSQ: 20,99", "OK"]
    bench.clock.advance(1.2)
    assert bench.read() == ["OK"]


def test_chatter_ends_by_the_makers_command_and_waits_for_a_prompt_to_close() -> None:
    bench = Bench("huawei", noise=(), chatter=("^RSSI:1", "^RSSI:2"), chatter_s=1.0)
    bench.clock.advance(3.1)
    assert bench.read() == ["^RSSI:1", "^RSSI:2", "^RSSI:1"]
    assert bench.at(f"+CMGS={LENGTH}") == ["> "]
    bench.clock.advance(1.0)
    assert bench.read() == []
    bench.write(ESC)
    assert bench.read() == ["^RSSI:2", "OK"]
    bench.at("^CURC=0")
    bench.clock.advance(5.0)
    assert bench.read() == []


def test_a_sim_that_is_read_for_a_while() -> None:
    bench = Bench()
    bench.modem.settings.sim_wait_s = 15.0
    bench.modem.reboot()
    bench.write("ATE0+CMEE=1\r")
    bench.read()
    assert bench.at("+CPIN?") == ["+CPIN: NOT READY", "OK"]
    assert bench.at("+CIMI") == ["+CME ERROR: 10"]
    bench.clock.advance(15.0)
    assert bench.read() == ["+CPIN: READY"]
    assert bench.at("+CPIN?") == ["+CPIN: READY", "OK"]


def test_a_radio_that_searches_until_it_is_restarted() -> None:
    bench = Bench(searching_until="cfun")
    assert bench.at("+CREG?") == ["+CREG: 0,2", "OK"]
    assert bench.at("+COPS=0") == ["OK"]
    assert bench.at("+CREG?") == ["+CREG: 0,2", "OK"]
    assert bench.at("+CFUN=0;+CFUN=1") == ["OK"]
    assert bench.at("+CREG?") == ["+CREG: 0,1", "OK"]
    bench.modem.radio, bench.modem.settings.radio_off = False, 7
    assert bench.at("+CFUN?;+CREG?") == ["+CFUN: 7", "+CREG: 0,0", "OK"]


def test_an_error_behind_the_answer() -> None:
    bench = Bench()
    bench.fault("stray_error", delay_s=0.5)
    assert bench.send() == ["+CMGS: 68", "OK"]
    bench.clock.advance(0.5)
    assert bench.read()[0] == "+CMS ERROR: 500"
    assert bench.taken == 1
