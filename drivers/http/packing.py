"""Bodies that a service packs although it was asked not to (RFC 9110 §8.4.1), unpacked up to a bound. Pure."""

from __future__ import annotations

import zlib
from typing import Final

_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
_RAW: Final = -zlib.MAX_WBITS
"""`deflate` as old servers understand it: without the zlib header that RFC 9110 §8.4.1.2 asks for."""


class PackedError(Exception):
    """It cannot be unpacked: an unknown coding, or octets that are not of it."""


def unpacked(body: bytes, coding: str, limit: int) -> tuple[bytes, bool]:
    """Returns the body and whether there is more of it than `limit` octets; raises `PackedError`."""
    names = [name for name in (part.strip().lower() for part in coding.split(",")) if name and name != "identity"]
    if not names or not body:
        return body, False
    match names:
        case ["gzip" | "x-gzip"]:
            return _inflated(body, _GZIP_OR_ZLIB, limit)
        case ["deflate"]:
            try:
                return _inflated(body, _GZIP_OR_ZLIB, limit)
            except PackedError:
                return _inflated(body, _RAW, limit)
    raise PackedError


def _inflated(body: bytes, bits: int, limit: int) -> tuple[bytes, bool]:
    inflater = zlib.decompressobj(bits)
    try:
        plain = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise PackedError from None
    if len(plain) > limit:
        return plain[:limit], True
    if not inflater.eof:
        raise PackedError
    return plain, False
