"""Room on the disk that is kept for the moment when there is no other.

On a full disk SQLite cannot bring its log home where the database file would have to grow for it, so the log keeps the
very room that is wanted. A file of zeros beside the database is given up then, and laid down again when there is room.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

SIZE: Final = 16 << 20
"""Bytes: as long as the log is let grow, which brings the database no more than its own length."""

PLENTY: Final = 8
"""The disk must have so many times the size free before any of it is kept back."""

_CHUNK: Final = 1 << 20


class Reserve:
    """One store's. Never raises: without it the store only has less to fall back on."""

    def __init__(self, database: Path, size: int = SIZE) -> None:
        self._path = database.with_name(f"{database.name}.reserve")
        self._size = size

    def keep(self) -> None:
        """Lays it down, unless it is there or the disk has better use for the room."""
        with suppress(OSError):
            if self._path.exists() and self._path.stat().st_size == self._size:
                return
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < PLENTY * self._size:
                return
            try:
                with self._path.open("wb") as file:
                    # Written, not merely made longer: a hole has no room.
                    for _ in range(0, self._size, _CHUNK):
                        file.write(bytes(min(_CHUNK, self._size)))
            except OSError:
                self.give()

    def give(self) -> bool:
        """Gives its room back to the disk; whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
