"""Text mode (CMGF=1, 27.005 §3): messages written out, for modems that have no PDU mode. Pure.

Texts travel as UCS2 in hex (CSCS), which no result code, ESC or Ctrl-Z can be mistaken for. A part of a long message
needs a header that text mode makes only sometimes, so only single messages are sent; what is received is read whole
where the modem shows its headers in full (CSDH=1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from drivers.gsm import at
from drivers.gsm.alphabet import fits_gsm7
from drivers.gsm.dcs import CODINGS
from drivers.gsm.pdu import Deliver, PduError, StatusReport
from drivers.gsm.udh import decode_user_data
from drivers.gsm.validity import relative_octet

_SUBMIT, _REPORT, _RELATIVE, _HEADER = 0x01, 0x20, 0x10, 0x40
"""Bits of TP's first octet (23.040 §9.2.3.1 and what follows it)."""
_ONE_DAY: Final = 167
_UCS2: Final = 8
_TIME: Final = re.compile(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a single message takes: AT+CSMP, the rest of AT+CMGS, and the text as it is written into the prompt."""

    parameters: str
    address: str
    body: str


def to_ucs2(text: str) -> str:
    return text.encode("utf-16-be", "surrogatepass").hex().upper()


def from_ucs2(text: str) -> str:
    """Returns what the digits say; what is no UCS2 in hex stands for itself."""
    if not at.is_hex(text) or len(text) % 4:
        return text
    return bytes.fromhex(text).decode("utf-16-be", "replace")


def submission(address: str, text: str, encoding: str, validity_s: int | None) -> Submission:
    """Raises `PduError` for what text mode cannot carry."""
    if encoding not in ("gsm7", "ucs2") or (encoding == "gsm7" and not fits_gsm7(text)):
        raise PduError(f"text mode has no {encoding}")
    if not address.lstrip("+").isascii() or not address.lstrip("+").isdigit():
        raise PduError("the destination is not a number")
    first = _SUBMIT | _REPORT | (_RELATIVE if validity_s is not None else 0)
    validity = _ONE_DAY if validity_s is None else relative_octet(validity_s)
    kind = 145 if address.startswith("+") else 129
    return Submission(
        f"{first},{validity},0,{_UCS2 if encoding == 'ucs2' else 0}", f'"{to_ucs2(address)}",{kind}', to_ucs2(text)
    )


def report(fields: str) -> StatusReport | None:
    """Reads `<fo>,<mr>,<ra>,<tora>,<scts>,<dt>,<st>`; None if it is not that."""
    values = at.split_fields(fields.strip())
    reference, status = (at.number(values[place]) if len(values) > place else None for place in (1, 6))
    if reference is None or reference > 255 or status is None or status > 255:
        return None
    return StatusReport(reference, _number(values[2]), status, _time(values[4]), _time(values[5]))


def received(header: str, body: str) -> Deliver | StatusReport | None:
    """Reads an answer of +CMGR (`<stat>` and what follows); None if it cannot be read."""
    values = at.split_fields(header)
    if len(values) > 1 and at.number(values[1]) is not None and not body:
        return report(header.partition(",")[2])
    if len(values) < 4:
        return None
    first, coding = (at.number(values[place]) if len(values) > place else None for place in (5, 7))
    sender, sent_at = _number(values[1]), _time(values[3])
    if first is None or not first & _HEADER or not at.is_hex(body):
        return Deliver(sender, from_ucs2(body), sent_at)
    octets = bytes.fromhex(body)
    scheme = CODINGS[(coding or 0) & 0xFF]
    length = len(octets) * 8 // 7 if scheme.alphabet == "gsm7" and not scheme.compressed else len(octets)
    try:
        content = decode_user_data(bytes((min(length, 255),)) + octets, 0, scheme, has_header=True)
    except PduError:
        return None
    return Deliver(sender, content.text, sent_at, content.concat)


def _number(text: str) -> str:
    """A number or name, as itself or as UCS2 in hex: then all of its groups begin with two zeros."""
    groups = [text[n : n + 2] for n in range(0, len(text), 4)]
    return from_ucs2(text) if groups and set(groups) == {"00"} else text


def _time(text: str) -> datetime | None:
    """`yy/MM/dd,hh:mm:ss±zz`, the zone in quarters of an hour; None for what is no time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, quarters = map(int, found.groups())
    try:
        zone = timezone(timedelta(minutes=15 * quarters))
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
