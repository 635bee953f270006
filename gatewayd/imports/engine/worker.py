"""The process that reads a sheet of customers: one request on its standard input, frames on its output.

`python -m gatewayd.imports.engine.worker PARENT MEMORY`. It knows neither store nor network, and writes nothing but the
sheets of refused rows. It writes no faster than it is read.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from gatewayd.billing import lines
from gatewayd.billing.lines import BillLines
from gatewayd.billing.portion import BillPortion
from gatewayd.billing.portion import plain as bills_plain
from gatewayd.customers.portion import Portion, plain
from gatewayd.imports import frames
from gatewayd.imports.engine.ordering import by_customer
from gatewayd.imports.engine.reading import CUSTOMERS, Back, Batch, SheetReader
from gatewayd.imports.rows import House
from gatewayd.numbers import Policy
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import set_language
from gatewayd.workers.confinement import confine
from spool.errors import JobFileError, SpoolUnavailableError

REQUEST_MAX: Final = 64 << 20
CPU_S: Final = 60.0
"""For whatever is unpacked: the largest sheet allowed takes some 20 s."""
CPU_S_A_MIB: Final = 10.0
_COLLECT_AFTER: Final = 100_000
"""Allocations between two collections: rows make no cycles."""


def main() -> int:
    """`worker PARENT MEMORY`: the parent's pid, octets of address space."""
    confine(int(sys.argv[1]), int(sys.argv[2]))
    gc.set_threshold(_COLLECT_AFTER)
    # Whatever a library prints must not get between the frames.
    output = os.dup(1)
    os.dup2(2, 1)
    request: dict[str, Any] = json.loads(sys.stdin.buffer.readline(REQUEST_MAX))
    path = Path(request["path"])
    signal.setitimer(signal.ITIMER_PROF, CPU_S + CPU_S_A_MIB * path.stat().st_size / (1 << 20))

    def tell(kind: bytes, content: Any) -> None:
        view = memoryview(frames.packed(kind, content))
        while view:
            view = view[os.write(output, view) :]

    try:
        _read(request, path, tell)
    except JobFileError as error:
        tell(frames.REFUSED, error.document(request["language"]))
    except UsageError as error:
        tell(frames.REFUSED, {"code": "value_invalid", "message": str(error)})
    except (SpoolUnavailableError, OSError) as error:
        tell(frames.REFUSED, {"code": "unavailable", "message": f"{type(error).__name__}: {error}"})
    except (MemoryError, ValueError):
        large = JobFileError("too_large", "too_many_cells", file=request["file"])
        tell(frames.REFUSED, large.document(request["language"]))
    return 0


def _read(request: dict[str, Any], path: Path, tell: Any) -> None:
    set_language(request["language"])
    sheet = SheetReader(path, request["file"], request["reading"], request["kind"])
    tell(frames.JUDGED, sheet.document())
    if request["mapping"] is None:
        return
    stem = None if request["back"] is None else Path(request["back"])
    back = Back(stem, sheet.headers, sheet.judgement.delimiter or ";")
    if sheet.kind != CUSTOMERS:
        batches = sheet.bills(request["mapping"], request["policy"]["region"], back)
        together = request["by_customer"]
        for batch in by_customer(batches, together, lambda: tell(frames.ALIVE, None)) if together else batches:
            tell(frames.ROWS, [batch.last, batch.count, _bills(batch), [list(one) for one in batch.issues]])
        back.close()
        tell(frames.ENDED, {"back": back.rows})
        return
    house = House(
        request["policy"]["region"],
        request["users"],
        request["aliases"],
        frozenset(request["forgotten"]),
    )
    for batch in sheet.batches(request["mapping"], Policy(**request["policy"]), house, back):
        portion = plain(batch.portion) if isinstance(batch.portion, Portion) else None
        tell(frames.ROWS, [batch.last, batch.count, portion, [list(one) for one in batch.issues]])
    back.close()
    tell(frames.ENDED, {"back": back.rows})


def _bills(batch: Batch) -> list[Any] | None:
    if isinstance(batch.portion, BillLines):
        return lines.plain(batch.portion)
    return bills_plain(batch.portion) if isinstance(batch.portion, BillPortion) else None


if __name__ == "__main__":
    sys.exit(main())
