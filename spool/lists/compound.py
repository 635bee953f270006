"""The container of the old office formats (MS-CFB), looked at before a library follows it.

Its streams are chains of sectors through a table, and a reader that trusts the table follows a damaged chain endlessly,
gathering sectors until memory ends. Half an upload is enough for that. Only chains are checked here; content is not.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import Final

_SPECIAL: Final = 0xFFFFFFFA
"""Sector numbers from here on are none: the end of a chain, a free place …"""
_HEADER_FAT: Final = 109
"""Places of the sector table's own sectors that the header holds; more are in a chain of their own (MS-CFB §2.5)."""
_STREAM: Final = 2
_ROOT: Final = 5


def check(data: bytes) -> None:
    """Raises ValueError unless every chain of the container in `data` ends within it."""
    if len(data) < 512:
        raise ValueError("shorter than its header")
    shift, small_shift = _u16(data, 30), _u16(data, 32)
    if shift not in {9, 12} or small_shift != 6:
        raise ValueError("no such sector size")
    container = _Container(data, shift)
    directory = container.read(_u32(data, 48))
    small_table = _words(container.read(_u32(data, 60)))
    small_below = _u32(data, 56)
    for at in range(0, len(directory) - 127, 128):
        kind, start, size = directory[at + 66], _u32(directory, at + 116), _u32(directory, at + 120)
        if kind == _ROOT or (kind == _STREAM and size >= small_below):
            container.follow(start)
        elif kind == _STREAM and size:
            _follow(small_table, start)


def stream(data: bytes, *names: str) -> bytes | None:
    """Returns the content of the first stream with one of these names; None where there is none. After `check`."""
    container = _Container(data, _u16(data, 30))
    directory = container.read(_u32(data, 48))
    small_below = _u32(data, 56)
    wanted = [name.encode("utf-16-le") + b"\0\0" for name in names]
    small = None
    for at in range(0, len(directory) - 127, 128):
        kind, start, size = directory[at + 66], _u32(directory, at + 116), _u32(directory, at + 120)
        if kind == _ROOT:
            small = start
        if kind != _STREAM or directory[at : at + _u16(directory, at + 64)] not in wanted:
            continue
        if size >= small_below:
            return container.read(start)[:size]
        if small is None:
            return None
        pool, table = container.read(small), _words(container.read(_u32(data, 60)))
        return b"".join([pool[64 * sector : 64 * sector + 64] for sector in _follow(table, start)])[:size]
    return None


class _Container:
    def __init__(self, data: bytes, shift: int) -> None:
        self._data = data
        self._size = 1 << shift
        self._table = array("I")
        for sector in self._table_sectors():
            self._table.extend(_words(self._sector(sector)))

    def _table_sectors(self) -> Iterator[int]:
        """Where the table is: told by the header, then by a chain whose sectors end in the next one's number."""
        wanted = _u32(self._data, 44)
        if wanted * self._size > len(self._data):
            raise ValueError("a table larger than the file")
        yield from _words(self._data[76 : 76 + 4 * min(wanted, _HEADER_FAT)])
        wanted, following = wanted - _HEADER_FAT, _u32(self._data, 68)
        while wanted > 0:
            *sectors, following = _words(self._sector(following))
            yield from sectors[:wanted]
            wanted -= len(sectors)

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        if at >= len(self._data):
            raise ValueError("cut off")
        # Some writers leave the last sector short.
        return self._data[at : at + self._size].ljust(self._size, b"\0")

    def follow(self, start: int) -> list[int]:
        chain = _follow(self._table, start)
        if chain and (max(chain) + 1) * self._size >= len(self._data):
            raise ValueError("cut off")
        return chain

    def read(self, start: int) -> bytes:
        return b"".join([self._sector(number) for number in self.follow(start)])


def _follow(table: array[int], start: int) -> list[int]:
    """Returns the sectors of a chain."""
    chain: list[int] = []
    while start < _SPECIAL:
        if start >= len(table) or len(chain) > len(table):
            raise ValueError("a chain of sectors that never ends")
        chain.append(start)
        start = table[start]
    return chain


def _words(data: bytes) -> array[int]:
    words = array("I", data[: len(data) & ~3])
    if sys.byteorder == "big":
        words.byteswap()
    return words


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
