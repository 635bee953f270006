"""User data and its header (3GPP 23.040 §9.2.3.24): text, concatenation, national language tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from drivers.gsm.alphabet import decode7, encode7
from drivers.gsm.dcs import Coding
from drivers.gsm.semioctet import PduError
from drivers.gsm.septet import pack, unpack
from drivers.gsm.tables import LOCKING, SINGLE, SPANISH

MAX_OCTETS: Final = 140

_CONCAT: Final = 0x00
_WIDE_CONCAT: Final = 0x08
_SINGLE_SHIFT: Final = 0x24
_LOCKING_SHIFT: Final = 0x25
_SPANISH_SHIFT: Final = bytes((_SINGLE_SHIFT, 1, SPANISH))

UserDataEncoding = Literal["gsm7", "gsm7-es", "gsm7-national", "ucs2", "8bit", "compressed"]
"""`gsm7-national`: with a Turkish or Portuguese table; `8bit` and `compressed` have octets but no text."""


@dataclass(frozen=True, slots=True)
class Concat:
    """Where a part belongs: reference, number of parts, this part's number from 1 (§9.2.3.24.1, §9.2.3.24.8).

    `wide` is the 16-bit form; a reference above 255 always is.
    """

    reference: int
    total: int
    number: int
    wide: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.reference <= 0xFFFF:
            raise PduError(f"concatenation reference {self.reference} is not within 0 to 65535")
        if not 1 <= self.number <= self.total <= 255:
            raise PduError(f"part {self.number} of {self.total} cannot be")
        if self.reference > 0xFF and not self.wide:
            object.__setattr__(self, "wide", True)

    def element(self) -> bytes:
        """The information element: identifier, length, data."""
        if self.wide:
            return bytes((_WIDE_CONCAT, 4, self.reference >> 8, self.reference & 0xFF, self.total, self.number))
        return bytes((_CONCAT, 3, self.reference, self.total, self.number))


def encode_user_data(text: str, encoding: str, concat: Concat | None, data: bytes = b"") -> tuple[bool, bytes]:
    """Whether there is a header (TP-UDHI), and TP-UDL with TP-UD."""
    header = concat.element() if concat is not None else b""
    if encoding == "gsm7-es":
        header += _SPANISH_SHIFT
    if header:
        header = bytes((len(header),)) + header
    if encoding in ("gsm7", "gsm7-es"):
        try:
            septets = encode7(text, shift=encoding == "gsm7-es")
        except ValueError as error:
            raise PduError(str(error)) from None
        # The text begins at the first septet boundary after the header: the header is packed as so many zero septets,
        # which puts in the fill bits, and then laid over them.
        room = (len(header) * 8 + 6) // 7
        count = room + len(septets)
        if count > MAX_OCTETS * 8 // 7:
            raise PduError(f"{len(septets)} septets and a header of {len(header)} octets do not fit one message")
        packed = pack(bytes(room) + septets)
        return bool(header), bytes((count,)) + header + packed[len(header) :]
    if encoding == "ucs2":
        body = text.encode("utf-16-be", "surrogatepass")
    elif encoding in ("8bit", "compressed"):
        body = data
    else:
        raise PduError(f"cannot encode {encoding!r}")
    if len(header) + len(body) > MAX_OCTETS:
        raise PduError(f"{len(body)} octets and a header of {len(header)} octets do not fit one message")
    return bool(header), bytes((len(header) + len(body),)) + header + body


@dataclass(frozen=True, slots=True)
class UserData:
    """What TP-UD holds: a text, or the octets after the header where they are no text."""

    text: str
    encoding: UserDataEncoding
    concat: Concat | None = None
    data: bytes = b""


def decode_user_data(octets: bytes, start: int, coding: Coding, has_header: bool) -> UserData:
    """TP-UDL and TP-UD at `start`; octets after them are left alone (some SIMs pad their records)."""
    if start >= len(octets):
        raise PduError("truncated before the user data length")
    length = octets[start]
    in_septets = coding.alphabet == "gsm7" and not coding.compressed
    size = (length * 7 + 7) // 8 if in_septets else length
    if size > MAX_OCTETS:
        raise PduError(f"user data of {size} octets, {MAX_OCTETS} at most are allowed")
    body = octets[start + 1 : start + 1 + size]
    if len(body) < size:
        raise PduError(f"truncated inside the user data: {len(body)} of {size} octets")
    header_size = 0
    elements: dict[int, bytes] = {}
    if has_header:
        header_size = body[0] + 1 if body else 0
        if header_size > size or not body:
            raise PduError("the user data header is longer than the user data")
        elements = _elements(body[1:header_size])
    concat = _concat(elements) if elements else None
    if coding.compressed:
        return UserData("", "compressed", concat, body[header_size:])
    if in_septets:
        single = _language(elements.get(_SINGLE_SHIFT), SINGLE) if elements else 0
        locking = _language(elements.get(_LOCKING_SHIFT), LOCKING) if elements else 0
        septets = unpack(body, length)[(header_size * 8 + 6) // 7 :]
        text = decode7(septets, single_shift=single, locking_shift=locking)
        if not single and not locking:
            return UserData(text, "gsm7", concat)
        return UserData(text, "gsm7-es" if single == SPANISH and not locking else "gsm7-national", concat)
    if coding.alphabet == "ucs2":
        return UserData(decode_ucs2(body[header_size:]), "ucs2", concat)
    return UserData("", "8bit", concat, body[header_size:])


def decode_ucs2(octets: bytes) -> str:
    """Text of UTF-16BE; half characters and NUL (which some stores refuse) become U+FFFD."""
    return octets.decode("utf-16-be", "replace").replace("\0", "\ufffd")


def _elements(header: bytes) -> dict[int, bytes]:
    """Information elements by identifier, the last of each; none where their lengths do not add up (§9.2.3.24)."""
    elements: dict[int, bytes] = {}
    position = 0
    while position < len(header):
        if position + 2 > len(header):
            return {}
        end = position + 2 + header[position + 1]
        if end > len(header):
            return {}
        elements[header[position]] = header[position + 2 : end]
        position = end
    return elements


def _concat(elements: dict[int, bytes]) -> Concat | None:
    """An element of wrong length, or one that counts to 0 or beyond its total, is as if it were not there."""
    wide = elements.get(_WIDE_CONCAT)
    if wide is not None and len(wide) == 4 and 1 <= wide[3] <= wide[2]:
        return Concat(wide[0] << 8 | wide[1], wide[2], wide[3], wide=True)
    narrow = elements.get(_CONCAT)
    if narrow is not None and len(narrow) == 3 and 1 <= narrow[2] <= narrow[1]:
        return Concat(narrow[0], narrow[1], narrow[2])
    return None


def _language(element: bytes | None, known: dict[int, str] | dict[int, dict[int, str]]) -> int:
    return element[0] if element is not None and len(element) == 1 and element[0] in known else 0
