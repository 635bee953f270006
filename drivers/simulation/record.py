"""What simulated devices have taken, in memory and line by line in a file that survives them."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class RecordFile:
    """One JSON object a line, for all devices of a simulator; without a path it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None

    def open(self) -> None:
        if self._path is not None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, entry: dict[str, Any]) -> None:
        if self._file is not None:
            # One write a line, unbuffered: it survives this process's death at any instant.
            os.write(self._file, json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Record:
    """What one device has taken; `seq` counts from 1."""

    def __init__(self, file: RecordFile) -> None:
        self._file = file
        self.entries: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, **what: Any) -> dict[str, Any]:
        entry = {
            "seq": len(self.entries) + 1,
            **what,
            "at": datetime.now(UTC).isoformat(),
            "monotonic": time.monotonic(),
        }
        self.entries.append(entry)
        self._file.write(entry)
        return entry

    def since(self, seq: int, limit: int | None) -> dict[str, Any]:
        """Entries above `seq`; `next` where `limit` cut them."""
        rows = self.entries[seq:] if limit is None else self.entries[seq : seq + limit]
        more = bool(rows) and rows[-1]["seq"] < len(self.entries)
        return {"texts": rows, "total": len(self.entries), "next": rows[-1]["seq"] if more else None}
