"""The process that writes an export: one request on its standard input, documents of its progress on its output.

`python -m gatewayd.workers.export PARENT MEMORY`. It reads the store in short snapshots and writes one file; one
that is not whole bears the name it was given with `.part` at its end. One JSON document a line:
`{"done": rows}` now and then, at the end `{"done": rows, "octets": size}` or `{"error": sentence}`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from gatewayd.store.insight.export_rows import ExportRows
from gatewayd.store.insight.filters import InteractionFilter
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Scope
from gatewayd.words.translation import set_language
from gatewayd.workers.cells import NUMBERS, Cells, Words
from gatewayd.workers.documents import serve
from gatewayd.workers.sheets import CsvSheet, Sheet, XlsxSheet

REQUEST_MAX: Final = 1 << 20
TELL_S: Final = 0.5
ADDRESSES: Final = frozenset({"party"})
"""Columns that hold telephone numbers: in CSV they stand without their sign."""


def main() -> int:
    """`export PARENT MEMORY`: the parent's pid, octets of address space."""
    return serve(write, REQUEST_MAX, escaped=True)


def write(request: dict[str, Any], tell: Any) -> None:
    """Writes the file that a request asks for, and tells how far it is. GatewayError, OSError."""
    set_language(request["language"])
    path = Path(request["path"])
    part = path.with_name(f"{path.name}.part")
    reader = Reader(request["url"], password=request["password"], pool=1)
    try:
        source = ExportRows(
            reader.ask,
            scope=Scope(request["account"]),
            wanted=_filter(request["filter"]),
            now=request["now"],
            answered="answered" in request["columns"],
            columns=request["columns"],
        )
        cells = Cells(
            request["columns"],
            Words(**request["words"]),
            ZoneInfo(request["zone"]),
            salt=reader.salt(),
            now=request["now"],
        )
        sheet = _sheet(request, part)
        done, told = 0, time.monotonic()
        for portion in source.portions():
            rows = cells.rows(portion)
            sheet.add(rows)
            done += len(rows)
            if time.monotonic() - told >= TELL_S:
                tell({"done": done})
                told = time.monotonic()
        sheet.close()
        part.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        tell({"done": done, "octets": path.stat().st_size})
    finally:
        part.unlink(missing_ok=True)
        reader.close()


def _filter(given: dict[str, Any]) -> InteractionFilter:
    """Returns the filter of a request; JSON made lists of its tuples."""
    filters: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return InteractionFilter(**filters)


def _sheet(request: dict[str, Any], part: Path) -> Sheet:
    columns, heads = request["columns"], request["heads"]
    if request["format"] == "xlsx":
        numbers = frozenset(place for place, name in enumerate(columns) if name in NUMBERS)
        return XlsxSheet(part, heads, numbers, request["title"])
    numbers = frozenset(place for place, name in enumerate(columns) if name in NUMBERS | ADDRESSES)
    return CsvSheet(part, heads, numbers, request["delimiter"])


if __name__ == "__main__":
    sys.exit(main())
