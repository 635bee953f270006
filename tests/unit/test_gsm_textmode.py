"""Text mode: what is written for a message, and what is read of one."""

from __future__ import annotations

import pytest

from drivers.gsm import pdu, textmode
from drivers.gsm.pdu import PduError

TO_UCS2 = "002B0035003400390031"
REPORT = '49,17,"+5491155550001",145,"26/11/30,10:00:00-12","26/11/30,10:00:05-12"'


def test_what_is_written_for_a_message() -> None:
    written = textmode.submission("+5491", "Hola €", "gsm7", None)
    assert written == textmode.Submission("33,167,0,0", f'"{TO_UCS2}",145', "0048006F006C0061002020AC")
    assert textmode.submission("5491", "ñ 📶", "ucs2", 7200) == textmode.Submission(
        "49,23,0,8", '"0035003400390031",129', "00F10020D83DDCF6"
    )


@pytest.mark.parametrize(
    ("address", "text", "encoding"),
    [
        ("+5491", "á", "gsm7"),
        ("+5491", "a", "gsm7-es"),
        ("Banco", "a", "gsm7"),
        ('1",145\r', "a", "gsm7"),
        ("²", "a", "gsm7"),
    ],
)
def test_what_text_mode_cannot_carry(address: str, text: str, encoding: str) -> None:
    with pytest.raises(PduError):
        textmode.submission(address, text, encoding, None)


def test_a_report() -> None:
    report = textmode.report(f"{REPORT},0")
    assert report is not None
    assert (report.reference, report.recipient, report.outcome) == (17, "+5491155550001", "delivered")
    assert report.discharged_at is not None
    assert report.discharged_at.isoformat() == "2026-11-30T10:00:05-03:00"
    assert textmode.received(f'"REC READ",{REPORT},70', "") == textmode.report(f"{REPORT},70")


@pytest.mark.parametrize("fields", ["", "6", "6,300,1,2,3,4,0", f"{REPORT},999", f"{REPORT},x", "6,²,1,2,3,4,0"])
def test_what_is_no_report(fields: str) -> None:
    assert textmode.report(fields) is None


def test_a_message_with_the_headers_in_full() -> None:
    head = f'"REC UNREAD","{TO_UCS2}",,"26/11/30,10:00:00-12",145,4,0,0,"+5411",145,4'
    message = textmode.received(head, "0048006F006C0061")
    assert isinstance(message, pdu.Deliver)
    assert (message.sender, message.text, message.concat) == ("+5491", "Hola", None)
    assert message.at is not None
    assert message.at.isoformat() == "2026-11-30T10:00:00-03:00"


@pytest.mark.parametrize("encoding", ["ucs2", "gsm7"])
def test_a_part_of_a_long_message(encoding: str) -> None:
    original = pdu.Deliver("+5491", "Señal ñ", None, pdu.Concat(7, 3, 2), encoding=encoding)  # type: ignore[arg-type]
    octets = bytes.fromhex(original.encode()[0])
    body = octets[-(len("Señal ñ") * 2 + 6) :] if encoding == "ucs2" else octets[-13:]
    scheme = 8 if encoding == "ucs2" else 0
    head = f'"REC READ","+5491",,"26/11/30,10:00:00-12",145,68,0,{scheme},"+5411",145,20'
    message = textmode.received(head, body.hex())
    assert isinstance(message, pdu.Deliver)
    assert message.text == "Señal ñ"
    assert message.concat == pdu.Concat(7, 3, 2)


@pytest.mark.parametrize("header", ["", "1", '"REC READ","x"', '"REC READ",,,'])
def test_headers_that_say_nothing(header: str) -> None:
    message = textmode.received(header, "zz")
    assert message is None or isinstance(message, pdu.Deliver)
    assert textmode.received('"REC READ","+5491",,"99/99/99,99:99:99+99",145,68,0,8', "05000307") is None
