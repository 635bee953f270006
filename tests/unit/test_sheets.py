"""Files of exports: what was written is read back exactly by programs that are not ours, and no cell is a formula."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from gatewayd.workers.sheets import CELL_MAX, CsvSheet, XlsxSheet
from spool.document import parse
from spool.recipients import open_recipients

HEADS = ["Cuándo", "Número", "Texto", "Costo"]
ROWS = [
    ("2026-11-30 09:15:02", "+5491159876543", 'Hola Ñandú; su "saldo"\nes $ 1.500,50', "0.85"),
    ("2026-11-30 09:15:03", "0011", '=HYPERLINK("http://x")', "0.00"),
    ("", "ana@norte.example", "+1 gracias", ""),
    ("2026-11-30 09:15:04", "-cmd", "@suma", "1433.95"),
    ("", "", "\tsangría", ""),
]
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def test_csv_is_read_back_and_begins_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    sheet = CsvSheet(path, HEADS, frozenset({1, 3}), ";")
    sheet.add(ROWS[:2])
    sheet.add([])
    sheet.add(ROWS[2:])
    sheet.close()
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file, delimiter=";")
    assert head == HEADS
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULAS)]
    assert rows[0] == [ROWS[0][0], "5491159876543", *ROWS[0][2:]]
    assert [row[2].removeprefix("'") for row in rows] == [row[2] for row in ROWS]
    assert [row[1].removeprefix("'") for row in rows[1:]] == [row[1] for row in ROWS[1:]]


def test_xlsx_keeps_every_cell_as_text_but_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    sheet = XlsxSheet(path, HEADS, frozenset({3}), "Interacciones")
    sheet.add(ROWS)
    sheet.close()
    book = openpyxl.load_workbook(path)
    found = [[cell.value for cell in row] for row in book["Interacciones"].iter_rows()]
    assert found[0] == HEADS
    wanted = [[*(cell or None for cell in row[:3]), float(row[3]) if row[3] else None] for row in ROWS]
    assert found[1:] == wanted
    assert {cell.data_type for row in book["Interacciones"].iter_rows(min_row=2, max_col=3) for cell in row} <= {
        "s",
        "n",
    }
    assert not [cell for row in book["Interacciones"].iter_rows() for cell in row if cell.data_type == "f"]


def test_xlsx_goes_on_in_another_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    sheet = XlsxSheet(path, ["N"], frozenset(), "Hoja", rows_max=4)
    sheet.add([(str(number),) for number in range(8)])
    sheet.close()
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["Hoja", "Hoja 2", "Hoja 3"]
    rows = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert [row[0][0] for row in rows] == ["N", "N", "N"]
    assert [cell for sheet_rows in rows for (cell,) in sheet_rows[1:]] == [str(number) for number in range(8)]


@pytest.mark.parametrize("length", [CELL_MAX, CELL_MAX + 1, 200_000])
def test_a_text_longer_than_a_cell_is_cut_visibly(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.xlsx"
    sheet = XlsxSheet(path, ["T"], frozenset(), "H")
    sheet.add([("á" * length,)])
    sheet.close()
    value = openpyxl.load_workbook(path)["H"]["A2"].value
    assert isinstance(value, str)
    assert len(value) == CELL_MAX
    assert value.endswith("…") is (length > CELL_MAX)


def test_our_own_import_takes_the_guards_off_again(tmp_path: Path) -> None:
    """What was exported is read as a list whose texts are those that were sent."""
    path = tmp_path / "a.csv"
    texts = ["=SUMA(A1)", "@todos", "-10 % hoy", "+ datos", "es 'así'", "normal", "'"]
    sheet = CsvSheet(path, ["telefono", "texto"], frozenset({0}), ";")
    sheet.add([(f"+54911598765{n:02}", text) for n, text in enumerate(texts)])
    sheet.close()
    raw = {"job": "x", "channel": "sms", "text": "%texto%", "recipients_file": "a.csv"}
    document = parse(json.dumps(raw).encode(), "x.json")
    with open_recipients(document, tmp_path, str.isdecimal) as table:
        place = table.columns.index("texto")
        found = [row[place] for row in table.rows]
    assert found == texts
