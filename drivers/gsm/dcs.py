"""TP-DCS, the data coding scheme of an SMS (3GPP 23.038 §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Alphabet = Literal["gsm7", "8bit", "ucs2"]
Indication = Literal["voicemail", "fax", "email", "other"]


@dataclass(frozen=True, slots=True)
class Coding:
    """What one octet of TP-DCS says."""

    alphabet: Alphabet
    compressed: bool = False
    """Compressed by 23.042: user data that only a decompressor can read."""
    message_class: int | None = None
    """0 display at once, do not store (flash); 1 to the phone; 2 to the SIM; 3 to the terminal."""
    auto_delete: bool = False
    waiting: Indication | None = None
    """What a message waiting indication is about."""
    waiting_active: bool = False
    discard: bool = False
    """A message waiting indication whose text need not be kept."""


# 0b11 is reserved: any reserved coding is to be taken for the default alphabet.
_ALPHABETS: Final[tuple[Alphabet, ...]] = ("gsm7", "8bit", "ucs2", "gsm7")
_INDICATIONS: Final[tuple[Indication, ...]] = ("voicemail", "fax", "email", "other")


def _coding(octet: int) -> Coding:
    group = octet >> 4
    if group < 0x8:  # general data coding; 0x4_ to 0x7_ the same, for automatic deletion
        return Coding(
            alphabet=_ALPHABETS[octet >> 2 & 0b11],
            compressed=bool(octet & 0x20),
            message_class=octet & 0b11 if octet & 0x10 else None,
            auto_delete=group >= 0x4,
        )
    if group < 0xC:  # reserved
        return Coding("gsm7")
    if group < 0xF:
        return Coding(
            alphabet="ucs2" if group == 0xE else "gsm7",
            waiting=_INDICATIONS[octet & 0b11],
            waiting_active=bool(octet & 0x08),
            discard=group == 0xC,
        )
    return Coding("8bit" if octet & 0x04 else "gsm7", message_class=octet & 0b11)


CODINGS: Final = tuple(_coding(octet) for octet in range(256))
"""Meaning of every TP-DCS octet."""

DERIVED: Final = -1
"""Stands for the octet that alphabet and class give by themselves."""


def octet_for(alphabet: Alphabet, *, flash: bool = False) -> int:
    """TP-DCS in the general group: no class, or class 0."""
    return _ALPHABETS.index(alphabet) << 2 | (0x10 if flash else 0)
