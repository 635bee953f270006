"""Pictures that people upload: a PNG is read, checked and written anew, so that nothing but pixels is kept.

Only the chunks that pixels need survive (PNG, third edition, §11): no text, no profile, no trailing bytes. Whatever it
says of itself is bounded before anything is inflated.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _

BYTES_MAX: Final = 524_288
"""Of an upload; a logo has some ten thousand."""
SIDE_MAX: Final = 2_000
RAW_MAX: Final = 16 << 20
"""Bytes of its pixels once inflated."""

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
"""Bits of a sample that a type of colour may have (§11.2.1)."""
_ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of each pass of an interlaced picture: where it begins and its steps (§8.1)."""


def rewritten(data: bytes) -> bytes:
    """Returns the picture written anew. UsageError says what is wrong with one that is no PNG, too large or damaged."""
    if len(data) > BYTES_MAX:
        raise UsageError(_("the picture is larger than {limit} kB").format(limit=BYTES_MAX // 1024))
    if not data.startswith(SIGNATURE):
        raise UsageError(_("the picture is no PNG: save it as PNG and upload it again"))
    header, palette, clear, pixels = _parts(data)
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise UsageError(_("the picture is larger than {side} by {side} points").format(side=SIDE_MAX))
    odd = bool(compression or filtering) or interlace > 1 or (colour == 3 and not palette)
    if odd or depth not in _DEPTHS.get(colour, ()):
        raise _damaged()
    expected = _raw_bytes(width, height, depth * _CHANNELS[colour], interlaced=bool(interlace))
    if expected > RAW_MAX:
        raise UsageError(_("the picture is larger than {side} by {side} points").format(side=SIDE_MAX))
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(pixels, expected + 1)
    except zlib.error:
        raise _damaged() from None
    if len(raw) != expected:
        raise _damaged()
    chunks = [(b"IHDR", header)]
    if palette:
        chunks.append((b"PLTE", palette))
    if clear:
        chunks.append((b"tRNS", clear))
    chunks += [(b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_written(kind, body) for kind, body in chunks)


def _parts(data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Returns header, palette, transparency and compressed pixels."""
    header = palette = clear = b""
    pixels: list[bytes] = []
    for kind, body in _chunks(data):
        if not header and kind != b"IHDR":
            raise _damaged()
        match kind:
            case b"IHDR" if not header and len(body) == 13:
                header = body
            case b"PLTE" if not palette and len(body) % 3 == 0 and 0 < len(body) <= 768:
                palette = body
            case b"tRNS" if not clear and len(body) <= 256:
                clear = body
            case b"IDAT":
                pixels.append(body)
            case b"IHDR" | b"PLTE" | b"tRNS":
                raise _damaged()
            case b"IEND":
                return header, palette, clear, b"".join(pixels)
    raise _damaged()


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields type and content of each chunk whose checksum is right."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            raise _damaged()
        kind, body = data[at + 4 : at + 8], data[at + 8 : end]
        if struct.unpack_from(">I", data, end)[0] != zlib.crc32(kind + body):
            raise _damaged()
        yield kind, body
        at = end + 4


def _raw_bytes(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Returns how many bytes the filtered rows have: each begins with the filter's number."""
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _written(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _damaged() -> UsageError:
    return UsageError(_("the picture is damaged: save it anew and upload it again"))
