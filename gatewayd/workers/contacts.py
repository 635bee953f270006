"""The process that reads a sheet of contacts made elsewhere: one request on its input, portions of rows on its output.

`python -m gatewayd.workers.contacts PARENT MEMORY`. One JSON document a line: `{"rows": […], "faults": […], "done": n}`
a portion; at the end `{"done": n, "over": true}` with `octets` where there is a file of refused rows, or
`{"error": …}`, with `fault` where the head of the sheet is what is wrong.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Final

from gatewayd.contact.elsewhere import Faulty, Told, columns_of, told
from gatewayd.numbers import Numbers, Policy
from gatewayd.words.translation import set_language
from gatewayd.workers.documents import begin

REQUEST_MAX: Final = 1 << 20
PORTION: Final = 500
LINE_MAX: Final = 1 << 16
"""Characters of a row: many times a sane one."""
_SHEETS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What XLSX, ODS and XLS begin with."""
_DELIMITERS: Final = (",", ";", "\t")


class HeadError(Exception):
    """The sheet as a whole cannot be read."""

    def __init__(self, fault: Faulty) -> None:
        super().__init__(fault.code)
        self.fault = fault


def main() -> int:
    """`contacts PARENT MEMORY`: the parent's pid, octets of address space."""
    request, tell = begin(REQUEST_MAX, escaped=True)
    try:
        read(request, tell)
    except HeadError as error:
        tell({"error": error.fault.code, "fault": asdict(error.fault)})
        return 1
    except OSError as error:
        tell({"error": str(error)})
        return 1
    except MemoryError:
        tell({"error": "out of memory"})
        return 1
    return 0


def read(request: dict[str, Any], tell: Any) -> None:
    """Reads the sheet that a request names, and tells its rows. HeadError, OSError."""
    set_language(request["language"])
    csv.field_size_limit(LINE_MAX)
    refused = Path(request["refused"])
    part = refused.with_name(f"{refused.name}.part")
    numbers = Numbers(Policy(**request["policy"]))
    try:
        with open_sheet(Path(request["path"])) as stream, part.open("w", encoding="utf-8-sig", newline="") as kept:
            rows = _rows(stream)
            head = next(rows, (1, []))[1]
            columns = columns_of(head)
            if isinstance(columns, Faulty):
                raise HeadError(columns)
            sheet = csv.writer(kept, delimiter=";" if request["language"] == "es" else ",")
            sheet.writerow([*head, *request["heads"]])
            done, faulty = 0, 0
            for portion in _portions(rows):
                found: list[tuple[int, Told]] = []
                faults: list[tuple[int, Sequence[str], Faulty]] = []
                for number, row in portion:
                    one = told(row, columns, numbers, request["now"])
                    if isinstance(one, Told):
                        found.append((number, one))
                    else:
                        faults.append((number, row, one))
                words = request["words"]
                for _number, cells, fault in faults:
                    said = words["fields"].get(fault.field, fault.field), words["codes"].get(fault.code, fault.code)
                    sheet.writerow([*cells, *said])
                done += len(portion)
                faulty += len(faults)
                tell(
                    {
                        "rows": [{"row": number, **asdict(one)} for number, one in found],
                        "faults": [[number, *asdict(fault).values()] for number, _cells, fault in faults],
                        "done": done,
                    }
                )
            if not done:
                raise HeadError(Faulty("file", "empty"))
        if faulty:
            part.rename(refused)
        tell({"done": done, "over": True, "octets": refused.stat().st_size if faulty else None})
    finally:
        part.unlink(missing_ok=True)


def open_sheet(path: Path) -> IO[str]:
    """Opens a sheet of text: UTF-8, UTF-16 with its mark, else what Excel of the west writes. HeadError."""
    stream = path.open("rb")
    head = stream.read(4)
    stream.seek(0)
    if head.startswith(_SHEETS):
        stream.close()
        raise HeadError(Faulty("file", "not_text"))
    encoding = "utf-8-sig" if _is_utf8(path) else "cp1252"
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    return TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")


def _is_utf8(path: Path) -> bool:
    with suppress(UnicodeDecodeError), path.open(encoding="utf-8") as stream:
        while stream.read(1 << 20):
            pass
        return True
    return False


def _rows(stream: IO[str]) -> Iterator[tuple[int, list[str]]]:
    """Yields the rows with something in them, each with its number in the sheet (the first is 1)."""
    head = stream.readline(LINE_MAX)
    delimiter = max(_DELIMITERS, key=head.count)
    stream.seek(0)
    sheet = csv.reader(stream, delimiter=delimiter)
    number = 0
    try:
        for row in sheet:
            number += 1
            if any(cell.strip() for cell in row):
                yield number, [cell.replace("\x00", "") for cell in row]
    except csv.Error as error:
        raise HeadError(Faulty("file", "broken", str(number + 1))) from error


def _portions(rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    portion: list[tuple[int, list[str]]] = []
    for row in rows:
        portion.append(row)
        if len(portion) >= PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


if __name__ == "__main__":
    sys.exit(main())
