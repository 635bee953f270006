"""Text mode (CMGF=1, 27.005 §3): the same messages written out, in the character set of CSCS (27.007 §5.5)."""

from __future__ import annotations

from datetime import datetime

from drivers.gsm import pdu as codec
from drivers.gsm.alphabet import decode7, encode7, fits_gsm7, pack, unpack
from drivers.gsm.simulator.card import STATUS_NAMES, StoredMessage
from drivers.gsm.validity import RELATIVE_S

_UCS2_GROUP = 0x08
"""Bits of TP-DCS that say 16-bit text (23.038 §4)."""


def to_charset(text: str, charset: str) -> str:
    """`text` as the modem prints it; what the set lacks becomes a question mark."""
    if charset == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    if charset in ("GSM", "HEX", "HEX7"):
        septets = encode7("".join(each if fits_gsm7(each) else "?" for each in text))
        if charset == "GSM":
            return septets.decode("latin-1")
        return (septets if charset == "HEX" else pack(septets)).hex().upper()
    return text.encode("ascii" if charset == "IRA" else "latin-1", "replace").decode("latin-1")


def from_charset(text: str, charset: str) -> str:
    """What the host meant; ValueError where it is not in that set. Text that is no hex stands for itself."""
    if charset in ("UCS2", "HEX", "HEX7"):
        try:
            octets = bytes.fromhex(text)
        except ValueError:
            return text
        if charset == "UCS2":
            return octets.decode("utf-16-be")
        return decode7(octets if charset == "HEX" else unpack(octets, len(octets) * 8 // 7)).rstrip("\r@")
    if charset == "GSM":
        return decode7(text.encode("latin-1"))
    return text


def submit_pdu(number: str, text: str, charset: str, csmp: tuple[int, str, int, int]) -> str:
    """The SMS-SUBMIT that CMGS in text mode makes; ValueError where the text does not fit one message."""
    first, validity, pid, dcs = csmp
    said = from_charset(text.replace("\r", "\n"), charset)
    ucs2 = dcs & 0x0C == _UCS2_GROUP
    if not ucs2 and not fits_gsm7(said):
        raise ValueError("not in the GSM alphabet")
    relative = first & 0x18 == 0x10 and validity.isdigit()
    message = codec.Submit(
        from_charset(number, charset) if charset == "UCS2" else number,
        said,
        "ucs2" if ucs2 else "gsm7",
        report=bool(first & 0x20),
        validity_s=RELATIVE_S[int(validity) % 256] if relative else None,
        pid=pid,
    )
    try:
        return message.encode()[0]
    except codec.PduError as error:
        raise ValueError(str(error)) from None


def _time(at: datetime | None) -> str:
    """`yy/MM/dd,hh:mm:ss±zz`, the zone in quarters of an hour."""
    if at is None:
        return ""
    offset = at.utcoffset()
    quarters = round(offset.total_seconds() / 900) if offset is not None else 0
    return f"{at:%y/%m/%d,%H:%M:%S}{quarters:+03d}"


def _type(number: str) -> int:
    return 145 if number.startswith("+") else 129


def _body(text: str, data: bytes, charset: str) -> str:
    return data.hex().upper() if data else to_charset(text, charset).replace("\n", "\r\n")


def _report_fields(report: codec.StatusReport) -> str:
    return (
        f'6,{report.reference},"{report.recipient}",{_type(report.recipient)},'
        f'"{_time(report.submitted_at)}","{_time(report.discharged_at)}",{report.status}'
    )


def routed(kind: str, pdu: str, charset: str) -> tuple[str, ...]:
    """+CMT or +CDS."""
    message = codec.decode(pdu)
    if isinstance(message, codec.StatusReport):
        return (f"+CDS: {_report_fields(message)}",)
    assert isinstance(message, codec.Deliver), kind
    sender = to_charset(message.sender, charset) if charset == "UCS2" else message.sender
    return f'+CMT: "{sender}",,"{_time(message.at)}"', _body(message.text, message.data, charset)


def _written(head: str, stored: StoredMessage, charset: str) -> tuple[str, ...]:
    message = codec.decode(stored.pdu, direction="from_mobile" if stored.kind == "submit" else "to_mobile")
    status = f'{head}"{STATUS_NAMES[stored.status]}"'
    if isinstance(message, codec.StatusReport):
        return (f"{status},{_report_fields(message)}",)
    number = message.destination if isinstance(message, codec.Submit) else message.sender
    shown_number = to_charset(number, charset) if charset == "UCS2" else number
    times = "" if isinstance(message, codec.Submit) else f',"{_time(message.at)}"'
    return f'{status},"{shown_number}",{times}', _body(message.text, message.data, charset)


def listed(index: int, stored: StoredMessage, charset: str) -> tuple[str, ...]:
    """One message of +CMGL."""
    return _written(f"+CMGL: {index},", stored, charset)


def shown(stored: StoredMessage, charset: str) -> tuple[str, ...]:
    """The message of +CMGR."""
    return _written("+CMGR: ", stored, charset)
