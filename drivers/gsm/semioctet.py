"""Semi-octets, addresses and timestamps of a PDU (3GPP 23.040 §9.1.2.3, §9.1.2.5, §9.2.3.11); the codec's one error."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from drivers.gsm.alphabet import decode7, encode7
from drivers.gsm.septet import pack, unpack


class PduError(ValueError):
    """A PDU that cannot be read, or values that no PDU can bear; the text says which and why."""


_SWAPPED: Final = bytes((octet & 0x0F) << 4 | octet >> 4 for octet in range(256))
_DIGITS_OF_HEX: Final = str.maketrans("abcdef", "*#abc\0")
_HEX_OF_DIGITS: Final = str.maketrans("*#abc", "abcde")
_DIALLED: Final = re.compile(r"\+?[0-9*#]{1,20}")
_DIALLABLE: Final = re.compile(r"[0-9*#abc]{1,20}")

_INTERNATIONAL: Final = 0x91
_UNKNOWN: Final = 0x81
ALPHANUMERIC: Final = 0xD0
"""Type-of-address octets: type of number 1, 0 and 5, with the ISDN plan where there is one (§9.1.2.5)."""


def _bcd(digits: str) -> bytes:
    if len(digits) % 2:
        digits += "f"
    return bytes.fromhex(digits.translate(_HEX_OF_DIGITS)).translate(_SWAPPED)


def type_of(address: str) -> int:
    """Type-of-address octet that `address` has by its looks: `+` international, digits unknown, else alphanumeric."""
    if _DIALLED.fullmatch(address) or not address:
        return _INTERNATIONAL if address[:1] == "+" else _UNKNOWN
    return ALPHANUMERIC


@lru_cache(maxsize=4096)
def encode_address(address: str, toa: int) -> bytes:
    """Length in semi-octets, type, value (§9.1.2.5), as in TP-DA, TP-OA and TP-RA."""
    if toa & 0x70 == ALPHANUMERIC & 0x70:
        try:
            septets = encode7(address)
        except ValueError as error:
            raise PduError(f"alphanumeric address {address!r}: {error}") from None
        if len(septets) > 11:
            raise PduError(f"alphanumeric address {address!r} takes {len(septets)} septets, 11 at most fit")
        return bytes(((len(septets) * 7 + 3) // 4, toa)) + pack(septets)
    digits = address.removeprefix("+")
    if address and not _DIALLABLE.fullmatch(digits):
        raise PduError(f"address {address!r} is not 1 to 20 digits")
    return bytes((len(digits), toa)) + _bcd(digits)


@lru_cache(maxsize=256)
def encode_smsc(smsc: str | None) -> bytes:
    """Service centre address as it precedes the TPDU on the AT interface (27.005 §3.1); None is the modem's own."""
    if not smsc:
        return b"\0"
    digits = smsc.removeprefix("+")
    if not _DIALLABLE.fullmatch(digits):
        raise PduError(f"service centre {smsc!r} is not 1 to 20 digits")
    value = bytes((_INTERNATIONAL if smsc[0] == "+" else _UNKNOWN,)) + _bcd(digits)
    return bytes((len(value),)) + value


def _number(value: bytes, count: int, toa: int) -> str:
    digits = value.translate(_SWAPPED).hex()[:count]
    if not digits.isdigit():
        digits = digits.translate(_DIGITS_OF_HEX).replace("\0", "")  # 0xF fills
    return "+" + digits if toa & 0x70 == 0x10 and digits else digits


def decode_address(data: bytes, start: int, field: str) -> tuple[str, int, int]:
    """Address, its type octet and the offset after it; `field` names it in a `PduError`."""
    if start + 2 > len(data):
        raise PduError(f"truncated before {field}")
    count, toa = data[start], data[start + 1]
    if count > 20:
        raise PduError(f"{field} of {count} semi-octets, 20 at most are allowed")
    end = start + 2 + (count + 1) // 2
    if end > len(data):
        raise PduError(f"truncated inside {field}")
    value = data[start + 2 : end]
    if toa & 0x70 == ALPHANUMERIC & 0x70:
        return decode7(unpack(value, count * 4 // 7)), toa, end
    return _number(value, count, toa), toa, end


@lru_cache(maxsize=64)
def decode_smsc(data: bytes) -> str | None:
    """Service centre of its octets (type and value, without the length)."""
    return _number(data[1:], len(data) * 2 - 2, data[0]) or None if data else None


# -------------------------------------------------------------------------------------------------------- timestamps

TIMESTAMP_OCTETS: Final = 7
_NO_DIGIT: Final = 10
# A semi-octet that is no digit counts as 0 (§9.2.3.11).
_TWO_DIGITS: Final = bytes(
    (octet & 0x0F if octet & 0x0F < _NO_DIGIT else 0) * 10 + (octet >> 4 if octet >> 4 < _NO_DIGIT else 0)
    for octet in range(256)
)
_QUARTER_S: Final = 900
_FIRST_YEAR: Final = 90
"""Two-digit years from here on are of the century before: the first short message was sent in 1992."""


@lru_cache(maxsize=256)
def _zone(octet: int) -> timezone:
    """Zone of its octet: two swapped digits of quarter hours, the tens' high bit being the sign."""
    quarters = _TWO_DIGITS[octet & 0xF7]
    return timezone(timedelta(seconds=(-quarters if octet & 0x08 else quarters) * _QUARTER_S)) if quarters else UTC


def decode_timestamp(data: bytes, start: int, field: str) -> datetime | None:
    """Time at `start` in its own zone; None where the octets are no date (networks do send zeros)."""
    octets = data[start : start + TIMESTAMP_OCTETS]
    if len(octets) < TIMESTAMP_OCTETS:
        raise PduError(f"truncated inside {field}")
    year, month, day, hour, minute, second, _ = octets.translate(_TWO_DIGITS)
    try:
        return datetime(
            year + (1900 if year >= _FIRST_YEAR else 2000), month, day, hour, minute, second, tzinfo=_zone(octets[6])
        )
    except ValueError:
        return None


def encode_timestamp(at: datetime | None) -> bytes:
    """Seven octets of an aware time between 1990 and 2089, whole seconds, zone to the quarter hour; zeros for None."""
    if at is None:
        return bytes(TIMESTAMP_OCTETS)
    offset = at.utcoffset()
    if offset is None:
        raise PduError(f"{at.isoformat()} has no time zone")
    quarters, rest = divmod(round(offset.total_seconds()), _QUARTER_S)
    if rest:
        at = at.astimezone(timezone(timedelta(seconds=quarters * _QUARTER_S)))
    if not 1990 <= at.year <= 2089 or abs(quarters) > 79:
        raise PduError(f"{at.isoformat()} does not fit a timestamp")
    local = f"{at:%y%m%d%H%M%S}{abs(quarters):02d}"
    octets = bytes.fromhex(local).translate(_SWAPPED)
    return octets[:6] + bytes((octets[6] | 0x08,)) if quarters < 0 else octets
