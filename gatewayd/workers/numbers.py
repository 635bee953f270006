"""The process that reads a file of numbers for a list of people who are not to be contacted.

`python -m gatewayd.workers.numbers PARENT MEMORY`. One request on its input; one JSON document a line: `{"numbers":
[addresses], "faults": [[row, cell, reason]], "done": rows}` a portion, at the end `{"done": rows, "over": true}` with
`octets` where there is a file of refused rows, or `{"error": sentence}`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gatewayd.contact.blockable import read
from gatewayd.number_list import numbers_of
from gatewayd.numbers import Numbers, Policy
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import set_language
from gatewayd.workers.documents import Tell, serve

REQUEST_MAX: Final = 1 << 20
PORTION: Final = 1_000
"""Rows of one document: the numbers of one short transaction."""
LONG: Final = 100_000
"""Characters of cells in one document, about."""
ADDRESS_MAX: Final = 8_192
"""Characters of the longest address, a subscription of push; of a longer cell the beginning is read."""
CELL_MAX: Final = 200
"""Characters of a cell that could not be read, as it is told."""


def work(request: dict[str, Any], tell: Tell) -> None:
    """Reads the file that a request names, and tells its numbers. GatewayError, OSError."""
    set_language(request["language"])
    numbers = Numbers(Policy(**request["policy"]))
    refused = Path(request["refused"])
    part = refused.with_name(f"{refused.name}.part")
    done = faulty = 0
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as kept:
            sheet = csv.writer(kept, delimiter=";" if request["language"] == "es" else ",")
            sheet.writerow(request["heads"])
            for portion in _portions(numbers_of(Path(request["path"]), numbers, request["name"])):
                found, wrong = read([cell for _row, cell in portion], numbers)
                faults = [(portion[place][0], cell[:CELL_MAX], reason) for place, cell, reason in wrong]
                for row, cell, reason in faults:
                    sheet.writerow([row, _harmless(cell), meaning(reason)])
                done, faulty = portion[-1][0], faulty + len(faults)
                tell({"numbers": found, "faults": faults, "done": done})
        if faulty:
            part.rename(refused)
        tell({"done": done, "over": True, "octets": refused.stat().st_size if faulty else None})
    finally:
        part.unlink(missing_ok=True)


def _portions(rows: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    portion: list[tuple[int, str]] = []
    long = 0
    for row, cell in rows:
        portion.append((row, cell[:ADDRESS_MAX]))
        long += min(len(cell), ADDRESS_MAX)
        if len(portion) >= PORTION or long >= LONG:
            yield portion
            portion, long = [], 0
    if portion:
        yield portion


def _harmless(cell: str) -> str:
    """Returns a cell that no spreadsheet program takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def main() -> int:
    """`numbers PARENT MEMORY`: the parent's pid, octets of address space."""
    return serve(work, REQUEST_MAX, escaped=True)


if __name__ == "__main__":
    sys.exit(main())
