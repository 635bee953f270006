"""Simulated modems that freeze, reboot, garble and differ by brand; settings; what the network reads and keeps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.gsm import pdu as codec
from drivers.gsm.alphabet import split
from drivers.gsm.simulator.brands import BRANDS
from drivers.gsm.simulator.envelope import EnvelopeError, read_submit, status_report
from drivers.gsm.simulator.process import GsmSimulator
from drivers.gsm.simulator.settings import make_fault
from drivers.simulation.settings import SettingError
from tests.peers.bench import ESC, TO, Bench

# ------------------------------------------------------------------------------------------------ power, freezing, wire


def test_a_silent_reboot_loses_settings_and_says_nothing() -> None:
    bench = Bench("simcom")
    bench.at("+CNMI=2,1,0,1,0")
    bench.modem.reboot(silent=True)
    assert bench.read() == []
    assert bench.at("+CNMI?") == ["AT+CNMI?", "+CNMI: 0,0,0,0,0", "OK"]
    bench.modem.reboot(silent=False)
    assert bench.read()[0] == "RDY"


def test_a_modem_that_boots_hears_nothing() -> None:
    bench = Bench()
    bench.modem.settings.boot_s = 10
    bench.modem.reboot(silent=True)
    assert bench.at("") == []
    bench.clock.advance(10)
    assert bench.at("E0") == ["ATE0", "OK"]


def test_a_frozen_modem_is_woken_by_time_or_by_cfun() -> None:
    bench = Bench()
    bench.modem.freeze(seconds=30)
    assert bench.at("") == []
    bench.clock.advance(30)
    assert bench.at("") == ["OK"]
    bench.modem.freeze(cfun=True)
    assert bench.at("") == []
    bench.at("+CFUN=1,1")
    assert bench.at("") == ["AT", "OK"]


def test_what_was_on_its_way_while_a_modem_froze_is_taken_but_not_answered() -> None:
    bench = Bench(latency_s=3)
    bench.send()
    bench.modem.freeze()
    bench.clock.advance(3)
    assert (bench.read(), bench.taken) == ([], 1)


def test_noise_and_bytes_that_are_no_text_come_before_results() -> None:
    bench = Bench(noise=["OK see you", "RING"])
    assert bench.at("") == ["RING", "OK"]
    assert bench.at("") == ["OK see you", "OK"]
    bench = Bench()
    bench.fault("noise", lines=["^RSSI:17", '+CMTI: "SM",3'])
    assert bench.send() == ["+CMGS: 68", "^RSSI:17", '+CMTI: "SM",3', "OK"]
    bench.fault("garbage", hex="fffe80")
    bench.write("AT\r")
    assert bench.said == b"\xff\xfe\x80\r\nOK\r\n"


def test_the_wire_may_cut_delay_and_lose() -> None:
    bench = Bench(line_end="\r\r\n")
    bench.write("AT\r")
    assert bench.said == b"\r\r\nOK\r\r\n"
    bench = Bench(chunk=1, chunk_delay_s=0.1)
    bench.clock.advance(10)
    bench.read()
    bench.write("AT\rAT\r")
    bench.clock.advance(0.35)
    assert bench.writes == [b"\r", b"\n", b"O", b"K"]
    bench.clock.advance(10)
    assert bench.said == b"\r\nOK\r\n" * 2
    bench = Bench(drop_probability=0.5)
    bench.write("AT\r" * 100)
    assert 150 < len(bench.said) < 450


# --------------------------------------------------------------------------------------------------------------- brands


@pytest.mark.parametrize("brand", sorted(BRANDS))
def test_every_brand_sends(brand: str) -> None:
    bench = Bench(brand, noise=[])
    bench.at("E0")
    bench.at("+CMGF=0")
    assert bench.send() == ["+CMGS: 68", "OK"]


@pytest.mark.parametrize(
    ("brand", "command", "answer"),
    [
        ("wavecom", "+CPIN?", ["+CPIN: READY"]),
        ("wavecom", "+CGMI", [" WAVECOM MODEM", "OK"]),
        ("wavecom", "+CLAC", ["ERROR"]),
        ("huawei", "+NOSUCH", ["COMMAND NOT SUPPORT"]),
        ("huawei", "^CPIN?", ["^CPIN: READY,10,10,3,10,3", "OK"]),
        ("zte", "+ZPAS?", ['+ZPAS: "UMTS","CS_PS"', "OK"]),
        ("nokia", "+CNMI=2,1", ["ERROR"]),
        ("nokia", "+CPMS=?", ["+CPMS: (),(),()", "OK"]),
        ("nokia", "+CGMR", ["V ICPR72_08w44.1", "24-11-08", "RM-348", "(c) Nokia", "OK"]),
        ("nokia", "+CMGL=4", ["ERROR"]),
        ("siemens", "+CMGD=1,4", ["+CMS ERROR: 303"]),
        ("siemens", "^SPIC", ["^SPIC: 3", "OK"]),
        ("simcom", "+SPIC", ["+SPIC: 3,3,10,10", "OK"]),
        ("quectel", '+QPINC="SC"', ['+QPINC: "SC",3,10', "OK"]),
        ("sierra", "+CMGR=1", ["OK"]),
    ],
)
def test_quirks_of_brands(brand: str, command: str, answer: list[str]) -> None:
    assert Bench(brand, noise=[]).at(command) == answer


def test_huawei_ends_its_own_answers_with_an_extra_return() -> None:
    bench = Bench("huawei", noise=[])
    bench.write("AT^CURC=0\r")
    assert bench.said == b"\r\r\nOK\r\r\n"


def test_wavecom_is_busy_after_cfun() -> None:
    bench = Bench("wavecom")
    assert bench.at("+CFUN=1") == ["OK"]
    assert [bench.at("+CSQ")[-1] for _ in range(3)] == ["+CMS ERROR: 515", "+CMS ERROR: 515", "OK"]


def test_qualcomm_wants_its_pin_first_is_busy_at_csca_and_loses_the_smsc_to_csmp() -> None:
    bench = Bench("qualcomm", pin="1234")
    assert bench.at("Z")[-1] == "ERROR"
    bench.at('+CPIN="1234"')
    bench.at("E0")
    assert bench.at("+CMEE=1") == ["OK"]
    assert bench.at("+CSCA?") == bench.at("+CSCA?") == ["+CME ERROR: 14"]
    assert bench.at("+CSCA?")[0] == '+CSCA: "+541151740056",145'
    bench.at("+CSMP=49,167,0,0")
    assert bench.at("+CSCA?")[0] == '+CSCA: "",129'
    assert bench.send() == ["+CMS ERROR: 330"]


# ------------------------------------------------------------------------------------------- settings, envelope, record


@pytest.mark.parametrize(
    "values",
    [{"nosuch": 1}, {"latency_s": "3"}, {"report": "perhaps"}, {"capacity": 1.5}, {"noise": [1]}, {"rssi": True}],
)
def test_settings_that_cannot_be_are_named(values: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(values)).removesuffix("_s")):
        GsmSimulator(1, settings=values)


def test_faults_that_cannot_be_are_named() -> None:
    with pytest.raises(SettingError, match="nosuch"):
        make_fault("nosuch", {})
    with pytest.raises(SettingError, match="colour"):
        make_fault("silence", {"colour": "red"})


@given(
    text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300),
    reference=st.integers(0, 255),
    status=st.integers(0, 255),
    to=st.from_regex(r"\+?[1-9][0-9]{2,14}", fullmatch=True),
    smsc=st.sampled_from(["", "+541151740056", "541151740056"]),
    report=st.booleans(),
    validity=st.sampled_from([None, 300, 86400]),
)
def test_the_network_reads_envelopes_as_the_codec_writes_them(
    text: str, reference: int, status: int, to: str, smsc: str, report: bool, validity: int | None
) -> None:
    cut = split(text)
    for number, part in enumerate(cut.parts, 1):
        concat = codec.Concat(reference, len(cut.parts), number) if len(cut.parts) > 1 else None
        submit = codec.Submit(
            to, part, cut.encoding, concat=concat, report=report, smsc=smsc or None, validity_s=validity
        )
        pdu, length = submit.encode()
        envelope = read_submit(pdu, length)
        assert (envelope.wants_report, envelope.smsc) == (report, bool(smsc))
        written = codec.decode(
            status_report(smsc, reference, envelope.address, submitted=10**9, discharged=10**9 + 5, status=status)
        )
        assert isinstance(written, codec.StatusReport)
        assert (written.recipient, written.reference, written.status, written.smsc) == (
            to,
            reference,
            status,
            smsc or None,
        )
        assert written.submitted_at is not None
        assert written.submitted_at.timestamp() == 10**9


@given(st.binary(max_size=60))
def test_no_octets_break_the_network(octets: bytes) -> None:
    try:
        read_submit(octets.hex())
    except EnvelopeError:
        return
    codec.decode(octets.hex(), direction="from_mobile")


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_no_input_breaks_a_modem(writes: list[bytes]) -> None:
    bench = Bench()
    for data in writes:
        bench.modem.feed(data)
    bench.write(f"{ESC}\r")
    bench.clock.advance(100)
    bench.modem.reboot()
    bench.read()
    assert bench.at("") == ["AT", "OK"]


def test_the_record_joins_parts_and_shows_duplicates() -> None:
    bench = Bench()
    cut = split("factura " * 40)
    pdus = [
        codec.Submit(TO, part, "gsm7", concat=codec.Concat(9, len(cut.parts), number)).encode()
        for number, part in enumerate(cut.parts, 1)
    ]
    for each in (*reversed(pdus), pdus[0]):
        bench.send(*each)
    whole, again = bench.network.record.joined()
    assert (whole["text"], whole["complete"], whole["parts"]) == ("factura " * 40, True, 3)
    assert (again["complete"], again["parts"], again["seqs"]) == (False, 1, [4])
