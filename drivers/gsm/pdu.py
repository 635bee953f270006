"""PDUs of the AT interface: SMS-SUBMIT, SMS-DELIVER, SMS-STATUS-REPORT (3GPP 23.040 §9.2.2, 27.005 §3.1).

Pure values in, hexadecimal out, and back. `encode` gives the hexadecimal digits, service centre octets included, and
the TPDU's length in octets without them, which `AT+CMGS` wants and `+CMT` tells. Values that no PDU can bear, and PDUs
that cannot be read, raise `PduError` and nothing else; a code that no alphabet knows is shown as U+FFFD.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from drivers.gsm import dcs as data_coding
from drivers.gsm import status as status_value
from drivers.gsm.dcs import CODINGS, DERIVED, Alphabet, Coding
from drivers.gsm.semioctet import (
    ALPHANUMERIC,
    TIMESTAMP_OCTETS,
    PduError,
    decode_address,
    decode_smsc,
    decode_timestamp,
    encode_address,
    encode_smsc,
    encode_timestamp,
    type_of,
)
from drivers.gsm.udh import Concat, UserDataEncoding, decode_user_data, encode_user_data
from drivers.gsm.validity import RELATIVE_S, enhanced_s, is_close, relative_octet

__all__ = ["Concat", "Deliver", "Direction", "Pdu", "PduError", "StatusReport", "Submit", "decode"]

Direction = Literal["to_mobile", "from_mobile"]

# First octet, §9.2.3.1 and what follows it.
_DELIVER: Final = 0b00
_SUBMIT: Final = 0b01
_STATUS_REPORT: Final = 0b10
_REJECT_DUPLICATES: Final = 0x04
_NO_MORE_MESSAGES: Final = 0x04
_ENHANCED: Final = 0x08
_RELATIVE: Final = 0x10
_ABSOLUTE: Final = 0x18
_REPORT: Final = 0x20
_HEADER: Final = 0x40

_ALPHABET_OF: Final[dict[str, Alphabet]] = {"gsm7": "gsm7", "gsm7-es": "gsm7", "gsm7-national": "gsm7", "ucs2": "ucs2"}


def _derived_dcs(encoding: str, flash: bool) -> int:
    return data_coding.octet_for(_ALPHABET_OF.get(encoding, "8bit"), flash=flash)


def _coding_for(dcs: int, encoding: str) -> Coding:
    if not 0 <= dcs <= 0xFF:
        raise PduError(f"data coding scheme {dcs} is not an octet")
    coding = CODINGS[dcs]
    fits = coding.compressed if encoding == "compressed" else _ALPHABET_OF.get(encoding, "8bit") == coding.alphabet
    if not fits or (coding.compressed and encoding != "compressed"):
        raise PduError(f"data coding scheme 0x{dcs:02X} is not {encoding}")
    return coding


def _octet(value: int, field: str) -> int:
    if not 0 <= value <= 0xFF:
        raise PduError(f"{field} {value} is not an octet")
    return value


def _hex(smsc: str | None, tpdu: bytes) -> tuple[str, int]:
    return (encode_smsc(smsc) + tpdu).hex().upper(), len(tpdu)


@dataclass(frozen=True, slots=True)
class Submit:
    """SMS-SUBMIT (§9.2.2.2): one part on its way to the network."""

    destination: str
    """`+` and digits, or digits (and `*#`) as dialled."""
    text: str
    encoding: UserDataEncoding
    reference: int = 0
    """TP-MR, modulo 256; most modems put in their own."""
    concat: Concat | None = None
    report: bool = True
    """TP-SRR: whether a status report is wanted."""
    validity_s: int | None = None
    """Relative validity (s), rounded down to a representable one, at least 300; None: the network's default."""
    smsc: str | None = None
    flash: bool = False
    """Class 0: shown at once, not stored."""
    reject_duplicates: bool = False
    valid_until: datetime | None = None
    """Absolute validity (aware, exact to the second). With `validity_s` too, it is taken only where the relative form
    falls more than half an hour short (25 h would be 24): the relative one is what every network honours."""
    pid: int = 0
    dcs: int = DERIVED
    """TP-DCS; left alone, it follows `encoding` and `flash`."""
    data: bytes = b""
    """User data of an `8bit` message."""
    destination_type: int = DERIVED
    """Type-of-address octet; left alone, it follows the looks of `destination`."""

    def __post_init__(self) -> None:
        if self.dcs == DERIVED:
            object.__setattr__(self, "dcs", _derived_dcs(self.encoding, self.flash))
        if self.destination_type == DERIVED:
            object.__setattr__(self, "destination_type", type_of(self.destination))

    def encode(self) -> tuple[str, int]:
        """Hexadecimal PDU and TPDU length; `PduError` if the text does not fit the encoding or one message."""
        _coding_for(self.dcs, self.encoding)
        if not self.destination or self.destination_type & 0x70 == ALPHANUMERIC & 0x70:
            raise PduError(f"destination {self.destination!r} is not a number")
        first = _SUBMIT
        validity = b""
        if self.valid_until is not None and (self.validity_s is None or not is_close(self.validity_s)):
            first |= _ABSOLUTE
            validity = encode_timestamp(self.valid_until)
        elif self.validity_s is not None:
            first |= _RELATIVE
            validity = bytes((relative_octet(self.validity_s),))
        if self.report:
            first |= _REPORT
        if self.reject_duplicates:
            first |= _REJECT_DUPLICATES
        has_header, user_data = encode_user_data(self.text, self.encoding, self.concat, self.data)
        if has_header:
            first |= _HEADER
        tpdu = b"".join(
            (
                bytes((first, self.reference & 0xFF)),
                encode_address(self.destination, _octet(self.destination_type, "type of address")),
                bytes((_octet(self.pid, "protocol identifier"), self.dcs)),
                validity,
                user_data,
            )
        )
        return _hex(self.smsc, tpdu)


