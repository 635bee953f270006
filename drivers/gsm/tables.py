"""The 7-bit alphabets of 3GPP 23.038: the default one (§6.2.1) and the national language tables (annex A).

A *main* (locking) table is a string of 128 characters in which `ESC` stands at 0x1B. An *extension* (single shift)
table maps the septet that follows an escape to its character.
"""

from __future__ import annotations

from typing import Final

ESC: Final = 0x1B

_DIGITS: Final = "0123456789:;<=>?"
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"

DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./" + _DIGITS + "¡" + _UPPER + "ÄÖÑÜ§¿" + _LOWER + "äöñüà"
)
"""GSM 7-bit default alphabet, §6.2.1. 0x09 is Ç (capital); Unicode's own mapping file and old phones disagree."""

TURKISH_LOCKING: Final = (
    "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ !\"#¤%&'()*+,-./" + _DIGITS + "İ" + _UPPER + "ÄÖÑÜ§ç" + _LOWER + "äöñüà"
)
"""§A.3.1."""

PORTUGUESE_LOCKING: Final = (
    "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ !\"#º%&'()*+,-./" + _DIGITS + "Í" + _UPPER + "ÃÕÚÜ§~" + _LOWER + "ãõ`üà"
)
"""§A.3.3."""

EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""Extension of the default alphabet, §6.2.1.1; the national single shift tables contain it whole."""

TURKISH_SINGLE: Final = EXTENSION | {
    0x47: "Ğ",
    0x49: "İ",
    0x53: "Ş",
    0x63: "ç",
    0x67: "ğ",
    0x69: "ı",
    0x73: "ş",
}
"""§A.2.1."""

SPANISH_SINGLE: Final = EXTENSION | {
    0x09: "ç",
    0x41: "Á",
    0x49: "Í",
    0x4F: "Ó",
    0x55: "Ú",
    0x61: "á",
    0x69: "í",
    0x6F: "ó",
    0x75: "ú",
}
"""§A.2.2."""

PORTUGUESE_SINGLE: Final = EXTENSION | {
    0x05: "ê",
    0x09: "ç",
    0x0B: "Ô",
    0x0C: "ô",
    0x0E: "Á",
    0x0F: "á",
    0x12: "Φ",
    0x13: "Γ",
    0x15: "Ω",
    0x16: "Π",
    0x17: "Ψ",
    0x18: "Σ",
    0x19: "Θ",
    0x1F: "Ê",
    0x41: "À",
    0x49: "Í",
    0x4F: "Ó",
    0x55: "Ú",
    0x5B: "Ã",
    0x5C: "Õ",
    0x61: "Â",
    0x69: "í",
    0x6F: "ó",
    0x75: "ú",
    0x7B: "ã",
    0x7C: "õ",
    0x7F: "â",
}
"""§A.2.3."""

TURKISH: Final = 1
SPANISH: Final = 2
PORTUGUESE: Final = 3
"""National language identifiers, §6.2.1.2.4. Others are read as if no table had been named (23.040 §9.2.3.24.15)."""

LOCKING: Final = {0: DEFAULT, TURKISH: TURKISH_LOCKING, PORTUGUESE: PORTUGUESE_LOCKING}
SINGLE: Final = {0: EXTENSION, TURKISH: TURKISH_SINGLE, SPANISH: SPANISH_SINGLE, PORTUGUESE: PORTUGUESE_SINGLE}

DEFAULT_CHARACTERS: Final = frozenset(DEFAULT.replace("\x1b", "")) | frozenset(EXTENSION.values())
"""Every character that a text in the default alphabet may have."""
