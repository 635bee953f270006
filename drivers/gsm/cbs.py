"""Strings of USSD and cell broadcast (3GPP 23.038 §5, §6.1.2.3): octets of `+CUSD` into text, and back.

Such a string has no length of its own, so seven spare bits at its end could be read as an `@`: they are filled with a
CR, and a text that ends in CR on an octet boundary gets another.
"""

from __future__ import annotations

from typing import Final

from drivers.gsm.alphabet import decode7, encode7
from drivers.gsm.dcs import CODINGS
from drivers.gsm.septet import pack, unpack
from drivers.gsm.udh import decode_ucs2

_CR: Final = b"\r"
_LANGUAGE_7BIT: Final = 0x10
_LANGUAGE_UCS2: Final = 0x11


def encode_string(text: str) -> bytes:
    """Packed septets with CR filling; ValueError if `text` does not fit the default alphabet."""
    septets = encode7(text)
    if len(septets) % 8 == 7 or (septets and len(septets) % 8 == 0 and septets.endswith(_CR)):
        septets += _CR
    return pack(septets)


def decode_string(octets: bytes, dcs: int = 0x0F) -> str:
    """Text of `octets` by a cell broadcast data coding scheme (0x0F: language unspecified, 7-bit); never raises."""
    if dcs == _LANGUAGE_UCS2:
        return decode_ucs2(octets[2:])  # two septets of language in two octets, then text
    coding = CODINGS[dcs & 0xFF] if 0x40 <= dcs <= 0x7F or dcs >= 0xF0 else CODINGS[0]
    if coding.alphabet == "ucs2":
        return decode_ucs2(octets)
    if coding.alphabet == "8bit":
        return octets.decode("latin-1")
    septets = unpack(octets, len(octets) * 8 // 7)
    if len(septets) % 8 == 0 and septets.endswith(_CR):
        septets = septets[:-1]
    text = decode7(septets)
    return text[3:] if dcs == _LANGUAGE_7BIT else text  # language code and CR