@dataclass(frozen=True, slots=True)
class Deliver:
    """SMS-DELIVER (§9.2.2.1): one part received."""

    sender: str
    """`+` and digits, digits as the network gives them, or a name of up to 11 characters."""
    text: str
    at: datetime | None
    """TP-SCTS (aware); None where the network sent no date."""
    concat: Concat | None = None
    smsc: str | None = None
    encoding: UserDataEncoding = "gsm7"
    dcs: int = DERIVED
    """TP-DCS; left alone, it follows `encoding`."""
    pid: int = 0
    data: bytes = b""
    """User data after its header of an `8bit` or `compressed` message, whose `text` is empty."""
    sender_type: int = DERIVED
    """Type-of-address octet; left alone, it follows the looks of `sender`."""

    def __post_init__(self) -> None:
        if self.dcs == DERIVED:
            object.__setattr__(self, "dcs", _derived_dcs(self.encoding, flash=False))
        if self.sender_type == DERIVED:
            object.__setattr__(self, "sender_type", type_of(self.sender))

    @property
    def coding(self) -> Coding:
        """What `dcs` says: alphabet, class, message waiting."""
        return CODINGS[self.dcs]

    def encode(self) -> tuple[str, int]:
        """Hexadecimal PDU and TPDU length, as a modem hands it over."""
        _coding_for(self.dcs, self.encoding)
        has_header, user_data = encode_user_data(self.text, self.encoding, self.concat, self.data)
        tpdu = b"".join(
            (
                bytes((_DELIVER | _NO_MORE_MESSAGES | (_HEADER if has_header else 0),)),
                encode_address(self.sender, _octet(self.sender_type, "type of address")),
                bytes((_octet(self.pid, "protocol identifier"), self.dcs)),
                encode_timestamp(self.at),
                user_data,
            )
        )
        return _hex(self.smsc, tpdu)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """SMS-STATUS-REPORT (§9.2.2.3): what became of one submitted part."""

    reference: int
    """TP-MR of the part."""
    recipient: str
    status: int
    """TP-ST."""
    submitted_at: datetime | None
    discharged_at: datetime | None
    """Aware times of the network; None where it sent no date."""
    smsc: str | None = None
    recipient_type: int = DERIVED

    def __post_init__(self) -> None:
        if self.recipient_type == DERIVED:
            object.__setattr__(self, "recipient_type", type_of(self.recipient))

    @property
    def outcome(self) -> status_value.Outcome:
        """`delivered`, `pending` (the network goes on trying) or `undelivered`."""
        return status_value.outcome(self.status)

    @property
    def reason(self) -> str | None:
        """Why, as one word (`expired_in_network`, `absent` …); None for plain delivery."""
        return status_value.reason(self.status)

    def encode(self) -> tuple[str, int]:
        """Hexadecimal PDU and TPDU length, as a modem hands it over."""
        tpdu = b"".join(
            (
                bytes((_STATUS_REPORT | _NO_MORE_MESSAGES, self.reference & 0xFF)),
                encode_address(self.recipient, _octet(self.recipient_type, "type of address")),
                encode_timestamp(self.submitted_at),
                encode_timestamp(self.discharged_at),
                bytes((_octet(self.status, "status"),)),
            )
        )
        return _hex(self.smsc, tpdu)


Pdu = Deliver | StatusReport | Submit

_MAX_DIGITS: Final = 1024
"""Far above any PDU, or padded SIM record of 176 octets: no garbage of a broken line is worth decoding."""
_MAX_SMSC_OCTETS: Final = 11


