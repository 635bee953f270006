"""The line classifier: what a modem's octets mean, however they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.gsm import at


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OK", at.OK),
        ("ERROR", at.ERROR),
        ("COMMAND NOT SUPPORT", at.ERROR),
        ("+CMS ERROR: 500", at.Final("CMS", 500)),
        ("+CME ERROR: 14", at.Final("CME", 14)),
        ("+CMS ERROR:21", at.Final("CMS", 21)),
        ("+CME ERROR: SIM busy", at.Final("CME", 14)),
        ("+CME ERROR: something else", at.Final("CME")),
        # the words of one family are not those of the other
        ("+CMS ERROR: no network service", at.Final("CMS", 331)),
        ("+CME ERROR: no network service", at.Final("CME", 30)),
        ("+CMS ERROR: SIM not inserted", at.Final("CMS", 310)),
        ("+CMS ERROR: Operator determined barring", at.Final("CMS", 8)),
        ("+CMS ERROR: network out of order.", at.Final("CMS", 38)),
        ("+CMS ERROR: 38 ", at.Final("CMS", 38)),
        ("OK see you", None),
        ("NOT OK", None),
        ("ERRORS", None),
        ("ok", None),
        ("+CMS", None),
        ("+CMGS: 12", None),
    ],
)
def test_final_results_are_whole_lines(line: str, expected: at.Final | None) -> None:
    assert at.final(line) == expected


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"\r\nOK\r\n", ["OK"]),
        (b"\r\r\nOK\r\r\n", ["OK"]),
        (b"AT+CMGS=23\r\r\n> ", ["AT+CMGS=23", ">"]),
        (b"\r\n+CMGS: 7\r\n\r\nOK\r\n", ["+CMGS: 7", "OK"]),
        (b'\r\n> \r\n+CMTI: "SM",3\r\n', [">", '+CMTI: "SM",3']),
        (b"\x00\x00\r\nRDY\r\n", ["RDY"]),
        (b"\r\n WAVECOM MODEM\r\n", ["WAVECOM MODEM"]),
        (b"0011000B91\x1a\r\n", ["0011000B91"]),
        (b"\r\n\xff\xfe\x80\r\nOK\r\n", ["\xfe\x80", "OK"]),
        (b"\xff\x00\r\nOK\xff\r\n", ["OK"]),
        (b"\r\n\x00> ", [">"]),
        (b"\r\n\xff\xfe> ", [">"]),
        (b"\r\n>  ", [">"]),
        (b"\r\n>:", [">"]),
        (b"\r\n> \xff\r\nOK\r\n", [">", "OK"]),
        (b"\r\n> \x00\xfe", [">"]),
        (b"OK\n", ["OK"]),
        (b"half", []),
    ],
)
def test_lines_of_a_stream(stream: bytes, lines: list[str]) -> None:
    assert at.Splitter().feed(stream) == lines
    splitter = at.Splitter()
    one_by_one = [line for octet in stream for line in splitter.feed(bytes((octet,)))]
    assert one_by_one == lines


def test_a_line_that_only_begins_like_a_prompt_is_waited_for() -> None:
    splitter = at.Splitter()
    assert splitter.feed(b"\r\n> not a prom") == []
    assert splitter.feed(b"pt\r\n") == ["> not a prompt"]


def _bare(lines: list[str]) -> list[str]:
    return [bare for line in lines if (bare := line.strip(">:" + at._NO_TEXT.decode("latin-1")))]


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_octets_in_any_pieces(pieces: list[bytes]) -> None:
    splitter, whole = at.Splitter(), at.Splitter()
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    assert all(line and line == line.strip(" \t") for line in lines)
    # However it is cut, nothing but the prompt, which has no line end, depends on it.
    assert _bare(lines) == _bare(whole.feed(b"".join(pieces)))
    for line in lines:
        at.final(line)
        at.unsolicited(line)
        at.split_fields(line)
        at.groups(line)


def test_noise_without_an_end_is_dropped() -> None:
    splitter = at.Splitter()
    for _ in range(100):
        assert splitter.feed(b"\xaa" * 1000) == []
    assert splitter.feed(b"\r\nOK\r\n")[-1] == "OK"


@pytest.mark.parametrize(
    ("prefix", "line", "expected"),
    [
        ("+CREG:", "+CREG: 0,1", True),
        ("+CREG:", '+CREG: 2,1,"00A1","1B2C"', True),
        ("+CREG:", "+CREG: 1", False),
        ("+CREG:", '+CREG: 1,"00A1","1B2C"', False),
        ("+CREG:", "+CREG: 5,00A1,1B2C", False),
        ("+CSQ:", "+CSQ: 20,99", True),
        ("+CSQ:", "+CREG: 1", False),
        ("+CPIN:", "+CPIN: READY", True),
    ],
)
def test_answer_or_unsolicited(prefix: str, line: str, expected: bool) -> None:
    assert at.answers(prefix, line) is expected


@pytest.mark.parametrize(
    "line", ["RING", "+PACSP0", '+CMTI: "SM",1', "^RSSI:17", "*PSUTTZ: 1", "+CUSD: 0", "NO CARRIER", "SMS Ready"]
)
def test_unsolicited(line: str) -> None:
    assert at.unsolicited(line)


@pytest.mark.parametrize("line", ["+CMGS: 1", "+CSQ: 1,1", "352099001761481", "Quectel", "+CMS ERROR: 1", "RINGING"])
def test_not_unsolicited(line: str) -> None:
    assert not at.unsolicited(line)


@pytest.mark.parametrize(
    ("header", "pdu", "expected"),
    [
        ("+CMT: ,3", "00AABBCC", True),
        ("+CDS: 3", "00AABBCC", True),
        ("+CDS: 4", "00AABBCC", False),
        ('+CMT: "Ana, la de 3",3', "0191AABBCC", True),
        ("+CMT: nonsense", "00AABBCC", True),
    ],
)
def test_pdu_of_a_header(header: str, pdu: str, expected: bool) -> None:
    assert at.fits(header, pdu) is expected


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('0,"Movistar, Argentina",2', ["0", "Movistar, Argentina", "2"]),
        ("1", ["1"]),
        (",24", ["", "24"]),
        ('"SM",', ["SM", ""]),
        ("", [""]),
        ('"open', ['"open']),
        (' 0 , "a" , 1 ', ["0", "a", "1"]),
    ],
)
def test_fields(text: str, fields: list[str]) -> None:
    assert at.split_fields(text) == fields


def test_groups_of_a_test_answer() -> None:
    assert at.groups("(0-2),(0,1,3),(0),(0-1),(0,1)") == [
        ["0", "1", "2"],
        ["0", "1", "3"],
        ["0"],
        ["0", "1"],
        ["0", "1"],
    ]
    assert at.groups('("SM","ME"),("SM"),()') == [["SM", "ME"], ["SM"], []]
    assert at.groups("nonsense") == []


def test_replies() -> None:
    reply = at.Reply(at.OK, ["junk", '+COPS: 0,0,"Claro AR",2'])
    assert reply.fields("+COPS:") == ["0", "0", "Claro AR", "2"]
    assert reply.value("+CSQ:") is None
    assert reply.fields("+CSQ:") == []
    assert at.Reply(at.OK, ["352099001761481"]).text("+CGSN") == "352099001761481"
    assert at.Reply(at.OK, ['+CGSN: "352099001761481"']).text("+CGSN") == "352099001761481"
    assert at.Reply(at.OK, ["%NITZ: 1", "+XYZ: 2", "^RSSI:9", "huawei"]).text("+CGMI") == "huawei"
    assert at.Reply(at.OK).text("+CGMI") is None
    entries = at.Reply(at.OK, ["+CMGL: 1,0,,3", "00AABBCC", "+CMGL: 2,1,,3", "+CMGL: 3,1,,3", "00DDEEFF", "noise"])
    assert list(entries.entries("+CMGL:")) == [("1,0,,3", "00AABBCC"), ("2,1,,3", ""), ("3,1,,3", "00DDEEFF")]
