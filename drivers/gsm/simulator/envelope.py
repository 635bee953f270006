"""The octets of a PDU that a modem and a service centre look at, read and written as hex.

A service centre routes by the envelope and never opens the text, so this module does not either: it is what makes a
submit cheap, and it is written apart from the driver's codec so that the two can be held against each other.
Source: 3GPP 23.040 §9.2.2 (layouts), §9.1.2.5 (addresses); 27.005 §3.1 (the service centre's address in front).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

SUBMIT, DELIVER, STATUS_REPORT = 0x01, 0x00, 0x02
_VALIDITY_OCTETS = {0x00: 0, 0x08: 7, 0x10: 1, 0x18: 7}
"""Length of TP-VP by the bits of TP-VPF: none, enhanced, relative, absolute."""


class EnvelopeError(ValueError):
    """The octets do not make a TPDU of the kind that was asked for."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Of an SMS-SUBMIT: what the network needs in order to take it and to report on it."""

    smsc: bool
    """Whether the PDU names its own service centre."""
    reference: int
    address: str
    """TP-DA as hex: number of digits, type of number, digits."""
    wants_report: bool


def read_submit(pdu: str, tp_length: int | None = None) -> Envelope:
    """Read a submit as it is written after the prompt; `tp_length` is what the command announced.

    Raises `EnvelopeError` for everything that modems answer with `+CMS ERROR: 304` (invalid PDU mode parameter).
    """
    try:
        octets = bytes.fromhex(pdu)
    except ValueError:
        raise EnvelopeError("not hex") from None
    if len(octets) < 2:
        raise EnvelopeError("empty")
    start = octets[0] + 1
    size = len(octets) - start
    if tp_length is not None and size != tp_length:
        raise EnvelopeError(f"{tp_length} octets announced, {size} came")
    try:
        first = octets[start]
        if first & 0x03 != SUBMIT:
            raise EnvelopeError("not an SMS-SUBMIT")
        digits = octets[start + 2]
        address_end = start + 4 + (digits + 1) // 2
        if not 0 < digits <= 20:
            raise EnvelopeError(f"a number of {digits} digits")
        coding = octets[address_end + 1]
        text = address_end + 2 + _VALIDITY_OCTETS[first & 0x18]
        length = octets[text]
    except IndexError:
        raise EnvelopeError("cut short") from None
    # 23.038 §4: general groups 00xx and the message-waiting and class groups of 11xx tell 7-bit from octets.
    seven_bit = coding & 0x0C == 0 if coding < 0x80 else coding & 0xF4 == 0xF0 or coding & 0xF0 in (0xC0, 0xD0)
    if len(octets) - text - 1 != ((length * 7 + 7) // 8 if seven_bit else length):
        raise EnvelopeError("TP-UDL does not agree with the octets that follow")
    return Envelope(
        octets[0] != 0, octets[start + 1], octets[start + 2 : address_end].hex().upper(), bool(first & 0x20)
    )


def semi_octets(digits: str) -> str:
    """Digits with each pair swapped, filled with F (23.040 §9.1.2.3)."""
    padded = digits + "F" * (len(digits) % 2)
    return "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))


@lru_cache(maxsize=64)
def service_centre(number: str) -> str:
    """The service centre's address as it stands before a TPDU: octets, type of number, digits; `00` for none."""
    if not number:
        return "00"
    digits = number.lstrip("+")
    body = semi_octets(digits)
    return f"{len(body) // 2 + 1:02X}{'91' if number.startswith('+') else '81'}{body}"


@lru_cache(maxsize=8)
def timestamp(second: int) -> str:
    """TP-SCTS of a Unix time in this machine's zone (23.040 §9.2.3.11)."""
    at = time.localtime(second)
    quarters = abs(at.tm_gmtoff) // 900
    zone = f"{quarters % 10:X}{quarters // 10 | (8 if at.tm_gmtoff < 0 else 0):X}"
    return semi_octets(time.strftime("%y%m%d%H%M%S", at)) + zone


def status_report(smsc: str, reference: int, address: str, *, submitted: int, discharged: int, status: int) -> str:
    """An SMS-STATUS-REPORT for a submit whose TP-DA was `address` (23.040 §9.2.2.3), with its service centre."""
    return f"{service_centre(smsc)}06{reference:02X}{address}{timestamp(submitted)}{timestamp(discharged)}{status:02X}"