def decode(pdu_hex: str, *, direction: Direction = "to_mobile") -> Pdu:
    """What a PDU with its service centre octets says.

    `to_mobile` reads SMS-DELIVER and SMS-STATUS-REPORT, `from_mobile` SMS-SUBMIT (what a simulated modem is given, and
    what a SIM keeps of sent messages). Octets after the user data are ignored. `PduError` says what is wrong.
    """
    if len(pdu_hex) > _MAX_DIGITS:
        raise PduError(f"{len(pdu_hex)} characters are no PDU")
    try:
        octets = bytes.fromhex(pdu_hex)
    except ValueError:
        raise PduError("not an even number of hexadecimal digits") from None
    if not octets:
        raise PduError("empty")
    start = octets[0] + 1
    if start - 1 > _MAX_SMSC_OCTETS:
        raise PduError(f"service centre address of {start - 1} octets, {_MAX_SMSC_OCTETS} at most are allowed")
    if start >= len(octets):
        raise PduError("truncated before the first octet of the TPDU")
    smsc = decode_smsc(octets[1:start])
    first = octets[start]
    kind = first & 0b11
    if direction == "from_mobile":
        if kind != _SUBMIT:
            raise PduError(f"message type {kind} from a mobile is not SMS-SUBMIT")
        return _decode_submit(octets, start, first, smsc)
    if kind == _SUBMIT:
        raise PduError("SMS-SUBMIT-REPORT, which no modem hands over")
    if kind == _STATUS_REPORT:
        return _decode_status_report(octets, start, smsc)
    return _decode_deliver(octets, start, first, smsc)  # the reserved type too, §9.2.3.1


def _pid_and_dcs(octets: bytes, start: int) -> tuple[int, int]:
    if start + 2 > len(octets):
        raise PduError("truncated before the data coding scheme")
    return octets[start], octets[start + 1]


def _decode_deliver(octets: bytes, start: int, first: int, smsc: str | None) -> Deliver:
    sender, sender_type, position = decode_address(octets, start + 1, "the originating address")
    pid, dcs = _pid_and_dcs(octets, position)
    at = decode_timestamp(octets, position + 2, "the service centre's timestamp")
    content = decode_user_data(octets, position + 2 + TIMESTAMP_OCTETS, CODINGS[dcs], bool(first & _HEADER))
    return Deliver(
        sender, content.text, at, content.concat, smsc, content.encoding, dcs, pid, content.data, sender_type
    )


def _decode_status_report(octets: bytes, start: int, smsc: str | None) -> StatusReport:
    if start + 2 > len(octets):
        raise PduError("truncated before the message reference")
    recipient, recipient_type, position = decode_address(octets, start + 2, "the recipient address")
    submitted_at = decode_timestamp(octets, position, "the service centre's timestamp")
    discharged_at = decode_timestamp(octets, position + TIMESTAMP_OCTETS, "the discharge time")
    position += 2 * TIMESTAMP_OCTETS
    if position >= len(octets):
        raise PduError("truncated before the status")
    return StatusReport(
        octets[start + 1], recipient, octets[position], submitted_at, discharged_at, smsc, recipient_type
    )


def _decode_submit(octets: bytes, start: int, first: int, smsc: str | None) -> Submit:
    if start + 2 > len(octets):
        raise PduError("truncated before the message reference")
    destination, destination_type, position = decode_address(octets, start + 2, "the destination address")
    pid, dcs = _pid_and_dcs(octets, position)
    position += 2
    validity_s: int | None = None
    valid_until: datetime | None = None
    form = first & _ABSOLUTE
    if form == _RELATIVE:
        if position >= len(octets):
            raise PduError("truncated before the validity period")
        validity_s = RELATIVE_S[octets[position]]
        position += 1
    elif form == _ABSOLUTE:
        valid_until = decode_timestamp(octets, position, "the validity period")
        position += TIMESTAMP_OCTETS
    elif form == _ENHANCED:
        if position + TIMESTAMP_OCTETS > len(octets):
            raise PduError("truncated inside the validity period")
        validity_s = enhanced_s(octets[position : position + TIMESTAMP_OCTETS])
        position += TIMESTAMP_OCTETS
    coding = CODINGS[dcs]
    content = decode_user_data(octets, position, coding, bool(first & _HEADER))
    return Submit(
        destination=destination,
        text=content.text,
        encoding=content.encoding,
        reference=octets[start + 1],
        concat=content.concat,
        report=bool(first & _REPORT),
        validity_s=validity_s,
        smsc=smsc,
        flash=coding.message_class == 0,
        reject_duplicates=bool(first & _REJECT_DUPLICATES),
        valid_until=valid_until,
        pid=pid,
        dcs=dcs,
        data=content.data,
        destination_type=destination_type,
    )
