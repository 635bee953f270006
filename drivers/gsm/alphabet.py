"""Texts in septets and UTF-16 units, and their split into the parts of an SMS (3GPP 23.038, 23.040 §9.2.3.24).

Pure. What a text costs (`segments`), what is sent (`split`) and what goes over the air (`drivers.gsm.pdu`) come from
here alone, so that price and PDU agree.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from drivers.gsm.septet import pack, unpack
from drivers.gsm.tables import DEFAULT, ESC, EXTENSION, LOCKING, SINGLE, SPANISH, SPANISH_SINGLE
from drivers.gsm.transliteration import transliterate

__all__ = [
    "MAX_PARTS",
    "Encoding",
    "Split",
    "decode7",
    "encode7",
    "fits_gsm7",
    "pack",
    "segments",
    "septets",
    "split",
    "transliterate",
    "unpack",
]

Encoding = Literal["gsm7", "gsm7-es", "ucs2"]
"""How the parts of an SMS are coded; `gsm7-es` is GSM 7-bit with the Spanish single shift table (23.038 §A.2.2)."""

MAX_PARTS: Final = 255
"""A concatenation header counts parts in one octet (23.040 §9.2.3.24.1)."""

_SINGLE_UNITS: Final = {"gsm7": 160, "gsm7-es": 155, "ucs2": 70}
_PART_UNITS: Final = {
    # 140 octets less the user data header: concatenation 6 octets, or 7 with a 16-bit reference; shift table 3 more.
    ("gsm7", False): 153,
    ("gsm7", True): 152,
    ("gsm7-es", False): 149,
    ("gsm7-es", True): 148,
    ("ucs2", False): 67,
    ("ucs2", True): 66,
}
_ESCAPE: Final = b"\x1b"

# ------------------------------------------------------------------------------------------------- text into septets

_AT_MARK: Final = 0x80


def _marks(extension: dict[int, str]) -> str:
    """Charmap of *marked* septets, for speed: one byte a character, an extension character as its septet | 0x80.

    CPython keeps a charmap in its fast form only if NUL is at 0; so `@` is marked too, and NUL is refused afterwards.
    """
    marked = ["\ufffe"] * 256
    for septet, char in extension.items():
        if char not in DEFAULT:  # what both have takes one septet
            marked[_AT_MARK | septet] = char
    marked[:128] = DEFAULT.replace("\x1b", "\ufffe")
    marked[0], marked[_AT_MARK] = "\0", DEFAULT[0]
    return "".join(marked)


_CODEC: Final = {
    shift: codecs.charmap_build(_marks(table)) for shift, table in ((False, EXTENSION), (True, SPANISH_SINGLE))
}
_ONE_SEPTET: Final = bytes(range(_AT_MARK + 1))


def _marked(text: str, shift: bool) -> bytes | None:
    try:
        marked = codecs.charmap_encode(text, "strict", _CODEC[shift])[0]
    except UnicodeEncodeError:
        return None
    return None if b"\0" in marked else marked


def _coded(text: str, shift: bool) -> bytes | None:
    """Septets of `text`, None where it does not fit."""
    coded = _marked(text, shift)
    if coded is None or coded.isascii():
        return coded
    for mark in set(coded.translate(None, _ONE_SEPTET)):
        coded = coded.replace(bytes((mark,)), bytes((ESC, mark & 0x7F)))
    return coded.replace(b"\x80", b"\0")


def fits_gsm7(text: str, *, shift: bool = False) -> bool:
    """Whether every character is in the default alphabet or its extension (`shift`: or the Spanish shift table)."""
    return _marked(text, shift) is not None


def septets(text: str, *, shift: bool = False) -> int | None:
    """How many septets `text` takes without any header, an extension character taking two; None if it does not fit."""
    marked = _marked(text, shift)
    return None if marked is None else len(marked) + len(marked.translate(None, _ONE_SEPTET))


def encode7(text: str, *, shift: bool = False) -> bytes:
    """Septets of `text`, one a byte; ValueError names the first character that does not fit."""
    coded = _coded(text, shift)
    if coded is None:
        stranger = next(char for char in text if not fits_gsm7(char, shift=shift))
        raise ValueError(f"{stranger!r} is not in the GSM 7-bit alphabet")
    return coded


# ------------------------------------------------------------------------------------------------- septets into text

_UNDEFINED: Final = "\ufffd"
_UNKNOWN_MARK: Final = bytes(range(128)) + b"\x80" * 128  # no extension has septet 0
_BLIND: Final = re.compile(rb"\x1b(?:\x1b|\Z)")


@lru_cache(maxsize=64)
def _decoding(locking_shift: int, single_shift: int) -> tuple[tuple[tuple[bytes, bytes], ...], str]:
    """Replacements of each escape pair by one mark (its septet | 0x80), and the charmap of septets and marks."""
    main = LOCKING.get(locking_shift, DEFAULT)
    extension = SINGLE.get(single_shift, EXTENSION)
    marks = "".join(extension.get(septet, _UNDEFINED) for septet in range(128))
    return tuple((bytes((ESC, septet)), bytes((septet | 0x80,))) for septet in extension), main + marks


def decode7(septets: bytes, *, single_shift: int = 0, locking_shift: int = 0) -> str:
    """Text of septets (one a byte), as a phone shows it; never raises, bytes above 0x7F become U+FFFD.

    `single_shift` and `locking_shift` are national language identifiers (0 none, 1 Turkish, 2 Spanish, 3 Portuguese);
    unknown ones are read as none. An escape before a code that the extension lacks is dropped, two escapes are a
    space, and so is one at the end (23.038 §6.2.1, §6.2.1.1).
    """
    pairs, charmap = _decoding(locking_shift, single_shift)
    if not septets.isascii():
        septets = septets.translate(_UNKNOWN_MARK)
    if _ESCAPE in septets:
        septets = _BLIND.sub(b" ", septets)  # leftmost first, so that a third escape begins a pair of its own
        for pair, mark in pairs:
            septets = septets.replace(pair, mark)
        septets = septets.translate(None, _ESCAPE)
    return codecs.charmap_decode(septets, "replace", charmap)[0]


# ------------------------------------------------------------------------------------------------------- into parts


@dataclass(frozen=True, slots=True)
class Split:
    """A text as it goes over the air: `parts` in order (at least one), `units` septets or UTF-16 units in all."""

    encoding: Encoding
    parts: tuple[str, ...]
    units: int


def split(
    text: str,
    encoding: Literal["auto", "gsm7", "ucs2"] = "auto",
    *,
    shift: bool = False,
    wide_reference: bool = False,
) -> Split:
    """Code and cut `text`; ValueError if it takes more than 255 parts.

    `auto` takes GSM 7-bit where the text fits it; else, with `shift`, the Spanish shift table where that fits; else
    UCS-2. `gsm7` transliterates what does not fit. Several parts have 153 septets each
    (149 with the shift table) or 67 UTF-16 units, one less with `wide_reference` (16-bit concatenation reference). An
    escape pair or a surrogate pair is never cut.
    """
    result: Split | None = None
    if encoding == "gsm7":
        result = _split7(encode7(transliterate(text)), "gsm7", wide_reference)
    elif encoding == "auto":
        coded = _coded(text, shift=False)
        if coded is not None:
            result = _split7(coded, "gsm7", wide_reference)
        elif shift and (coded := _coded(text, shift=True)) is not None:
            # Never more parts than UCS-2: even all letters escaped, 74 of them make a part, and 77 a message.
            result = _split7(coded, "gsm7-es", wide_reference)
    result = result or _split16(text, wide_reference)
    _bounded(len(result.parts))
    return result


def segments(
    text: str,
    encoding: Literal["auto", "gsm7", "ucs2"] = "auto",
    *,
    shift: bool = False,
    wide_reference: bool = False,
) -> int:
    """`len(split(…).parts)`, without the cutting where that can be told from lengths alone."""
    length = len(text)
    if encoding == "auto" and (length <= 35 or (length <= 70 and text.isascii())):
        return 1  # even in UCS-2
    if encoding == "gsm7":
        text = transliterate(text)
    alphabet: Literal["gsm7", "gsm7-es"] = "gsm7"
    count = septets(text) if encoding != "ucs2" else None
    if count is None and shift and encoding == "auto":
        alphabet, count = "gsm7-es", septets(text, shift=True)
    if count is None:
        return _bounded(_ucs2_parts(text, wide_reference))
    if count <= _SINGLE_UNITS[alphabet]:
        return 1
    if count == len(text):
        return _bounded(-(-count // _PART_UNITS[alphabet, wide_reference]))
    coded = encode7(text, shift=alphabet == "gsm7-es")
    return _bounded(len(_cuts7(coded, alphabet, wide_reference)) - 1)


def _bounded(parts: int) -> int:
    if parts > MAX_PARTS:
        raise ValueError(f"the text takes {parts} parts, {MAX_PARTS} at most can be sent")
    return parts


def _cuts7(coded: bytes, encoding: Literal["gsm7", "gsm7-es"], wide_reference: bool) -> list[int]:
    """Where parts begin in the septets, and the end."""
    total = len(coded)
    if total <= _SINGLE_UNITS[encoding]:
        return [0, total]
    room = _PART_UNITS[encoding, wide_reference]
    cuts = [0]
    while cuts[-1] < total:
        end = min(cuts[-1] + room, total)
        if end < total and coded[end - 1] == ESC:  # an escape goes with the septet after it
            end -= 1
        cuts.append(end)
    return cuts


def _split7(coded: bytes, encoding: Literal["gsm7", "gsm7-es"], wide_reference: bool) -> Split:
    single_shift = SPANISH if encoding == "gsm7-es" else 0
    cuts = _cuts7(coded, encoding, wide_reference)
    parts = tuple(decode7(coded[start:end], single_shift=single_shift) for start, end in pairwise(cuts))
    return Split(encoding, parts, len(coded))


def _cuts16(units: bytes, wide_reference: bool) -> list[int]:
    """Octet offsets in UTF-16BE where parts begin, and the end."""
    total = len(units)
    if total <= 2 * _SINGLE_UNITS["ucs2"]:
        return [0, total]
    room = 2 * _PART_UNITS["ucs2", wide_reference]
    cuts = [0]
    while cuts[-1] < total:
        end = min(cuts[-1] + room, total)
        if end < total and units[end - 2] & 0xFC == 0xD8 and units[end] & 0xFC == 0xDC:
            end -= 2
        cuts.append(end)
    return cuts


def _ucs2_parts(text: str, wide_reference: bool) -> int:
    return len(_cuts16(text.encode("utf-16-be", "surrogatepass"), wide_reference)) - 1


def _split16(text: str, wide_reference: bool) -> Split:
    units = text.encode("utf-16-be", "surrogatepass")
    cuts = _cuts16(units, wide_reference)
    parts = tuple(units[start:end].decode("utf-16-be", "surrogatepass") for start, end in pairwise(cuts))
    return Split("ucs2", parts, len(units) // 2)
