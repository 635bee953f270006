"""Lists that mean harm: reading takes time that grows with their length alone, and no more memory than their bounds."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest

from gatewayd.values import addresses
from gatewayd.values.addresses import AddressError
from spool.document import parse
from spool.errors import JobFileError
from spool.lists.cells import is_address_like, is_date, is_mail_like, is_nothing, is_number_like, unguarded
from spool.lists.words import is_area, sense
from spool.recipients import open_list

SIZE = 60_000
LONG = [
    "a@" + "." * SIZE,
    "a@" + "a." * (SIZE // 2),
    "a@" + "-" * SIZE + ".",
    "@" * SIZE,
    "." * SIZE,
    "(" * SIZE,
    "+" + "1 " * (SIZE // 2),
    "1/" * (SIZE // 2),
    "=" + '"' * SIZE,
    "'" * SIZE,
    "#" * SIZE,
    "aA" * (SIZE // 2),
    "cel" * (SIZE // 3),
    "1a" * (SIZE // 2),
    "\u200b" * SIZE,
]


def spent(work: Callable[[], object]) -> float:
    """Seconds of processor time, the better of two: the machine has others to serve."""
    times = []
    for _ in range(2):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize("cell", LONG, ids=[f"{cell[:4]!r}" for cell in LONG])
def test_a_long_cell_is_looked_at_in_no_time(cell: str) -> None:
    for look in (is_address_like, is_mail_like, is_number_like, is_date, is_nothing, unguarded):
        assert spent(lambda look=look: look(cell)) < 0.05, look  # type: ignore[misc]
    for read in (sense, is_area):
        assert spent(lambda read=read: read(cell)) < 0.2, read  # type: ignore[misc]


@pytest.mark.parametrize("cell", LONG[:5], ids=[f"{cell[:4]!r}" for cell in LONG[:5]])
def test_a_long_address_is_refused_in_no_time(cell: str) -> None:
    def read() -> None:
        with pytest.raises(AddressError):
            addresses.email(cell)

    assert spent(read) < 0.05


def test_a_copy_to_a_strange_address_is_refused_in_no_time() -> None:
    job = {"channel": "email", "text": "x", "subject": "x", "recipients": [{"to": "a@b.example"}]}
    data = json.dumps(job | {"cc": ["a@" + "." * 990]}).encode()

    def read() -> None:
        with pytest.raises(JobFileError):
            parse(data)

    assert spent(read) < 0.05


@pytest.mark.parametrize("cell", LONG, ids=[f"{cell[:4]!r}" for cell in LONG])
def test_a_list_with_long_cells_is_judged_in_no_time(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "lista.csv"
    path.write_text("\n".join([f"x;{cell}", *["1159876543;a"] * 3]) + "\n")

    def read() -> None:
        with suppress(JobFileError), open_list(path, "lista.csv") as table:
            assert sum(1 for _ in table.rows) <= 4

    assert spent(read) < 1.0


@pytest.mark.parametrize(
    "piece",
    [
        b"<row " * 200_000,
        b'<c t="s" ' * 120_000,
        b'<c t="s"><v>' * 90_000,
        b'<row hidden="' * 90_000,
        b"<" * 1_000_000,
        b'<c r="A1" t="s"><f>' + b"x" * 1_000_000,
        b'<x:row r="1" ' * 90_000,
    ],
    ids=["row", "c", "v", "hidden", "<", "f", "prefix"],
)
def test_a_sheet_of_broken_tags_is_measured_in_no_time(tmp_path: Path, piece: bytes) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["telefono"])
    out = io.BytesIO()
    book.save(out)
    path = tmp_path / "lista.xlsx"
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"<sheetData>", b"<sheetData>" + piece) if "sheet1" in name else content)

    def read() -> None:
        with suppress(JobFileError):
            open_list(path, "lista.xlsx").close()

    assert spent(read) < 2.0


def test_bytes_of_every_kind_are_told_in_time(tmp_path: Path) -> None:
    path = tmp_path / "lista.csv"
    path.write_bytes(b"telefono;nombre\n" + bytes(range(1, 256)) * 20_000)

    def read() -> None:
        with pytest.raises(JobFileError):
            sum(1 for _ in open_list(path, "lista.csv").rows)

    assert spent(read) < 3.0
