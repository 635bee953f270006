"""Septets into octets and back (3GPP 23.038 §6.1.2.1.1): the first septet in the low bits of the first octet.

Eight septets make seven octets, so whole groups are moved at once by masks over one big integer; that is several times
faster than a loop over septets.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=64)
def _masks(groups: int) -> tuple[int, int, int, int, int, int]:
    """For `groups` lanes of 64 bits: low and high halves of 14, 28 and 56 bits, as they stand when spread."""

    def every(lane: int, octets: int) -> int:
        return int.from_bytes(lane.to_bytes(octets, "little") * (groups * 8 // octets), "little")

    return (
        every(0x007F, 2),
        every(0x7F00, 2),
        every(0x00003FFF, 4),
        every(0x3FFF0000, 4),
        every(0x000000000FFFFFFF, 8),
        every(0x0FFFFFFF00000000, 8),
    )


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Octets of `septets` (one a byte, below 0x80) after `fill_bits` (0 to 7) zero bits, zero-filled at the end."""
    if not septets.isascii():
        raise ValueError("a septet is above 0x7F")
    count = len(septets)
    groups = (count + 7) // 8
    low7, high7, low14, high14, low28, high28 = _masks(groups)
    bits = int.from_bytes(septets, "little")
    bits = (bits & low7) | (bits & high7) >> 1
    bits = (bits & low14) | (bits & high14) >> 2
    bits = (bits & low28) | (bits & high28) >> 4
    lanes = bytearray(bits.to_bytes(groups * 8, "little"))
    del lanes[7::8]
    if fill_bits:
        shifted = int.from_bytes(lanes, "little") << fill_bits
        return shifted.to_bytes((count * 7 + fill_bits + 7) // 8, "little")
    return bytes(lanes[: (count * 7 + 7) // 8])


def unpack(data: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first `count` septets of `data` after `fill_bits` (0 to 7) bits, one a byte; ValueError if too few."""
    if count * 7 + fill_bits > len(data) * 8:
        raise ValueError(f"{len(data)} octets do not hold {count} septets")
    if fill_bits:
        data = (int.from_bytes(data, "little") >> fill_bits).to_bytes(len(data), "little")
    groups = (count + 7) // 8
    low7, high7, low14, high14, low28, high28 = _masks(groups)
    whole = data[: groups * 7].ljust(groups * 7, b"\0")
    lanes = bytearray(groups * 8)
    for octet in range(7):
        lanes[octet::8] = whole[octet::7]
    bits = int.from_bytes(lanes, "little")
    bits = (bits & low28) | (bits << 4 & high28)
    bits = (bits & low14) | (bits << 2 & high14)
    bits = (bits & low7) | (bits << 1 & high7)
    return bits.to_bytes(groups * 8, "little")[:count]
