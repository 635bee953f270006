"""G.711 µ-law (ITU-T G.711 §2), as far as tests need it: a tone to send, and whether what came is silence."""

from __future__ import annotations

import math
from typing import Final

RATE: Final = 8000
BIAS, CLIP = 0x84, 32635


def encode(sample: int) -> int:
    """A 16-bit sample as one octet."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), CLIP) + BIAS
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


def decode(octet: int) -> int:
    octet = ~octet & 0xFF
    magnitude = ((octet & 0x0F) << 3 | BIAS) << (octet >> 4 & 7)
    return (BIAS - magnitude) if octet & 0x80 else magnitude - BIAS


def tone(seconds: float, loudness: int = 9000) -> bytes:
    """A voice, as far as a detector of loudness can tell."""
    return bytes(
        encode(int(loudness * math.sin(n * 0.35) * (0.6 + 0.4 * math.sin(n / 90)))) for n in range(int(RATE * seconds))
    )


QUIET: Final = 64
"""Amplitude below which nobody hears anything: 54 dB under full scale."""

_LOUD: Final = bytes(int(abs(decode(octet)) > QUIET) for octet in range(256))


def silent(payload: bytes) -> bool:
    return 1 not in payload.translate(_LOUD)
